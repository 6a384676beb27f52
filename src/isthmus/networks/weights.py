"""Weights: reading plain tensors and nothing else, fitting them to a model, and naming them by a hash."""

from __future__ import annotations

import hashlib
import logging
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from isthmus._core.arrays import read_npz
from isthmus.errors import WeightsError
from isthmus.networks.containers import opened, superfluous, without_prefix

logger = logging.getLogger("isthmus")


def read_weights(file: Path) -> dict[str, Tensor]:
    """The state dict in a `.safetensors`, `.npz`, `.pt`, `.pth`, `.pth.tar`, `.bin` or `.ckpt` file. Its code is never
    run.

    `FILE#KEY` asks for one of several in a file, such as `best.pth.tar#state_dict_ema`.

    Raises:
        WeightsError: missing, of another kind, damaged, or holding anything but plain tensors.
    """
    file, key = _parted(file)
    reader = next((read for ending, read in _READERS.items() if file.name.lower().endswith(ending)), None)
    if reader is None:
        raise WeightsError(f"Weights must be a {', '.join(_READERS)} file, got {file}.")
    if not file.is_file():
        raise WeightsError(f"Weights {file} do not exist; check the path.")
    found = reader(file)
    state, way, left = opened(found, key)
    if state is None:
        keys = ", ".join(str(name) for name in list(found)[:6]) if isinstance(found, Mapping) else type(found).__name__
        raise WeightsError(
            f"Weights {file} hold no plain state dict{f' at {way[-1]}' if way else ''} (there is: {keys}); save "
            "model.state_dict(), or name one of them as FILE#KEY."
        )
    if way:
        beside = f"; {', '.join(left)} beside it was not taken (ask for it as {file.name}#{left[0]})" if left else ""
        logger.info("weights %s: taken from %s%s", file, " / ".join(way), beside)
    return state


def fit_weights(model: nn.Module, file: Path) -> None:
    """Loads weights from a file into a model, all of them or none; see `read_weights` and `fit_state`."""
    fit_state(model, read_weights(file), f"Weights {file}")


def fit_state(model: nn.Module, state: Mapping[str, Tensor], what: str) -> None:
    """Loads weights into a model, all of them or none.

    Prefixes of wrappers are taken off, weights that the model shares are loaded once, and counters and auxiliary heads
    that it has no use for are left out.

    Raises:
        WeightsError: they do not fit; the first keys that differ are named. Or they are of another type, or NaN.
    """
    own = model.state_dict()
    state, prefix = without_prefix(state, own)
    if prefix:
        logger.info("%s: the prefix %s was taken off", what, prefix)
    counters = {key for key in own if key.endswith("num_batches_tracked")}  # older files lack them; unused in eval mode
    shared = _shared(own)
    missing = [key for key in own if key not in state and key not in counters and not shared[key] & set(state)]
    extra = [key for key in state if key not in own]
    unused = superfluous(extra)
    if unused:
        logger.info("%s: %s left out, which the network has no use for", what, _first(unused))
    extra = [key for key in extra if key not in unused]
    shapes = [key for key in own if key in state and own[key].shape != state[key].shape]
    if missing or extra or shapes:
        parts = [f"lacks {_first(missing)}"] * bool(missing) + [f"has unknown {_first(extra)}"] * bool(extra)
        if shapes:
            key = shapes[0]
            parts.append(
                f"{key} has shape {tuple(state[key].shape)} where the network has {tuple(own[key].shape)}"
                f"{f' (and {len(shapes) - 1} more)' if len(shapes) > 1 else ''}"
            )
            if not missing and not extra and len(shapes) <= 2:
                parts.append(f"for a head of your own add ?classes={len(state[key])} to the spec")
        raise WeightsError(f"{what} do not fit the network: the file {'; '.join(parts)}.")
    fitting = {key: value for key, value in state.items() if key in own}
    _check_types(own, fitting, what)
    model.load_state_dict(fitting, strict=False)


def _check_types(own: Mapping[str, Tensor], state: Mapping[str, Tensor], what: str) -> None:
    """Weights may be of another precision, but not of another kind."""
    for key, value in state.items():
        floats = value.is_floating_point() and value.element_size() > 1  # eight bits want a scale
        if own[key].is_floating_point() != floats or value.is_complex():
            raise WeightsError(
                f"{what} are of another type: {key} is {str(value.dtype).removeprefix('torch.')} where the network has "
                f"{str(own[key].dtype).removeprefix('torch.')} (quantized? give the weights as they were before)."
            )
    bad = [key for key, value in state.items() if value.is_floating_point() and bool(value.isnan().any())]
    if bad:
        raise WeightsError(f"{what} hold NaN in {_first(bad)}; they were saved by a training that had failed.")


def _shared(own: Mapping[str, Tensor]) -> dict[str, set[str]]:
    """For each key, those whose weights are the same memory."""
    by_memory: dict[tuple[int, tuple[int, ...]], set[str]] = {}
    for key, value in own.items():
        by_memory.setdefault((value.data_ptr(), tuple(value.shape)), set()).add(key)
    return {key: by_memory[value.data_ptr(), tuple(value.shape)] - {key} for key, value in own.items()}


def _parted(file: Path) -> tuple[Path, str | None]:
    name, sign, key = file.name.rpartition("#")
    return (file, None) if not sign or file.is_file() else (file.with_name(name), key)


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
        return {key: torch.from_numpy(array) for key, array in read_npz(file).items()}
    except (ValueError, TypeError) as error:
        raise WeightsError(f"Weights {file} are no readable .npz of plain arrays: {_line(error)}.") from error


def _read_torch(file: Path) -> Any:
    # Numbers of numpy, which training code keeps beside its weights, are inert.
    scalar = type(np.float64(0)).__reduce__(np.float64(0))[0]
    numbers: list[Any] = [scalar, np.dtype, *(type(np.dtype(kind)) for kind in ("f4", "f8", "i4", "i8", "?"))]
    try:
        with torch.serialization.safe_globals(numbers):
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"Weights {file} hold more than plain tensors, and reading them could run code, so they were not read; "
            "save model.state_dict() instead, best as .safetensors."
        ) from error
    except Exception as error:  # torch.load raises whatever the damaged archive makes it raise
        raise WeightsError(f"Weights {file} are no readable PyTorch file: {_line(error)}.") from error


_READERS: dict[str, Callable[[Path], Any]] = {
    ".safetensors": _read_safetensors,
    ".npz": _read_npz,
    ".pt": _read_torch,
    ".pth": _read_torch,
    ".pth.tar": _read_torch,
    ".bin": _read_torch,
    ".ckpt": _read_torch,
}


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")


def _first(keys: list[str]) -> str:
    return ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
