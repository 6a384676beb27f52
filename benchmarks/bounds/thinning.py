"""Thinning: knots left out where that moves the logits by little, and a bound on how much it does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from isthmus.certificates.affine_pieces import operators
from isthmus.certificates.affine_pieces.pieces import Pieces, in_rows
from isthmus.certificates.following import followed_among

FEW = 8  # knots: not worth thinning
MOST_MERGED = 256  # pieces made one


class Thinner:
    """Runs operators, and leaves out knots of tensors that bend, as long as a budget allows.

    A tensor h(t) is replaced by one that is affine between fewer knots; |h - that| is convex between knots, so it is
    largest at one of those left out, and the logits move by no more than that times the tensor's reach.

    Attributes:
        moved: how far the logits may have been moved in the present run, in the Euclidean norm.
        peak: the most knots that any tensor had in it.
    """

    def __init__(self, reach: Sequence[float], bends: frozenset[int]) -> None:
        self.reach = reach
        self.merged = {number: 2 for number in bends if 0 < reach[number] < math.inf}
        self.count = 0
        self.moved = 0.0
        self.peak = 2
        self.budget = 0.0

    def start(self, budget: float) -> None:
        """Begins a run in which the logits may be moved by so much."""
        self.count, self.moved, self.budget, self.peak = 0, 0.0, budget, 2

    def apply(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """What an operator gives, with fewer knots."""
        result = operators.run(function, args, kwargs)
        for piece in followed_among([result], {}):
            self.count += 1
            if piece.waiting is None:
                self.peak = max(self.peak, len(piece.knots))
            if self.budget > 0 and self.count in self.merged:
                self._thin(piece, self.count)
        return result

    def _thin(self, piece: Pieces, number: int) -> None:
        several = self.merged[number]
        pieces = len(piece.knots) - 1
        if pieces < max(FEW, 2 * several):
            return
        allowed = self.budget / len(self.merged) / self.reach[number]
        blocks = pieces // several
        apart = deviations(piece.knots, piece.numbers, several)
        fits = apart <= allowed
        if bool(fits.any()):
            self.moved += float(apart[fits].max()) * self.reach[number]
            kept = torch.ones(len(piece.knots), dtype=torch.bool, device=fits.device)
            inner = torch.arange(blocks * several, device=fits.device).reshape(blocks, several)[:, 1:]
            kept[inner[fits]] = False
            piece._knots, piece._numbers = piece.knots[kept], piece.numbers[kept]
        share = float(fits.double().mean())
        if share > 0.9:
            self.merged[number] = min(MOST_MERGED, 2 * several)
        elif share < 0.4 and several > 2:
            self.merged[number] = several // 2
        elif share < 0.1:
            del self.merged[number]  # the others may use its part of the budget


def deviations(t: Tensor, values: Tensor, several: int) -> Tensor:
    """How far values at knots lie from the straight line across so many pieces, at most, for each such block."""
    rows = in_rows(values)
    blocks = (len(t) - 1) // several
    first = torch.arange(blocks, device=t.device) * several
    found = torch.zeros(blocks, dtype=torch.float64, device=t.device)
    for inner in range(1, several):
        share = (t[first + inner] - t[first]) / (t[first + several] - t[first])
        line = torch.lerp(rows[first], rows[first + several], share.to(rows.dtype)[:, None])
        found = torch.maximum(found, torch.linalg.vector_norm(rows[first + inner] - line, dim=1).double())
    return found
