"""The source `onnx:` of networks."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from isthmus.errors import SpecError
from isthmus.inputs.kinds import Arrays
from isthmus.inputs.preprocessing import Preprocessing
from isthmus.networks.onnx.batches import batch_of, free_batch
from isthmus.networks.onnx.comparing import compare
from isthmus.networks.onnx.converting import converted, refuse_classical
from isthmus.networks.onnx.files import read_model
from isthmus.networks.onnx.graph import axes, choose_output, plain, prune, the_input
from isthmus.networks.onnx.head import logits_before
from isthmus.networks.onnx.rewriting import rewrite
from isthmus.networks.recipe import Recipe


def recipe(path: str, output: int | None = None) -> Recipe:
    """The classifier in an ONNX file, with the softmax at its end taken off.

    Its normalisation, if it has any, lies in the file; inputs are what the file takes, and images with their channels
    last stay so.

    Args:
        path: of the file; its external data lie beside it.
        output: which of several outputs, counted from 0.

    Raises:
        WeightsError: the file cannot be read safely.
        SpecError: there are several outputs, and none was chosen.
        NetworkError: it is no classifier of real numbers, cannot be converted, or the result is not the same.
        MissingLibraryError: onnx, onnx2torch or onnxruntime is absent.
    """
    file = Path(path)
    model = plain(read_model(file))
    try:
        given = choose_output(model, output)
    except SpecError:
        refuse_classical(model)  # whichever output is chosen
        raise
    model = prune(model, [given])
    lengths = axes(the_input(model))[1:]
    batch_of(model)
    logits, softmax = logits_before(model, given, file.name)
    open_model = prune(model, [logits])
    rewrite(open_model)
    free_batch(open_model)
    module = converted(open_model)
    shape = compare(prune(model, list(dict.fromkeys((given, logits)))), module, softmax)
    return _recipe(module, None if None in lengths else shape, len(shape))


def _recipe(module: nn.Module, shape: tuple[int, ...] | None, rank: int) -> Recipe:
    """Inputs with their channels in front of a convolution are images; others are arrays."""
    first = next((each for each in module.modules() if isinstance(each, nn.Conv2d)), None)
    if first is None:
        return Recipe(model=module, input_shape=shape)
    channels = first.in_channels
    if rank != 3 or channels not in (1, 3, 4) or (shape is not None and shape[0] != channels):
        return Recipe(model=module, input_shape=shape, input_kind=Arrays())
    size = None if shape is None else (shape[1], shape[2])
    return Recipe(
        model=module,
        input_shape=shape,
        preprocessing=Preprocessing(size=size, channels=channels, source="ONNX file"),
    )
