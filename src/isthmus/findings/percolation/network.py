"""What slices through landscapes say: summary, tables, words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from isthmus.estimates import Estimate, mean_of_few
from isthmus.findings.findings import Findings, Table, share, spread
from isthmus.findings.percolation.network_chart import network_chart
from isthmus.findings.percolation.slicing import INPUTS, RANDOM, Example, NetworkStudy, SliceRow, shown_share

FEWEST = 4  # slices of each kind that a verdict takes
WIDE = 0.5  # interval of a difference of probabilities from which on nothing can be told
NEARLY = 0.9  # probability of a connection from which on the conjecture counts as seen
TIED = 0.01  # share of points from which on ties are mentioned
GROUP = {"network": "network", "through": "slices through", "dimension": "k"}  # first columns of every table
APART = 0.05  # differences of probabilities from which on they are worth a word


def summary(rows: Sequence[SliceRow], study: NetworkStudy) -> list[dict[str, Any]]:
    """One row for each network, kind of slice and dimension: means over slices, with 95 % intervals."""
    place = shown_share(study)
    groups: dict[tuple[str, str, int], list[SliceRow]] = {}
    for row in rows:
        groups.setdefault((row.network, row.through, row.dimension), []).append(row)
    found = []
    for (network, through, dimension), members in groups.items():
        each = [row.measured for row in members]
        own, gaussian, second, independent = (
            _chance([getattr(one, name).connection[place] for one in each])
            for name in ("own", "gaussian", "second", "independent")
        )
        finer = [(one.own, one.coarse) for one in each if one.coarse is not None]
        spacing = _over([fine.connection[place] - coarse.connection[place] for fine, coarse in finer], low=-1, high=1)
        spacings = {
            "connection": spacing,
            "largest cluster": _over([fine.largest[place] - coarse.largest[place] for fine, coarse in finer]),
            "first spanning": _over([fine.critical - coarse.critical for fine, coarse in finer]),
        }
        known = [one for one in each if one.class_connection == one.class_connection]
        found.append(
            {
                "network": network,
                "through": through,
                "dimension": dimension,
                "slices": len(members),
                "share": study.shares[place],
                "connection": own,
                "gaussian": gaussian,
                "second": second,
                "independent": independent,
                "more_than_gaussian": _over(
                    [
                        one.own.connection[place] - 2 * one.gaussian.connection[place] + one.second.connection[place]
                        for one in each
                    ]
                ),
                "largest": _chance([one.own.largest[place] for one in each]),
                "critical": _chance([one.own.critical for one in each]),
                "critical_gaussian": _chance([one.gaussian.critical for one in each]),
                "critical_independent": _chance([one.independent.critical for one in each]),
                "components": _over([float(one.own.components[place]) for one in each], low=1),
                "basins": _over([float(one.basins) for one in each], low=1),
                "class_share": _chance([one.class_share for one in each]),
                "class_connection": _chance([one.class_connection for one in known]),
                "class_gaussian": _chance([one.class_gaussian for one in known]),
                "class_independent": _chance([one.class_independent for one in known]),
                "finer_minus_coarser": spacing,
                "depends_on_spacing": ", ".join(name for name, off in spacings.items() if _apart(off))
                or (
                    "not measured" if not math.isfinite(spacing.low) else "no" if _narrow(spacing) else "too few slices"
                ),
                "tied": float(np.mean([one.tied for one in each])),
                "curves": {
                    "share": list(study.shares),
                    **{
                        name: np.mean([getattr(one, name).connection for one in each], axis=0).tolist()
                        for name in ("own", "gaussian", "second", "independent")
                    },
                },
                "outside": float(np.mean([one.outside for one in each])),
            }
        )
    return found


def _over(values: Sequence[float], *, low: float = -math.inf, high: float = math.inf) -> Estimate:
    """Mean over slices of what cannot lie outside two bounds."""
    return mean_of_few(np.asarray(values, dtype=float), low=low, high=high)


def _chance(values: Sequence[float]) -> Estimate:
    """Mean of probabilities, which lie between 0 and 1."""
    return _over(values, low=0, high=1)


def _apart(difference: Estimate) -> bool:
    """Whether a difference is both larger than a twentieth and more than chance."""
    known = math.isfinite(difference.low) and math.isfinite(difference.high)
    return known and abs(difference.value) > APART and not difference.low <= 0 <= difference.high


def _narrow(difference: Estimate) -> bool:
    """Whether an interval is narrow enough to tell that there is no difference worth the name."""
    return difference.high - difference.low < WIDE


def network_findings(
    rows: Sequence[SliceRow], examples: Sequence[Example], study: NetworkStudy, about: str
) -> Findings:
    """What the slices say of the conjecture."""
    groups = summary(rows, study)
    said: list[str] = []
    agrees: list[str] = []
    differs: list[str] = []
    p = study.shares[shown_share(study)]
    for network in dict.fromkeys(row.network for row in rows):
        for through in (INPUTS, RANDOM):
            mine = [each for each in groups if each["network"] == network and each["through"] == through]
            known = [each for each in mine if math.isfinite(each["connection"].value)]
            if not known:
                continue
            first, last = known[0], known[-1]
            enough = study.slices >= FEWEST and last is not first
            few = "" if enough else f" (too few for a verdict: it takes {FEWEST} slices, and two dimensions)"
            grown = enough and last["connection"].low > NEARLY
            (agrees if grown else differs).append(
                f"Two of the lowest {share(p)} are connected with probability {spread(last['connection'])} in slices "
                f"of {network} through {through}, k = {last['dimension']}{few}; Gaussian fields of the same covariance "
                f"{last['gaussian'].value:.2g}, independent sites {last['independent'].value:.2g}."
            )
    measured = [each for each in groups if math.isfinite(each["more_than_gaussian"].low)]
    apart = [each["more_than_gaussian"].value for each in measured if _apart(each["more_than_gaussian"])]
    wide = sum(not _narrow(each["more_than_gaussian"]) for each in measured)
    said.append(
        f"In {len(apart)} of {len(measured)} groups the landscape connects its open points otherwise than Gaussian "
        f"fields of its covariance ({sum(value > 0 for value in apart)} more, {sum(value < 0 for value in apart)} "
        f"less); by chance alone one in twenty would seem to. In {wide} groups the interval is too wide to tell."
    )
    beyond = [each for each in measured if each["connection"].low > each["independent"].high]
    said.append(
        f"In {len(beyond)} of {len(measured)} groups they are clearly better connected than independent sites: that "
        "null alone proves little, since smooth fields usually are where few points are open."
    )
    off = [each for each in groups if each["depends_on_spacing"] not in ("no", "not measured", "too few slices")]
    if off:
        said.append(
            f"{len(off)} of {len(groups)} groups depend on the grid: with every second point only, what the table "
            "names is another."
        )
    outside = float(np.mean([each["outside"] for each in groups]))
    said.append(f"{share(outside)} of the points lie outside the pixel range, where no image is.")
    tied = float(np.mean([each["tied"] for each in groups]))
    if tied > TIED:
        said.append(f"{share(tied)} of the points have the same loss as others; their order was drawn.")
    return Findings(
        title="Do low points of a landscape percolate?",
        source="Vrabel et al. (2025), Section 5, and what its reviewers asked",
        claim=(
            "Inputs of low loss are connected even in untrained networks, as open sites of a lattice of high "
            "dimension are."
        ),
        about=about,
        found=said,
        agrees=agrees,
        differs=differs,
        tables=[_connection(groups), _levels(groups), _classes(groups)],
        chart=network_chart(rows, examples, study),
        caption=(
            f"{about}. {study.slices} slices of each kind and dimension, {study.points} points along each axis. First: "
            f"probability that two of the {share(p)} lowest points are connected; bars: 95 % intervals over slices. "
            "Second: a slice of two dimensions through three inputs of a class, every cluster of its lowest 30 % in a "
            "colour of its own. Third: share of the open points in the largest cluster, against the share that is open."
        ),
        notes=[
            "Slices are cubes around the mean of their inputs, as wide as these are apart on average.",
            "The network is evaluated on all of a slice, inside the pixel range or not.",
            "Open are the points of lowest loss, as many as stated, so that all fields are compared at equal p.",
            f"As the paper says: the 95 % interval at the highest k lies above {NEARLY:g}.",
            "Null of that: Gaussian fields made from a Gaussian field as that was from the landscape; the null's bias.",
        ],
    )


def _connection(groups: Sequence[dict[str, Any]]) -> Table:
    return Table(
        name="connection",
        title="Two random open points are connected",
        columns={
            **GROUP,
            "share": "p",
            "connection": "landscape",
            "gaussian": "Gaussian field",
            "second": "null of that",
            "independent": "independent",
            "depends_on_spacing": "depends on the grid",
            "more_than_gaussian": "difference, corrected",
            "finer_minus_coarser": "finer grid − coarser",
            "slices": None,
        },
        rows=groups,
        note="Means over slices, with 95 % intervals. Where the null of the Gaussian field differs from it, so much "
        "is the null itself off; corrected: landscape − 2 × Gaussian field + null of that.",
    )


def _levels(groups: Sequence[dict[str, Any]]) -> Table:
    return Table(
        name="levels",
        title="Levels",
        columns={
            **GROUP,
            "critical": "spans from p",
            "critical_gaussian": "Gaussian field",
            "critical_independent": "independent",
            "largest": "largest cluster at p",
            "components": "clusters at p",
            "basins": "lasting basins",
            "outside": "outside the pixel range",
        },
        rows=groups,
        percent=frozenset({"outside", "largest"}),
        note="Spans from p: the share of open points at which a cluster first leads from face to face, mean over the "
        "axes. Lasting basins live over more than 5 % of all levels.",
    )


def _classes(groups: Sequence[dict[str, Any]]) -> Table:
    return Table(
        name="classes",
        title="Points of one predicted class",
        columns={
            **GROUP,
            "class_share": "share of points",
            "class_connection": "two of them connected",
            "class_gaussian": "Gaussian field",
            "class_independent": "independent",
        },
        rows=groups,
        percent=frozenset({"class_share"}),
        note="Of the class that the loss is about; null models at the same share of open points.",
    )
