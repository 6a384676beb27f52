"""Config: what `study.toml` says, checked, and turned into objects."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    SerializeAsAny,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from isthmus import registries
from isthmus._core.annotated import as_annotated
from isthmus._core.registry import OWN, Registry
from isthmus.certificates import Certifier
from isthmus.connecting.columns import name_now
from isthmus.connecting.connectors import AnyConnector
from isthmus.connecting.measuring import Added
from isthmus.errors import StudyError
from isthmus.profiles import Sampling
from isthmus.studies.pair_kinds import Kind
from isthmus.studies.pair_kinds.base import MOST

Positive = Annotated[int, Field(ge=1, le=MOST, strict=True)]

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]


def known(registry: Registry[Any], *others: str) -> AfterValidator:
    """A name of a family, `py:PACKAGE.MODULE:NAME`, or another word."""

    def check(name: str | None) -> str | None:
        if name is not None and name not in others:
            registry.maker(name)
        return name

    return AfterValidator(check)


def _as_now(name: object) -> object:
    """The certifier as it is called now: version 0.1 wrote "exact"."""
    return "pieces" if name == "exact" else name


class Section(BaseModel):
    """A table of the file: unknown keys are errors, and nothing is changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class InputsSection(Section):
    """Where inputs come from: `digits`, a folder of images, an `.npz` file with arrays named x and y, or `none`."""

    source: str
    x: str | None = None
    y: str | None = None


class NetworkSection(Section):
    """A network, and the names of the inputs that it is studied on (all, by default).

    `domain` is where inputs may lie: as their kind says (auto), between 0 and 1 (box), or anywhere (unbounded).
    """

    spec: str
    weights: str | None = None
    inputs: list[str] | None = None
    mean: list[float] | None = None
    std: list[float] | None = None
    size: tuple[Positive, Positive] | None = None
    max_batch: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    autocast: bool = False
    loss: Annotated[str, known(registries.LOSSES)] = "cross-entropy"
    domain: Annotated[str, known(registries.DOMAINS, "auto")] = "auto"


class ConnectSection(Section):
    """How pairs are connected: a method by name with settings of its own, a threshold, how paths are looked at and
    certified, and further columns of the table.
    """

    method: Annotated[str, known(registries.METHODS)] = "bypass"
    threshold: float | None = None
    verify: Annotated[str | None, BeforeValidator(_as_now), known(registries.CERTIFIERS)] = None
    columns: list[str] = Field(default_factory=list)
    sampling: dict[str, Any] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, values: Any) -> Any:
        """Settings of the method stand in the same table as the rest."""
        if not isinstance(values, dict) or "settings" in values:
            return values
        own = {key: value for key, value in values.items() if key in cls.model_fields}
        return own | {"settings": {key: value for key, value in values.items() if key not in own}}

    def connector(self) -> AnyConnector:
        """The method with its settings."""
        method = registries.METHODS.make(self.method)
        made: AnyConnector = _with_settings(method, self.settings, "connect", tuple(type(self).model_fields))
        return made

    def certifier(self) -> Certifier | None:
        """What certifies connections."""
        return None if self.verify is None else registries.CERTIFIERS.make(self.verify)

    def added(self) -> Added:
        """What the table says beside the columns that every table has."""
        return Added.of(self.columns)

    def how_sampled(self) -> Sampling | None:
        """How paths are looked at, where the file says so."""
        return _with_settings(Sampling(), self.sampling, "connect.sampling") if self.sampling else None


class ShardsSection(Section):
    """How the work is cut: pieces of about so many minutes, or of so many pairs; where they go; whether paths are kept.

    `store` is a folder, relative to the study's, or a URL that pyarrow can write, such as `s3://bucket/study`.
    """

    minutes: Annotated[float, Field(gt=0, le=60)] = 2.0
    pairs: Annotated[int, Field(ge=1)] | None = None
    paths: bool = False
    store: str = "shards"


class Config(Section):
    """A whole study."""

    title: str = "Connected inputs"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    inputs: Annotated[dict[Name, InputsSection], Field(min_length=1)]
    networks: Annotated[dict[Name, NetworkSection], Field(min_length=1)]
    pairs: Annotated[list[SerializeAsAny[InstanceOf[Kind]]], Field(min_length=1)]
    connect: ConnectSection = ConnectSection()
    shards: ShardsSection = ShardsSection()

    @classmethod
    def of(cls, content: dict[str, Any]) -> Config:
        """The study of that content.

        Raises:
            StudyError: an unknown key (the nearest known one is named), or an unusable value.
        """
        content = as_written_now(content)
        entries = content.get("pairs")
        if isinstance(entries, list):
            content = content | {"pairs": [_kind(number, entry) for number, entry in enumerate(entries)]}
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise StudyError(_explain(error)) from error

    @model_validator(mode="after")
    def _names_exist(self) -> Config:
        for name, network in self.networks.items():
            for wanted in network.inputs or ():
                if wanted not in self.inputs:
                    raise ValueError(
                        f"networks.{name}.inputs names '{wanted}', which is none of {', '.join(self.inputs)}"
                    )
        for number, kind in enumerate(self.pairs):
            for wanted in kind.inputs or ():
                if wanted not in self.inputs:
                    raise ValueError(
                        f"pairs.{number}.inputs names '{wanted}', which is none of {', '.join(self.inputs)}"
                    )
        named: dict[str, dict[str, Any]] = {}
        for number, kind in enumerate(self.pairs):
            if named.setdefault(kind.label, kind.identity()) != kind.identity():
                raise ValueError(
                    f"pairs.{number} and an entry before it are both called '{kind.label}', but their ends are made "
                    "differently; give it a name of its own"
                )
        return self

    def problems(self) -> list[tuple[str, str]]:
        """Every network with every one of its inputs of which some pairs are wanted, by their names."""
        wanted = {inputs for kind in self.pairs for inputs in kind.inputs or self.inputs}
        every = [(name, inputs) for name, network in self.networks.items() for inputs in network.inputs or self.inputs]
        return [(network, inputs) for network, inputs in every if inputs in wanted]


def as_written_now(content: dict[str, Any]) -> dict[str, Any]:
    """The content with `inputs` for `images`, at the top and in networks and pairs: up to version 0.2 all inputs were
    images, and both words are read.

    Raises:
        StudyError: both words are there.
    """

    def renamed(part: Any, where: str) -> Any:
        if not isinstance(part, dict) or "images" not in part:
            return part
        if "inputs" in part:
            raise StudyError(f"{where}inputs and {where}images are two names of the same thing; leave out one of them.")
        return {name_now(key): value for key, value in part.items()}

    found = dict(renamed(content, ""))
    networks, pairs = found.get("networks"), found.get("pairs")
    if isinstance(networks, dict):
        found["networks"] = {name: renamed(each, f"networks.{name}.") for name, each in networks.items()}
    if isinstance(pairs, list):
        found["pairs"] = [renamed(each, f"pairs.{number}.") for number, each in enumerate(pairs)]
    return found


@as_annotated
def read_config(file: Path) -> Config:
    """The study that a file describes.

    Raises:
        StudyError: missing, no TOML, an unknown key (the nearest known one is named), or an unusable value.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StudyError(f"{file} cannot be read as a study: {reason}; 'isthmus study init' writes one.") from error
    return parse_config(content, str(file))


@as_annotated
def parse_config(content: dict[str, Any], where: str = "the study") -> Config:
    """The same from what was read already; `where` names it in errors."""
    try:
        config = Config.of(content)
    except StudyError as error:
        raise StudyError(f"{where}: {error}") from error
    if not config.problems():
        raise StudyError(f"{where}: no network has inputs of which [[pairs]] are wanted.")
    try:
        config.connect.connector()
        config.connect.how_sampled()
        config.connect.certifier()
        config.connect.added()
    except ValueError as error:
        raise StudyError(f"{where}: {error}") from error
    return config


def _with_settings(made: Any, settings: dict[str, Any], table: str, beside: tuple[str, ...] = ()) -> Any:
    """A settings object with some of its fields replaced by what a file says."""
    known = [field.name for field in dataclasses.fields(made)]
    hints = get_type_hints(type(made))
    values = {}
    for key, value in settings.items():
        if key not in known:
            raise StudyError(_unknown(f"{table}.{key}", [*known, *beside]))
        kind = hints[key]
        if isinstance(kind, type) and issubclass(kind, Enum):
            names = [member.name.lower() for member in kind]
            if value not in names:
                raise StudyError(f"{table}.{key} must be one of {', '.join(names)}, got {value!r}.")
            values[key] = kind[value.upper()]
            continue
        if isinstance(value, float) and not math.isfinite(value):
            raise StudyError(f"{table}.{key} must be a finite number, got {value}.")
        try:
            values[key] = TypeAdapter(kind).validate_python(value)
        except ValidationError as error:
            raise StudyError(f"{table}.{key}: {error.errors()[0]['msg']}, got {value!r}.") from error
    return dataclasses.replace(made, **values)


def _kind(number: int, entry: Any) -> Any:
    """An entry of [[pairs]] as the kind that it names; what is none is left to be refused."""
    if not isinstance(entry, dict):
        return entry
    name = entry.get("kind")
    if not isinstance(name, str) or (name not in registries.KINDS and not name.startswith(OWN)):
        raise StudyError(f"pairs.{number} needs a kind, one of {', '.join(registries.KINDS)}, got {name!r}.")
    made = registries.KINDS.maker(name)
    if not (isinstance(made, type) and issubclass(made, Kind)):
        raise StudyError(f"pairs.{number}.kind: '{name}' is no class of pairs; expected a subclass of Kind.")
    try:
        return made.model_validate(entry)
    except ValidationError as error:
        raise StudyError(_explain(error, f"pairs.{number}.", made)) from error


def _explain(error: ValidationError, before: str = "", model: type[BaseModel] | None = None) -> str:
    """The first thing that is wrong, in one line; an unknown key with the nearest known one."""
    first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    name = before + ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return _unknown(name, list((model or _model_at(first["loc"][:-1])).model_fields))
    if first["type"] == "missing":
        return f"{name} is missing."
    message = first["msg"].removeprefix("Value error, ").removesuffix(".")
    got = (
        "" if isinstance(first["input"], dict | list) or first["type"] == "value_error" else f", got {first['input']!r}"
    )
    return f"{name}: {message}{got}." if name else f"{message}."


def _unknown(name: str, known: list[str]) -> str:
    key = name.rpartition(".")[2]
    near = get_close_matches(key, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
    return f"unknown key {name}; {hint}"


def _model_at(place: tuple[int | str, ...]) -> type[BaseModel]:
    """The table in which an unknown key stands."""
    tables: dict[str, type[BaseModel]] = {
        "inputs": InputsSection,
        "networks": NetworkSection,
        "connect": ConnectSection,
        "shards": ShardsSection,
    }
    return tables.get(str(place[0]), Config) if place else Config
