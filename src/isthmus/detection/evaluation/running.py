"""evaluate: what detectors, baselines and controls are worth against attacks, on inputs that taught none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus._geometry import norms
from isthmus._random import generator
from isthmus._shapes import FeatureRows, Inputs, OtherInputs, OtherTargets, Targets
from isthmus.detection.adaptive import Adaptive, evade
from isthmus.detection.baselines import BASELINES, Seen, see
from isthmus.detection.evaluation.kept import Kept
from isthmus.detection.evaluation.learned import CURVES, DISTANCES, LEARNED, NOVELTY, PLAIN, TREES, Learned
from isthmus.detection.evaluation.material import Material, material
from isthmus.detection.evaluation.rows import Role, Row
from isthmus.detection.evaluation.shifts import SHIFTS, STRENGTHS, shifts_for
from isthmus.detection.operating_point import Detection, judge, threshold
from isthmus.detection.probe import Probe
from isthmus.detection.radius import radius_text
from isthmus.detection.scores import Score
from isthmus.detection.suite import NamedAttack
from isthmus.errors import InputError
from isthmus.estimates import Floats, match
from isthmus.landscape import NetworkLandscape
from isthmus.progress import Progress

Tell = Callable[[str, int, int], None]
CALIPER = 0.25  # difference of the logarithms of two losses up to which the ends count as alike
FEWEST = 10  # matched or mistaken inputs of which anything is said


@dataclass(frozen=True, kw_only=True)
class Evaluation:
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
class Evaluated:
    """What an evaluation has found.

    Attributes:
        rows: the table.
        shifted: false-positive rates of innocent inputs: name of the score, shift, strength, rate, inputs.
        adaptive: SR of adaptive attacks: detector, aim, epsilon, steps, sr, misled, inputs.
        tried: attacks: name, inputs tried, successful and verified ones.
        cost: forward-equivalents an input takes.
        recognised, mistaken: inputs.
        notes: what a reader should know.
    """

    rows: list[Row]
    shifted: list[dict[str, Any]]
    adaptive: list[dict[str, Any]]
    tried: list[dict[str, Any]]
    cost: int
    recognised: int
    mistaken: int
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class _Attacked:
    """The verified successes of an attack: which inputs they come from, which were tried, and what is measured."""

    source: NDArray[np.int64]
    tried: NDArray[np.bool_]
    rows: Floats
    seen: Seen


def evaluate(
    landscape: NetworkLandscape,
    x: Inputs,
    y: Targets,
    setting: Evaluation,
    *,
    pool: tuple[OtherInputs, OtherTargets] | None = None,
    kept: Kept | None = None,
    tell: Tell = lambda *_: None,
) -> Evaluated:
    """Makes the attacks, verifies them, learns without each of them in turn, and judges on inputs held out.

    Args:
        landscape: of the network.
        x, y: labelled inputs (n, *input), (n,).
        setting: what is tried.
        pool: inputs and classes to draw references from; by default some of `x` are set aside for that.
        kept: where what takes long is kept.
        tell: called on the way.

    Raises:
        InputError: too few inputs or references, or no successful attack.
    """
    return _Evaluator(landscape, x, y, setting, pool, kept or Kept(None), tell).run()


class _Evaluator:
    def __init__(
        self,
        landscape: NetworkLandscape,
        x: Inputs,
        y: Targets,
        setting: Evaluation,
        pool: tuple[OtherInputs, OtherTargets] | None,
        kept: Kept,
        tell: Tell,
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

    def run(self) -> Evaluated:
        self.clean = self._features("clean inputs", self.given.x)
        self.seen = see(self.landscape, self.given.x)
        attacked: dict[str, _Attacked] = {}
        tried: list[dict[str, Any]] = []
        for named in self.setting.attacks:
            made = self._attacked(named)
            good = len(made.source)
            tried.append(
                {"attack": named.name, "family": named.family, "tried": int(made.tried.sum()), "succeeded": good}
            )
            if self.test[made.source].sum() < 1 or self.teach[made.source].sum() < 1:
                self.notes.append(f"{named.name}: {good} attacks succeeded, too few to be counted.")
            else:
                attacked[named.name] = made
        if not attacked:
            raise InputError("No attack led the network astray, so there is nothing to tell apart; give larger radii.")
        rows = [*self._learned(attacked), *self._single(attacked)]
        return Evaluated(
            rows=rows,
            shifted=self._shifted(attacked),
            adaptive=self._adaptive(attacked, rows),
            tried=tried,
            cost=self.probe.cost,
            recognised=len(self.y),
            mistaken=len(self.given.mistaken),
            notes=self.notes,
        )

    # What is measured of inputs

    def _features(self, name: str, x: Inputs, predicted: Targets | None = None, *, detail: object = None) -> Floats:
        """Features (n, f) with the distances beside them."""

        def make() -> dict[str, Tensor]:
            def told(progress: Progress) -> None:
                self.tell(f"connecting {name}", progress.done, progress.total)

            look = self.probe.look(self.landscape, x, self.given.references, predicted=predicted, on_progress=told)
            distances = self._distances(x, look.judged)
            return {"rows": torch.cat([look.rows, distances], 1)}

        return np.asarray(self.kept.get(f"features of {name}", make, detail=detail)["rows"].numpy())

    def _distances(self, x: Inputs, predicted: Targets) -> FeatureRows:
        count = self.probe.references
        number = self.given.references.partners(x, predicted, count)
        far = norms(self.given.references.x[number] - x.repeat_interleave(count, 0)).reshape(-1, count)
        return torch.stack([far.mean(1), far.amin(1), far.amax(1)], 1)

    def _attacked(self, named: NamedAttack) -> _Attacked:
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
                on_progress=told,
            )
            good = made.success & made.valid & (made.predicted != self.given.y[order])
            return {"x": made.x, "good": good}

        stored = self.kept.get(f"attacked by {named.name}", make, detail=named)
        good = stored["good"]
        tried = np.zeros(count, dtype=bool)
        tried[order.numpy()] = True
        x = stored["x"][good]
        if not len(x):
            nothing = np.zeros((0, len(self.names)))
            return _Attacked(np.zeros(0, dtype=np.int64), tried, nothing, self.seen.at(np.zeros(0, int)))
        rows = self._features(f"inputs attacked by {named.name}", x, detail=named)
        return _Attacked(order[good].numpy(), tried, rows, see(self.landscape, x))

    # Scores

    def _judge(self, clean: Floats, attacked: Floats, made: _Attacked) -> Detection:
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

    def _fit(self, learned: Learned, attacked: Mapping[str, _Attacked]) -> Score | None:
        bad = [made.rows[self.teach[made.source]] for made in attacked.values()]
        return learned.fit(self.clean[self.teach], bad, self.names, self.setting.seed)

    def _scores(self, learned: Learned, score: Score, rows: Floats) -> Floats:
        return score.of(rows[:, learned.columns(self.names)])

    def _learned(self, attacked: Mapping[str, _Attacked]) -> list[Row]:
        """Every learned score, without each attack in turn; and the first of them under its controls."""
        families = {named.name: named.family for named in self.setting.attacks}
        rows: list[Row] = []
        for number, (name, made) in enumerate(attacked.items()):
            self.tell("learning without each attack in turn", number, len(attacked))
            without = {other: each for other, each in attacked.items() if other != name}
            far = {other: each for other, each in attacked.items() if families[other] != families[name]}
            for learned in LEARNED:
                score = self._fit(learned, without)
                if score is None:
                    continue
                clean, bad = self._pair(learned, score, made)
                rows.append(_row(learned.role, learned.name, name, self._judge(clean, bad, made)))
                if learned is CURVES:
                    rows += self._matched(learned, clean, bad, made, name)
            score = self._fit(CURVES, far)
            if score is not None:
                found = self._judge(*self._pair(CURVES, score, made), made)
                rows.append(_row("detector", f"{CURVES.name}, family left out", name, found))
        rows += self._innocent(attacked)
        return rows

    def _pair(self, learned: Learned, score: Score, made: _Attacked) -> tuple[Floats, Floats]:
        clean = self._scores(learned, score, self.clean[self.test])
        return clean, self._scores(learned, score, made.rows[self.test[made.source]])

    def _matched(self, learned: Learned, clean: Floats, bad: Floats, made: _Attacked, name: str) -> list[Row]:
        """The score among clean and attacked inputs whose ends have the same loss."""
        own, other = _log_loss(self.seen), _log_loss(made.seen)[self.test[made.source]]
        partners = match(np.abs(own[self.test][:, None] - other[None]), CALIPER)
        if len(partners) < FEWEST:
            return []
        first, second = partners.T
        found = judge(
            clean[first],
            bad[second],
            self.y[self.test][first],
            self.y[made.source[self.test[made.source]]][second],
            self.random(),
        )
        return [_row("control", f"{learned.name}, same losses of the ends", name, found)]

    def _innocent(self, attacked: Mapping[str, _Attacked]) -> list[Row]:
        """Clean inputs that the network mistakes, or that are judged as another class, as if they were attacked."""
        rows = []
        kinds: dict[str, tuple[Inputs, Targets | None, NDArray[np.int64]]] = {}
        if len(self.given.mistaken) >= FEWEST:
            x = self.given.mistaken
            kinds["nothing: clean, but mistaken"] = (x, None, self.landscape.logits(x).argmax(1).cpu().numpy())
        test = torch.from_numpy(self.test)
        y = self.given.y[test]
        classes = torch.tensor(sorted(set(self.given.references.target.tolist())))
        draw = torch.randint(1, len(classes), y.shape, generator=generator(self.setting.seed + 2))
        other = classes[(torch.searchsorted(classes, y) + draw) % len(classes)]
        kinds["nothing: clean, judged as another class"] = (self.given.x[test], other, y.numpy())
        for name, (x, judged, clusters) in kinds.items():
            features = self._features(name, x, judged)
            for learned in (CURVES, NOVELTY):
                score = self._fit(learned, attacked)
                if score is None:
                    continue
                clean = self._scores(learned, score, self.clean[self.test])
                found = judge(clean, self._scores(learned, score, features), self.y[self.test], clusters, self.random())
                rows.append(_row("control", learned.name, name, found))
        return rows

    def _single(self, attacked: Mapping[str, _Attacked]) -> list[Row]:
        """The paper's own scores, the baselines, and a coin."""
        rows = []
        for name, column in PLAIN.items():
            at = self.names.index(column)
            for attack, made in attacked.items():
                found = self._judge(self.clean[self.test, at], made.rows[self.test[made.source], at], made)
                rows.append(_row("detector", name, attack, found))
        for make in BASELINES:
            scoring = make()
            self.tell(f"baseline: {scoring.name}", 0, 1)
            scoring.fit(self.seen.at(self.teach))
            clean = scoring.score(self.landscape, self.seen.at(self.test))
            for attack, made in attacked.items():
                bad = scoring.score(self.landscape, made.seen.at(self.test[made.source]))
                rows.append(_row(scoring.role, scoring.name, attack, self._judge(clean, bad, made)))
        random = self.random()
        for attack, made in attacked.items():
            clean, bad = random.random(int(self.test.sum())), random.random(int(self.test[made.source].sum()))
            rows.append(_row("control", "a coin", attack, self._judge(clean, bad, made)))
        return rows

    # Innocent shifts and adaptive attacks

    def _shifted(self, attacked: Mapping[str, _Attacked]) -> list[dict[str, Any]]:
        """False-positive rates with thresholds set at 5 % on the clean inputs that test."""
        numbers = np.flatnonzero(self.test)[: self.setting.shifted_most]
        x = self.given.x[torch.from_numpy(numbers)]
        fitted = [(learned, self._fit(learned, attacked)) for learned in (CURVES, TREES, NOVELTY)]
        found: list[dict[str, Any]] = []
        for shift in shifts_for(x) if len(x) else []:
            for strength in STRENGTHS:
                name = f"{shift} of strength {strength}"
                moved = SHIFTS[shift](x, strength)
                rows = self._features(name, moved, detail=float(moved.double().sum()))
                for learned, score in fitted:
                    if score is None:
                        continue
                    limit = threshold(self._scores(learned, score, self.clean[self.test]), 0.05)
                    flagged = self._scores(learned, score, rows) > limit
                    found.append(
                        {
                            "name": learned.name,
                            "shift": shift,
                            "strength": strength,
                            "false_positives": float(flagged.mean()),
                            "n": len(flagged),
                        }
                    )
        return found

    def _adaptive(self, attacked: Mapping[str, _Attacked], rows: list[Row]) -> list[dict[str, Any]]:
        """SR against steps, for every adaptive attack on every detector that can be learned. Adds rows of the table."""
        numbers = torch.from_numpy(np.flatnonzero(self.test))
        numbers = numbers[torch.randperm(len(numbers), generator=generator(self.setting.seed + 3))]
        numbers = numbers[: self.setting.adaptive_most]
        x, y = self.given.x[numbers], self.given.y[numbers]
        classes = torch.tensor(sorted(set(self.given.references.target.tolist())))
        draw = torch.randint(1, len(classes), y.shape, generator=generator(self.setting.seed + 4))
        target = classes[(torch.searchsorted(classes, y) + draw) % len(classes)]
        found: list[dict[str, Any]] = []
        probe = replace(self.probe, bypassed=0)
        for learned in (CURVES, TREES, NOVELTY) if self.setting.adaptive else ():
            score = self._fit(learned, attacked)
            if score is None:
                continue
            clean = self._scores(learned, score, self.clean[self.test])
            limit = threshold(clean, 0.05)
            for method in self.setting.adaptive:
                if learned is not CURVES and method.aim != "selective":
                    continue  # one aim is enough to see whether another way of learning stands differently
                name = f"adaptive, {method.aim}, {radius_text(method.epsilon)}"
                result = self._evaded(name, learned, score, limit, method, probe, x, target)
                found += [
                    {
                        "name": learned.name,
                        "aim": method.aim,
                        "epsilon": method.epsilon,
                        "steps": steps,
                        "sr_at_5": _share(result["evaded_at"], steps),
                        "misled": _share(result["misled_at"], steps),
                        "n": len(x),
                    }
                    for steps in _checkpoints(method.steps)
                ]
                misled = result["misled_at"] >= 0
                if not bool(misled.any()):
                    continue
                features = self._features(
                    f"inputs of {name}, against {learned.name}",
                    result["x"],
                    target,
                    detail=(method, self.setting.attacks),
                )
                scores = self._scores(learned, score, features)[misled.numpy()]
                judged = judge(
                    clean,
                    scores,
                    self.y[self.test],
                    y[misled].numpy(),
                    self.random(),
                    success=float(misled.double().mean()),
                )
                rows.append(_row("detector", learned.name, name, judged, adaptive=True))
        return found

    def _evaded(
        self,
        name: str,
        learned: Learned,
        score: Score,
        limit: float,
        method: Adaptive,
        probe: Probe,
        x: Inputs,
        target: Targets,
    ) -> dict[str, Tensor]:
        def make() -> dict[str, Tensor]:
            def told(progress: Progress) -> None:
                self.tell(f"{name}, against {learned.name}", progress.done, progress.total)

            result = evade(
                self.landscape,
                x,
                target,
                method,
                score=score,
                threshold=limit,
                probe=probe,
                references=self.given.references,
                model=self._models(target),
                on_progress=told,
            )
            return {
                "x": result.x,
                "misled_at": torch.from_numpy(result.misled_at),
                "evaded_at": torch.from_numpy(result.evaded_at),
            }

        return self.kept.get(f"{name}, against {learned.name}", make, detail=(method, self.setting.attacks))

    def _models(self, target: Targets) -> Inputs:
        """A clean input of each target class that taught: what an attacker who mimics takes as a model."""
        taught = self.given.y.clone()
        taught[torch.from_numpy(self.test)] = -1
        return torch.stack([self.given.x[int((taught == group).nonzero()[0, 0])] for group in target.tolist()])


def _row(role: Role, name: str, attack: str, found: Detection, *, adaptive: bool = False) -> Row:
    return Row(role=role, name=name, attack=attack, left_out=not adaptive, adaptive=adaptive, found=found)


def _log_loss(seen: Seen) -> Floats:
    """Logarithm of the loss for the class predicted."""
    from scipy.special import log_softmax

    return np.asarray(np.log(np.maximum(-log_softmax(seen.logits, axis=1).max(1), 1e-12)))


def _share(at: Tensor, steps: int) -> float:
    return float(((at >= 0) & (at <= steps)).double().mean())


def _checkpoints(steps: int) -> list[int]:
    """Steps at which success is told."""
    return sorted({*(step for step in (5, 10, 25, 50, 100, 200, 400, 800) if step < steps), steps})
