"""The experiment on untrained networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from isthmus._core.progress import OnProgress, Progress
from isthmus.connecting.connection import Connection
from isthmus.connecting.connectors import BarrierBypass
from isthmus.connecting.loop import connect
from isthmus.errors import StudyError
from isthmus.estimates import ClassDraws, Estimate, mean
from isthmus.experiments.base import Experiment
from isthmus.experiments.methods import FREE_PEAK, MADE_SHARDS
from isthmus.experiments.setting import Setting
from isthmus.experiments.untrained.chart import RoundCurves, untrained_chart
from isthmus.experiments.untrained.tables import by_class, by_network
from isthmus.findings.findings import Findings, share, spread
from isthmus.findings.wording import not_counted, rounds
from isthmus.loading import choose_device
from isthmus.profiles import Profile
from isthmus.studies import Study
from isthmus.studies.problem import open_problem
from isthmus.studies.statistics import connected_after

DEFAULT = "py:isthmus.networks.small:resnet16"
BATCH_NORM = (
    "Networks are evaluated as they are used, in eval mode: batch norm normalises with the statistics that it begins "
    "with, mean 0 and variance 1, so before training it changes nothing."
)
HIGHEST_LOSS = 0.05  # of an end: 95 % certain
SHOWN = 24  # pairs whose curves are drawn


@dataclass(frozen=True)
class Untrained(Experiment):
    """Modes made from noise on fresh networks; peaks move freely, round after round.

    Attributes:
        seeds: how many draws of weights.
        classes: for how many classes modes are made.
    """

    seeds: int = 5
    classes: int = 10

    title: ClassVar[str] = "Networks that were never trained"
    source: ClassVar[str] = "Vrabel et al. (2025), Section 4.3, Figure 7"
    claim: ClassVar[str] = (
        "Inputs that an untrained network takes for one class with near certainty are connected too: not by an almost "
        "straight path, but after a few rounds in which every peak is optimised freely. Connectivity is a matter of "
        "geometry in high dimension, before any training."
    )

    def study(self, setting: Setting, folder: Path) -> dict[str, Any]:
        inner, _, query = _network(setting).partition("?")
        options = [part for part in query.split("&") if part and not part.startswith("seed=")]
        if not any(part.startswith("classes=") for part in options) and not inner.startswith("py:"):
            options.append(f"classes={self.classes}")
        table = setting.network_table()
        table.pop("weights", None)  # fresh ones
        table["domain"] = "unbounded"  # as in the paper: pixels between 0 and 1 are too few for low losses here
        networks = {
            f"seed{seed}": table | {"spec": f"untrained:{inner}?" + "&".join([f"seed={seed}", *options])}
            for seed in range(setting.seed, setting.seed + self.seeds)
        }
        per_class = 1 if setting.per_class is None else setting.per_class
        return {
            "title": f"Untrained networks: {inner}",
            "seed": setting.seed,
            "inputs": {"noise": {"source": "none"}},
            "networks": networks,
            "pairs": [
                {
                    "kind": "synthesized",
                    "per_class": per_class,
                    "classes": list(range(min(self.classes, _outputs(options)))),
                    "highest_loss": HIGHEST_LOSS,
                }
            ],
            "connect": dict(FREE_PEAK),
            "shards": dict(MADE_SHARDS),
        }

    def findings(self, setting: Setting, study: Study | None, on_progress: OnProgress) -> Findings:
        assert study is not None
        groups = study.results.summary().groups
        rows = [row for row in study.results.table().to_pylist() if row["max_loss"] is not None]
        counted, planned = len(rows), sum(group.pairs for group in groups)
        if not rows:
            raise StudyError(f"No input of a loss below {HIGHEST_LOSS} could be made for {_network(setting)}.")
        shares = _shares(rows, setting.seed)
        curves = _curves(study, setting, rows, on_progress)
        deviation = mean(
            np.array([row["deviation"] for row in rows if row["steps"]], dtype=float),
            ClassDraws.of(np.array([row["network"] for row in rows if row["steps"]]), np.random.default_rng(0)),
        )
        last = shares[-1]
        soon = next((number for number, each in enumerate(shares) if each.value >= 0.5), None)
        half = "no number of rounds" if soon is None else rounds(soon)
        found = [
            f"{counted} of {planned} pairs could be made: both inputs have a loss below {HIGHEST_LOSS}.",
            f"{spread(shares[0], percent=True)} are connected by the direct path, half of them after {half}.",
        ]
        agrees: list[str] = []
        differs: list[str] = []
        (agrees if last.value > 0.95 else differs).append(
            f"{spread(last, percent=True)} of the pairs are connected after {rounds(len(shares) - 1)}; the paper: they "
            "are connected."
        )
        if np.isfinite(deviation.value):
            found.append(f"The paths found leave the straight line by {spread(deviation, percent=True)} of |AC|.")
            (agrees if deviation.value > 0.1 and not deviation.low < 0.1 else differs).append(
                f"The paths leave the straight line by {share(deviation.value)} of |AC|; the paper: far more than on "
                "trained networks."
            )
        name = _network(setting)
        return Findings(
            title=self.title,
            source=self.source,
            claim=self.claim,
            about=f"{name}, {self.seeds} draws of fresh weights, {self.classes} classes: {counted} pairs from noise",
            found=found,
            agrees=agrees,
            differs=differs,
            tables=[by_network(groups), by_class(rows)],
            chart=untrained_chart(curves, shares, {g.network: g for g in groups}, unit=curves.unit),
            caption=(
                f"{name}, untrained, {self.seeds} draws of weights, {counted} pairs of inputs made from noise. Curves: "
                f"{curves.pairs} pairs, thin, and their median. Shares: thin lines are networks; the interval of all "
                "is from a bootstrap of whole networks."
            ),
            notes=[
                BATCH_NORM,
                *not_counted(groups),
            ],
        )


def _outputs(options: list[str]) -> int:
    """How many classes the network is said to have; those that say nothing have ten at least."""
    return next((int(part[8:]) for part in options if part.startswith("classes=") and part[8:].isdecimal()), 10)


def _network(setting: Setting) -> str:
    """Spec of what is left untrained; the embedded network is too small for modes of its own before training."""
    name = setting.network.removeprefix("untrained:")
    return DEFAULT if name.partition("?")[0] == "digits" else name


def _shares(rows: Sequence[Mapping[str, Any]], seed: int) -> list[Estimate]:
    """Share connected after 0, 1, 2, ... rounds; the bootstrap draws whole networks."""
    draws = ClassDraws.of(np.array([row["network"] for row in rows]), np.random.default_rng(seed))
    direct, connected, made = (
        np.array([row[name] for row in rows], dtype=float) for name in ("direct_connected", "connected", "rounds")
    )
    return [mean(connected_after(direct, connected, made, n), draws) for n in range(int(made.max()) + 1)]


def _curves(study: Study, setting: Setting, rows: Sequence[Mapping[str, Any]], on_progress: OnProgress) -> RoundCurves:
    """Profiles of some pairs of the first network after 0, 1 and all rounds; that after 1 is found again."""
    results = study.results
    first = [row["pair"] for row in rows if row["network"] == rows[0]["network"]][:SHOWN]
    pairs = list(results.each(first, device=setting.device))
    problem = open_problem(
        results.plan.config, study.folder, rows[0]["network"], "noise", choose_device(setting.device)
    )
    method = results.plan.config.connect.connector()
    assert isinstance(method, BarrierBypass)
    a = torch.stack([pair.path.ends[0] for pair in pairs])
    c = torch.stack([pair.path.ends[1] for pair in pairs])
    target = torch.tensor([pair.target for pair in pairs])
    panels: list[tuple[str, list[Profile]]] = [("direct path", [pair.direct for pair in pairs])]
    last = max(pair.rounds for pair in pairs)
    for number in range(1, min(2, last)):  # the last stage is what was stored
        again = connect(problem.landscape, a, c, target, method=replace(method, rounds=number), seed=setting.seed)
        panels.append((f"after {rounds(number)}", [pair.profile for pair in again]))
        on_progress(Progress(number, 2, problem.landscape.forward_equivalents))
    if last:
        panels.append((f"after {rounds(last)}", [pair.profile for pair in pairs]))
    return RoundCurves(panels=panels, pairs=len(pairs), threshold=_threshold(pairs), unit=problem.landscape.unit)


def _threshold(pairs: Sequence[Connection]) -> float:
    return float(np.median([pair.threshold for pair in pairs]))
