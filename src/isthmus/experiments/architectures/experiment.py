"""The experiment across architectures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from isthmus._core.progress import OnProgress, OnStage
from isthmus.errors import InputError
from isthmus.experiments.architectures.chart import architectures_chart
from isthmus.experiments.base import Experiment
from isthmus.experiments.methods import BYPASS
from isthmus.experiments.setting import Setting
from isthmus.findings.connected import HEADINGS, PERCENT, connected_row
from isthmus.findings.findings import Findings, Table, share, spread
from isthmus.findings.wording import not_counted
from isthmus.loading import choose_device
from isthmus.loading.fitting import digits_to_train_on, fit, save_state
from isthmus.networks.small import SMALL
from isthmus.networks.specs import load_network
from isthmus.studies import Group, Study

STRAIGHT = 0.05  # a deviation below this is called almost straight


@dataclass(frozen=True)
class Architectures(Experiment):
    """Several networks on the same inputs: trained here on the digits, or the reader's own.

    Attributes:
        batches: of 64 digits that networks are trained on here.
    """

    batches: int = 400

    title: ClassVar[str] = "Networks of different kinds"
    source: ClassVar[str] = "Vrabel et al. (2025), Section 4.1, and a question of its reviewers"
    claim: ClassVar[str] = (
        "Pairs of real inputs of one class are connected by an almost straight path. The paper shows it for few "
        "convolutional networks; reviewers asked whether it is general."
    )

    def prepare(self, setting: Setting, folder: Path, tell: OnStage) -> None:
        if setting.compare:
            return
        for place, name in enumerate(SMALL):
            file = folder / "networks" / f"{name}.safetensors"
            if file.is_file():
                continue
            tell(f"training the {name}", place, len(SMALL))
            network = load_network(f"untrained:{_spec(name)}?seed={setting.seed}", device=choose_device(setting.device))
            kept = fit(network, digits_to_train_on(), batches=self.batches, keep=(self.batches,), seed=setting.seed)
            save_state(kept[self.batches], file)

    def study(self, setting: Setting, folder: Path) -> dict[str, Any]:
        if setting.network != "digits" or setting.weights is not None:
            raise InputError("This experiment is about several networks: name them with --compare SPEC,WEIGHTS ....")
        if setting.compare and setting.images is None:
            raise InputError("--compare needs --inputs: the embedded digits fit the networks trained here only.")
        if setting.images is not None and not setting.compare:
            raise InputError("--inputs needs --compare: the networks trained here take the embedded digits only.")
        if setting.compare:
            networks = {
                _key(number, spec): setting.network_table(spec, weights)
                for number, (spec, weights) in enumerate(setting.compare)
            }
        else:
            networks = {
                name: setting.network_table(_spec(name), folder / "networks" / f"{name}.safetensors") for name in SMALL
            }
        return {
            "title": f"Networks of different kinds: {_inputs(setting)}",
            "seed": setting.seed,
            "inputs": {"inputs": setting.images_table()},
            "networks": networks,
            "pairs": [{"kind": "within", **setting.drawn(100 if setting.embedded else 5)}],
            "connect": dict(BYPASS),
        }

    def findings(self, setting: Setting, study: Study | None, on_progress: OnProgress) -> Findings:
        assert study is not None
        groups = study.results.summary().groups
        found = [
            f"{group.network}: {spread(group.connected_directly, percent=True)} of {group.counted} pairs are connected "
            f"directly, {spread(group.connected, percent=True)} in the end; deviation "
            f"{spread(group.deviation, percent=True)}."
            for group in groups
        ]
        agrees: list[str] = []
        differs: list[str] = []
        for group in groups:
            (agrees if group.connected.value > 0.99 else differs).append(
                f"{group.network}: {share(group.connected.value)} of the pairs are connected."
            )
            if group.deviation.value == group.deviation.value:
                straight = group.deviation.value < STRAIGHT
                (agrees if straight else differs).append(
                    f"{group.network}: the paths leave the straight line by {share(group.deviation.value)} of |AC|"
                    f"{': almost straight' if straight else ''}."
                )
        counted = sum(group.counted for group in groups)
        return Findings(
            title=self.title,
            source=self.source,
            claim=self.claim,
            about=f"{len(groups)} networks on {_inputs(setting)}: {counted} pairs of one class",
            found=found,
            agrees=agrees,
            differs=differs,
            tables=[_table(groups)],
            chart=architectures_chart(groups),
            caption=(
                f"{_inputs(setting)}, {counted} pairs of one class. Shares of the pairs connected by the direct path, "
                "after 1 and after 2 rounds; deviation: mean over the bypassed pairs. 95 % intervals from a "
                "bootstrap of whole classes."
            ),
            notes=[
                *([] if setting.compare else [f"Trained here: {self.batches} batches of 64 digits."]),
                *not_counted(groups),
            ],
        )


def _spec(name: str) -> str:
    return f"py:isthmus.networks.small:{name}"


def _inputs(setting: Setting) -> str:
    return "handwritten digits" if setting.images is None else setting.images.name


def _key(number: int, spec: str) -> str:
    """A name for a network in the study, from its spec."""
    plain = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in spec.rpartition(":")[2])
    return f"{number + 1}_{plain}"


def _table(groups: Sequence[Group]) -> Table:
    rows = [{"network": group.network, "pairs": group.counted, **connected_row(group)} for group in groups]
    columns = {"network": "network", "pairs": "pairs", **HEADINGS}
    return Table(name="networks", title="Network by network", columns=columns, rows=rows, percent=PERCENT)
