"""Precision: how far a cut in float32 can be trusted, and the top of the loss computed again in float64."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from isthmus._shapes import Losses, Vertices
from isthmus.errors import NetworkError
from isthmus.exact.pieces import between
from isthmus.exact.segment import Cut, cut_segment
from isthmus.landscape import Landscape
from isthmus.losses import CrossEntropy
from isthmus.networks.network import Network

CHECKS = 16  # places on a segment at which the pieces are compared with the network itself
SAFETY = 4  # times the largest difference seen at these places: how far logits elsewhere may be off
WRONG = 1e-2  # of the largest logit: no rounding does that
NEAR = 16  # knots between two stretches that are computed again as one


def in_precision(landscape: Landscape, dtype: torch.dtype) -> Landscape:
    """A landscape on a copy of the network in another precision; the same where it has that precision already."""
    network = landscape.network
    if network.dtype == dtype:
        return landscape
    other = Network(
        copy.deepcopy(network.model).to(dtype),
        mean=None if network.mean is None else network.mean.tolist(),
        std=None if network.std is None else network.std.tolist(),
        input_shape=network.input_shape,
        name=network.name,
        check=False,
    )
    return Landscape(other, loss=landscape.loss_function, domain=landscape.domain)


def largest_difference(precise: Landscape, vertices: Vertices, cuts: Sequence[Cut]) -> float:
    """By how much logits between the knots differ from what the network says there in float64, at most.

    Args:
        precise: the landscape in float64.
        vertices: of the path (k, *input).
        cuts: of its segments.

    Raises:
        NetworkError: by more than rounding can explain.
    """
    worst = 0.0
    for number, cut in enumerate(cuts):
        count = min(cut.pieces, max(4, min(CHECKS, cut.pieces // 64)))
        piece = torch.linspace(0, cut.pieces - 1, count).long()
        t = (cut.t[piece] + cut.t[piece + 1]) / 2
        ends = vertices[number : number + 2].double()
        x = torch.lerp(ends[:1], ends[1:], t.to(ends.device).reshape(-1, *(1,) * (ends.ndim - 1)))
        there = precise.evaluate(x, torch.zeros(len(x), dtype=torch.long), validated=True).logits.cpu()
        apart = (between(cut.t, cut.logits.double(), t) - there).abs().amax(1)
        worst = max(worst, float(apart.max()))
        if not worst <= WRONG * max(1.0, float(there.abs().max())):
            raise NetworkError(
                f"The pieces of the network are off by {worst:.3g} at t = {float(t[apart.argmax()]):.3g} of segment "
                f"{number}: an operator does something else than is known of it, or float32 is too coarse. Try "
                "dtype=torch.float64, or use a sampled profile: isthmus.profile."
            )
    return worst


def sharpened(precise: Landscape, vertices: Vertices, cuts: Sequence[Cut], target: int, difference: float) -> list[Cut]:
    """The same cuts, with all knots that could be the highest of the path computed again in float64.

    Logits that are off by d at most change a loss L by 2 d at most, and cross-entropy by 2 d L to first order.
    """
    cuts = [Cut(cut.t, cut.logits.double(), cut.unresolved) for cut in cuts]
    done = [torch.zeros(len(cut.t), dtype=torch.bool) for cut in cuts]
    while True:
        losses = [_losses(precise, cut, target) for cut in cuts]
        highest = max(float(loss.max()) for loss in losses)
        steepness = min(1.0, highest) if isinstance(precise.loss_function, CrossEntropy) else 1.0
        slack = 2 * SAFETY * difference * steepness
        open_ = [(loss >= highest - slack) & ~there for loss, there in zip(losses, done, strict=True)]
        if not any(bool(each.any()) for each in open_):
            return cuts
        for number, mask in enumerate(open_):
            for first, last in reversed(_stretches(mask)):
                cut, there = cuts[number], done[number]
                part = (float(cut.t[first]), float(cut.t[last]))
                again = cut_segment(precise, vertices[number], vertices[number + 1], part=part)
                cuts[number] = Cut(
                    torch.cat([cut.t[:first], again.t, cut.t[last + 1 :]]),
                    torch.cat([cut.logits[:first], again.logits, cut.logits[last + 1 :]]),
                    cut.unresolved + again.unresolved,
                )
                new = torch.ones(len(again.t), dtype=torch.bool)
                done[number] = torch.cat([there[:first], new, there[last + 1 :]])


def _losses(landscape: Landscape, cut: Cut, target: int) -> Losses:
    return landscape.loss_function(cut.logits, torch.full((len(cut.t),), target))


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
