"""How an image file becomes an input of a network: the part before the data units; mean and std live in Network."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from isthmus._core.annotated import as_annotated


@as_annotated
@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """Resize, then crop the centre. Images that already have the final size are taken as they are.

    Lengths and offsets are rounded as torchvision and timm round them, so that the pixels are those of their own
    evaluation transforms.

    Attributes:
        size: (height, width) of the input after everything; None keeps the size of the file.
        resize: length in pixels that the shorter side is brought to before the crop, or (height, width) for inputs that
            are not square and for the mode "squash"; None stretches to `size`.
        crop_mode: "center" keeps proportions and cuts off what is too much; "squash" stretches to `resize` before the
            crop; "border" keeps proportions and everything, and fills what is left beside it.
        rounding: where a crop would begin half a pixel beside the middle: "even", as torchvision and timm round it, or
            "down", as Hugging Face does.
        fill: (red, green, blue) of the borders, 0 to 255.
        channels: 1 (grey), 3 (RGB) or 4 (RGBA).
        interpolation: a Pillow resampling filter by name: nearest, bilinear, bicubic, lanczos, box, hamming.
        source: where these values come from, for the record.
    """

    size: tuple[int, int] | None = None
    resize: int | tuple[int, int] | None = None
    crop_mode: Literal["center", "squash", "border"] = "center"
    rounding: Literal["even", "down"] = "even"
    fill: tuple[int, int, int] = (0, 0, 0)
    channels: int = 3
    interpolation: str = "bilinear"
    source: str = "given"

    def describe(self) -> dict[str, Any]:
        """As a dict ready for JSON, as earlier versions wrote it: the rounding is named where it is another."""
        found = asdict(self)
        if self.rounding == "even":
            del found["rounding"]
        return found
