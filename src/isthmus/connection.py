"""Connection and Connections: what was found for a pair, and for many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from isthmus.paths import Polyline
from isthmus.profiles import Profile

if TYPE_CHECKING:
    import pyarrow


class Outcome(Enum):
    """How the work on a pair ended, in words."""

    DIRECT = "connected already by the direct path"
    CONNECTED = "connected"
    ABOVE_THRESHOLD = "ended above the threshold"
    END_ABOVE_THRESHOLD = "an end itself is above the threshold"
    NOT_FINITE = "the loss is not finite somewhere on the path"
    INTERRUPTED = "interrupted before it was finished"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, eq=False, kw_only=True)
class Connection:
    """What was found for one pair.

    Attributes:
        direct: profile of the direct path.
        profile: profile of the path found; the same object where the direct path was not changed.
        path: the path found, in data units, on the CPU.
        vertex_rounds: the round in which each vertex of the path was placed; 0 for the two ends.
        outcome: how the work ended.
        threshold: the loss that a connected path may reach.
        rounds: rounds of bypasses made.
        steps: optimiser steps made, over all segments of the pair.
        forward_equivalents: cost of everything done for the pair, profiles included.
    """

    direct: Profile
    profile: Profile
    path: Polyline
    vertex_rounds: tuple[int, ...]
    outcome: Outcome
    threshold: float
    rounds: int
    steps: int
    forward_equivalents: int

    @property
    def target(self) -> int:
        """The class that the losses are about."""
        return self.direct.target

    @property
    def connected(self) -> bool:
        """Whether the max loss of the path found is at or below the threshold."""
        return self.outcome in (Outcome.DIRECT, Outcome.CONNECTED)

    @property
    def class_connected(self) -> bool:
        """Whether the target is the predicted class all along the path found."""
        return self.profile.class_connected

    @property
    def direct_path(self) -> Polyline:
        """The straight segment A -> C."""
        return Polyline(self.path.vertices[[0, -1]])

    def row(self) -> dict[str, Any]:
        """The pair as a row of the table."""
        direct, found = self.direct, self.profile
        return {
            "target": self.target,
            "a_loss": float(direct.loss[0]),
            "c_loss": float(direct.loss[-1]),
            "threshold": self.threshold,
            "direct_max_loss": direct.max_loss,
            "direct_gap": direct.gap,
            "direct_argmax_t": direct.argmax_t,
            "direct_connected": direct.max_loss <= self.threshold,
            "direct_class_connected": direct.class_connected,
            "max_loss": found.max_loss,
            "coarse_max_loss": found.coarse_max_loss,
            "gap": found.gap,
            "argmax_t": found.argmax_t,
            "connected": self.connected,
            "class_connected": found.class_connected,
            "outcome": self.outcome.name.lower(),
            "deviation": self.path.deviation,
            "length_ratio": self.path.length_ratio,
            "direct_length": self.path.direct_length,
            "rounds": self.rounds,
            "steps": self.steps,
            "forward_equivalents": self.forward_equivalents,
            "resolution": found.resolution,
            "exact": found.exact,
        }


@dataclass(frozen=True, eq=False)
class Connections(Sequence[Connection]):
    """What was found for many pairs, in their order. `description` records how: landscape, method, seed, versions."""

    pairs: tuple[Connection, ...]
    description: dict[str, Any]

    def __len__(self) -> int:
        return len(self.pairs)

    @overload
    def __getitem__(self, index: int) -> Connection: ...
    @overload
    def __getitem__(self, index: slice) -> Connections: ...
    def __getitem__(self, index: int | slice) -> Connection | Connections:
        if isinstance(index, slice):
            return Connections(self.pairs[index], self.description)
        return self.pairs[index]

    def table(self) -> pyarrow.Table:
        """One row a pair; see `docs/tables.md` for the columns."""
        import pyarrow

        rows = [{"pair": number, **pair.row()} for number, pair in enumerate(self.pairs)]
        return pyarrow.Table.from_pylist(rows)

    def save(self, folder: str | Path) -> Path:
        """Writes `table.parquet`, `paths.safetensors` and `manifest.json` into a folder, which is made if need be.

        Files of these names must not exist yet. Each appears whole or not at all.

        Raises:
            OutputError: the folder cannot be written, or holds such files.
        """
        from isthmus.storage import save_connections

        return save_connections(self, Path(folder))

    @staticmethod
    def load(folder: str | Path) -> Connections:
        """Reads what `save` wrote, after checking it against the hashes in the manifest.

        Raises:
            OutputError: a file is missing or was changed since.
        """
        from isthmus.storage import load_connections

        return load_connections(Path(folder))
