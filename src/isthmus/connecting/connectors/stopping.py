"""When a connector stops working on a segment."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from isthmus._core.shapes import Index, Losses, Mask
from isthmus.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Stopping:
    """Stops at `max_steps`, or earlier where the loss is low enough or no number any more.

    Attributes:
        max_steps: steps a segment may take in a round.
        goal: stops as soon as the loss is at or below this fraction of the threshold; None goes on to `max_steps`.
            Below 1 because the halves of the bypassed segment must also pass under the threshold. A threshold that is
            not positive, as of margins, has no such fraction: then the loss must fall below it by 1 - goal of the
            height of the peak above it.
    """

    max_steps: int
    goal: float | None = None

    def __post_init__(self) -> None:
        if self.max_steps < 1:
            raise InputError(f"max_steps must be >= 1, got {self.max_steps}.")
        if self.goal is not None and not 0 <= self.goal <= 1:
            raise InputError(f"goal must lie in [0, 1] or be None, got {self.goal}.")

    def done(self, loss: Losses, threshold: Losses, peak_loss: Losses, steps: Index) -> Mask:
        """Which segments (n,) stop, whose peaks had these losses (n,)."""
        return self.given_up(loss, steps) | (loss <= self.aim(threshold, peak_loss))

    def given_up(self, loss: Losses, steps: Index) -> Mask:
        """Which segments (n,) have made all their steps, or have lost their loss."""
        return (steps >= self.max_steps) | ~(loss.isfinite() | (steps == 0))

    def aim(self, threshold: Losses, peak_loss: Losses) -> Losses:
        """The loss (n,) at which segments stop, whose peaks had these losses (n,); -inf without a goal."""
        if self.goal is None:
            return torch.full_like(threshold, -torch.inf)
        below = threshold - (1 - self.goal) * (peak_loss - threshold).clamp_min(0)
        return torch.where(threshold > 0, self.goal * threshold, below)
