"""What a bound on the loss would save: certifying "below the threshold" with fewer pieces than there are.

    python -m benchmarks.exact_bounds [mnist] [robust] [resnet20] [squeezenet]

The attempt: knots of every tensor that bends are left out as long as the logits cannot move by more than a budget. How
far they can is bounded by spectral norms of all operators behind (`bounds/gains`, `bounds/tape`), times the Euclidean
distance by which leaving knots out moves the tensor (`bounds/thinning`).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmarks.bounds.tape import Tape
from benchmarks.bounds.thinning import Thinner
from benchmarks.exact import PARTS, network_of, pairs_of
from isthmus import Landscape
from isthmus.certificates.affine_pieces import operators
from isthmus.certificates.affine_pieces.pieces import Pieces, TooManyKnots, Tracing
from isthmus.certificates.affine_pieces.segment import traced

BEGIN = 0.3  # of the segment
PIECES = {"mnist": 1.0, "robust": 0.5, "resnet20": 0.1, "squeezenet": 0.0005}  # the share of it that is looked at
MOST = {"mnist": 512, "robust": 512, "resnet20": 512, "squeezenet": 64}
aten = torch.ops.aten


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", choices=[*PARTS, []])
    parser.add_argument("--budget", type=float, default=1.0, help="by which logits may move, in the Euclidean norm")
    options = parser.parse_args()
    for name in options.networks or PARTS:
        measure(name, options.budget)


def measure(name: str, budget: float) -> None:
    landscape = Landscape(network_of(name))
    a, c, _ = (each[:1] for each in pairs_of(name, landscape, 10))
    ends = torch.cat([a, c])
    with torch.no_grad(), landscape.fixed():
        began = time.perf_counter()
        tape = Tape()
        output = traced(landscape, ends, BEGIN, BEGIN + 1e-6, Tracing(most=512, apply=tape.apply))
        reach = tape.reaches(output)
        bends = [number for entry in tape.entries if _bends(entry.function) for number in entry.made]
        print(
            f"\n{name}: a tensor moved by 1 moves the logits by at most "
            + ", ".join(f"{reach[number]:.2g}" for number in bends)
            + f" (first to last; {time.perf_counter() - began:.1f} s)"
        )
        thinner = Thinner(reach, frozenset(bends))
        for _ in range(2):  # the second time all is warm, and the thinner knows how many pieces it can merge
            exact = timed(landscape, ends, name, lambda: operators.run, None)

            def start() -> Callable[..., Any]:
                thinner.start(budget)
                return thinner.apply

            thinned = timed(landscape, ends, name, start, thinner)
    print(
        f"    all pieces: {exact[1]:,} knots, {exact[0]:.2f} s; thinned: {thinned[1]:,} knots, {thinned[0]:.2f} s "
        f"({thinned[0] / exact[0]:.2f} of it), logits moved by at most {thinned[2]:.2g}; pieces merged by tensor: "
        f"{thinner.merged}"
    )


def _bends(function: Any) -> bool:
    return function.overloadpacket in (aten.relu, aten.relu_, aten.max_pool2d_with_indices)


def timed(
    landscape: Landscape, ends: Tensor, name: str, start: Callable[[], Callable[..., Any]], thinner: Thinner | None
) -> tuple[float, int, float]:
    """Seconds, knots at the output, and how far the logits may have moved."""
    begin, last, most = BEGIN, min(1.0, BEGIN + PIECES[name]), MOST[name]
    length = (last - begin) / 50
    knots, moved = 0, 0.0
    began = time.perf_counter()
    while begin < last:
        finish = min(last, begin + length)
        try:
            found: Pieces = traced(landscape, ends, begin, finish, Tracing(most=most, apply=start()))
            peak = len(found.knots) if thinner is None else thinner.peak
        except TooManyKnots as too_many:
            length = 0.5 * too_many.share * (finish - begin)
            continue
        knots += len(found.knots)
        moved = max(moved, 0.0 if thinner is None else thinner.moved)
        length = (finish - begin) * min(2.0, 0.7 * most / peak)
        begin = finish
    return time.perf_counter() - began, knots, moved


if __name__ == "__main__":
    main()
