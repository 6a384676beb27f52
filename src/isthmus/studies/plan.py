"""Plan: the pairs of a study and how they are cut into shards, as stored."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from isthmus._core.files import read_json, sha256
from isthmus.connecting.columns import name_now
from isthmus.errors import StudyError
from isthmus.results import digest_of
from isthmus.studies.config import Config, as_written_now
from isthmus.studies.rows import as_named_now

PLAN, PAIRS, INPUTS, TEXT = "plan.json", "pairs.parquet", "inputs.parquet", "study.toml"
FORMAT = {"format": "isthmus study plan", "version": 2}


@dataclass(frozen=True, kw_only=True)
class Portion:
    """Rows begin to end of the pair table, all of one network on one collection."""

    network: str
    inputs: str
    begin: int
    end: int

    def __len__(self) -> int:
        return self.end - self.begin

    def describe(self) -> dict[str, Any]:
        """As a dict ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Plan:
    """What a study is to do.

    Attributes:
        folder: where it is stored.
        fingerprint: what must stay the same.
        pieces: the shards: rows of the pair table that are solved together.
        skipped: inputs that were set aside, by collection and name, with the reason.
        notes: what a reader of the results should know, such as classes with fewer pairs than were asked for.
        class_names: names of the classes of each network, where it has any.
        units: unit of the loss on each network.
        digest: names this plan; every shard carries it.
    """

    folder: Path
    fingerprint: dict[str, Any]
    pieces: tuple[Portion, ...]
    skipped: dict[str, dict[str, str]]
    notes: tuple[str, ...]
    class_names: dict[str, list[str] | None]
    units: dict[str, str]
    digest: str

    @cached_property
    def config(self) -> Config:
        """The study as it was when it was planned: what is solved and shown follows this, and no later edit."""
        return Config.of(self.fingerprint["configuration"])

    @property
    def text(self) -> str:
        """Text of the study's file as it was then."""
        return (self.folder / TEXT).read_text(encoding="utf-8")

    @property
    def unit(self) -> str:
        """Unit of the loss; of several networks, each that differs."""
        return ", ".join(dict.fromkeys(self.units.values()))

    def provenance(self) -> dict[str, str]:
        """What the pairs were made from, for the foot of a page: hashes of weights, of inputs, and of the plan."""
        described = self.fingerprint
        weights = {
            name: dict(landscape.get("network") or {}).get("weights_sha256")
            for name, landscape in described["networks"].items()
        }
        return {
            # names that say nothing, which experiments give, are left out
            **{
                f"weights{'' if name == 'network' else f' of {name}'}, SHA-256": digest
                for name, digest in weights.items()
                if digest
            },
            **{
                f"inputs{'' if name == 'inputs' else f' {name}'}, SHA-256": digest
                for name, digest in described["inputs"].items()
            },
            "plan, SHA-256": self.digest,
        }

    @property
    def pairs(self) -> int:
        """Number of pairs."""
        return self.pieces[-1].end if self.pieces else 0

    def rows(self, begin: int, end: int) -> list[dict[str, Any]]:
        """Rows of the pair table, read from the part of the file that holds them."""
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(self.folder / PAIRS, page_checksum_verification=True) as file:
            found: list[dict[str, Any]] = []
            first = 0
            for group in range(file.num_row_groups):
                count = file.metadata.row_group(group).num_rows
                if first < end and begin < first + count:
                    inside = max(0, begin - first)
                    part = file.read_row_group(group).slice(inside, min(end - first, count) - inside)
                    found += as_named_now(part).to_pylist()
                first += count
        return found

    def digests(self, collection: str) -> list[str]:
        """SHA-256 of every input of a collection, by number."""
        import pyarrow.parquet

        file = self.folder / INPUTS
        column = next(name for name in pyarrow.parquet.read_schema(file).names if name_now(name) == "inputs")
        table = pyarrow.parquet.read_table(file, filters=[(column, "==", collection)], page_checksum_verification=True)
        digests: list[str] = table["sha256"].to_pylist()
        return digests


def load_plan(folder: Path) -> Plan | None:
    """The stored plan, or None where none was finished.

    Raises:
        StudyError: it was damaged or changed.
    """
    if not (folder / PLAN).is_file():
        return None
    stored = read_json(folder / PLAN)
    if not isinstance(stored, dict) or {key: stored.get(key) for key in FORMAT} != FORMAT:
        raise StudyError(f"{folder / PLAN} is no plan of a study of version {FORMAT['version']}.")
    digest = stored.pop("digest", None)
    damaged = [PLAN]
    if digest_of(stored) == digest:
        damaged = [
            name
            for name, expected in stored["files"].items()
            if not (folder / name).is_file() or sha256(folder / name) != expected
        ]
    if damaged:
        raise StudyError(
            f"{folder / damaged[0]} was damaged or changed since it was written (its SHA-256 differs); "
            "begin anew with --overwrite."
        )
    return Plan(
        folder=folder,
        fingerprint=_named_now(stored["fingerprint"])
        | {"configuration": as_written_now(stored["fingerprint"]["configuration"])},
        pieces=tuple(Portion(**_named_now(piece)) for piece in stored["pieces"]),
        skipped=stored["skipped"],
        notes=tuple(stored["notes"]),
        class_names=stored["class_names"],
        units=stored["units"],
        digest=str(digest),
    )


def _named_now(stored: dict[str, Any]) -> dict[str, Any]:
    """What was stored, by the names of now."""
    return {name_now(key): value for key, value in stored.items()}
