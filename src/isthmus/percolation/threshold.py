"""threshold: where sites or bonds of the hypercubic lattice begin to form one infinite cluster, with an error."""

from __future__ import annotations

import math
import os
import threading
from dataclasses import dataclass
from typing import Literal

from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.progress import Progress
from isthmus.errors import InputError
from isthmus.percolation.finite_size import UNIVERSAL, finite_size_threshold, wrapping_counts
from isthmus.percolation.growth import grown_threshold, invaded_shares
from isthmus.percolation.known import known_threshold
from isthmus.percolation.lattice import MOST_DIMENSIONS, Kind

Method = Literal["exact", "finite size", "growth"]
SIDES = {2: {32: 12000, 64: 6000, 128: 1500}, 3: {8: 12000, 16: 12000, 32: 1500}}  # runs by side
CLUSTER = 100_000  # sites or bonds of a grown cluster
RUNS = {2: 200, 3: 200, 4: 240, 5: 160, 6: 120}  # grown clusters, by dimension; 40 above


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """An estimate of p_c.

    Attributes:
        dimension: of the lattice.
        kind: what is open with probability p: "site" or "bond".
        p_c: the estimate.
        standard_error: its standard error; 0 where the value is exact.
        method: "finite size" (tori, dimensions 2 and 3), "growth" (single clusters) or "exact" (one dimension).
        runs: sweeps or clusters behind it.
    """

    dimension: int
    kind: Kind
    p_c: float
    standard_error: float
    method: Method
    runs: int

    @property
    def known(self) -> float | None:
        """The published value."""
        return known_threshold(self.dimension, self.kind)


@renamed
@as_annotated
def threshold(
    dimension: int,
    *,
    kind: Kind = "site",
    method: Method | None = None,
    effort: float = 1.0,
    seed: int = 0,
    workers: int | None = None,
    progress: Tell = None,
) -> Threshold:
    """Estimates the percolation threshold of the hypercubic lattice.

    Args:
        dimension: 1 to 13.
        kind: "site" or "bond".
        method: by default "finite size" in two and three dimensions, "growth" above.
        effort: how many times the usual number of runs.
        seed: of every random number; the result does not depend on the number of workers.
        workers: threads; by default one a processor.
        progress: as `isthmus.connect` takes it, with runs.

    Raises:
        InputError: a dimension, kind or method that there is not, or an impossible effort, seed or number of workers.
    """
    if not 1 <= dimension <= MOST_DIMENSIONS:
        raise InputError(f"dimension must be 1 to {MOST_DIMENSIONS}, got {dimension}.")
    if not (math.isfinite(effort) and effort > 0) or seed < 0 or (workers is not None and workers < 1):
        raise InputError(
            f"effort must be a number above 0, seed 0 or more, workers 1 or more; got {effort}, {seed} and {workers}."
        )
    if kind not in ("site", "bond"):
        raise InputError(f"kind must be site or bond, got {kind!r}.")
    if dimension == 1:  # one closed site or bond cuts the line
        return Threshold(dimension=1, kind=kind, p_c=1.0, standard_error=0.0, method="exact", runs=0)
    chosen: Method = method if method is not None else "finite size" if dimension in UNIVERSAL else "growth"
    if chosen not in ("finite size", "growth") or (chosen == "finite size" and dimension not in UNIVERSAL):
        raise InputError(f"method must be growth, or finite size in dimensions 2 and 3, got {chosen!r} in {dimension}.")
    workers = workers or os.cpu_count() or 1
    plan = SIDES[dimension] if chosen == "finite size" else {CLUSTER: RUNS.get(dimension, 40)}
    plan = {size: max(10, round(effort * runs)) for size, runs in plan.items()}
    total, done = sum(plan.values()), 0

    counting = threading.Lock()
    with telling(progress, "growing clusters", "runs") as tell:

        def on_run() -> None:  # from several threads
            nonlocal done
            with counting:
                done += 1
                tell(Progress(done, total, 0))

        if chosen == "finite size":
            counts = {
                side: wrapping_counts(dimension, kind, side, runs=runs, seed=seed, workers=workers, on_run=on_run)
                for side, runs in plan.items()
            }
            p_c, error = finite_size_threshold(dimension, kind, counts)
        else:
            sizes, shares = invaded_shares(
                dimension, kind, size=CLUSTER, runs=total, seed=seed, workers=workers, on_run=on_run
            )
            p_c, error = grown_threshold(sizes, shares, seed)
    return Threshold(dimension=dimension, kind=kind, p_c=p_c, standard_error=error, method=chosen, runs=total)
