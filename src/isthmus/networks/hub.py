"""Image classifiers of the Hugging Face hub, through transformers."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

import torch

from isthmus.errors import MissingLibraryError, WeightsError
from isthmus.inputs.preprocessing import Preprocessing
from isthmus.networks.recipe import Recipe
from isthmus.networks.zoo import import_zoo, plain_weights_only

_FILTERS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}


def recipe(name: str, pretrained: bool, classes: int | None) -> Recipe:
    """The image classifier ORG/NAME, or that in a local folder. Code of the repository is never run."""
    with contextlib.suppress(MissingLibraryError):
        # Where torchvision is installed, transformers imports it for its image processors.
        import_zoo("torchvision")
    try:
        transformers: Any = importlib.import_module("transformers")
    except ImportError as error:
        raise MissingLibraryError(
            f"hf-hub: networks need transformers ({error}); install it: pip install 'isthmus[hub]'."
        ) from error
    try:
        with plain_weights_only():
            config = transformers.AutoConfig.from_pretrained(name, trust_remote_code=False)
            if classes is not None:
                config.num_labels = classes
            auto = transformers.AutoModelForImageClassification
            if pretrained:
                model = auto.from_pretrained(name, config=config, trust_remote_code=False, dtype=torch.float32)
            else:
                model = auto.from_config(config)
            processor = transformers.AutoImageProcessor.from_pretrained(name, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"hf-hub:{name} could not be loaded ({(str(error).splitlines() or [''])[0][:200]}); "
            "check the name and the connection, or give a local folder."
        ) from error
    return Recipe(
        model=model,
        mean=getattr(processor, "image_mean", None) if getattr(processor, "do_normalize", False) else None,
        std=getattr(processor, "image_std", None) if getattr(processor, "do_normalize", False) else None,
        class_names=[str(config.id2label[index]) for index in range(len(config.id2label))],
        preprocessing=_preprocessing(processor, f"hf-hub {name}", getattr(config, "num_channels", 3)),
    )


def _preprocessing(processor: Any, source: str, channels: int) -> Preprocessing:
    size = dict(getattr(processor, "size", None) or {})
    crop = dict(getattr(processor, "crop_size", None) or {}) if getattr(processor, "do_center_crop", False) else {}
    edge = size.get("shortest_edge")
    final = crop or size
    height, width = final.get("height", edge), final.get("width", edge)
    return Preprocessing(
        size=None if height is None or width is None else (int(height), int(width)),
        resize=int(edge if edge is not None else size["height"]) if crop and size else None,
        channels=channels,
        interpolation=_FILTERS.get(int(getattr(processor, "resample", 2) or 0), "bilinear"),
        source=source,
    )
