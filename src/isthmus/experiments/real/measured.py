"""What is read off the connections of a study of real pairs, a chunk of them at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from isthmus._core.progress import OnProgress, Progress
from isthmus.connecting.connection import Connection
from isthmus.experiments.real.measures import BypassMeasures, measure_bypasses
from isthmus.experiments.real.spectrum import white
from isthmus.experiments.setting import Setting
from isthmus.loading import choose_device
from isthmus.studies import Study
from isthmus.studies.problem import open_problem

CHUNK = 16  # pairs held at once
CURVES = 200  # pairs whose curves are drawn


@dataclass(frozen=True, eq=False)
class MeasuredPairs:
    """What was read off the connections of a study.

    Attributes:
        measures: of the bypassed pairs; None where there are none.
        targets, numbers: their classes (n,) and their numbers in the study.
        curves: some bypassed pairs, whose profiles are drawn.
        example: the pair with the highest gap, if there is one, among those connected after one round.
        white: spectrum of white noise of the same shape.
        unit: of the loss.
    """

    measures: BypassMeasures | None
    targets: NDArray[np.int64]
    numbers: list[int]
    curves: list[Connection]
    example: Connection | None
    white: Tensor | None
    unit: str


def measure(study: Study, setting: Setting, on_progress: OnProgress) -> MeasuredPairs:
    """Goes through the study's connections a chunk at a time."""
    results = study.results
    landscape = open_problem(
        results.plan.config, study.folder, "network", "inputs", choose_device(setting.device)
    ).landscape
    rows = results.table(["pair", "target", "outcome", "steps"]).to_pylist()
    pairs = [row for row in rows if row["pair"] is not None and row["steps"] is not None]
    bypassed: list[int] = []
    parts: list[BypassMeasures] = []
    curves: list[Connection] = []
    example: Connection | None = None
    whiteness: Tensor | None = None
    done = 0
    for chunk in _chunks(results.each([row["pair"] for row in pairs], device=setting.device)):
        numbers = [row["pair"] for row in pairs[done : done + len(chunk)]]
        moved = [(number, pair) for number, pair in zip(numbers, chunk, strict=True) if pair.first_bypass is not None]
        if moved:
            curves += [_without_logits(pair) for _, pair in moved[: max(0, CURVES - len(curves))]]
            parts.append(measure_bypasses(landscape, [pair for _, pair in moved], seed=setting.seed + done))
            bypassed += [number for number, _ in moved]
            if parts[-1].spectra:
                whiteness = white(moved[0][1].path.ends)
            best = max((pair for _, pair in moved), key=_worth_showing)
            if example is None or _worth_showing(best) > _worth_showing(example):
                example = best
        done += len(chunk)
        on_progress(Progress(done, len(pairs), landscape.forward_equivalents))
    target = {row["pair"]: row["target"] for row in pairs}
    return MeasuredPairs(
        measures=BypassMeasures.join(parts) if parts else None,
        targets=np.array([target[number] for number in bypassed], dtype=np.int64),
        numbers=bypassed,
        curves=curves,
        example=example,
        white=whiteness,
        unit=landscape.unit,
    )


def _worth_showing(pair: Connection) -> tuple[bool, float]:
    return pair.connected and pair.rounds == 1, pair.direct.gap


def _without_logits(pair: Connection) -> Connection:
    """Curves are losses; logits of hundreds of pairs on a thousand classes would fill the memory."""
    slim = {
        name: replace(getattr(pair, name), logits=getattr(pair, name).logits[:, :0]) for name in ("direct", "profile")
    }
    return replace(pair, **slim)


def _chunks(pairs: Iterator[Connection]) -> Iterator[list[Connection]]:
    chunk: list[Connection] = []
    for pair in pairs:
        chunk.append(pair)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
