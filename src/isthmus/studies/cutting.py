"""Cutting: which pairs of a study are solved together, so that a shard takes a minute or two."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from isthmus._core.progress import OnStage
from isthmus.studies.plan import Plan, Portion
from isthmus.studies.solving import Bench

FEWEST_SHARDS = 10  # a short study is cut finer, so that little is lost when it is killed
SHORTEST = 1.0  # seconds
PATHS_BYTES = 2**28  # of the paths of a shard: they are held in memory until it is written
PATIENCE = 3.0  # seconds spent on finding out how long a pair takes


def cut(base: Path, plan: Plan, device: str, tell: OnStage | None = None) -> list[Portion]:
    """The pieces of a plan, from its pieces so far: one for every network, collection and entry of the study's pairs.

    How long a pair takes is measured on a few of each, unless the study says how many pairs make a shard.
    """
    shards = plan.config.shards
    if shards.pairs is not None:
        sizes = [shards.pairs] * len(plan.pieces)
    else:
        found = []
        for number, piece in enumerate(plan.pieces):
            if tell is not None:
                tell("timing pairs", number, len(plan.pieces))
            found.append(_of_a_pair(Bench(plan, base, device), piece, shards.paths))
        total = sum(seconds * len(piece) for (seconds, _), piece in zip(found, plan.pieces, strict=True))
        aim = min(60 * shards.minutes, max(SHORTEST, total / FEWEST_SHARDS))
        sizes = [max(1, min(round(aim / seconds), int(PATHS_BYTES / size))) for seconds, size in found]
    return [
        Portion(network=piece.network, inputs=piece.inputs, begin=begin, end=min(piece.end, begin + size))
        for piece, size in zip(plan.pieces, sizes, strict=True)
        for begin in range(piece.begin, piece.end, size)
    ]


def _of_a_pair(bench: Bench, piece: Portion, paths: bool) -> tuple[float, float]:
    """Seconds that a pair of a piece takes, and bytes of what is kept of its path."""
    bench.problem(piece.network, piece.inputs)
    began = time.perf_counter()
    rows = _some(bench.plan, piece, 2)
    kept = bench.solve(rows, keep=paths).connections()
    size = sum(part.numel() * part.element_size() for part in kept.tensors().values()) / len(rows) if len(kept) else 0
    seconds = time.perf_counter() - began
    if seconds > PATIENCE:
        return seconds / len(rows), max(1.0, size)
    count, began = 8, time.perf_counter()
    while True:
        rows = _some(bench.plan, piece, count)
        before = time.perf_counter()
        bench.solve(rows)
        now = time.perf_counter()
        if len(rows) == len(piece) or now - before > PATIENCE / 4 or now - began > PATIENCE:
            return (now - before) / len(rows), max(1.0, size)
        count *= 4


def _some(plan: Plan, piece: Portion, count: int) -> list[dict[str, Any]]:
    """Some rows of a piece, from its beginning, its middle and its end."""
    if count >= len(piece):
        return plan.rows(piece.begin, piece.end)
    third = max(1, count // 3)
    places = (piece.begin, (piece.begin + piece.end - third) // 2, piece.end - third)
    return [row for begin in places for row in plan.rows(begin, begin + third)]
