"""Config: what `study.toml` says, checked, and turned into objects."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from isthmus.connectors import Connector
from isthmus.connectors.methods import METHODS
from isthmus.errors import StudyError
from isthmus.profiles import Sampling
from isthmus.studies.kinds import KINDS, AnyKind

Positive = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]


class Section(BaseModel):
    """A table of the file: unknown keys are errors, and nothing is changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Images(Section):
    """Where inputs come from: `digits`, a folder of images, an `.npz` file with arrays named x and y, or `none`."""

    source: str
    x: str | None = None
    y: str | None = None


class Network(Section):
    """A network, and the names of the images that it is studied on (all, by default).

    `domain` is where inputs may lie: between 0 and 1, or anywhere.
    """

    spec: str
    weights: str | None = None
    images: list[str] | None = None
    mean: list[float] | None = None
    std: list[float] | None = None
    size: tuple[Positive, Positive] | None = None
    max_batch: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    autocast: bool = False
    domain: Literal["box", "unbounded"] = "box"


class Connect(Section):
    """How pairs are connected: a method by name with settings of its own, a threshold, how paths are looked at."""

    method: Literal["bypass", "paper", "straight"] = "bypass"
    threshold: float | None = None
    verify: Literal["exact"] | None = None
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

    def connector(self) -> Connector:
        """The method with its settings."""
        made: Connector = _with_settings(
            METHODS[self.method](), self.settings, "connect", tuple(type(self).model_fields)
        )
        return made

    def how_sampled(self) -> Sampling | None:
        """How paths are looked at, where the file says so."""
        return _with_settings(Sampling(), self.sampling, "connect.sampling") if self.sampling else None


class Shards(Section):
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
    images: Annotated[dict[Name, Images], Field(min_length=1)]
    networks: Annotated[dict[Name, Network], Field(min_length=1)]
    pairs: Annotated[list[AnyKind], Field(min_length=1)]
    connect: Connect = Connect()
    shards: Shards = Shards()

    @model_validator(mode="after")
    def _names_exist(self) -> Config:
        for name, network in self.networks.items():
            for wanted in network.images or ():
                if wanted not in self.images:
                    raise ValueError(
                        f"networks.{name}.images names '{wanted}', which is none of {', '.join(self.images)}"
                    )
        for number, kind in enumerate(self.pairs):
            for wanted in kind.images or ():
                if wanted not in self.images:
                    raise ValueError(
                        f"pairs.{number}.images names '{wanted}', which is none of {', '.join(self.images)}"
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
        """Every network with every one of its images of which some pairs are wanted, by their names."""
        wanted = {images for kind in self.pairs for images in kind.images or self.images}
        every = [(name, images) for name, network in self.networks.items() for images in network.images or self.images]
        return [(network, images) for network, images in every if images in wanted]


def read_config(file: Path) -> Config:
    """The study that a file describes.

    Raises:
        StudyError: missing, no TOML, an unknown key (the nearest known one is named), or an unusable value.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StudyError(f"{file} cannot be read as a study: {reason}; 'isthmus study init' writes one.") from error
    return parse_config(content, str(file))


def parse_config(content: dict[str, Any], where: str = "the study") -> Config:
    """The same from what was read already; `where` names it in errors."""
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        raise StudyError(f"{where}: {_explain(error)}") from error
    if not config.problems():
        raise StudyError(f"{where}: no network has images of which [[pairs]] are wanted.")
    try:
        config.connect.connector()
        config.connect.how_sampled()
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


def _explain(error: ValidationError) -> str:
    """The first thing that is wrong, in one line; an unknown key with the nearest known one."""
    first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    place = [part for part in first["loc"] if part not in KINDS]
    name = ".".join(str(part) for part in place)
    if first["type"] == "extra_forbidden":
        return _unknown(name, list(_model_at(first["loc"][:-1]).model_fields))
    if first["type"] == "missing":
        return f"{name} is missing."
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return f"{name} needs a kind, one of {', '.join(KINDS)}, got {first['input']!r}."
    message = first["msg"].removeprefix("Value error, ")
    got = "" if isinstance(first["input"], dict | list) else f", got {first['input']!r}"
    return f"{name}: {message}{got}." if name else f"{message}."


def _unknown(name: str, known: list[str]) -> str:
    key = name.rpartition(".")[2]
    near = get_close_matches(key, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
    return f"unknown key {name}; {hint}"


def _model_at(place: tuple[int | str, ...]) -> type[BaseModel]:
    """The table in which an unknown key stands."""
    if not place:
        return Config
    tables: dict[str, type[BaseModel]] = {"images": Images, "networks": Network, "connect": Connect, "shards": Shards}
    if place[0] in tables:
        return tables[str(place[0])]
    return next((KINDS[str(part)] for part in place if part in KINDS), Config)
