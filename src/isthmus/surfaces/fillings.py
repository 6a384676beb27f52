"""Fillings: what came of many surfaces, as a sequence, a table, and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import torch
from torch import Tensor

from isthmus._core.annotated import as_annotated
from isthmus._core.displayed import Plotted
from isthmus._core.ragged import part_of, ragged
from isthmus._core.text import amount
from isthmus.certificates import Cells, Certificate
from isthmus.inputs.kinds.restoring import restored
from isthmus.results.saved import check_files, read_table, save_files, write_table
from isthmus.surfaces.filling import Filling, Outcome, SeenPoints
from isthmus.surfaces.loops import loop_of
from isthmus.surfaces.surface import Surface

if TYPE_CHECKING:
    import pyarrow

SCHEMA = "isthmus/fill-result/1"  # docs/tables.md describes it
TABLE, TENSORS = "surfaces.parquet", "surfaces.safetensors"
CELLS = "certificate.cells"  # name of the tensor; absent where no surface has any


@dataclass(frozen=True, eq=False)
class Fillings(Plotted, Sequence[Filling]):
    """What came of many surfaces, in their order.

    Attributes:
        fillings: one Filling each.
        description: how they were found: landscape, method, seed, versions; ready for JSON.
    """

    fillings: tuple[Filling, ...]
    description: dict[str, Any]

    def __len__(self) -> int:
        return len(self.fillings)

    def __repr__(self) -> str:
        return f"Fillings({amount(len(self), 'loop')}, {sum(each.filled for each in self)} filled)"

    @overload
    def __getitem__(self, index: int) -> Filling: ...
    @overload
    def __getitem__(self, index: slice) -> Fillings: ...
    def __getitem__(self, index: int | slice) -> Filling | Fillings:
        if isinstance(index, slice):
            return Fillings(self.fillings[index], self.description)
        return self.fillings[index]

    def table(self) -> pyarrow.Table:
        """One row a surface; `docs/tables.md` lists the columns."""
        import pyarrow

        return pyarrow.Table.from_pylist([{"surface": number, **each.row()} for number, each in enumerate(self)])

    @as_annotated
    def save(self, folder: str | Path) -> Path:
        """Writes `surfaces.parquet`, `surfaces.safetensors` and `manifest.json` into a folder, made if need be.

        Raises:
            OutputError: the folder cannot be written, or holds files of these names.
        """
        from safetensors.torch import save_file

        tensors, table = self.tensors(), self.table()
        files = {TABLE: lambda file: write_table(table, file), TENSORS: lambda file: save_file(tensors, file)}
        return save_files(Path(folder), SCHEMA, files, self.description)

    @staticmethod
    @as_annotated
    def load(folder: str | Path) -> Fillings:
        """Reads what `save` wrote, after checking it against the hashes in the manifest.

        Raises:
            OutputError: a file is missing, of another version, or was changed since.
        """
        from safetensors.torch import load_file

        folder = Path(folder)
        description = check_files(folder, (TABLE, TENSORS), "saved surfaces", schemas=[SCHEMA])
        return Fillings.restore(read_table(folder / TABLE).to_pylist(), load_file(folder / TENSORS), description)

    @staticmethod
    def restore(rows: Sequence[dict[str, Any]], tensors: dict[str, Tensor], description: dict[str, Any]) -> Fillings:
        """Surfaces from the rows of their table and from `tensors()`."""
        kind = restored(description)
        found = (replace(_restored(number, row, tensors), input_kind=kind) for number, row in enumerate(rows))
        return Fillings(tuple(found), description)

    def tensors(self) -> dict[str, Tensor]:
        """What the table does not hold."""
        tensors = ragged("nodes", [each.surface.nodes for each in self])
        tensors |= ragged("moves", [each.surface.moves for each in self])
        if any(each.cells is not None for each in self):
            tensors |= ragged(CELLS, [_cells_of(each) for each in self])
        for part in ("seen", "flat"):
            points = [getattr(each, part) for each in self]
            tensors |= ragged(part, [torch.from_numpy(np.column_stack([p.u, p.v, p.loss])) for p in points])
        for number, each in enumerate(self):
            tensors |= {f"loop.{number}.{name}": part for name, part in each.surface.loop.tensors().items()}
        return {name: tensor.clone().contiguous() for name, tensor in tensors.items()}  # loops may share corners


def _cells_of(found: Filling) -> Tensor:
    """Rows (m, 6): low and high corner, lower and upper bound; none where nothing was proven."""
    cells = found.cells
    if cells is None:
        return torch.zeros((0, 6), dtype=torch.float64)
    return torch.cat([cells.low, cells.high, cells.lower[:, None], cells.upper[:, None]], 1)


def _restored(number: int, row: dict[str, Any], tensors: dict[str, Tensor]) -> Filling:
    begin = f"loop.{number}."
    own = {name.removeprefix(begin): tensor for name, tensor in tensors.items() if name.startswith(begin)}
    certificate = None
    cells = part_of(tensors, CELLS, number) if CELLS in tensors else None
    if row["certificate"] is not None:
        certificate = Certificate(
            kind=row["certificate"],
            bound=row["bound"],
            threshold=row["threshold"],
            parts=row["parts"],
            covers=row["covers"],
            subject_to=row["subject_to"],
            cells=None if cells is None or not len(cells) else Cells(cells[:, :2], cells[:, 2:4], *cells[:, 4:].T),
        )
    return Filling(
        surface=Surface(
            loop_of(row["loop"], own), part_of(tensors, "nodes", number), part_of(tensors, "moves", number)
        ),
        target=row["target"],
        threshold=row["threshold"],
        outcome=Outcome[row["outcome"].upper()],
        seen=SeenPoints(*part_of(tensors, "seen", number).numpy().T),
        flat=SeenPoints(*part_of(tensors, "flat", number).numpy().T),
        class_kept=row["class_kept"],
        moved=row["moved"],
        steps=row["steps"],
        forward_equivalents=row["forward_equivalents"],
        certificate=certificate,
        eight_bits=float("nan") if row["eight_bits_max_loss"] is None else row["eight_bits_max_loss"],
    )
