"""What is read from the hub or from a folder: a place by name and revision, and its parts, without running its code."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from isthmus.errors import IsthmusError, MissingLibraryError, SpecError, WeightsError
from isthmus.networks.zoo import import_zoo, plain_weights_only


@dataclass(frozen=True)
class Place:
    """Where a model is.

    Attributes:
        name: ORG/NAME, or a local folder.
        revision: a branch, tag or commit; None takes the newest.
    """

    name: str
    revision: str | None = None

    def __str__(self) -> str:
        return f"hf-hub:{self.name}{'' if self.revision is None else f'@{self.revision}'}"


def place_of(name: str) -> Place:
    """The place that ORG/NAME, ORG/NAME@REVISION or the name of a folder says.

    Raises:
        SpecError: a revision of a folder, or an empty one.
    """
    if Path(name).is_dir():
        return Place(name)
    bare, sign, revision = name.rpartition("@")
    if not sign:
        return Place(name)
    if Path(bare).is_dir():
        raise SpecError(f"hf-hub:{name}: a local folder has no revisions; leave out @{revision}.")
    if not bare or not revision:
        raise SpecError(f"hf-hub:{name}: expected hf-hub:ORG/NAME@REVISION, a branch, tag or commit.")
    return Place(bare, revision)


def library() -> Any:
    """Transformers.

    Raises:
        MissingLibraryError: it is absent.
    """
    with contextlib.suppress(MissingLibraryError):
        # Where torchvision is installed, transformers imports it for its image processors.
        import_zoo("torchvision")
    try:
        return importlib.import_module("transformers")
    except ImportError as error:
        raise MissingLibraryError(
            f"hf-hub: networks need transformers ({error}); install it: pip install 'isthmus[hub]'."
        ) from error


def config_of(place: Place, classes: int | None) -> Any:
    """The configuration of a model, with so many classes."""
    config = part_of(place, "AutoConfig")
    if classes is not None:
        config.num_labels = classes
    return config


def part_of(place: Place, auto: str, **options: Any) -> Any:
    """A configuration, processor or tokenizer, by the class of transformers that reads it."""
    reader = getattr(library(), auto)
    with _reading(place):
        return reader.from_pretrained(place.name, revision=place.revision or "main", trust_remote_code=False, **options)


def image_processor_of(place: Place) -> Any:
    """The image processor, in its form for Pillow: that for torchvision makes pixels that differ by some levels, and is
    not there where torchvision is not.
    """
    newer = int(library().__version__.split(".")[0]) >= 5
    options: dict[str, Any] = {"backend": "pil"} if newer else {"use_fast": False}
    return part_of(place, "AutoImageProcessor", **options)


def model_of(place: Place, auto: str, config: Any, pretrained: bool) -> nn.Module:
    """The model, by the class of transformers that makes it, with its weights if `pretrained`.

    Raises:
        WeightsError: weights cannot be read, are more than plain tensors, or lack some that the model has.
    """
    maker = getattr(library(), auto)
    with _reading(place), plain_weights_only():
        if not pretrained:
            fresh: nn.Module = maker.from_config(config, trust_remote_code=False).float()
            return fresh
        model: nn.Module
        model, found = maker.from_pretrained(
            place.name,
            revision=place.revision or "main",
            config=config,
            trust_remote_code=False,
            dtype=torch.float32,
            output_loading_info=True,
        )
    missing = sorted(str(key) for key in found["missing_keys"])
    if missing:
        raise WeightsError(
            f"{place} has no weights for {missing[0]}{f' and {len(missing) - 1} more' if len(missing) > 1 else ''}, "
            f"which would be random; name a model that was trained to classify, or ask for untrained:{place}."
        )
    return model


@contextlib.contextmanager
def _reading(place: Place) -> Iterator[None]:
    try:
        yield
    except IsthmusError:
        raise
    except ImportError as error:
        raise MissingLibraryError(
            f"{place} needs a library that is absent here ({_line(error)}); install it."
        ) from error
    except Exception as error:  # files of others make the library raise almost anything
        raise WeightsError(
            f"{place} could not be loaded ({_line(error)}); check the name and the connection, or give a local folder."
        ) from error


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")
