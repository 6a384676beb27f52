"""Profile: loss and logits along a path. Owns what is read off them: max loss, gap, predicted classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from isthmus._core.displayed import Plotted
from isthmus._core.shapes import Index, Logits, Losses, Parameters
from isthmus._core.text import amount


@dataclass(frozen=True, eq=False)
class Profile(Plotted):
    """Loss (m,) and logits (m, classes) at positions t (m,) of a path, in ascending order, on the CPU.

    Attributes:
        t: arc length / length, from 0 to 1.
        loss: in the unit of the landscape's loss.
        logits: what the network said there.
        target: the class that the loss is about.
        coarse_max_loss: max loss of the first, coarse scan: a large difference to `max_loss` says that the path has
            narrow peaks, and that a finer scan is worth its price.
        class_names: of the landscape, where it has such.
    """

    t: Parameters
    loss: Losses
    logits: Logits
    target: int
    coarse_max_loss: float
    class_names: Sequence[str] | None = field(default=None, repr=False, kw_only=True)

    def with_points(self, t: Parameters, loss: Losses, logits: Logits) -> Profile:
        """The same, with what was seen at further positions t (m,)."""
        order = torch.cat([self.t, t]).argsort(stable=True)

        def joined(old: Tensor, new: Tensor) -> Tensor:
            return torch.cat([old, new.cpu().to(old.dtype)])[order]

        loss, logits = joined(self.loss, loss), joined(self.logits, logits)
        return replace(self, t=joined(self.t, t), loss=loss, logits=logits)

    def __len__(self) -> int:
        return len(self.t)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({amount(len(self), 'point')}, max loss {self.max_loss:.4g} at t = "
            f"{self.argmax_t:.3g}, resolution {self.resolution:.3g})"
        )

    @property
    def finite(self) -> bool:
        """Whether every loss is a finite number."""
        return all(map(math.isfinite, self.loss.aminmax()))  # NaN where one is

    @property
    def max_loss(self) -> float:
        """Highest loss on the path ("barrier max", Fig. 6 of Vrabel et al.); NaN where a loss is NaN."""
        return float(self.loss.max()) + 0.0  # of losses that are -0.0, too

    @property
    def argmax_t(self) -> float:
        """Position of the highest loss."""
        return float(self.t[self.loss.argmax()])

    @property
    def gap(self) -> float:
        """Max loss minus the higher loss of the two ends, >= 0 ("barrier gap", Fig. 6)."""
        return self.max_loss - float(torch.maximum(self.loss[0], self.loss[-1]))

    @property
    def resolution(self) -> float:
        """Largest spacing between neighbouring positions."""
        return float(self.t.diff().max())

    @property
    def predicted(self) -> Index:
        """Predicted class (m,) at each position."""
        return self.logits.argmax(1)

    @property
    def class_connected(self) -> bool:
        """Whether the target is predicted at every position (Fawzi et al. 2018)."""
        return bool((self.predicted == self.target).all())
