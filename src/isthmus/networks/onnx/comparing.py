"""The converted module against the file itself, which onnxruntime computes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from isthmus._core.random import generator
from isthmus._core.shapes import Inputs
from isthmus.errors import NetworkError
from isthmus.networks.checks import first_line
from isthmus.networks.onnx.graph import KINDS, axes, kind, the_input
from isthmus.networks.onnx.libraries import library

TOLERANCE = 1e-4  # of the largest output: far above rounding, far below another meaning of an operator
OPEN_SIDES = (224, 64, 32, 512, 16)  # tried in this order where a file leaves the size of inputs open
ROWS = 4


def compare(model: Any, module: nn.Module, softmax: str | None) -> tuple[int, ...]:
    """Compares logits, in batches of four, two and one, and the softmax of logits with the output of the file.

    Args:
        model: with its own output and, behind it, the logits where they are another; it takes one input at a time, or
            any number.
        module: what was made of it.
        softmax: which of the two was taken off, if any.

    Returns:
        The shape of the inputs with which they were compared.

    Raises:
        NetworkError: they differ, or one of them does not run.
    """
    session = _session(model)
    alone = axes(the_input(model))[0] == 1
    x, outputs = _first_that_runs(session, model, alone)
    given, logits = outputs[0], outputs[-1]
    for count in (len(x), 2, 1):
        with torch.no_grad():
            try:
                found = module(x[:count])
            except Exception as error:
                raise NetworkError(
                    f"The network of the ONNX file does not take {count} inputs of shape {tuple(x.shape[1:])}: "
                    f"{first_line(error)[:160]}; export it with an open batch (dynamic_axes)."
                ) from error
        _same(found.double().numpy(), logits[:count], count)
    if softmax is not None:
        probabilities = torch.softmax(torch.from_numpy(logits), 1).numpy()
        _same(probabilities, np.exp(given) if softmax == "LogSoftmax" else given, len(x))
    return tuple(x.shape[1:])


def _session(model: Any) -> Any:
    runtime = library("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        return runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise NetworkError(
            f"onnxruntime does not take the ONNX file: {first_line(error)[:200]}; export it in float32, with standard "
            "operators."
        ) from error


def _first_that_runs(session: Any, model: Any, alone: bool) -> tuple[Inputs, list[NDArray[np.float64]]]:
    """Inputs that the file takes, and its outputs for them."""
    value = the_input(model)
    lengths = axes(value)[1:]
    failure = ""
    for side in OPEN_SIDES if None in lengths else (0,):
        shape = [side if length is None else length for length in lengths]
        x = _inputs(shape).numpy().astype(KINDS[kind(value)])
        batches = [x[k : k + 1] for k in range(len(x))] if alone else [x]
        try:
            parts = [session.run(None, {value.name: batch}) for batch in batches]
        except Exception as error:  # noqa: BLE001 (its errors have no common base)
            failure = first_line(error)
            continue
        outputs = [np.concatenate([np.atleast_1d(each) for each in of]) for of in zip(*parts, strict=True)]
        return torch.from_numpy(x), [each.astype(np.float64) for each in outputs]
    tried = f" with sides of {', '.join(map(str, OPEN_SIDES))}" if None in lengths else ""
    raise NetworkError(
        f"onnxruntime does not run the ONNX file on random inputs{tried} ({failure[:160]}); export it again, with the "
        "shape of its inputs."
    )


def _inputs(shape: list[int]) -> Inputs:
    """Some between 0 and 1, some on both sides of 0."""
    random = generator(0)
    half = ROWS // 2
    return torch.cat(
        [torch.rand((half, *shape), generator=random), torch.randn((ROWS - half, *shape), generator=random)]
    )


def _same(found: NDArray[np.float64], expected: NDArray[np.float64], count: int) -> None:
    if found.shape != expected.shape:
        raise NetworkError(
            f"The converted network gives outputs {found.shape} for {count} inputs, and the ONNX file "
            f"{expected.shape}; export it with an open batch (dynamic_axes)."
        )
    finite = np.isfinite(expected)
    scale = float(np.abs(expected[finite]).max(initial=0.0)) + 1e-6
    apart = np.where(finite, np.abs(found - np.where(finite, expected, 0.0)), 0.0)
    worst = float(apart.max(initial=0.0)) / scale
    same_elsewhere = all(
        a == b or (a != a and b != b)  # noqa: PLR0124 (NaN)
        for a, b in itertools.islice(zip(found[~finite], expected[~finite], strict=True), 1000)
    )
    if not worst <= TOLERANCE or not same_elsewhere:
        raise NetworkError(
            f"The converted network is not that of the ONNX file: for {count} random inputs outputs differ by "
            f"{worst:.1g} of the largest (at most {TOLERANCE:g}); give the model in Python with py:."
        )
