"""The experiment over kinds of inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from isthmus._core.progress import OnProgress, OnStage
from isthmus.errors import InputError
from isthmus.experiments.base import Experiment
from isthmus.experiments.kinds.chart import kinds_chart
from isthmus.experiments.kinds.rounding import Sample, sampled
from isthmus.experiments.kinds.sets import SETS, parts, places_of
from isthmus.experiments.kinds.training import key_of, named_by, train
from isthmus.experiments.setting import Setting
from isthmus.findings.connected import HEADINGS, PERCENT, connected_row
from isthmus.findings.findings import Findings, Table, share, spread
from isthmus.findings.wording import not_counted
from isthmus.studies import Group, Study

PAIRS = 120  # within classes, of every network on every set


@dataclass(frozen=True)
class Kinds(Experiment):
    """Tables, sound and text: two sets and two networks each, trained, untrained, and trained on shuffled classes.

    Attributes:
        sets: by name, some of `isthmus.experiments.kinds.sets.SETS`.
        share: of the batches that networks are trained on, for a quick look.
        sample: pairs of every trained network that are certified, and rounded to what files hold.
    """

    sets: tuple[str, ...] = tuple(SETS)
    share: float = 1.0
    sample: int = 10

    title: ClassVar[str] = "Tables, sound and text"
    source: ClassVar[str] = "A question of the reviewers of Vrabel et al. (2025); the paper shows images only"
    claim: ClassVar[str] = (
        "Pairs of real inputs of one class are connected by an almost straight path. Is that a property of images, or "
        "of networks?"
    )

    def prepare(self, setting: Setting, folder: Path, tell: OnStage) -> None:
        for name in self.sets:
            tell(f"writing {name}", 0, len(self.sets))
            parts(name, folder / "networks")
        train(self.sets, folder / "networks", setting.seed, tell, share=self.share)

    def study(self, setting: Setting, folder: Path) -> dict[str, Any]:
        if setting.network != "digits" or setting.images is not None or setting.weights is not None:
            raise InputError("This experiment brings its own networks and inputs; leave out --network and --inputs.")
        inputs: dict[str, Any] = {}
        networks: dict[str, Any] = {}
        pairs: list[dict[str, Any]] = []
        for name in self.sets:
            places = places_of(name, folder / "networks")
            for part in ("held-out", "shuffled", "unlabelled"):
                inputs[f"{name}_{part}"] = {"source": str(places[part].resolve())}
            for place, (network, spec) in enumerate(SETS[name].networks.items()):
                for way, part in _ways(place):
                    table = setting.network_table(spec)
                    if way == "untrained":
                        table["spec"] = f"untrained:{spec}?seed={setting.seed}"
                    else:
                        file = folder / "networks" / f"{key_of(name, network, way)}.safetensors"
                        table["weights"] = str(file.resolve())
                    networks[key_of(name, network, way)] = table | {"inputs": [f"{name}_{part}"]}
            per_class = setting.per_class or -(-PAIRS // SETS[name].classes)
            pairs += [
                {"kind": "within", "inputs": [f"{name}_{part}"], "per_class": per_class}
                for part in ("held-out", "shuffled", "unlabelled")
            ]
            pairs.append({"kind": "across", "inputs": [f"{name}_held-out"], "per_class": -(-per_class // 2)})
        return {
            "title": self.title,
            "seed": setting.seed,
            "inputs": inputs,
            "networks": networks,
            "pairs": pairs,
            "shards": {"paths": True},
        }

    def findings(self, setting: Setting, study: Study | None, on_progress: OnProgress) -> Findings:
        assert study is not None
        groups = study.results.summary().groups
        samples = sampled(study, self.sample, on_progress, seed=setting.seed)
        rows = [_row(group) for group in groups]
        return Findings(
            title=self.title,
            source=self.source,
            claim=self.claim,
            about=f"{len(self.sets)} sets of tables, sound and text, {len({g.network for g in groups})} networks",
            found=[_said(kind, groups) for kind in dict.fromkeys(SETS[name].kind for name in self.sets)],
            agrees=_sentences(groups, True),
            differs=_sentences(groups, False),
            tables=[_table(rows), _sample_table(samples)],
            chart=kinds_chart([g for g in groups if g.kind == "within"]),
            caption=(
                "Share of pairs of one class connected by the direct path, after one and after two rounds, and mean "
                "deviation of the paths that were moved. 95 % intervals from a bootstrap of whole classes."
            ),
            notes=[
                *(f"{name}: {SETS[name].about}." for name in self.sets),
                (
                    "Networks are trained here on two thirds of a set; pairs are of the other third and recognised. "
                    "Shuffled: trained on the same inputs with their classes shuffled, and pairs are of these. "
                    "Untrained: fresh weights, pairs of inputs that the network sees as one class."
                ),
                *not_counted(groups),
            ],
        )


def _ways(place: int) -> list[tuple[str, str]]:
    """Ways of a network, and the part of the set that its pairs are of."""
    ways = [("trained", "held-out"), ("untrained", "unlabelled")]
    return ways if place else [*ways, ("shuffled", "shuffled")]


def _said(kind: str, groups: Sequence[Group]) -> str:
    """One sentence on a kind: the range over its trained networks."""
    own = [
        g
        for g in groups
        if SETS[named_by(g.network)[0]].kind == kind and g.kind == "within" and named_by(g.network)[2] == "trained"
    ]
    direct = [g.connected_directly.value for g in own]
    end = [g.connected.value for g in own]
    moved = [g.deviation.value for g in own if g.deviation.value == g.deviation.value]
    many = {"table": "Tables", "series": "Sound", "tokens": "Text"}[kind]
    deviation = f"; deviation {share(min(moved))} to {share(max(moved))}" if moved else ""
    return (
        f"{many}, {len(own)} trained networks: {share(min(direct))} to {share(max(direct))} of the pairs of one class "
        f"are connected directly, {share(min(end))} to {share(max(end))} in the end{deviation}."
    )


def _sentences(groups: Sequence[Group], agreeing: bool) -> list[str]:
    found = []
    for group in groups:
        name, network, way = named_by(group.network)
        if way != "trained" or group.kind != "within" or (group.connected.value > 0.99) != agreeing:
            continue
        found.append(f"{name}, {network}: {spread(group.connected, percent=True)} of {group.counted} pairs connected.")
    return found


def _row(group: Group) -> dict[str, Any]:
    name, network, way = named_by(group.network)
    return {
        "kind": SETS[name].kind,
        "set": name,
        "network": network,
        "way": way,
        "pairs_of": group.kind,
        "pairs": group.counted,
        **connected_row(group),
    }


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    columns = {
        "kind": "kind",
        "set": "set",
        "network": "network",
        "way": "weights",
        "pairs_of": "pairs",
        "pairs": "n",
        **HEADINGS,
        "after_2": None,
    }
    return Table(name="kinds", title="Set by set", columns=columns, rows=list(rows), percent=PERCENT)


def _sample_table(samples: Sequence[Sample]) -> Table:
    rows = [
        {
            "set": named_by(each.network)[0],
            "network": named_by(each.network)[1],
            "pairs": each.pairs,
            "connected": each.connected,
            "certified": each.certified,
            "certificate": each.certificate,
            "parts": each.parts,
            "kept": each.kept,
            "kept_as": each.kept_as,
        }
        for each in samples
    ]
    columns = {
        "set": "set",
        "network": "network",
        "pairs": "pairs",
        "connected": "connected",
        "certified": "certified",
        "certificate": "by",
        "parts": "parts, median",
        "kept": "still connected when rounded",
        "kept_as": "to",
    }
    return Table(
        name="samples",
        title="Certificates, and what rounding does",
        columns=columns,
        rows=rows,
        note="A few pairs of every trained network, connected again with a certificate.",
    )
