"""The conjecture on independent sites: are two random open sites connected as the dimension grows, and how straight?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus._core.progress import OnStage
from isthmus.charts import Axis, Chart, Curve, Mark, Panel, whisker_of
from isthmus.estimates import Estimate, mean_of_few
from isthmus.findings.findings import Findings, Table, spread
from isthmus.percolation import Lattice, Routes, routes, sweep
from isthmus.percolation.known import known_threshold
from isthmus.percolation.lattice import check_memory

LEAST_SIDE = 3
NEARLY = 0.9  # probability of a connection from which on the conjecture counts as seen
COLORS = ("#d55e00", "#e69f00", "#009e73", "#56b4e9", "#0072b2", "#cc79a7")


@dataclass(frozen=True, kw_only=True)
class WithDimension:
    """Connection of two random open sites on a torus.

    Attributes:
        dimension, side: of the lattice.
        share: p, the share of open sites.
        connection: share of the pairs of open sites in one cluster; mean and interval over sweeps.
        largest: share of the open sites in the largest cluster.
        neighboured: share of the open sites that have an open neighbour, which bounds `largest`.
    """

    dimension: int
    side: int
    share: float
    connection: Estimate
    largest: Estimate
    neighboured: float


@dataclass(frozen=True, kw_only=True)
class Straightness:
    """How much longer the shortest open way is than the shortest of all.

    Attributes:
        dimension, side: of the lattice, with free boundaries.
        share: p.
        connected: share of the random pairs of open sites that are connected.
        detour: steps of those over the steps of the shortest lattice way; mean and interval over lattices.
        stretch: steps over Euclidean distance, likewise.
        straight: share of those whose way is as short as can be.
    """

    dimension: int
    side: int
    share: float
    connected: float
    detour: Estimate
    stretch: Estimate
    straight: float


def side_of(dimension: int, sites: int) -> int:
    """The largest side of at most so many sites, and at least 3."""
    side = int(sites ** (1 / dimension) + 1e-9)
    return max(LEAST_SIDE, side)


def conjecture(
    dimensions: Sequence[int],
    shares: Sequence[float],
    *,
    sites: int,
    sweeps: int,
    pairs: int,
    seed: int = 0,
    tell: OnStage = lambda *_: None,
) -> tuple[list[WithDimension], list[Straightness]]:
    """Measures both on lattices of about `sites` sites, which are refused where they would not fit the memory."""
    connected: list[WithDimension] = []
    straight: list[Straightness] = []
    lattices = [Lattice.cube(dimension, side_of(dimension, sites), periodic=True) for dimension in dimensions]
    largest = max(lattices, key=lambda lattice: lattice.sites)
    check_memory(sweeps * largest.sweep_bytes("site"), f"{sweeps} sweeps over {largest.sites:,} sites")
    for number, lattice in enumerate(lattices):
        tell("lattices", number, len(dimensions))
        dimension, side = lattice.dimension, lattice.shape[0]
        runs = [sweep(lattice, seed=(seed, dimension, run)) for run in range(sweeps)]
        for share in shares:
            place = round(share * lattice.sites)
            connected.append(
                WithDimension(
                    dimension=dimension,
                    side=side,
                    share=share,
                    connection=mean_of_few(np.array([run.connection[place] for run in runs]), low=0, high=1),
                    largest=mean_of_few(np.array([run.largest_share[place] for run in runs]), low=0, high=1),
                    neighboured=1 - (1 - share) ** (2 * dimension),
                )
            )
            found = [_ways(lattice.shape, place, max(1, pairs // sweeps), (seed, dimension, place, run))
                     for run in range(sweeps)]  # fmt: skip
            detours = np.concatenate([each.detour for each in found])
            straight.append(
                Straightness(
                    dimension=dimension,
                    side=side,
                    share=share,
                    connected=float(np.mean([each.connected for each in found])),
                    detour=_over([each.detour for each in found]),
                    stretch=_over([each.stretch for each in found]),
                    straight=float((detours == 1).mean()) if len(detours) else float("nan"),
                )
            )
    return connected, straight


def _ways(shape: tuple[int, ...], opened: int, pairs: int, seed: tuple[int, ...]) -> Routes:
    """Ways on a fresh lattice with free boundaries."""
    sites = int(np.prod(shape))
    is_open = np.zeros(sites, dtype=np.bool_)
    is_open[np.random.default_rng(seed).choice(sites, opened, replace=False)] = True
    return routes(is_open.reshape(shape), pairs=pairs, seed=seed[-1])


def _over(values: Sequence[np.ndarray[Any, np.dtype[Any]]]) -> Estimate:
    """Mean over lattices, since pairs of one lattice are alike."""
    return mean_of_few(np.array([each.mean() for each in values if len(each)], dtype=float), low=1)


def conjecture_findings(connected: Sequence[WithDimension], straight: Sequence[Straightness], about: str) -> Findings:
    """What the lattices say of the conjecture."""
    shares = list(dict.fromkeys(each.share for each in connected))
    found: list[str] = []
    agrees: list[str] = []
    differs: list[str] = []
    nearly: list[str] = []
    hardly: list[str] = []
    top = max((each.dimension for each in connected), default=0)
    for share in shares:
        mine = [each for each in connected if each.share == share and math.isfinite(each.connection.value)]
        if not mine:
            found.append(f"At p = {share:g} too few sites are open on these lattices.")
            continue
        last = mine[-1]
        times = share / (known_threshold(last.dimension, "site") or 1)
        where = "" if last.dimension == top else f" in d = {last.dimension}"
        text = f"{spread(last.connection)} at p = {share:g}{where}, {times:.2g} times the threshold"
        (nearly if last.connection.low > NEARLY else hardly).append(text)
    two = f"In d = {top} two random open sites are"
    if nearly:
        agrees.append(f"{two} nearly always connected, with probability {'; '.join(nearly)}.")
    if hardly:
        differs.append(f"{two} not connected with a probability above {NEARLY:g}: {'; '.join(hardly)}.")
    known = [each for each in straight if math.isfinite(each.detour.value) and each.connected > 0.5]
    if known:
        longest = max(known, key=lambda each: each.detour.value)
        place = f"(d = {longest.dimension}, p = {longest.share:g})"
        found.append(
            f"Ways are not straight: where most pairs are connected, the shortest open way has up to "
            f"{spread(longest.detour)} times the steps of the shortest lattice way {place}."
            if longest.detour.low > 1
            else f"Ways are as short as the lattice allows wherever most pairs are connected: {spread(longest.detour)} "
            f"times at most {place}."
        )
        found.append(
            "What these lattices show holds for independent sites; landscapes are correlated: isthmus percolate "
            "network."
        )
    both = {
        "dimension": "d",
        "side": "side",
        "share": "p",
        "connection": "two open sites connected",
        "largest": "open sites in the largest cluster",
        "neighboured": "have an open neighbour",
    }
    ways = {
        "dimension": "d",
        "side": "side",
        "share": "p",
        "connected": "pairs connected",
        "detour": "steps / shortest lattice way",
        "stretch": "steps / Euclidean distance",
        "straight": "as short as can be",
    }
    return Findings(
        title="Open sites in high dimension",
        source="Vrabel et al. (2025), Section 5",
        claim=(
            "In high dimension two random inputs of low loss are almost always connected, as open sites of a lattice "
            "are by percolation."
        ),
        about=about,
        found=found,
        agrees=agrees,
        differs=differs,
        tables=[
            Table(name="connection", title="Connection of two random open sites", columns=both,
                  rows=[vars(each) for each in connected], note="Tori; intervals over sweeps."),
            Table(name="straightness", title="How straight the ways are", columns=ways,
                  rows=[vars(each) for each in straight], percent=frozenset({"connected", "straight"}),
                  note="Free boundaries; random pairs of open sites; intervals over lattices."),
        ],
        chart=_chart(connected, straight),
        caption=(
            "Independent sites, open with probability p. First: probability that two random open sites are connected, "
            f"on tori of side {max(each.side for each in connected)} to {min(each.side for each in connected)}; "
            "crosses: the dimension from which on p exceeds the threshold. Second: length of the shortest open way "
            "between connected sites over that of the shortest lattice way, with 95 % intervals over lattices; "
            "hollow: fewer than half the pairs are connected."
        ),
    )  # fmt: skip


def _chart(connected: Sequence[WithDimension], straight: Sequence[Straightness]) -> Chart:
    return Chart(panels=[_connection(connected), _detours(straight)])


def _dimensions(found: Sequence[WithDimension] | Sequence[Straightness]) -> Axis:
    return Axis(label="dimension d", ticks=[(d, str(d)) for d in sorted({each.dimension for each in found})])


def _connection(connected: Sequence[WithDimension]) -> Panel:
    marks: list[Mark] = []
    for number, share in enumerate(dict.fromkeys(each.share for each in connected)):
        mine = [each for each in connected if each.share == share]
        color = COLORS[number % len(COLORS)]
        dimensions = [each.dimension for each in mine]
        values = [each.connection.value for each in mine]
        marks.append(Curve(x=dimensions, y=values, color=color, marker="o", size=4.5, name=f"p = {share:g}"))
        above = [d for d in range(1, 14) if (known_threshold(d, "site") or 0) < share]
        if above and mine[0].dimension <= above[0] <= mine[-1].dimension:
            marks.append(Curve(x=above[:1], y=[0], color=color, width=0, marker="x", size=8))
    return Panel(
        title="Connection",
        marks=marks,
        x=_dimensions(connected),
        y=Axis(label="two open sites connected (probability)", low=0, high=1.03),
    )


def _detours(straight: Sequence[Straightness]) -> Panel:
    marks: list[Mark] = []
    for number, share in enumerate(dict.fromkeys(each.share for each in straight)):
        mine = [each for each in straight if each.share == share and each.detour.value == each.detour.value]
        color = COLORS[number % len(COLORS)]
        dimensions, values = [each.dimension for each in mine], [each.detour.value for each in mine]
        marks.append(Curve(x=dimensions, y=values, color=color, width=1.2))
        marks += [
            whisker_of(each.detour, each.dimension, color, upright=True, width=1, hollow=each.connected <= 0.5,
                       name=f"p = {share:g}, d = {each.dimension}")
            for each in mine
        ]  # fmt: skip
    return Panel(
        title="Detours",
        marks=marks,
        x=_dimensions(straight),
        y=Axis(label="shortest open way / shortest lattice way"),
    )
