"""Planning: the pair table of a study and its cut into shards are made, once, from the seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from isthmus._core.files import cannot_write, sha256, write_json, write_text, write_whole
from isthmus._core.progress import OnStage
from isthmus.errors import ImageError, InputError, StudyError
from isthmus.inputs.collection import Collection
from isthmus.inputs.kinds import InputKind
from isthmus.landscapes import AbstractLandscape
from isthmus.loading import Survey, survey
from isthmus.results import digest_of
from isthmus.studies.config import Config
from isthmus.studies.cutting import cut
from isthmus.studies.fingerprint import fingerprint
from isthmus.studies.pair_kinds import Draws, Kind
from isthmus.studies.plan import FORMAT, INPUTS, PAIRS, PLAN, TEXT, Plan, Portion, load_plan
from isthmus.studies.problem import Problem, identity, no_pairs, open_inputs, open_landscape, open_problem
from isthmus.studies.rows import plan_schema

if TYPE_CHECKING:
    import pyarrow

CHUNK = 2**15  # rows written at a time


def make_plan(config: Config, text: str, base: Path, folder: Path, *, device: str, tell: OnStage | None = None) -> Plan:
    """Draws all pairs, cuts them into shards, and stores both in a folder, the plan itself last.

    Args:
        config: the study.
        text: of its file, kept beside the plan.
        base: the folder that paths in it are relative to.
        folder: where to; files of these names there are replaced.
        device: where networks are evaluated.
        tell: called while inputs are looked at.

    Raises:
        IsthmusError: a network or inputs that cannot be used; StudyError where there is no pair.
    """
    with cannot_write(folder):
        folder.mkdir(parents=True, exist_ok=True)
    networks: dict[str, Any] = {}
    collections: dict[str, _Inputs] = {}
    pieces: list[Portion] = []
    notes: list[str] = []
    class_names: dict[str, list[str] | None] = {}
    units: dict[str, str] = {}
    with _pair_writer(folder / PAIRS) as writer:
        for network, collection in config.problems():
            problem = open_problem(config, base, network, collection, device)
            _can_be_measured(config, problem)
            networks[network] = problem.identity
            names = problem.landscape.class_names
            class_names[network] = None if names is None else list(names)
            units[network] = problem.landscape.unit
            what = f"looking at {collection} with {network}"
            found = survey(problem.inputs, problem.landscape, on_input=None if tell is None else partial(tell, what))
            inputs = collections.setdefault(collection, _Inputs(problem.inputs.names, found.digests, {}))
            inputs.skipped.update(found.skipped)
            notes += _empty(problem, found)
            begun, twice = writer.count, writer.twice
            for entry, kind in enumerate(config.pairs):
                if kind.inputs is not None and collection not in kind.inputs:
                    continue
                draws = kind.draw(found.groups, found.losses, config.seed)
                notes += _fewer(kind, draws, found, f"{network} on {collection}")
                begin = writer.count
                writer.add(problem, entry, kind, draws, found)
                if writer.count > begin:
                    pieces.append(Portion(network=network, inputs=collection, begin=begin, end=writer.count))
            if writer.count == begun:
                raise no_pairs(problem, writer.twice - twice)
    if writer.twice:
        notes.append(f"{writer.twice} pairs were drawn twice and are listed once.")
    _write_inputs(folder / INPUTS, collections)
    write_text(folder / TEXT, text)
    stored: dict[str, Any] = FORMAT | {
        "fingerprint": fingerprint(
            config, networks, {name: digest_of([part.names, part.digests]) for name, part in collections.items()}
        ),
        "skipped": {name: part.skipped for name, part in collections.items() if part.skipped},
        "notes": notes,
        "class_names": class_names,
        "units": units,
        "files": {name: sha256(folder / name) for name in (PAIRS, INPUTS, TEXT)},
    }
    draft = Plan(
        folder, stored["fingerprint"], tuple(pieces), stored["skipped"], tuple(notes), class_names, units, digest=""
    )
    stored["pieces"] = [piece.describe() for piece in cut(base, draft, device, tell)]
    write_json(folder / PLAN, stored | {"digest": digest_of(stored)})
    plan = load_plan(folder)
    assert plan is not None
    return plan


def current_fingerprint(config: Config, base: Path, device: str) -> dict[str, Any]:
    """The fingerprint as it is now: networks are loaded and all inputs are hashed, but nothing is evaluated."""
    networks: dict[str, Any] = {}
    kinds: dict[str, InputKind | None] = {}
    for name in dict.fromkeys(name for name, _ in config.problems()):
        landscape = open_landscape(config, base, name, device)
        networks[name], kinds[name] = identity(config, name, landscape), landscape.input_kind
    contents = {}
    first = {collection: network for network, collection in reversed(config.problems())}
    for name in dict.fromkeys(collection for _, collection in config.problems()):
        inputs = open_inputs(config, base, name, kinds[first[name]])
        contents[name] = digest_of([inputs.names, [_digest(inputs, number) for number in range(len(inputs))]])
    return fingerprint(config, networks, contents)


def _can_be_measured(config: Config, problem: Problem) -> None:
    """Columns that a network cannot have are refused before anything is connected."""
    try:
        config.connect.added().check(problem.landscape)
    except InputError as error:
        raise StudyError(f"[connect] columns, on the network {problem.network}: {error}") from error


def _digest(inputs: Collection, number: int) -> str:
    try:
        return inputs.digest(number)
    except ImageError:
        return ""


@dataclass(eq=False)
class _Inputs:
    names: tuple[str, ...]
    digests: tuple[str, ...]
    skipped: dict[str, str]


def _fewer(kind: Kind, draws: Draws, found: Survey, where: str) -> list[str]:
    """A note where classes have fewer pairs than were asked for."""
    wanted = getattr(kind, "per_class", None)
    present = torch.unique(found.groups[found.groups >= 0])
    if wanted is None or not kind.reads or not len(present):
        return []
    counts = draws.target.bincount(minlength=int(present.max()) + 1)[present]
    fewer = int((counts < wanted).sum())
    if not fewer:
        return []
    return [f"{where}: {fewer} of {len(present)} classes have fewer than {wanted} pairs of the kind {kind.label}."]


def _empty(problem: Problem, found: Survey) -> list[str]:
    """A note where labels have no input that the network recognises."""
    every: dict[str, bool] = {}
    for label, group in zip(problem.inputs.labels, found.groups.tolist(), strict=True):
        if label is not None:
            every[label] = every.get(label, False) or group >= 0
    empty = sorted(label for label, some in every.items() if not some)
    if not empty:
        return []
    names = ", ".join(empty[:5]) + (f" and {len(empty) - 5} more" if len(empty) > 5 else "")
    return [f"{problem.network} on {problem.collection}: no input of {names} is recognised: there are no pairs of it."]


class _PairWriter:
    """Writes the pair table a chunk at a time; a pair that was drawn before is left out."""

    def __init__(self, writer: Any) -> None:
        self.writer = writer
        self.count = self.twice = 0
        self.seen: set[bytes] = set()

    def add(self, problem: Problem, entry: int, kind: Kind, draws: Draws, found: Survey) -> None:
        # The same pair is the same pair, whatever entry of the file drew it, and on whatever network: real ends do not
        # depend on it but for how they are read, so that pairs of several networks can be compared. Ends made on it do.
        how = _how_read(problem.landscape)
        head = digest_of([kind.identity(), how] if kind.real else [problem.identity, kind.identity()]).encode()
        place = digest_of([problem.identity]).encode()  # the same network under two names is one
        for begin in range(0, len(draws.target), CHUNK):
            columns: dict[str, list[Any]] = {name: [] for name in plan_schema().names}
            part = slice(begin, begin + CHUNK)
            stops = [None] * len(draws.target) if draws.stop is None else draws.stop.tolist()
            drawn = zip(draws.ends[part].tolist(), draws.target[part].tolist(), stops[part], strict=True)
            for (a, c), target, stop in drawn:
                digests = (found.digests[a], found.digests[c]) if kind.reads else (a, c)
                key = hashlib.sha256(
                    head + f" {digests[0]} {digests[1]} {target}{'' if stop is None else f' {stop}'}".encode()
                ).digest()[:10]
                once = place + key
                if once in self.seen:
                    self.twice += 1
                    continue
                self.seen.add(once)
                row = (
                    self.count,
                    key.hex(),
                    problem.network,
                    problem.collection,
                    kind.label,
                    problem.inputs.names[a] if kind.reads else f"seed {a}",
                    problem.inputs.names[c] if kind.reads else f"seed {c}",
                    target,
                    _class_name(problem, target),
                    entry,
                    a,
                    c,
                    stop,
                )
                for column, value in zip(columns.values(), row, strict=True):
                    column.append(value)
                self.count += 1
            self._write(columns)

    def _write(self, columns: Mapping[str, list[Any]]) -> None:
        import pyarrow

        if columns["pair"]:
            self.writer.write_table(pyarrow.table(dict(columns), schema=plan_schema()))


def _how_read(landscape: AbstractLandscape) -> dict[str, Any] | None:
    """What decides which numbers are read from a file: two networks of one answer see the same inputs."""
    preprocessing, kind = landscape.preprocessing, landscape.input_kind
    if preprocessing is not None:
        return {key: value for key, value in preprocessing.describe().items() if key != "source"}
    return None if kind is None else kind.how_read()


def _class_name(problem: Problem, target: int) -> str:
    names = problem.landscape.class_names
    return names[target] if names is not None and target < len(names) else f"class {target}"


@contextmanager
def _pair_writer(file: Path) -> Iterator[_PairWriter]:
    import pyarrow.parquet

    with cannot_write(file), pyarrow.parquet.ParquetWriter(file, plan_schema(), write_page_checksum=True) as writer:
        yield _PairWriter(writer)


def _write_inputs(file: Path, collections: Mapping[str, _Inputs]) -> None:
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema([(name, pyarrow.string()) for name in ("inputs", "name", "sha256")])
    table: pyarrow.Table = pyarrow.concat_tables(
        pyarrow.table([[name] * len(part.names), list(part.names), list(part.digests)], schema=schema)
        for name, part in collections.items()
    )
    write_whole(file, lambda temporary: pyarrow.parquet.write_table(table, temporary, write_page_checksum=True))
