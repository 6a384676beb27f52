"""The experiment on the first batches of training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from isthmus._core.progress import OnProgress, OnStage, Progress
from isthmus.errors import InputError
from isthmus.estimates import Estimate
from isthmus.experiments.base import Experiment
from isthmus.experiments.methods import FREE_PEAK, MADE_SHARDS
from isthmus.experiments.setting import Setting
from isthmus.experiments.training.chart import Stage, training_chart
from isthmus.findings.findings import Findings, Table, share, spread
from isthmus.findings.wording import not_counted, rounds
from isthmus.inputs.collection import open_collection
from isthmus.loading import choose_device
from isthmus.loading.fitting import digits_to_train_on, fit, labelled, save_state
from isthmus.networks.specs import load_network
from isthmus.profiles import Profile
from isthmus.studies import Group, Study

HIGH_END = 0.5  # an input of a higher loss is called no mode


@dataclass(frozen=True)
class Training(Experiment):
    """One network trained from scratch; at each stage modes are made from noise anew, and connected.

    Attributes:
        batches: the stages, by the batches trained on so far.
        classes: for how many classes modes are made.
    """

    batches: tuple[int, ...] = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)
    classes: int = 10

    title: ClassVar[str] = "The first batches of training"
    source: ClassVar[str] = "Vrabel et al. (2025), Appendix F.1, Figure 10"
    claim: ClassVar[str] = (
        "Connectivity is there before training. The appendix follows the barrier between inputs that were synthesized "
        "for one class over the first batches: how it changes while the network begins to learn."
    )

    def prepare(self, setting: Setting, folder: Path, tell: OnStage) -> None:
        files = {number: folder / "networks" / f"{_name(number)}.safetensors" for number in self.batches}
        if all(file.is_file() for file in files.values()):
            return
        inner, query = _fresh(setting)
        network = load_network(
            f"untrained:{inner}?{query}",
            mean=setting.mean,
            std=setting.std,
            size=setting.size,
            device=choose_device(setting.device),
        )
        examples = digits_to_train_on() if setting.images is None else labelled(setting.images, network)
        kept = fit(
            network,
            examples,
            batches=self.batches[-1],
            keep=self.batches,
            seed=setting.seed,
            tell=lambda done, total: tell("training", done, total),
        )
        for number, file in files.items():
            save_state(kept[number], file)

    def study(self, setting: Setting, folder: Path) -> dict[str, Any]:
        setting.images_table()  # raises where a network of the reader's own has no images
        inner, query = _fresh(setting)
        if "classes=" in query:
            raise InputError("--network with other classes cannot be loaded again after training; leave classes out.")
        networks = {
            _name(number): setting.network_table(inner, folder / "networks" / f"{_name(number)}.safetensors")
            for number in self.batches
        }
        per_class = 2 if setting.per_class is None else setting.per_class
        return {
            "title": f"The first batches of training: {setting.about()}",
            "seed": setting.seed,
            "inputs": {"noise": {"source": "none"}},
            "networks": {name: table | {"domain": "unbounded"} for name, table in networks.items()},
            "pairs": [{"kind": "synthesized", "per_class": per_class, "classes": list(range(self._classes(setting)))}],
            "connect": dict(FREE_PEAK),
            "shards": dict(MADE_SHARDS),
        }

    def _classes(self, setting: Setting) -> int:
        """For how many classes modes are made: no more than the images have."""
        if setting.images is None:
            return self.classes
        return min(self.classes, len({label for label in open_collection(setting.images).labels if label is not None}))

    def findings(self, setting: Setting, study: Study | None, on_progress: OnProgress) -> Findings:
        assert study is not None
        results = study.results
        groups = {group.network: group for group in results.summary().groups}
        columns = ["pair", "network", "max_loss", "a_loss", "c_loss"]
        rows = [row for row in results.table(columns).to_pylist() if row["max_loss"] is not None]
        profiles: dict[str, list[tuple[Profile, Profile]]] = {}
        for done, (row, pair) in enumerate(
            zip(rows, results.each([row["pair"] for row in rows], device=setting.device), strict=True)
        ):
            profiles.setdefault(row["network"], []).append((pair.direct, pair.profile))
            on_progress(Progress(done + 1, len(rows), 0))
        stages = [
            Stage(
                batch=number,
                group=groups[_name(number)],
                profiles=profiles.get(_name(number), []),
                ends=_ends([row for row in rows if row["network"] == _name(number)]),
            )
            for number in self.batches
        ]
        seen = [stage for stage in stages if stage.profiles]
        if not seen:
            raise InputError("No input could be made for any stage of the training; try another network.")
        found, agrees, differs = _words(seen)
        return Findings(
            title=self.title,
            source=self.source,
            claim=self.claim,
            about=f"{setting.about()}: trained from scratch, {self.batches[-1]} batches of 64; {len(rows)} pairs made",
            found=found,
            agrees=agrees,
            differs=differs,
            tables=[_table(stages)],
            chart=training_chart(seen, unit=results.plan.unit),
            caption=(
                f"{setting.about()}, trained from scratch. At each stage pairs of inputs are made from noise for one "
                f"class, {len(rows)} in all. Curves: mean loss along direct paths. Second: median with a 95 % interval "
                "from a bootstrap of whole classes."
            ),
            notes=not_counted(list(groups.values())),
        )


def _fresh(setting: Setting) -> tuple[str, str]:
    """The architecture, and how its fresh weights are drawn."""
    inner, _, query = setting.network.removeprefix("untrained:").partition("?")
    return inner, query or f"seed={setting.seed}"


def _ends(rows: list[dict[str, Any]]) -> float:
    """Median of the higher loss of the two ends."""
    return float(np.median([max(row["a_loss"], row["c_loss"]) for row in rows])) if rows else math.nan


def _name(number: int) -> str:
    return f"batch{number:04d}"


def _words(stages: list[Stage]) -> tuple[list[str], list[str], list[str]]:
    first, last = stages[0], stages[-1]
    peak = max(stages, key=lambda stage: stage.group.medians["direct_gap"].value)
    gap, max_loss = (
        {stage.batch: spread(stage.group.medians[name]) for stage in stages}
        for name in ("direct_gap", "direct_max_loss")
    )
    barrier = (
        f"The median gap of the direct path is {gap[first.batch]} after {first.batch} batches and {gap[last.batch]} "
        f"after {last.batch}; it is highest after {peak.batch}: {gap[peak.batch]}."
    )
    found = [barrier, f"The median max loss goes from {max_loss[first.batch]} to {max_loss[last.batch]}."]
    early = list(takewhile(lambda stage: stage.ends > HIGH_END, stages))
    if early:
        found.append(
            f"Up to {early[-1].batch} batches what can be made for a class is hardly a mode: the higher end has "
            f"a median loss of {min(stage.ends for stage in early):.2g} or more."
        )
    agrees: list[str] = []
    differs: list[str] = []
    connected = [(stage, stage.group.connected) for stage in stages]
    worst, least = min(connected, key=lambda each: each[1].value)
    if least.value > 0.9:
        most = "all pairs" if least.value == 1 else f"{share(least.value)} of the pairs or more"
        agrees.append(f"At every stage with pairs, {most} are connected in the end.")
    else:
        allowed = rounds(len(worst.group.connected_after) - 1)
        differs.append(
            f"After {worst.batch} batches only {spread(least, percent=True)} of the pairs are connected in {allowed}."
        )
    lower = last.group.medians["direct_gap"].high < first.group.medians["direct_gap"].low
    higher = last.group.medians["direct_gap"].low > first.group.medians["direct_gap"].high
    change = "falls" if lower else "rises" if higher else "does not change by more than its interval"
    found.append(f"From the first stage to the last, the gap of the direct path {change}.")
    return found, agrees, differs


def _table(stages: list[Stage]) -> Table:
    rows: list[dict[str, Any]] = []
    for stage in stages:
        group: Group = stage.group
        nothing = Estimate(float("nan"), float("nan"), float("nan"))
        rows.append(
            {
                "batch": stage.batch,
                "pairs": group.counted,
                "not_made": group.not_made,
                "ends": stage.ends,
                "direct_gap": group.medians.get("direct_gap", nothing),
                "direct_max_loss": group.medians.get("direct_max_loss", nothing),
                "direct": group.connected_directly,
                "connected": group.connected,
                "deviation": group.deviation,
            }
        )
    columns = {
        "batch": "batches", "pairs": "pairs", "not_made": "not made", "ends": "higher end", "direct_gap": "median gap",
        "direct_max_loss": "median max loss", "direct": "connected directly", "connected": "in the end",
        "deviation": "deviation",
    }  # fmt: skip
    return Table(
        name="stages",
        title="Barriers by number of batches",
        columns=columns,
        rows=rows,
        percent=frozenset({"direct", "connected", "deviation"}),
        note="Gap and max loss are of direct paths. Not made: the network does not see the class in one of the ends.",
    )
