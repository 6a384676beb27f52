"""Innocent: how often shifted inputs that nobody attacked are flagged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from isthmus.detection.evaluation.learned import CURVES, NOVELTY, TREES
from isthmus.detection.evaluation.shifts import STRENGTHS, shifted, shifts_for
from isthmus.detection.evaluation.workbench import Successes, Workbench
from isthmus.detection.operating_point import threshold


def shifted_rates(measured: Workbench, attacked: Mapping[str, Successes]) -> list[dict[str, Any]]:
    """False-positive rates with thresholds set at 5 % on the clean inputs that test."""
    numbers = np.flatnonzero(measured.test)[: measured.setting.shifted_most]
    x = measured.given.x[torch.from_numpy(numbers)]
    fitted = [(learned, measured.fit(learned, attacked)) for learned in (CURVES, TREES, NOVELTY)]
    found: list[dict[str, Any]] = []
    for shift in shifts_for(x) if len(x) else []:
        for strength in STRENGTHS:
            name = f"{shift} of strength {strength}"
            moved = shifted(x, shift, strength, measured.landscape.domain)
            rows = measured.features(name, moved, detail=float(moved.double().sum()))
            for learned, score in fitted:
                if score is None:
                    continue
                limit = threshold(measured.scores(learned, score, measured.clean[measured.test]), 0.05)
                flagged = measured.scores(learned, score, rows) > limit
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
