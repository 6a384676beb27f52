"""Cutting: which pairs of a study are solved together, so that a shard takes a minute or two."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from isthmus.studies.config import Config
from isthmus.studies.plan import Piece, Plan
from isthmus.studies.solving import Bench

FEWEST_SHARDS = 10  # a short study is cut finer, so that little is lost when it is killed
SHORTEST = 1.0  # seconds
PATIENCE = 3.0  # seconds spent on finding out how long a pair takes


def cut(
    config: Config, base: Path, plan: Plan, device: str, tell: Callable[[str, int, int], None] | None = None
) -> list[Piece]:
    """The pieces of a plan, from its pieces so far: one for every network and collection.

    How long a pair takes is measured on a few of them, unless the study says how many pairs make a shard.
    """
    if config.shards.pairs is not None:
        sizes = [config.shards.pairs] * len(plan.pieces)
    else:
        seconds = []
        for number, piece in enumerate(plan.pieces):
            if tell is not None:
                tell("timing pairs", number, len(plan.pieces))
            seconds.append(_seconds_a_pair(config, base, plan, piece, device))
        total = sum(each * len(piece) for each, piece in zip(seconds, plan.pieces, strict=True))
        aim = min(60 * config.shards.minutes, max(SHORTEST, total / FEWEST_SHARDS))
        sizes = [max(1, round(aim / each)) for each in seconds]
    return [
        Piece(network=piece.network, images=piece.images, begin=begin, end=min(piece.end, begin + size))
        for piece, size in zip(plan.pieces, sizes, strict=True)
        for begin in range(piece.begin, piece.end, size)
    ]


def _seconds_a_pair(config: Config, base: Path, plan: Plan, piece: Piece, device: str) -> float:
    bench = Bench(config, base, plan, device)
    bench.solve(_some(plan, piece, 2))  # a first pass is slower than those that follow
    count, began = 8, time.perf_counter()
    while True:
        rows = _some(plan, piece, count)
        before = time.perf_counter()
        bench.solve(rows)
        now = time.perf_counter()
        if len(rows) == len(piece) or now - before > PATIENCE / 4 or now - began > PATIENCE:
            return (now - before) / len(rows)
        count *= 4


def _some(plan: Plan, piece: Piece, count: int) -> list[dict[str, Any]]:
    """Some rows of a piece, from its beginning, its middle and its end."""
    if count >= len(piece):
        return plan.rows(piece.begin, piece.end)
    third = max(1, count // 3)
    places = (piece.begin, (piece.begin + piece.end - third) // 2, piece.end - third)
    return [row for begin in places for row in plan.rows(begin, begin + third)]
