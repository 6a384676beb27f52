"""A segment of a path, cut into the affine pieces of a network: every knot, with the logits there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from isthmus._core.batching import is_out_of_memory
from isthmus._core.shapes import Input, Inputs, Logits, Parameters
from isthmus.certificates.affine_pieces import operators
from isthmus.certificates.affine_pieces.operators import cancellation
from isthmus.certificates.affine_pieces.pieces import Pieces, Summed, TooManyKnots, Tracing
from isthmus.certificates.following import as_written, named_operators, outputs
from isthmus.landscapes import Landscape

logger = logging.getLogger("isthmus")

KNOTS = 4  # held at once for each input that is evaluated at once: no gradients are kept
FEWEST_KNOTS = 64  # held at once in any case: a single layer of a network may break in as many places at once
# No interval below this share of a segment is cut: inside it inputs differ by less than their own rounding.
SHORTEST = {torch.float64: 1e-13}
SHORTEST_ELSE = 1e-9
# What is said around the place and the reason why an operator cannot be followed.
AROUND = (
    "An exact profile needs a network of affine operators, ReLU and its relatives, and max-pooling",
    "Use a sampled profile instead: isthmus.profile.",
)


@dataclass(frozen=True, eq=False)
class Cut:
    """A segment, or a part of one, cut into pieces.

    Attributes:
        t: every knot (m,), in float64.
        logits: what the network says there (m, classes).
        unresolved: intervals of the shortest length in which there are more knots than may be held at once.
        sums: how large the terms and the results of the network's sums were.
    """

    t: Parameters
    logits: Logits
    unresolved: int
    sums: Sequence[Summed] = ()

    @property
    def pieces(self) -> int:
        """Number of affine pieces."""
        return len(self.t) - 1


def cut_segment(
    landscape: Landscape,
    start: Input,
    end: Input,
    *,
    part: tuple[float, float] = (0.0, 1.0),
    most: int | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Cut:
    """Runs the network on the whole segment at once, a stretch at a time.

    The segment is an affine function of t; every operator turns functions that are affine between knots into such
    functions, with knots of its own where it breaks (`operators`). What comes out is the network on the segment, up to
    rounding, whatever it is made of: residual sums meet with the knots of both.

    Args:
        landscape: of the network, in whose precision all is computed; knots are in float64.
        start, end: the ends, in data units.
        part: from where to where, in t.
        most: knots held at once; it bounds the memory.
        on_progress: called with the t up to which the segment is done.

    Raises:
        NetworkError: the network is not made of affine operators, ReLU and its relatives, and max-pooling; the operator
            is named, and the module in which it runs.
    """
    most = max(FEWEST_KNOTS, most or KNOTS * landscape.batch_size_for(start))
    ends = torch.stack([start, end])
    begin, last = part
    length = last - begin
    shortest = SHORTEST.get(landscape.network.dtype, SHORTEST_ELSE)
    t: list[Tensor] = []
    logits: list[Tensor] = []
    unresolved = 0
    sums: list[Summed] = []
    with (
        torch.inference_mode(False),
        torch.no_grad(),
        landscape.fixed(),
        as_written(),
        named_operators(landscape.network.model, *AROUND) as entered,
    ):
        while begin < last or not t:
            finish = last if last - begin < length + shortest else begin + length
            entered.clear()
            if finish - begin <= 2 * shortest:
                unresolved += 1
                knots, there = _ends_alone(landscape, ends, begin, finish)
            else:
                try:
                    run = Tracing(most=most, apply=operators.run, call=operators.call)
                    end_of_run = traced(landscape, ends, begin, finish, run)
                    knots, there = end_of_run.knots, end_of_run.numbers
                    sums = cancellation.joined([sums, run.sums])
                except TooManyKnots as too_many:  # later layers will have more
                    length = 0.5 * too_many.share * (finish - begin)
                    continue
                except (RuntimeError, MemoryError) as error:
                    if most == FEWEST_KNOTS or not is_out_of_memory(error):
                        raise
                    most = max(FEWEST_KNOTS, most // 2)
                    logger.warning("out of memory: holding %d knots at once from here on", most)
                    continue
            skip = 1 if t else 0  # a stretch begins where the last one ended
            t.append(knots[skip:].cpu())
            logits.append(there[skip:].cpu())
            landscape.forward_equivalents += len(knots)
            length = (finish - begin) * min(2.0, 0.7 * most / len(knots))
            begin = finish
            if on_progress is not None:
                on_progress(begin)
    return Cut(torch.cat(t), torch.cat(logits), unresolved, sums)


def traced(landscape: Landscape, ends: Inputs, begin: float, finish: float, run: Tracing) -> Pieces:
    """The logits on a stretch of the segment between two inputs (2, *input), in data units.

    Raises:
        TooManyKnots: there are more than the run may hold.
    """
    where = torch.tensor([begin, finish], dtype=torch.float64, device=landscape.device)
    inputs = Pieces(where, landscape.prepare(_at(ends, where)), run)
    logits: Pieces = outputs(landscape.network, inputs, TooManyKnots)
    return logits


def _at(ends: Inputs, where: Tensor) -> Inputs:
    """Points of the segment; in float64, since stretches may be shorter than float32 can tell apart."""
    ends, share = ends.to(where.device, torch.float64), where.reshape(-1, *(1,) * (ends.ndim - 1))
    return torch.lerp(ends[:1], ends[1:], share)


def _ends_alone(landscape: Landscape, ends: Inputs, begin: float, finish: float) -> tuple[Tensor, Tensor]:
    where = torch.tensor([begin, finish], dtype=torch.float64, device=landscape.device)
    return where, landscape.network.logits(landscape.prepare(_at(ends, where)))
