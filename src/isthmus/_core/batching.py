"""Batches of any size in pieces that fit the memory."""

from __future__ import annotations

import logging
import numbers
from collections.abc import Callable
from typing import Any

import torch

from isthmus.errors import InputError, OutOfMemoryError

logger = logging.getLogger("isthmus")

# Numbers of one input times the batch. On CPUs small pieces stay in the caches: between 16 and 64 CIFAR images a pass
# costs the same an image, with 128 and more a backward pass takes twice as long.
CPU_NUMBERS = 2**18
GPU_NUMBERS = 2**25


class BatchSize:
    """The largest number of inputs evaluated at once: fixed, or "auto": found, and halved when memory runs out."""

    def __init__(self, size: int | str) -> None:
        if isinstance(size, str) and size != "auto":
            raise InputError(f'max_batch must be "auto" or a whole number >= 1, got "{size}".')
        given: Any = size
        whole = not isinstance(given, bool) and isinstance(given, numbers.Real) and float(given).is_integer()
        if not isinstance(size, str) and not (whole and given >= 1):
            raise InputError(f'max_batch must be "auto" or a whole number >= 1, got {size!r}.')
        self.automatic = isinstance(size, str)
        self.size: int | None = None if isinstance(size, str) else int(size)

    def get(self, numbers_per_input: int, device: torch.device) -> int:
        """The batch size for inputs of so many numbers on this device."""
        if self.size is None:
            budget, least, most = (CPU_NUMBERS, 16, 1024) if device.type == "cpu" else (GPU_NUMBERS, 64, 8192)
            wanted = max(1, budget // max(1, numbers_per_input))
            self.size = min(most, max(least, 2 ** (wanted.bit_length() - 1)))
        return self.size

    def halve(self) -> None:
        """Remembers that the size was too large."""
        assert self.size is not None
        if self.size == 1:
            raise OutOfMemoryError(
                "Out of memory with one input at a time; use a smaller network or input, or a machine with more memory."
            )
        self.size //= 2
        logger.warning("out of memory: evaluating %d inputs at once from here on", self.size)

    def pieces(self, count: int, numbers_per_input: int, device: torch.device, call: Callable[[slice], None]) -> None:
        """Calls `call` with slices that cover range(count), smaller ones after each failure for lack of memory."""
        begin = 0
        while begin < count:
            piece = slice(begin, min(count, begin + self.get(numbers_per_input, device)))
            try:
                call(piece)
            except (RuntimeError, MemoryError) as error:
                if not (self.automatic and is_out_of_memory(error)):
                    raise
                too_large = True
            else:
                too_large = False
            if too_large:  # outside the handler: the traceback would keep the tensors alive
                self.halve()
                if device.type == "cuda":
                    torch.cuda.empty_cache()
            else:
                begin = piece.stop


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is not enough memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return any(sign in text for sign in ("out of memory", "can't allocate memory", "not enough memory"))
