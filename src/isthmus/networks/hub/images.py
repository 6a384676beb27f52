"""Classifiers of images, with the pixels of their own image processors."""

from __future__ import annotations

from typing import Any

from PIL import Image

from isthmus.errors import SpecError
from isthmus.inputs.preprocessing import Preprocessing
from isthmus.networks.hub.parity import check_pixels
from isthmus.networks.hub.reading import Place, image_processor_of, model_of
from isthmus.networks.recipe import Recipe
from isthmus.networks.text import class_names_of

STRETCHED = 384  # shortest edge from which on ConvNeXt's processor stretches images instead of cropping them


def image_recipe(place: Place, config: Any, pretrained: bool) -> Recipe:
    """A classifier of images.

    Raises:
        SpecError: its processor makes pixels in a way that `Preprocessing` has no words for.
    """
    processor = image_processor_of(place)
    channels = getattr(config, "num_channels", 3)
    preprocessing = preprocessing_of(processor, place, channels)
    mean, std = normalisation_of(processor, place)
    check_pixels(processor, preprocessing, mean, std, place)
    model = model_of(place, "AutoModelForImageClassification", config, pretrained)
    return Recipe(model=model, mean=mean, std=std, class_names=class_names_of(model), preprocessing=preprocessing)


def preprocessing_of(processor: Any, place: Place, channels: int) -> Preprocessing:
    """What a processor does to a file before the data units.

    Raises:
        SpecError: a setting cannot be followed; it is named.
    """
    refused = _Refused(processor, place)
    if getattr(processor, "do_pad", False):
        raise refused("do_pad=True", "it would fill images up to a size")
    if getattr(processor, "do_flip_channel_order", False):
        raise refused("do_flip_channel_order=True", "files are read as red, green, blue")
    if channels not in (1, 3, 4):
        raise refused(f"num_channels={channels}", "files have 1, 3 or 4")
    size, resize = _geometry(processor, refused)
    number = getattr(processor, "resample", None)
    return Preprocessing(
        size=size,
        resize=resize,
        crop_mode="squash" if isinstance(resize, tuple) else "center",
        rounding="down",
        channels=channels,
        interpolation=Image.Resampling(2 if number is None else int(number)).name.lower(),
        source=f"{place} {type(processor).__name__}",
    )


def normalisation_of(processor: Any, place: Place) -> tuple[list[float] | None, list[float] | None]:
    """Mean and standard deviation in data units, pixels between 0 and 1, of what a processor does to those up to 255.

    Raises:
        SpecError: it does not say what its pixels are.
    """
    normalizes = bool(getattr(processor, "do_normalize", False))
    mean, std = (_numbers(getattr(processor, name, None)) if normalizes else [] for name in ("image_mean", "image_std"))
    rescales = bool(getattr(processor, "do_rescale", True))
    if not rescales and mean and max(mean) <= 1:
        raise _Refused(processor, place)(
            f"do_rescale=False with image_mean={mean}", "its pixels may go up to 1 or to 255"
        )
    white = 255 * float(processor.rescale_factor) if rescales else 255.0  # what comes before the normalisation
    black = -1.0 if rescales and getattr(processor, "rescale_offset", False) else 0.0
    if abs(white - 1) < 1e-6:
        white = 1.0
    if getattr(processor, "include_top", False):  # EfficientNet divides a second time
        std = [value * value for value in std]
    if normalizes:
        return [(value - black) / white for value in mean], [value / white for value in std]
    return None if black == 0 else [-black / white], None if white == 1 else [1 / white]


def _geometry(processor: Any, refused: _Refused) -> tuple[tuple[int, int] | None, int | tuple[int, int] | None]:
    """`size` and `resize` of a Preprocessing."""
    size = dict(getattr(processor, "size", None) or {})
    crop = dict(getattr(processor, "crop_size", None) or {}) if getattr(processor, "do_center_crop", False) else {}
    if not getattr(processor, "do_resize", True):
        if crop:
            raise refused("do_resize=False with do_center_crop=True", "it would cut files of any size")
        return None, None
    if set(size) not in ({"shortest_edge"}, {"height", "width"}):
        raise refused(f"size={size}", "taken are a height and a width, or a shortest_edge")
    edge, kind = size.get("shortest_edge"), type(processor).__name__
    if edge is not None and kind.startswith("Levit"):
        edge = int(256 / 224 * edge)
    if edge is not None and kind.startswith("ConvNext"):
        if crop:
            raise refused("do_center_crop=True", "it would be cropped a second time")
        wanted = (int(edge), int(edge))
        return wanted, int(edge / processor.crop_pct) if edge < STRETCHED else None
    if not crop:
        if edge is not None:
            raise refused(f"size={size} without do_center_crop", "inputs would be of many sizes")
        return (int(size["height"]), int(size["width"])), None
    wanted = (int(crop["height"]), int(crop["width"]))
    between = (int(edge),) * 2 if edge is not None else (int(size["height"]), int(size["width"]))
    if between[0] < wanted[0] or between[1] < wanted[1]:
        raise refused(f"crop_size={crop} larger than size={size}", "it would fill borders")
    return wanted, int(edge) if edge is not None else (between[0], between[1])


class _Refused:
    """Makes the error that names a setting."""

    def __init__(self, processor: Any, place: Place) -> None:
        self.what = f"{place}: its {type(processor).__name__}"

    def __call__(self, setting: str, why: str) -> SpecError:
        return SpecError(
            f"{self.what} has {setting}, which cannot be followed ({why}); make a Network of your own of the model, "
            "with a Preprocessing that suits it."
        )


def _numbers(values: Any) -> list[float]:
    if values is None:
        return []
    return [float(value) for value in values] if hasattr(values, "__iter__") else [float(values)]
