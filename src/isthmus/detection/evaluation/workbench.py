"""Workbench: the inputs of an evaluation with everything that scores are read off, made once and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus._core.geometry import norms
from isthmus._core.progress import OnStage, Progress
from isthmus._core.random import generator
from isthmus._core.shapes import FeatureRows, Inputs, OtherInputs, OtherTargets, Targets
from isthmus.detection.adaptive import Adaptive
from isthmus.detection.baselines import Seen, see
from isthmus.detection.evaluation.learned import DISTANCES, Learned
from isthmus.detection.evaluation.material import Material, material
from isthmus.detection.operating_point import Detection, judge
from isthmus.detection.probe import Probe
from isthmus.detection.scores import Score
from isthmus.detection.suite import NamedAttack, counted
from isthmus.estimates import Floats
from isthmus.landscapes import NetworkLandscape
from isthmus.results import Kept


@dataclass(frozen=True, kw_only=True)
class EvaluationPlan:
    """Settings.

    Attributes:
        attacks: what detectors are tried on, and learn from: each is left out in turn.
        probe: where inputs are looked at from.
        per_class: inputs of each class at most, half to teach and half to test.
        adaptive: attacks that know the detector.
        adaptive_most: test inputs that these are tried on at most: they differentiate through the whole probe.
        shifted_most: test inputs that are shifted at most.
        seed: of every draw.
    """

    attacks: Sequence[NamedAttack]
    probe: Probe
    per_class: int | None = None
    adaptive: Sequence[Adaptive] = ()
    adaptive_most: int = 100
    shifted_most: int = 200
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Successes:
    """The verified successes of an attack: which inputs they come from, which were tried, and what is measured."""

    source: NDArray[np.int64]
    tried: NDArray[np.bool_]
    rows: Floats
    seen: Seen


class Workbench:
    """Inputs parted, references drawn, and what network and probe say of the clean ones.

    Attributes:
        given: who teaches, who tests.
        names: of the features.
        clean: features of the recognised inputs (n, f).
        seen: the same as baselines see them.
        y: their classes (n,); teach, test: which half each is in (n,).
        notes: what a reader should know.
    """

    def __init__(
        self,
        landscape: NetworkLandscape,
        x: Inputs,
        y: Targets,
        setting: EvaluationPlan,
        pool: tuple[OtherInputs, OtherTargets] | None,
        kept: Kept,
        tell: OnStage,
    ) -> None:
        self.landscape, self.setting, self.kept, self.tell = landscape, setting, kept, tell
        self.probe = setting.probe
        self.given: Material = material(
            landscape,
            x,
            y,
            pool=pool,
            references=self.probe.references,
            per_class=setting.per_class,
            seed=setting.seed,
        )
        self.names = [*self.probe.names, *DISTANCES]
        self.y = self.given.y.numpy()
        self.teach, self.test = self.given.teach, self.given.test
        self.random = partial(np.random.default_rng, setting.seed)
        self.notes: list[str] = []
        self._fitted: dict[tuple[str, tuple[str, ...]], Score | None] = {}
        self.clean = self.features("clean inputs", self.given.x)
        self.seen = see(landscape, self.given.x)

    def features(self, name: str, x: Inputs, predicted: Targets | None = None, *, detail: object = None) -> Floats:
        """Features (n, f) with the distances beside them."""

        def make() -> dict[str, Tensor]:
            def told(progress: Progress) -> None:
                self.tell(f"connecting {name}", progress.done, progress.total)

            look = self.probe.look(self.landscape, x, self.given.references, predicted=predicted, progress=told)
            distances = self._distances(x, look.judged)
            return {"rows": torch.cat([look.rows, distances], 1)}

        return np.asarray(self.kept.get(f"features of {name}", make, detail=detail)["rows"].numpy())

    def _distances(self, x: Inputs, predicted: Targets) -> FeatureRows:
        count = self.probe.references
        number = self.given.references.partners(x, predicted, count)
        far = norms(self.given.references.x[number] - x.repeat_interleave(count, 0)).reshape(-1, count)
        return torch.stack([far.mean(1), far.amin(1), far.amax(1)], 1)

    def attacked(self, named: NamedAttack) -> Successes:
        count = len(self.y)
        order = torch.randperm(count, generator=generator(self.setting.seed + 1))[: named.most].sort().values

        def make() -> dict[str, Tensor]:
            def told(progress: Progress) -> None:
                self.tell(f"attacking with {named.name}", progress.done, progress.total)

            made = named.run(
                self.landscape,
                self.given.x[order],
                self.given.y[order],
                self.given.references,
                seed=self.setting.seed,
                progress=told,
            )
            good = counted(made, self.given.y[order])
            return {"x": made.x, "good": good}

        stored = self.kept.get(f"attacked by {named.name}", make, detail=named)
        good = stored["good"]
        tried = np.zeros(count, dtype=bool)
        tried[order.numpy()] = True
        x = stored["x"][good]
        if not len(x):
            nothing = np.zeros((0, len(self.names)))
            return Successes(np.zeros(0, dtype=np.int64), tried, nothing, self.seen.at(np.zeros(0, int)))
        rows = self.features(f"inputs attacked by {named.name}", x, detail=named)
        return Successes(order[good].numpy(), tried, rows, see(self.landscape, x))

    def judged(self, clean: Floats, attacked: Floats, made: Successes) -> Detection:
        """From scores of the clean inputs that test and of the successful attacks on inputs that test."""
        success = self.test[made.source].sum() / max(1, (made.tried & self.test).sum())
        return judge(
            clean,
            attacked,
            self.y[self.test],
            self.y[made.source[self.test[made.source]]],
            self.random(),
            success=float(success),
        )

    def fit(self, learned: Learned, attacked: Mapping[str, Successes]) -> Score | None:
        """The score learned from the teaching half of the clean inputs and of these attacks, once for each set."""
        key = learned.name, tuple(attacked)
        if key not in self._fitted:
            bad = [made.rows[self.teach[made.source]] for made in attacked.values()]
            self._fitted[key] = learned.fit(self.clean[self.teach], bad, self.names, self.setting.seed)
        return self._fitted[key]

    def scores(self, learned: Learned, score: Score, rows: Floats) -> Floats:
        return score.of(rows[:, learned.columns(self.names)])

    def pair(self, learned: Learned, score: Score, made: Successes) -> tuple[Floats, Floats]:
        clean = self.scores(learned, score, self.clean[self.test])
        return clean, self.scores(learned, score, made.rows[self.test[made.source]])

    def another_class(self, y: Targets, draw: int) -> Targets:
        """For each class (n,) another one that has references, drawn at random."""
        classes = torch.tensor(sorted(set(self.given.references.target.tolist())))
        moved = torch.randint(1, len(classes), y.shape, generator=generator(self.setting.seed + draw))
        return classes[(torch.searchsorted(classes, y) + moved) % len(classes)]
