"""The experiment on pairs of real inputs of one class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from isthmus._core.progress import OnProgress
from isthmus.estimates import ClassDraws, Estimate, median
from isthmus.experiments.base import Experiment
from isthmus.experiments.real import tables as make
from isthmus.experiments.real.chart import real_chart
from isthmus.experiments.real.measured import measure
from isthmus.experiments.setting import Setting
from isthmus.findings.findings import Findings, share, spread
from isthmus.findings.wording import connected_sentence, not_counted
from isthmus.studies import Study


@dataclass(frozen=True)
class Real(Experiment):
    """Direct and found paths, and what B' - B is like, with moves of equal length as controls."""

    title: ClassVar[str] = "Real inputs of one class"
    source: ClassVar[str] = "Vrabel et al. (2025), Sections 3.2 and 4.1, Figures 1 to 3"
    claim: ClassVar[str] = (
        "Nearly every pair of real inputs of one class is connected by a path of low loss. On a trained network the "
        "path is almost straight: the peak B of the segment AC is moved a little, to B′, and A → B′ → C is flat. "
        "B′ − B is a small pattern of high frequency that the eye hardly sees."
    )

    def study(self, setting: Setting, folder: Path) -> dict[str, Any]:
        pairs = [{"kind": "within", **setting.drawn(100 if setting.embedded else 5)}]
        return setting.study(self.title, pairs) | {"shards": {"paths": True}}

    def findings(self, setting: Setting, study: Study | None, on_progress: OnProgress) -> Findings:
        assert study is not None
        (group,) = study.results.summary().groups
        measured = measure(study, setting, on_progress)
        tables = [make.shares_table(group)]
        found = [connected_sentence(group)]
        agrees: list[str] = []
        differs: list[str] = []
        (agrees if _at_least(group.connected, 0.9) else differs).append(
            f"{share(group.connected.value)} of the pairs are connected; the paper: nearly all."
        )
        if measured.measures is not None:
            values, targets = measured.measures.numbers, measured.targets
            draws = ClassDraws.of(targets, np.random.default_rng(setting.seed))
            of = {name: median(value.numpy(), draws) for name, value in values.items()}
            energies = make.high_energies(measured, draws)
            deviation = group.deviation
            tables += [
                make.sizes_table(of, values),
                make.effects_table(of, values, draws),
                *make.spectra_tables(energies),
                make.pairs_table(measured),
            ]
            found += make.sentences(of, measured, draws)
            (agrees if deviation.value < 0.05 and not deviation.high > 0.05 else differs).append(
                f"The paths leave the straight line by {spread(deviation, percent=True)} of |AC| on average."
            )
            make.judge_spectrum(energies, agrees, differs)
        return Findings(
            title=self.title,
            source=self.source,
            claim=self.claim,
            about=f"{setting.about()}: {group.counted} pairs of one class",
            found=found,
            agrees=agrees,
            differs=differs,
            tables=tables,
            chart=real_chart(measured),
            caption=(
                f"{setting.about()}, {group.counted} pairs of one class. Curves: median and quartiles of the loss "
                "along the direct path (grey) and the path found (blue) of bypassed pairs. Moves: share of the fall "
                "from B to B′ that a move of equal length brings; boxes are quartiles, whiskers 5 and 95 % of these "
                "pairs. Spectrum: median share of energy by frequency. Images: the pair with the highest gap among "
                "those that one round connects."
            ),
            notes=not_counted([group]),
        )


def _at_least(share: Estimate, least: float) -> bool:
    """Whether a share reaches a level with its whole interval, where it has one."""
    return share.value == 1 or (share.value > least and not share.low < least)
