"""Modules of our own for operators whose onnx2torch modules warn, or will not run with later versions of torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Slice(nn.Module):
    """Parts of axes, as the operator Slice takes them since opset 10."""

    def forward(
        self, x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None
    ) -> Tensor:
        """X between starts and ends of some axes, backwards where a step is negative."""
        count = len(starts)
        places = [slice(None)] * x.ndim
        chosen = list(range(count)) if axes is None else axes.tolist()
        strides = [1] * count if steps is None else steps.tolist()
        for axis, start, end, step in zip(chosen, starts.tolist(), ends.tolist(), strides, strict=True):
            if step < 0:
                x = torch.flip(x, (axis,))
                places[axis] = slice(-start - 1, -end - 1, -step)
            else:
                places[axis] = slice(start, end, step)
        return x[tuple(places)]


def replace_modules(module: nn.Module) -> None:
    """Puts them in the place of those of onnx2torch, and tells layer norms their shape where the file does not."""
    for name, child in list(module.named_children()):
        if type(child).__name__ == "OnnxSlice":
            setattr(module, name, Slice())
        elif isinstance(child, nn.LayerNorm):
            child.normalized_shape = tuple(child.weight.shape)
