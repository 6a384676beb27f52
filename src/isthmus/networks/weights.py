"""Weights: reading plain tensors and nothing else, fitting them to a model, and naming them by a hash."""

from __future__ import annotations

import hashlib
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.errors import WeightsError


def read_weights(file: Path) -> dict[str, Tensor]:
    """The state dict in a `.safetensors`, `.npz`, `.pt` or `.pth` file. No code of the file is ever run.

    Raises:
        WeightsError: missing, of another kind, damaged, or holding anything but plain tensors.
    """
    readers = {".safetensors": _read_safetensors, ".npz": _read_npz, ".pt": _read_torch, ".pth": _read_torch}
    if file.suffix.lower() not in readers:
        raise WeightsError(f"Weights must be a .safetensors, .npz, .pt or .pth file, got {file}.")
    if not file.is_file():
        raise WeightsError(f"Weights {file} do not exist; check the path.")
    return readers[file.suffix.lower()](file)


def fit_weights(model: nn.Module, file: Path) -> None:
    """Loads weights into a model, all of them or none.

    Raises:
        WeightsError: they cannot be read, or do not fit; the first keys that differ are named.
    """
    state = read_weights(file)
    if state and all(key.startswith("module.") for key in state):  # saved from DataParallel
        state = {key.removeprefix("module."): value for key, value in state.items()}
    own = model.state_dict()
    counters = {key for key in own if key.endswith("num_batches_tracked")}  # older files lack them; unused in eval mode
    missing = [key for key in own if key not in state and key not in counters]
    extra = [key for key in state if key not in own]
    shapes = [key for key in own if key in state and own[key].shape != state[key].shape]
    if missing or extra or shapes:
        parts = [f"lacks {_first(missing)}"] * bool(missing) + [f"has unknown {_first(extra)}"] * bool(extra)
        if shapes:
            key = shapes[0]
            parts.append(
                f"{key} has shape {tuple(state[key].shape)} where the network has {tuple(own[key].shape)}"
                f"{f' (and {len(shapes) - 1} more)' if len(shapes) > 1 else ''}"
            )
        raise WeightsError(f"Weights {file} do not fit the network: the file {'; '.join(parts)}.")
    model.load_state_dict(state, strict=False)


def hash_weights(model: nn.Module) -> str:
    """SHA-256 over names, types, shapes and values of all weights and buffers."""
    digest = hashlib.sha256()
    for key, value in sorted(model.state_dict().items()):
        if not isinstance(value, Tensor):
            continue
        digest.update(f"{key} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _read_safetensors(file: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"Weights {file} are no readable safetensors file: {error}.") from error


def _read_npz(file: Path) -> dict[str, Tensor]:
    try:
        # Opened here, and not by numpy, which leaves a damaged file open.
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return {key: torch.from_numpy(arrays[key]) for key in arrays.files}
    except (ValueError, OSError, EOFError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise WeightsError(f"Weights {file} are no readable .npz of plain arrays: {_line(error)}.") from error
    except Exception as error:  # zlib.error and the like, which a damaged archive may raise
        raise WeightsError(f"Weights {file} are damaged: {_line(error)}.") from error


def _read_torch(file: Path) -> dict[str, Tensor]:
    try:
        found: Any = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"Weights {file} hold more than plain tensors, and reading them could run code, so they were not read; "
            "save model.state_dict() instead, best as .safetensors."
        ) from error
    except Exception as error:  # torch.load raises whatever the damaged archive makes it raise
        raise WeightsError(f"Weights {file} are no readable PyTorch file: {_line(error)}.") from error
    for key in ("state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not all(isinstance(value, Tensor) for value in found.values()):
        raise WeightsError(f"Weights {file} hold no plain state dict; save model.state_dict().")
    return {str(key): value for key, value in found.items()}


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")


def _first(keys: list[str]) -> str:
    return ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
