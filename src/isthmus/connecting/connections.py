"""Connections: what was found for many pairs, as a sequence, a table, and files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import torch
from torch import Tensor

from isthmus import registries
from isthmus._core.annotated import as_annotated
from isthmus._core.displayed import Plotted
from isthmus._core.files import path_of, write_text
from isthmus._core.ragged import part_of, ragged
from isthmus._core.registry import imported
from isthmus._core.text import amount
from isthmus.certificates import AffinePieces, Band, Certificate
from isthmus.connecting.connection import Connection, Outcome
from isthmus.inputs.kinds import InputKind
from isthmus.inputs.kinds.restoring import check_kind, restored
from isthmus.paths import Polyline
from isthmus.profiles import Profile
from isthmus.results.saved import check_files, read_table, save_files, write_table

if TYPE_CHECKING:
    import pyarrow

    from isthmus.connecting.columns import Column

EARLIER = {"format": "isthmus connections", "version": 2}  # the manifest of version 0.1, which had no seal
SCHEMA = "isthmus/connect-result/1"  # docs/tables.md describes it
TABLE, PATHS, PAGE = "table.parquet", "paths.safetensors", "index.html"
BAND = "certificate.band"  # name of the tensor; absent where no pair has a band
MEASURED = "measured"  # of the manifest's description: name, type and meaning of columns that were measured
NAMES = "names_of_classes_seen"  # of the manifest's description, beside what the landscape says of itself


@dataclass(frozen=True, eq=False)
class Connections(Plotted, Sequence[Connection]):
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
        return f"Connections({amount(len(self), 'pair')}, {sum(pair.connected for pair in self)} connected)"

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

    @as_annotated
    def save(self, folder: str | Path, *, page: bool = False, table: pyarrow.Table | None = None) -> Path:
        """Writes `table.parquet`, `paths.safetensors` and `manifest.json` into a folder, which is made if need be.

        Each file appears whole or not at all, the manifest last.

        Args:
            folder: where to.
            page: write `index.html` as well, a page that shows every pair under a slider.
            table: written in the place of `self.table()`: the same rows, with columns of your own added.

        Raises:
            OutputError: the folder cannot be written, or holds files of these names.
        """
        rows = self.table() if table is None else table
        files = {TABLE: lambda file: write_table(rows, file), PATHS: self._write_paths}
        if page:
            shown = imported("isthmus.reports:page")(self)
            files[PAGE] = lambda file: write_text(file, shown)
        return save_files(path_of(folder), SCHEMA, files, self.described)

    @staticmethod
    @as_annotated
    def load(folder: str | Path, *, input_kind: InputKind | None = None) -> Connections:
        """Reads what `save` wrote, after checking it against the hashes in the manifest.

        Args:
            folder: where it is.
            input_kind: what the inputs are, where the files do not say all of it: the vocabulary of texts is the
                network's, `network.input_kind`.

        Raises:
            OutputError: a file is missing, of another version, or was changed since.
            InputError: to that kind of inputs the numbers mean something else.
        """
        folder = Path(folder)
        description = check_files(folder, (TABLE, PATHS), "saved connections", earlier=EARLIER)
        from safetensors.torch import load_file

        found = Connections.restore(read_table(folder / TABLE).to_pylist(), load_file(folder / PATHS), description)
        if input_kind is None:
            return found
        check_kind(found.description, input_kind)
        return replace(found, pairs=tuple(replace(pair, input_kind=input_kind) for pair in found))

    @staticmethod
    def restore(
        rows: Sequence[dict[str, Any]], tensors: dict[str, Tensor], description: dict[str, Any] | None = None
    ) -> Connections:
        """Connections from the rows of their table and from `tensors()`."""
        given = dict(description or {})
        from isthmus.connecting.columns import described_column

        names = {int(index): str(name) for index, name in dict(given.pop(NAMES, None) or {}).items()}
        unit, kind = str(given.get("unit", "nats")), restored(given)
        extra = tuple(described_column(column) for column in given.pop(MEASURED, None) or [])
        pairs = tuple(
            replace(
                _restore(number, row, tensors, names, unit, kind),
                measured={column.name: row[column.name] for column in extra if column.name in row},
            )
            for number, row in enumerate(rows)
        )
        return Connections(pairs, given, extra)

    def widget(self) -> Any:
        """Both paths of a pair under a slider, in a cell of a notebook; needs anywidget (`isthmus[notebook]`).

        Its `pair` and `t` are what is shown, and can be set; `input()` is the input of the path found there.
        """
        return imported("isthmus.reports.widget:widget")(self)

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
            tensors |= ragged(name, [each.get(name, nothing) for each in made_of])
        tensors |= ragged("path.rounds", [torch.tensor(pair.vertex_rounds, dtype=torch.long) for pair in self])
        after = [torch.tensor(pair.max_loss_after, dtype=torch.float64) for pair in self]
        tensors |= ragged("path.max_loss_after", after)
        if any(pair.certificate is not None and pair.certificate.band is not None for pair in self):
            tensors |= ragged(BAND, [_band_of(pair) for pair in self])
        for name, pick in _PROFILES.items():
            # A path that was not moved shares the profile of the direct path; it is stored once.
            profiles = [None if name == "found" and pair.profile is pair.direct else pick(pair) for pair in self]
            for part in ("t", "loss", "logits"):
                empty = [getattr(pick(pair), part)[:0] for pair in self]
                parts = [none if p is None else getattr(p, part) for p, none in zip(profiles, empty, strict=True)]
                tensors |= ragged(f"{name}.{part}", parts)
        return {name: tensor.contiguous() for name, tensor in tensors.items()}

    @property
    def described(self) -> dict[str, Any]:
        """The description that a manifest holds: with names of the classes seen, and the columns that were measured."""
        return self.description | self._names() | self._measured()

    def unmeasured(self) -> Connections:
        """The same without what was measured of them: where paths are others now, it holds no more."""
        names = {name for pair in self for name in pair.measured}
        extra = tuple(column for column in self.extra if column.name not in names)
        pairs = tuple(replace(pair, measured={}) if pair.measured else pair for pair in self)
        return Connections(pairs, self.description, extra)

    def _names(self) -> dict[str, Any]:
        """Names of the classes in all pairs, for the manifest."""
        names = {str(index): name for pair in self for index, name in sorted(pair.class_names.items())}
        return {NAMES: names} if names else {}

    def _measured(self) -> dict[str, Any]:
        """The columns of what was measured, for the manifest: others than these are read off a pair by their makers."""
        names = {name for pair in self for name in pair.measured}
        columns = [column.describe() for column in self.extra if column.name in names]
        return {MEASURED: columns} if columns else {}

    def _write_paths(self, file: Path) -> None:
        from safetensors.torch import save_file

        save_file(self.tensors(), file, metadata={"version": "1"})


_PROFILES: dict[str, Callable[[Connection], Profile]] = {
    "direct": lambda pair: pair.direct,
    "found": lambda pair: pair.profile,
}


def _tensor_name(kind: str, name: str) -> str:
    """Of what paths of a kind are made of; polylines are called as they were before there were others."""
    return f"path.{name}" if kind == Polyline.kind else f"path.{kind}.{name}"


def _restore(
    number: int,
    row: dict[str, Any],
    tensors: dict[str, Tensor],
    names: dict[int, str],
    unit: str,
    inputs: InputKind | None,
) -> Connection:
    def part(name: str) -> Tensor:
        return part_of(tensors, name, number)

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
    made = Connection(
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
        suspect=bool(row.get("suspect")),
        unit=unit,
        input_kind=inputs,
    )
    return replace(made, class_names={index: names[index] for index in made.seen_classes if index in names})


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
