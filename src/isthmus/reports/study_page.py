"""The page of a study: thousands of pairs as distributions, shares and classes, and a few of them to look at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from isthmus.connecting.columns import Column
from isthmus.connecting.connection import Connection
from isthmus.reports.paper_sample import PaperSample
from isthmus.reports.rendering import render
from isthmus.reports.shown_pairs import show_pairs

if TYPE_CHECKING:
    from isthmus.studies import Estimate, Group, StudySummary

PICTURES_LIMIT = 5_000_000  # characters
MOST_CLASS_ROWS = 12_000
MOST_SKIPPED = 300
CITATIONS = {
    "bypass": """@inproceedings{kingma2015adam,
  title     = {Adam: A Method for Stochastic Optimization},
  author    = {Kingma, Diederik P. and Ba, Jimmy},
  booktitle = {International Conference on Learning Representations},
  year      = {2015},
  note      = {arXiv:1412.6980}
}""",
    "class": """@inproceedings{fawzi2018empirical,
  title     = {Empirical Study of the Topology and Geometry of Deep Networks},
  author    = {Fawzi, Alhussein and Moosavi-Dezfooli, Seyed-Mohsen and Frossard, Pascal and Soatto, Stefano},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition},
  year      = {2018}
}""",
}


@dataclass(frozen=True, kw_only=True)
class ShownPair:
    """A pair of a study that its page shows.

    Attributes:
        number: its number in the study.
        connection: what was found.
        names: of its ends.
        class_names: of its network's classes.
        group: label of its group.
        rank: what it is shown for: best, median or worst of its group.
    """

    number: int
    connection: Connection
    names: tuple[str, str]
    class_names: Sequence[str] | None
    group: str
    rank: str


@dataclass(frozen=True, kw_only=True)
class StudyReport:
    """What the page of a study tells.

    Attributes:
        title: the headline.
        summary: of all pairs.
        planned: pairs of the study, solved or not.
        shown: pairs to look at.
        paper: samples of the paper's table.
        notes: what a reader should know.
        skipped: inputs set aside: collection, name, reason.
        config: text of the study's file.
        method: how pairs were connected, by its name.
        threshold: what connected means, in words.
        unit: of the loss.
        columns: of somebody's own, shown with each pair.
        made: how it was made, shown at the foot.
    """

    title: str
    summary: StudySummary
    planned: int
    shown: Sequence[ShownPair] = ()
    paper: Sequence[PaperSample] = ()
    notes: Sequence[str] = ()
    skipped: Sequence[tuple[str, str, str]] = ()
    config: str = ""
    method: str = "bypass"
    threshold: str = ""
    unit: str = "nats"
    columns: Sequence[Column] = ()
    made: Mapping[str, Any] = field(default_factory=dict)


def study_page(report: StudyReport) -> str:
    """The page as HTML text, below 10 MB whatever the number of pairs."""
    groups = report.summary.groups
    within = [group for group in groups if group.kind == "within"] or list(groups)
    places = {(group.network, group.inputs, group.kind): number for number, group in enumerate(groups)}
    rows = [
        [places[group.network, group.inputs, group.kind], *_class_row(group)]
        for group in report.summary.classes[:MOST_CLASS_ROWS]
    ]
    data = {
        "unit": report.unit,
        "groups": [_group(group) for group in groups],
        "paper": [
            {"label": sample.label, "pairs": len(sample.gap), "quantiles": _lists(sample.quantiles())}
            for sample in report.paper
        ],
        "classRows": rows,
        "first": max((number for number, pair in enumerate(report.shown[:3]) if pair.rank == "worst"), default=0),
    } | show_pairs(
        [pair.connection for pair in report.shown],
        [pair.names for pair in report.shown],
        [pair.class_names for pair in report.shown],
        pictures_limit=PICTURES_LIMIT,
        strips=True,
        extras=[{"number": pair.number, "group": pair.group, "rank": pair.rank} for pair in report.shown],
        columns=report.columns,
    )
    return render(
        "study.html",
        ("common.js", "axes.js", "study.js", *(("pairs.js",) if report.shown else ())),
        data,
        title=report.title,
        pairs=sum(group.pairs for group in groups),
        planned=report.planned,
        networks=len({group.network for group in groups}),
        cards=_cards(within),
        failed=sum(group.pairs - group.counted for group in groups),
        set_aside=report.summary.set_aside,
        notes=report.notes,
        resampled="a bootstrap of whole classes",
        threshold=report.threshold,
        paper=report.paper,
        left_out=max(0, len(report.summary.classes) - MOST_CLASS_ROWS),
        shown=bool(report.shown),
        strips=True,
        skipped=list(report.skipped[:MOST_SKIPPED]),
        config=report.config,
        citations=[CITATIONS[name] for name in ("class", *(("bypass",) if report.method != "straight" else ()))],
        made=report.made,
    )


def group_label(network: str, inputs: str, kind: str) -> str:
    """What a group is called on pages."""
    return f"{network}, {inputs}, {kind}"


def _cards(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Shares over the pairs within classes, which the question is about."""
    counted = sum(group.counted for group in groups)
    if not counted:
        return []

    def share(read: str) -> float:
        values = [(group.counted, float(getattr(group, read).value)) for group in groups if group.counted]
        return sum(count * value for count, value in values) / counted

    kind = "" if any(group.kind != "within" for group in groups) else " within classes"
    return [
        {
            "number": f"{100 * share('connected_directly'):.1f} %",
            "text": f"of the pairs{kind} connected by the direct path",
            "accent": False,
        },
        {
            "number": f"{100 * share('connected'):.1f} %",
            "text": f"of the pairs{kind} connected in the end",
            "accent": True,
        },
        {
            "number": f"{100 * share('class_connected'):.1f} %",
            "text": "of them keep their class all along the path found",
            "accent": False,
        },
    ]


def _group(group: Group) -> dict[str, Any]:
    return {
        "label": group_label(group.network, group.inputs, group.kind),
        "pairs": group.pairs,
        "after": [_estimate(share) for share in group.connected_after],
        "quantiles": _lists(group.quantiles),
    }


def _class_row(group: Group) -> list[Any]:
    numbers = (
        group.connected_directly.value,
        group.connected.value,
        group.class_connected.value,
        *(group.medians[name].value for name in ("direct_gap", "gap", "direct_max_loss", "max_loss")),
        group.deviation.value,
        group.cost,
    )
    return [group.target_name, group.pairs, *(_number(value) for value in numbers)]


def _estimate(estimate: Estimate) -> list[float | None]:
    return [_number(value) for value in (estimate.value, estimate.low, estimate.high)]


def _lists(quantiles: Mapping[str, Sequence[float]]) -> dict[str, list[float | None]]:
    return {name: [_number(value) for value in values] for name, values in quantiles.items()}


def _number(value: float) -> float | None:
    """Four significant digits; NaN and infinity, which JSON does not know, become null."""
    return float(f"{value:.4g}") if math.isfinite(value) else None
