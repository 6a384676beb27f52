"""Knowing: attacks that know the detector, and how often they succeed after so many steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus._core.progress import Progress
from isthmus._core.random import generator
from isthmus._core.shapes import Inputs, Targets
from isthmus.detection.adaptive import Adaptive, evade, share_reached
from isthmus.detection.evaluation.learned import CURVES, NOVELTY, TREES, Learned
from isthmus.detection.evaluation.rows import Row, row_of
from isthmus.detection.evaluation.workbench import Successes, Workbench
from isthmus.detection.operating_point import judge, threshold
from isthmus.detection.probe import Probe
from isthmus.detection.radius import radius_text
from isthmus.detection.scores import Score


def adaptive_success(measured: Workbench, attacked: Mapping[str, Successes], rows: list[Row]) -> list[dict[str, Any]]:
    """SR against steps, for every adaptive attack on every detector that can be learned. Adds rows of the table."""
    numbers = torch.from_numpy(np.flatnonzero(measured.test))
    numbers = numbers[torch.randperm(len(numbers), generator=generator(measured.setting.seed + 3))]
    numbers = numbers[: measured.setting.adaptive_most]
    x, y = measured.given.x[numbers], measured.given.y[numbers]
    target = measured.another_class(y, 4)
    found: list[dict[str, Any]] = []
    probe = replace(measured.probe, bypassed=0)
    for learned in (CURVES, TREES, NOVELTY) if measured.setting.adaptive else ():
        score = measured.fit(learned, attacked)
        if score is None:
            continue
        clean = measured.scores(learned, score, measured.clean[measured.test])
        limit = threshold(clean, 0.05)
        for method in measured.setting.adaptive:
            if learned is not CURVES and method.aim != "selective":
                continue  # one aim is enough to see whether another way of learning stands differently
            name = f"adaptive, {method.aim}, {radius_text(method.epsilon)}"
            result = _evaded(measured, name, learned, score, limit, method, probe, x, target)
            found += [
                {
                    "name": learned.name,
                    "aim": method.aim,
                    "epsilon": method.epsilon,
                    "steps": steps,
                    "sr_at_5": share_reached(result["evaded_at"].numpy(), steps),
                    "misled": share_reached(result["misled_at"].numpy(), steps),
                    "n": len(x),
                }
                for steps in _checkpoints(method.steps)
            ]
            misled = result["misled_at"] >= 0
            if not bool(misled.any()):
                continue
            features = measured.features(
                f"inputs of {name}, against {learned.name}",
                result["x"],
                target,
                detail=(method, measured.setting.attacks),
            )
            scores = measured.scores(learned, score, features)[misled.numpy()]
            judged = judge(
                clean,
                scores,
                measured.y[measured.test],
                y[misled].numpy(),
                measured.random(),
                success=float(misled.double().mean()),
            )
            rows.append(row_of("detector", learned.name, name, judged, adaptive=True))
    return found


def _evaded(
    measured: Workbench,
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
            measured.tell(f"{name}, against {learned.name}", progress.done, progress.total)

        result = evade(
            measured.landscape,
            x,
            target,
            method,
            score=score,
            threshold=limit,
            probe=probe,
            references=measured.given.references,
            model=_models(measured, target),
            progress=told,
        )
        return {
            "x": result.x,
            "misled_at": torch.from_numpy(result.misled_at),
            "evaded_at": torch.from_numpy(result.evaded_at),
        }

    return measured.kept.get(f"{name}, against {learned.name}", make, detail=(method, measured.setting.attacks))


def _models(measured: Workbench, target: Targets) -> Inputs:
    """A clean input of each target class that taught: what an attacker who mimics takes as a model."""
    taught = measured.given.y.clone()
    taught[torch.from_numpy(measured.test)] = -1
    return torch.stack([measured.given.x[int((taught == group).nonzero()[0, 0])] for group in target.tolist()])


def _checkpoints(steps: int) -> list[int]:
    """Steps at which success is told."""
    return sorted({*(step for step in (5, 10, 25, 50, 100, 200, 400, 800) if step < steps), steps})
