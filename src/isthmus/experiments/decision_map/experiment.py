"""The experiment that draws the landscape around a pair."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch

from isthmus._core.progress import OnProgress
from isthmus.connecting.connection import Connection
from isthmus.errors import InputError
from isthmus.experiments.base import Experiment
from isthmus.experiments.decision_map.chart import Marked, MarkedMap, decision_chart
from isthmus.experiments.setting import Setting
from isthmus.findings.findings import Findings, Table, share
from isthmus.inputs.kinds import Images
from isthmus.landscapes import AbstractLandscape
from isthmus.loading import choose_device
from isthmus.paths import Flat
from isthmus.profiles import GridMap, grid_map, refined_map
from isthmus.reports.style import class_name
from isthmus.studies import Study
from isthmus.studies.problem import open_problem

FINE, COARSE = (161, 121), (97, 73)  # points of a map in each direction, for small inputs and for photographs
NEARLY_ALL = 0.75  # share of a plane outside the domain from which on it is said
LARGE = 50_000  # numbers of an input from which on it counts as a photograph


@dataclass(frozen=True)
class DecisionMap(Experiment):
    """Loss as contours and predicted classes as regions, near the paths and at equal scale."""

    title: ClassVar[str] = "The plane through A, B′ and C"
    source: ClassVar[str] = "Asked for by a reviewer of Vrabel et al. (2025); the path is that of Section 3.2"
    claim: ClassVar[str] = (
        "A small step aside of the peak B, to B′, is enough to lead the path around the barrier. A reviewer asked what "
        "that looks like beside the decision boundary."
    )

    def study(self, setting: Setting, folder: Path) -> dict[str, Any] | None:
        if setting.inputs is not None:
            return None
        pairs = [{"kind": "within", **setting.drawn(100 if setting.embedded else 2)}]
        return setting.study("Pairs for a map", pairs) | {"shards": {"paths": True}}

    def findings(self, setting: Setting, study: Study | None, on_progress: OnProgress) -> Findings:
        if study is None:
            return self._of_inputs(setting, on_progress)
        results = study.results
        pair, names = _choose(study, setting.device)
        problem = open_problem(results.plan.config, study.folder, "network", "inputs", choose_device(setting.device))
        landscape = problem.landscape
        place = pair.first_bypass
        assert place is not None
        vertices = pair.path.to_polyline().vertices
        peak = pair.direct_path.at(pair.direct.argmax_t)
        plane = Flat.plane(vertices[0], vertices[place], vertices[-1])
        around = _map(landscape, plane, pair.target, _grid(plane, (-0.1, 1.1), (-1.5, 2.5)), progress=on_progress)
        half = 0.75 / plane.height
        wide = _map(landscape, plane, pair.target, _grid(plane, (-0.5, 1.5), (-half, half)), progress=on_progress)
        marks = Marked(
            points={"A": vertices[0], "B": peak, "B′": vertices[place], "C": vertices[-1]},
            paths={"direct path": vertices[[0, -1]], "path found": vertices},
        )
        label = class_name(pair.target, landscape.class_names)
        which = "those that one round connects" if pair.connected and pair.rounds == 1 else "the bypassed ones"
        chosen = f"the pair with the highest gap among {which}"
        near = f"Around the paths, stretched {_stretch(around, plane):.0f} times across"
        pieces = [
            MarkedMap(around, marks, near, threshold=pair.threshold),
            MarkedMap(wide, marks, "The same plane at equal scale", equal=True, threshold=pair.threshold),
        ]
        where = (
            f"{names[0]} → {names[1]}, {label}: the direct path peaks at {pair.direct.max_loss:.3g}; B′ lies "
            f"{share(plane.height)} of |AC| aside, and the path found stays at {pair.profile.max_loss:.3g}."
        )
        regions = (
            f"Around the paths {share(_share_of_target(around))} of the plane is taken for {label}, at equal scale "
            f"{share(_share_of_target(wide))}."
        )
        along = (
            f"Along the direct path the network sees {_seen(pair.direct.predicted.tolist(), landscape.class_names)}, "
            f"along the path found {_seen(pair.profile.predicted.tolist(), landscape.class_names)}."
        )
        return Findings(
            title=self.title,
            source=self.source,
            claim=self.claim,
            about=f"{setting.about()}: the pair {names[0]} → {names[1]}, target {label}",
            found=[
                where,
                regions,
                along,
                *_outside(landscape, around, "around the paths"),
                *_outside(landscape, wide, "at equal scale"),
            ],
            agrees=[f"B′ lies {share(plane.height)} of |AC| aside of the direct path."] if plane.height < 0.05 else [],
            differs=[] if plane.height < 0.05 else [f"B′ lies {share(plane.height)} of |AC| aside: not a small step."],
            tables=[_table(pair, names)],
            chart=decision_chart(pieces, names=landscape.class_names, unit=landscape.unit),
            caption=(
                f"{setting.about()}, {chosen}. Regions: "
                "predicted class. Lines: loss for the target, in powers of ten; dashed: the threshold. Hatched: "
                f"outside {_range(landscape)}. Of the path found only what lies in the plane is exact; later bypasses "
                "are projected."
            ),
        )

    def _of_inputs(self, setting: Setting, on_progress: OnProgress) -> Findings:
        assert setting.inputs is not None
        landscape = setting.open()
        kind = landscape.input_kind or Images()
        read = [kind.read(str(source)) for source in setting.inputs]
        if len({each.shape for each in read}) > 1:
            shapes = ", ".join(str(tuple(each.shape)) for each in read)
            raise InputError(f"The three inputs must have one shape, got {shapes}; give a size to bring images to.")
        x = torch.stack(read)
        names = [Path(source).name for source in setting.inputs]
        logits = landscape.logits(x).cpu()
        predicted = logits.argmax(1).tolist()
        a, b, c = x
        plane = Flat.plane(a, b, c)
        drawn = _map(landscape, plane, predicted[0], _grid(plane, (-0.5, 1.5), (-0.5, 1.5)), progress=on_progress)
        marks = Marked(points={"A": a, "B": b, "C": c}, paths={"direct paths": x[[0, 1, 2, 0]]})
        labels = [class_name(index, landscape.class_names) for index in predicted]
        piece = MarkedMap(drawn, marks, "The plane through the three inputs", equal=True)
        seen = ", ".join(f"{name} ({label})" for name, label in zip(names, labels, strict=True))
        losses = landscape.loss(x, torch.full((3,), predicted[0])).tolist()
        rows = [
            {"point": point, "input": name, "class": label, "loss": loss}
            for point, name, label, loss in zip("ABC", names, labels, losses, strict=True)
        ]
        columns = {"point": "point", "input": "input", "class": "predicted class", "loss": f"loss for {labels[0]}"}
        return Findings(
            title="The plane through three inputs",
            source=self.source,
            claim=self.claim,
            about=f"{setting.network}: {seen}",
            found=[
                f"{share(_share_of_target(drawn))} of the plane shown is taken for {labels[0]}, the class of A.",
                *_outside(landscape, drawn, "shown"),
            ],
            agrees=[],
            differs=[],
            tables=[Table(name="points", title="The three inputs", columns=columns, rows=rows)],
            chart=decision_chart([piece], names=landscape.class_names, unit=landscape.unit),
            caption=(
                f"{setting.network}: {seen}. Regions: predicted class. Lines: loss for {labels[0]}, in powers of ten. "
                f"Hatched: outside {_range(landscape)}."
            ),
        )


def _choose(study: Study, device: str) -> tuple[Connection, tuple[str, str]]:
    """The pair with the highest gap among those that one round connects, or else among all bypassed ones."""
    columns = ["pair", "a", "c", "direct_gap", "rounds", "connected"]
    rows = [row for row in study.results.table(columns).to_pylist() if row["rounds"]]
    for row in sorted(rows, key=lambda row: (not (row["connected"] and row["rounds"] == 1), -row["direct_gap"])):
        (pair,) = study.results.connections([row["pair"]], device=device)
        if pair.first_bypass is not None:
            return pair, (row["a"], row["c"])
    raise InputError("Every pair drawn is connected by its direct path, so there is no B′; try another --seed.")


def _grid(plane: Flat, u: tuple[float, float], v: tuple[float, float]) -> list[torch.Tensor]:
    columns, rows = COARSE if plane.origin.numel() >= LARGE else FINE
    return [torch.linspace(*u, columns), torch.linspace(*v, rows)]


def _map(
    landscape: AbstractLandscape,
    plane: Flat,
    target: int,
    grid: list[torch.Tensor],
    *,
    progress: OnProgress,
) -> GridMap:
    """Of small inputs every point; of photographs those between which something changes."""
    make = refined_map if plane.origin.numel() >= LARGE else grid_map
    return make(landscape, plane, target, grid, progress=progress)


def _range(landscape: AbstractLandscape) -> str:
    return "the pixel range" if isinstance(landscape.input_kind or Images(), Images) else "where inputs may lie"


def _outside(landscape: AbstractLandscape, drawn: GridMap, where: str) -> list[str]:
    """What a reader must know of a plane that hardly has inputs: every pixel must be in range, and there are many."""
    outside = float((~drawn.inside.astype(bool)).mean())
    if outside < NEARLY_ALL:
        return []
    said = f"{share(outside)} of the plane {where} lies outside {_range(landscape)}: "
    return [said + "what the network says there is said of no input that could be given to it."]


def _stretch(drawn: GridMap, plane: Flat) -> float:
    """How much longer a step across is drawn than one along, in a square picture."""
    along, across = (float(axis[-1] - axis[0]) for axis in drawn.coordinates)
    return along / (across * plane.height)


def _share_of_target(drawn: GridMap) -> float:
    return float(drawn.is_class(drawn.target).mean())


def _seen(predicted: list[int], names: tuple[str, ...] | None) -> str:
    """The classes met on the way, in order, each once in a row."""
    met = [index for place, index in enumerate(predicted) if place == 0 or predicted[place - 1] != index]
    return " → ".join(class_name(index, names) for index in met)


def _table(pair: Connection, names: tuple[str, str]) -> Table:
    row = {"a": names[0], "c": names[1]} | pair.row()
    columns: dict[str, str | None] = dict.fromkeys(row)
    columns |= {
        "a": "A",
        "c": "C",
        "direct_max_loss": "direct max loss",
        "max_loss": "max loss",
        "threshold": "threshold",
        "deviation": "deviation",
        "rounds": "rounds",
    }
    return Table(name="pair", title="The pair", columns=columns, rows=[row], percent=frozenset({"deviation"}))
