"""The chart of slices: connection against dimension, a slice with its clusters, the largest cluster against level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isthmus._core.look import rgb
from isthmus.charts import Axis, Cells, Chart, Curve, Mark, Panel, contours_of, whisker_of
from isthmus.estimates import mean_of_few
from isthmus.findings.percolation.slicing import INPUTS, RANDOM, Example, NetworkStudy, SliceRow, shown_share
from isthmus.percolation import Field, clusters_of
from isthmus.reports import style

NETWORKS = (style.FOUND, style.BYPASS)  # the first two networks
GAUSSIAN, INDEPENDENT = style.PEAK, style.DIRECT
OPEN = 0.3
CLUSTERS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
OTHER = "#777777"


def network_chart(rows: Sequence[SliceRow], examples: Sequence[Example], study: NetworkStudy) -> Chart:
    """Three panels."""
    return Chart(panels=[_connection(rows, study), _slice(examples[0]), _largest(rows, study)], size=(13.6, 4.5))


def _connection(rows: Sequence[SliceRow], study: NetworkStudy) -> Panel:
    place = shown_share(study)
    names = list(dict.fromkeys(row.network for row in rows))[: len(NETWORKS)]
    marks: list[Mark] = []
    for number, name in enumerate(names):
        for through, dash in ((INPUTS, ""), (RANDOM, "dashed")):
            groups = [[r.measured for r in rows if (r.network, r.through, r.dimension) == (name, through, k)]
                      for k in study.dimensions]  # fmt: skip
            values = [[one.own.connection[place] for one in group] for group in groups]
            marks += _means(study, values, NETWORKS[number], dash, f"{name}, {through}", 0.05 * (2 * number - 1))
    first = [[r.measured for r in rows if (r.network, r.through, r.dimension) == (names[0], INPUTS, k)]
             for k in study.dimensions]  # fmt: skip
    gaussian = [[one.gaussian.connection[place] for one in group] for group in first]
    independent = [[one.independent.connection[place] for one in group] for group in first]
    marks += _means(study, gaussian, GAUSSIAN, "", f"Gaussian fields like {names[0]}", 0.1)
    marks += _means(study, independent, INDEPENDENT, "", "independent sites", 0)
    return Panel(
        title=f"Lowest {100 * study.shares[place]:g} % of the points",
        marks=marks,
        x=Axis(label="dimension of the slice k", ticks=[(k, str(k)) for k in study.dimensions]),
        y=Axis(label="two open points connected (probability)", low=0, high=1.03),
    )


def _means(
    study: NetworkStudy, groups: Sequence[Sequence[float]], color: str, dash: str, label: str, aside: float
) -> list[Mark]:
    means = [mean_of_few(np.asarray(group, dtype=float), low=0, high=1) for group in groups]
    places = np.array(study.dimensions) + aside
    curve = Curve(x=places, y=[each.value for each in means], color=color, dash=dash, name=label)
    return [
        curve,
        *(
            whisker_of(each, place, color, upright=True, width=1, name=f"{label}, k = {k}")
            for each, place, k in zip(means, places.tolist(), study.dimensions, strict=True)
        ),
    ]


def _slice(example: Example) -> Panel:
    field = Field(example.found.loss)
    found = clusters_of(field.below(OPEN))
    picture = np.zeros((*found.labels.shape, 4))  # what is not open has no colour
    for number, label in enumerate(np.argsort(-found.sizes) + 1):
        color = CLUSTERS[number] if number < len(CLUSTERS) else OTHER
        picture[found.labels == label] = (*(level / 255 for level in rgb(color)), 1.0)
    logs = np.log10(np.maximum(field.values.T, 1e-6))
    marks: list[Mark] = [Cells(colors=picture.transpose(1, 0, 2), extent=(-0.5, 0.5, -0.5, 0.5))]
    if logs.max() > logs.min():
        places = np.linspace(-0.5, 0.5, field.values.shape[0])
        levels = np.linspace(logs.min(), logs.max(), 9)[1:-1].tolist()
        marks += contours_of(places, places, logs, levels, words="", width=0.4, faint=0.5)
    many = len(found.sizes)
    return Panel(
        title=f"{example.network}: lowest {100 * OPEN:g} %, {many} cluster{'' if many == 1 else 's'}",
        marks=marks,
        x=Axis(label="along the first axis / width", low=-0.5, high=0.5),
        y=Axis(label="along the second / width", low=-0.5, high=0.5),
        equal=True,
    )


def _largest(rows: Sequence[SliceRow], study: NetworkStudy) -> Panel:
    dimension = sorted(study.dimensions)[min(2, len(study.dimensions) - 1)]
    names = list(dict.fromkeys(row.network for row in rows))[: len(NETWORKS)]
    levels = 100 * np.array(study.shares)
    marks: list[Mark] = []
    for number, name in enumerate(names):
        mine = [r.measured for r in rows if (r.network, r.through, r.dimension) == (name, INPUTS, dimension)]
        curves = [(NETWORKS[number], name, [one.own.largest for one in mine])]
        if number == 0:
            curves += [
                (GAUSSIAN, f"Gaussian fields like {name}", [one.gaussian.largest for one in mine]),
                (INDEPENDENT, "independent sites", [one.independent.largest for one in mine]),
            ]
        for color, label, each in curves:
            marks.append(Curve(x=levels, y=100 * np.mean(each, axis=0), color=color, marker="o", size=4.5, name=label))
    return Panel(
        title=f"Largest cluster, k = {dimension}",
        marks=marks,
        x=Axis(label="open points: level (% of all points)"),
        y=Axis(label="open points in the largest cluster (%)", low=0, high=103),
    )
