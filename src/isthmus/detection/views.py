"""Views: the same input, seen otherwise: mirrored, shifted, turned, zoomed. Where the class of an input survives them,
they are references that no reference set can be richer than: what an attack put into the input does not survive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch.nn import functional

from isthmus._core.annotated import as_annotated
from isthmus._core.shapes import Inputs
from isthmus.errors import InputError


@as_annotated
@dataclass(frozen=True, kw_only=True)
class View:
    """One view of images (n, channels, height, width), differentiable in the image.

    Attributes:
        mirror: whether left and right are exchanged, before all else.
        shift: pixels moved down and to the right; what enters is reflected at the border.
        turn: degrees turned.
        zoom: magnification.
    """

    mirror: bool = False
    shift: tuple[int, int] = (0, 0)
    turn: float = 0.0
    zoom: float = 1.0

    def __post_init__(self) -> None:
        if not self.zoom > 0 or not math.isfinite(self.turn):
            raise InputError(f"A view needs zoom > 0 and a finite turn, got {self.zoom} and {self.turn}.")

    def of(self, x: Inputs) -> Inputs:
        """The view of each input; values stay within the range of the input's own.

        Raises:
            InputError: inputs that are no images, or no larger than the shift.
        """
        if x.ndim != 4:
            raise InputError(
                f"Views are of images (channels, height, width), got inputs of shape {tuple(x.shape[1:])}."
            )
        if self.mirror:
            x = x.flip(-1)
        down, right = self.shift
        if down or right:
            height, width = x.shape[-2:]
            if abs(down) >= height or abs(right) >= width:
                raise InputError(f"A shift of {self.shift} pixels is too far for images of {height} x {width}.")
            edge = (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0))
            x = functional.pad(x, edge, mode="reflect")
            x = x[..., max(-down, 0) : max(-down, 0) + height, max(-right, 0) : max(-right, 0) + width]
        if self.turn or self.zoom != 1:
            angle, (height, width) = math.radians(self.turn), x.shape[-2:]
            cosine, sine = math.cos(angle) / self.zoom, math.sin(angle) / self.zoom
            turned = [[cosine, -sine * height / width, 0], [sine * width / height, cosine, 0]]
            grid = functional.affine_grid(x.new_tensor(turned).expand(len(x), 2, 3), list(x.shape), align_corners=False)
            x = functional.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
        return x


MIRROR = View(mirror=True)


def views_for(shape: tuple[int, ...], *, mirror: bool) -> tuple[View, ...]:
    """Views that leave most classes of images of this shape what they are.

    Args:
        shape: of one input; inputs that are no images have no views.
        mirror: whether a mirror image is of the same class: so for photographs, not so for writing.
    """
    if len(shape) != 3:
        return ()
    step = max(1, round(min(shape[1:]) / 11))
    plain = (View(shift=(step, 0)), View(shift=(0, step)), View(turn=-12), View(turn=12))
    if not mirror:
        return plain
    return (MIRROR, View(mirror=True, shift=(step, step)), View(mirror=True, shift=(-step, 0)), *plain)
