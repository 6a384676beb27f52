"""The libraries of ONNX files, which are optional."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

from isthmus.errors import MissingLibraryError
from isthmus.networks.zoo import import_zoo


def library(name: str) -> Any:
    """onnx, onnx2torch or onnxruntime, or a part of one.

    Raises:
        MissingLibraryError: it is absent or broken.
    """
    if name.startswith("onnx2torch"):
        with contextlib.suppress(MissingLibraryError):  # it imports torchvision, which fails beside a CPU-only torch
            import_zoo("torchvision")
    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise MissingLibraryError(
            f"onnx: networks need {name.partition('.')[0]}, which is absent or broken here ({reason}); install it: "
            "pip install 'isthmus[onnx]'."
        ) from error
