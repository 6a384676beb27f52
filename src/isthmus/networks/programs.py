"""Programs: networks in files that hold code beside weights, TorchScript and exported programs of PyTorch.

Reading one runs what somebody has written, as importing a module does. That is done only when it is asked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from isthmus.errors import SpecError, WeightsError
from isthmus.networks.recipe import Recipe

FORMATS = ("torchscript", "exported")


def recipe(format_: str, path: str, *, allowed: bool) -> Recipe:
    """The classifier in a file of one of the `FORMATS`.

    Args:
        format_: which.
        path: of the file.
        allowed: whether the user has said that the code in it may run.

    Raises:
        SpecError: it was not allowed.
        WeightsError: the file is not there, or is none of that format.
    """
    if not allowed:
        raise SpecError(
            f"'{format_}:{path}' holds code beside its weights, and reading it may run that; add ?code=1 if you trust "
            "who made it, or save its weights alone as .safetensors."
        )
    file = Path(path)
    if not file.is_file():
        raise WeightsError(f"{file} does not exist." if not file.exists() else f"{file} is no file.")
    load: Callable[[Path], Any] = _script if format_ == "torchscript" else _exported
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch would rather have another format; this is the one that is there
            module = load(file)
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise WeightsError(f"{file} cannot be read as {format_}: {reason}") from error
    if not isinstance(module, nn.Module):
        raise WeightsError(f"{file} holds a {type(module).__name__}; expected a module.")
    return Recipe(model=module)


def _script(file: Path) -> Any:
    return torch.jit.load(str(file), map_location="cpu")  # type: ignore[no-untyped-call]


def _exported(file: Path) -> Any:
    return torch.export.load(file).module()
