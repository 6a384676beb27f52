"""Precision: how far a cut in float32 can be trusted, and the top of the loss computed again in float64."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from isthmus._core.shapes import Input, Vertices
from isthmus.certificates.affine_pieces.operators import cancellation
from isthmus.certificates.affine_pieces.pieces import between
from isthmus.certificates.affine_pieces.segment import Cut, cut_segment
from isthmus.certificates.following import precision
from isthmus.errors import NetworkError
from isthmus.landscapes import Landscape
from isthmus.landscapes.losses import Margin

CHECKS = 16  # places on a segment at which the pieces are compared with the network itself
SAFETY = 8  # times the largest difference seen at these places: how far logits elsewhere are taken to be off
WRONG = 1e-2  # of the largest logit of the path: no rounding does that
NEAR = 16  # knots between two stretches that are computed again as one


def in_precision(landscape: Landscape, dtype: torch.dtype, like: Input) -> Landscape:
    """The same as of `following`, with what can be done instead.

    Raises:
        NetworkError: the model cannot be copied, or cannot compute in that precision.
    """
    try:
        return precision.in_precision(landscape, dtype, like)
    except NetworkError as error:
        raise NetworkError(
            f"{error} An exact profile is checked in that precision; use a sampled profile instead: isthmus.profile."
        ) from error


def lost_too_much(cuts: Sequence[Cut], dtype: torch.dtype) -> bool:
    """Whether more digits were lost to cancellation than a precision has to spare."""
    spare = torch.finfo(torch.float32).eps / torch.finfo(dtype).eps
    return cancellation.lost(cancellation.joined(cut.sums for cut in cuts)) > spare


def largest_difference(precise: Landscape, vertices: Vertices, cuts: Sequence[Cut]) -> float:
    """By how much logits between the knots differ from what the network says there in float64, at most.

    Args:
        precise: the landscape in float64.
        vertices: of the path (k, *input).
        cuts: of its segments.

    Raises:
        NetworkError: by more than rounding can explain.
    """
    largest = max(float(cut.logits.abs().max()) for cut in cuts)
    worst = 0.0
    for number, cut in enumerate(cuts):
        piece = torch.linspace(0, cut.pieces - 1, min(cut.pieces, CHECKS)).long()
        t = (cut.t[piece] + cut.t[piece + 1]) / 2
        ends = vertices[number : number + 2].double()
        x = torch.lerp(ends[:1], ends[1:], t.to(ends.device).reshape(-1, *(1,) * (ends.ndim - 1)))
        there = precise.evaluate(x, torch.zeros(len(x), dtype=torch.long), validated=True).logits.cpu()
        apart = (between(cut.t, cut.logits.double(), t) - there).abs().amax(1)
        if not bool(((apart <= WRONG * largest) & apart.isfinite()).all()):
            raise NetworkError(
                f"The pieces of the network are off by {float(apart.max()):.3g} (at t = "
                f"{float(t[apart.argmax()]):.3g} of segment {number}): an operator does something else than is known "
                "of it, or the precision is too low. Try dtype=torch.float64, or a sampled profile: isthmus.profile."
            )
        worst = max(worst, float(apart.max()))
    return worst


def sharpened(
    precise: Landscape,
    vertices: Vertices,
    cuts: Sequence[Cut],
    target: int,
    difference: float,
    *,
    most: int | None = None,
) -> list[Cut]:
    """The same cuts, with all knots that could have the highest loss or the smallest margin computed again in float64.

    How far a loss moves when logits are off by d is known by the loss. What d is taken to be is an estimate, from a few
    places with some room (`SAFETY`), and not a bound.

    Args:
        precise: the landscape in float64.
        vertices: of the path (k, *input).
        cuts: of its segments, in float32.
        target: the class that the loss is about.
        difference: the largest difference of logits seen.
        most: knots held at once.
    """
    cuts = [Cut(cut.t, cut.logits.double(), cut.unresolved) for cut in cuts]
    done = [torch.zeros(len(cut.t), dtype=torch.bool) for cut in cuts]
    while True:
        open_ = [
            ~there & could
            for there, could in zip(done, _could_be_highest(precise, cuts, target, difference), strict=True)
        ]
        if not any(bool(each.any()) for each in open_):
            return cuts
        for number, mask in enumerate(open_):
            for first, last in reversed(_stretches(mask)):
                cut, there = cuts[number], done[number]
                part = (float(cut.t[first]), float(cut.t[last]))
                again = cut_segment(precise, vertices[number], vertices[number + 1], part=part, most=most)
                cuts[number] = Cut(
                    torch.cat([cut.t[:first], again.t, cut.t[last + 1 :]]),
                    torch.cat([cut.logits[:first], again.logits, cut.logits[last + 1 :]]),
                    cut.unresolved + again.unresolved,
                )
                new = torch.ones(len(again.t), dtype=torch.bool)
                done[number] = torch.cat([there[:first], new, there[last + 1 :]])


def _could_be_highest(landscape: Landscape, cuts: Sequence[Cut], target: int, difference: float) -> list[Tensor]:
    """Which knots could have the highest loss or the smallest margin of all, if logits are off by so much."""
    marked = [torch.zeros(len(cut.t), dtype=torch.bool) for cut in cuts]
    for function in {landscape.loss_function, Margin()}:
        losses = [function(cut.logits, torch.full((len(cut.t),), target)) for cut in cuts]
        highest = max(float(loss.max()) for loss in losses)
        slack = function.change(highest, SAFETY * difference)
        marked = [there | (loss >= highest - slack) for there, loss in zip(marked, losses, strict=True)]
    return marked


def _stretches(mask: Tensor) -> list[tuple[int, int]]:
    """First and last knot of the stretches that hold all marked ones and a neighbour on either side."""
    found: list[tuple[int, int]] = []
    for place in mask.nonzero()[:, 0].tolist():
        first, last = max(0, place - 1), min(len(mask) - 1, place + 1)
        if found and first <= found[-1][1] + NEAR:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found
