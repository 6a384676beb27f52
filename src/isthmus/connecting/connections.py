"""Connections: what was found for many pairs, as a sequence, a table, and files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import torch
from torch import Tensor

from isthmus import registries
from isthmus._core.files import cannot_write, read_json, sha256, write_whole
from isthmus.certificates import AffinePieces, Band, Certificate
from isthmus.connecting.connection import Connection, Outcome
from isthmus.errors import OutputError
from isthmus.paths import Polyline
from isthmus.profiles import Profile
from isthmus.results import MANIFEST, read_sealed
from isthmus.results.folder import FORMAT, write_manifest
from isthmus.results.sealed import SEAL

if TYPE_CHECKING:
    import pyarrow

    from isthmus.connecting.columns import Column

EARLIER = {"format": "isthmus connections", "version": 2}  # the manifest of version 0.1, which had no seal
SCHEMA = "isthmus/connect-result/1"  # docs/tables.md describes it
TABLE, PATHS = "table.parquet", "paths.safetensors"
BAND = "certificate.band"  # name of the tensor; absent where no pair has a band


@dataclass(frozen=True, eq=False)
class Connections(Sequence[Connection]):
    """What was found for many pairs, in their order.

    Attributes:
        pairs: one Connection each.
        description: how they were found: landscape, method, seed, versions; ready for JSON.
        extra: columns of somebody's own, at the end of the table.
    """

    pairs: tuple[Connection, ...]
    description: dict[str, Any]
    extra: tuple[Column, ...] = ()

    def __len__(self) -> int:
        return len(self.pairs)

    def __repr__(self) -> str:
        return f"Connections({len(self)} pairs, {sum(pair.connected for pair in self)} connected)"

    @overload
    def __getitem__(self, index: int) -> Connection: ...
    @overload
    def __getitem__(self, index: slice) -> Connections: ...
    def __getitem__(self, index: int | slice) -> Connection | Connections:
        if isinstance(index, slice):
            return Connections(self.pairs[index], self.description, self.extra)
        return self.pairs[index]

    def table(self) -> pyarrow.Table:
        """One row a pair; `connecting.columns` lists the columns with their meanings."""
        import pyarrow

        from isthmus.connecting.columns import row_of

        rows = [{"pair": number, **row_of(pair, self.extra)} for number, pair in enumerate(self)]
        return pyarrow.Table.from_pylist(rows)

    def save(self, folder: str | Path, *, table: pyarrow.Table | None = None) -> Path:
        """Writes `table.parquet`, `paths.safetensors` and `manifest.json` into a folder, which is made if need be.

        Each file appears whole or not at all, the manifest last.

        Args:
            folder: where to.
            table: written in the place of `self.table()`: the same rows, with columns of your own added.

        Raises:
            OutputError: the folder cannot be written, or holds files of these names.
        """
        folder = Path(folder)
        with cannot_write(folder):
            folder.mkdir(parents=True, exist_ok=True)
        for name in (TABLE, PATHS, MANIFEST):
            if (folder / name).exists():
                raise OutputError(f"{folder / name} exists; choose an empty folder.")
        rows = self.table() if table is None else table
        write_whole(folder / TABLE, lambda file: _write_table(rows, file))
        write_whole(folder / PATHS, self._write_paths)
        files = {name: sha256(folder / name) for name in (TABLE, PATHS)}
        write_manifest(folder, SCHEMA, files, self.description)
        return folder

    @staticmethod
    def load(folder: str | Path) -> Connections:
        """Reads what `save` wrote, after checking it against the hashes in the manifest.

        Raises:
            OutputError: a file is missing, of another version, or was changed since.
        """
        folder = Path(folder)
        manifest = read_sealed(folder / MANIFEST, unsealed=True)
        sealed = {key: manifest.get(key) for key in FORMAT} == FORMAT and SEAL in read_json(folder / MANIFEST)
        if not sealed and {key: manifest.get(key) for key in EARLIER} != EARLIER:
            raise OutputError(f"{folder / MANIFEST} is no manifest of saved connections that this version knows.")
        for name in (TABLE, PATHS):
            if not (folder / name).is_file():
                raise OutputError(f"{folder / name} is missing.")
            if sha256(folder / name) != manifest.get("files", {}).get(name):
                raise OutputError(f"{folder / name} was damaged or changed since it was written (its SHA-256 differs).")
        import pyarrow.parquet
        from safetensors.torch import load_file

        rows = pyarrow.parquet.read_table(folder / TABLE, page_checksum_verification=True).to_pylist()
        return Connections.restore(rows, load_file(folder / PATHS), manifest.get("description", {}))

    @staticmethod
    def restore(
        rows: Sequence[dict[str, Any]], tensors: dict[str, Tensor], description: dict[str, Any] | None = None
    ) -> Connections:
        """Connections from the rows of their table and from `tensors()`."""
        pairs = tuple(_restore(number, row, tensors) for number, row in enumerate(rows))
        return Connections(pairs, description or {})

    def tensors(self) -> dict[str, Tensor]:
        """What the table does not hold: what all paths are made of, and all profiles."""
        shape = self[0].path.ends.shape[1:] if len(self) else []
        tensors: dict[str, Tensor] = {"input_shape": torch.tensor(shape)}
        made_of = [
            {_tensor_name(pair.path.kind, name): tensor.flatten(1) for name, tensor in pair.path.tensors().items()}
            for pair in self
        ]
        for name in dict.fromkeys(name for each in made_of for name in each):
            nothing = next(each[name] for each in made_of if name in each)[:0]
            tensors |= _ragged(name, [each.get(name, nothing) for each in made_of])
        tensors |= _ragged("path.rounds", [torch.tensor(pair.vertex_rounds, dtype=torch.long) for pair in self])
        after = [torch.tensor(pair.max_loss_after, dtype=torch.float64) for pair in self]
        tensors |= _ragged("path.max_loss_after", after)
        if any(pair.certificate is not None and pair.certificate.band is not None for pair in self):
            tensors |= _ragged(BAND, [_band_of(pair) for pair in self])
        for name, pick in _PROFILES.items():
            # A path that was not moved shares the profile of the direct path; it is stored once.
            profiles = [None if name == "found" and pair.profile is pair.direct else pick(pair) for pair in self]
            for part in ("t", "loss", "logits"):
                empty = [getattr(pick(pair), part)[:0] for pair in self]
                parts = [none if p is None else getattr(p, part) for p, none in zip(profiles, empty, strict=True)]
                tensors |= _ragged(f"{name}.{part}", parts)
        return {name: tensor.contiguous() for name, tensor in tensors.items()}

    def _write_paths(self, file: Path) -> None:
        from safetensors.torch import save_file

        save_file(self.tensors(), file, metadata={"version": "1"})


def _write_table(table: pyarrow.Table, file: Path) -> None:
    import pyarrow.parquet

    pyarrow.parquet.write_table(table, file, write_page_checksum=True)


_PROFILES: dict[str, Callable[[Connection], Profile]] = {
    "direct": lambda pair: pair.direct,
    "found": lambda pair: pair.profile,
}


def _ragged(name: str, parts: Sequence[Tensor]) -> dict[str, Tensor]:
    """Tensors of different lengths as one, with the row at which each ends."""
    ends = torch.tensor([len(part) for part in parts]).cumsum(0)
    return {name: torch.cat(list(parts)) if parts else torch.zeros(0), f"{name}.ends": ends}


def _tensor_name(kind: str, name: str) -> str:
    """Of what paths of a kind are made of; polylines are called as they were before there were others."""
    return f"path.{name}" if kind == Polyline.kind else f"path.{kind}.{name}"


def _restore(number: int, row: dict[str, Any], tensors: dict[str, Tensor]) -> Connection:
    def part(name: str) -> Tensor:
        ends = tensors[f"{name}.ends"]
        return tensors[name][(int(ends[number - 1]) if number else 0) : int(ends[number])]

    def profile(name: str) -> Profile:
        t, loss, logits = (part(f"{name}.{field}") for field in ("t", "loss", "logits"))
        coarse = row["direct_coarse_max_loss" if name == "direct" else "coarse_max_loss"]
        return Profile(t=t, loss=loss, logits=logits, target=row["target"], coarse_max_loss=coarse)

    kind = row.get("path") or Polyline.kind
    path_type = registries.PATHS.maker(kind)
    own = [name for name in tensors if not name.endswith(".ends") and name.startswith(_tensor_name(kind, ""))]
    if kind == Polyline.kind:
        own = ["path.vertices"]
    made_of = {name.rpartition(".")[2]: part(name).reshape(-1, *tensors["input_shape"].tolist()) for name in own}
    direct = profile("direct")
    moved = len(part("found.t")) > 0
    return Connection(
        direct=direct,
        profile=profile("found") if moved else direct,
        path=path_type.of_tensors(made_of),
        vertex_rounds=tuple(part("path.rounds").tolist()),
        outcome=Outcome[row["outcome"].upper()],
        threshold=row["threshold"],
        rounds=row["rounds"],
        steps=row["steps"],
        forward_equivalents=row["forward_equivalents"],
        max_loss_after=tuple(part("path.max_loss_after").tolist()),
        certificate=_certificate(row, part(BAND) if BAND in tensors else None),
    )


def _certificate(row: dict[str, Any], band: Tensor | None) -> Certificate | None:
    if row.get("exact"):  # as version 0.1 wrote it
        row = row | {"certificate": AffinePieces.kind, "bound": row["max_loss"], "parts": row["pieces"]}
    if row.get("certificate") is None:
        return None
    return Certificate(
        kind=row["certificate"],
        bound=row["bound"],
        threshold=row["threshold"],
        parts=row["parts"],
        subject_to=row.get("subject_to") or "rounding",
        covers=1.0 if row.get("covers") is None else row["covers"],
        band=None if band is None or not len(band) else Band(*band.T),
    )


def _band_of(pair: Connection) -> Tensor:
    """Rows (m, 4): begin, end, lower and upper bound; none where there is no band."""
    band = None if pair.certificate is None else pair.certificate.band
    if band is None:
        return torch.zeros((0, 4), dtype=torch.float64)
    return torch.stack([band.begin, band.end, band.lower, band.upper], 1)
