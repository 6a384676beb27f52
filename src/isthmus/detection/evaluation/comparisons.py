"""Comparisons: every score against every attack, without the attack in what it was learned from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from isthmus._core.shapes import Inputs, Targets
from isthmus.detection.baselines import BASELINES, Seen
from isthmus.detection.evaluation.learned import CURVES, LEARNED, NOVELTY, PLAIN, Learned
from isthmus.detection.evaluation.rows import Row, row_of
from isthmus.detection.evaluation.workbench import Successes, Workbench
from isthmus.detection.operating_point import judge
from isthmus.estimates import Floats, match

CALIPER = 0.25  # difference of the logarithms of two losses up to which the ends count as alike
FEWEST = 10  # matched or mistaken inputs of which anything is said


def learned_rows(measured: Workbench, attacked: Mapping[str, Successes]) -> list[Row]:
    """Every learned score, without each attack in turn; and the first of them under its controls."""
    families = {named.name: named.family for named in measured.setting.attacks}
    rows: list[Row] = []
    for number, (name, made) in enumerate(attacked.items()):
        measured.tell("learning without each attack in turn", number, len(attacked))
        without = {other: each for other, each in attacked.items() if other != name}
        far = {other: each for other, each in attacked.items() if families[other] != families[name]}
        for learned in LEARNED:
            score = measured.fit(learned, without)
            if score is None:
                continue
            clean, bad = measured.pair(learned, score, made)
            rows.append(row_of(learned.role, learned.name, name, measured.judged(clean, bad, made)))
            if learned is CURVES:
                rows += _matched(measured, learned, clean, bad, made, name)
        score = measured.fit(CURVES, far)
        if score is not None:
            found = measured.judged(*measured.pair(CURVES, score, made), made)
            rows.append(row_of("detector", f"{CURVES.name}, family left out", name, found))
    rows += innocent_rows(measured, attacked)
    return rows


def _matched(
    measured: Workbench, learned: Learned, clean: Floats, bad: Floats, made: Successes, name: str
) -> list[Row]:
    """The score among clean and attacked inputs whose ends have the same loss."""
    own, other = _log_loss(measured.seen), _log_loss(made.seen)[measured.test[made.source]]
    partners = match(np.abs(own[measured.test][:, None] - other[None]), CALIPER)
    if len(partners) < FEWEST:
        return []
    first, second = partners.T
    found = judge(
        clean[first],
        bad[second],
        measured.y[measured.test][first],
        measured.y[made.source[measured.test[made.source]]][second],
        measured.random(),
    )
    return [row_of("control", f"{learned.name}, same losses of the ends", name, found)]


def innocent_rows(measured: Workbench, attacked: Mapping[str, Successes]) -> list[Row]:
    """Clean inputs that the network mistakes, or that are judged as another class, as if they were attacked."""
    rows = []
    kinds: dict[str, tuple[Inputs, Targets | None, NDArray[np.int64]]] = {}
    if len(measured.given.mistaken) >= FEWEST:
        x = measured.given.mistaken
        kinds["nothing: clean, but mistaken"] = (x, None, measured.landscape.logits(x).argmax(1).cpu().numpy())
    test = torch.from_numpy(measured.test)
    y = measured.given.y[test]
    other = measured.another_class(y, 2)
    kinds["nothing: clean, judged as another class"] = (measured.given.x[test], other, y.numpy())
    for name, (x, judged, clusters) in kinds.items():
        features = measured.features(name, x, judged)
        for learned in (CURVES, NOVELTY):
            score = measured.fit(learned, attacked)
            if score is None:
                continue
            clean = measured.scores(learned, score, measured.clean[measured.test])
            found = judge(
                clean, measured.scores(learned, score, features), measured.y[measured.test], clusters, measured.random()
            )
            rows.append(row_of("control", learned.name, name, found))
    return rows


def single_rows(measured: Workbench, attacked: Mapping[str, Successes]) -> list[Row]:
    """The paper's own scores, the baselines, and a coin."""
    rows = []
    for name, column in PLAIN.items():
        at = measured.names.index(column)
        for attack, made in attacked.items():
            found = measured.judged(measured.clean[measured.test, at], made.rows[measured.test[made.source], at], made)
            rows.append(row_of("detector", name, attack, found))
    for make in BASELINES:
        scoring = make()
        measured.tell(f"baseline: {scoring.name}", 0, 1)
        scoring.fit(measured.seen.at(measured.teach))
        clean = scoring.score(measured.landscape, measured.seen.at(measured.test))
        for attack, made in attacked.items():
            bad = scoring.score(measured.landscape, made.seen.at(measured.test[made.source]))
            rows.append(row_of(scoring.role, scoring.name, attack, measured.judged(clean, bad, made)))
    random = measured.random()
    for attack, made in attacked.items():
        clean, bad = random.random(int(measured.test.sum())), random.random(int(measured.test[made.source].sum()))
        rows.append(row_of("control", "a coin", attack, measured.judged(clean, bad, made)))
    return rows


def _log_loss(seen: Seen) -> Floats:
    """Logarithm of the loss for the class predicted."""
    from scipy.special import log_softmax

    return np.asarray(np.log(np.maximum(-log_softmax(seen.logits, axis=1).max(1), 1e-12)))
