"""Graph of an ONNX file: its one input, its one output, and only the nodes between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from isthmus.errors import NetworkError, SpecError
from isthmus.networks.onnx.libraries import library

KINDS = {"FLOAT": np.float32, "DOUBLE": np.float64}
CUT = "or cut the graph behind its first real-valued tensor (onnx.utils.extract_model) and load that"


def plain(model: Any) -> Any:
    """The same model without functions and without weights among its inputs, and with the shapes that can be told."""
    onnx = library("onnx")
    if model.functions:
        model = library("onnx.inliner").inline_local_functions(model)
    for holder in (*model.opset_import, *model.graph.node):
        holder.domain = "" if holder.domain == "ai.onnx" else holder.domain
    weights = {each.name for each in model.graph.initializer}
    kept = [each for each in model.graph.input if each.name not in weights]
    _replace(model.graph.input, kept)
    return onnx.shape_inference.infer_shapes(model)


def opset(model: Any) -> int:
    """The version of the standard operators that it uses."""
    return max((int(each.version) for each in model.opset_import if not each.domain), default=1)


def choose_output(model: Any, number: int | None) -> str:
    """The name of one output: the only one, the only one of real numbers, or that which was asked for.

    Raises:
        SpecError: there are several, or the number is none of theirs: they are named.
    """
    outputs = list(model.graph.output)
    real = [each for each in outputs if kind(each) in KINDS]
    named = ", ".join(f"{place} {described(each)}" for place, each in enumerate(outputs[:8]))
    if number is None:
        if len(real) == 1 or len(outputs) == 1:
            return str((real or outputs)[0].name)
        raise SpecError(f"The ONNX file has {len(outputs)} outputs ({named}); say which are the logits: ?output=0.")
    if number >= len(outputs):
        raise SpecError(f"The ONNX file has no output {number}; it has {named}.")
    return str(outputs[number].name)


def prune(model: Any, outputs: list[str]) -> Any:
    """A copy with these outputs, and only with what they need."""
    onnx = library("onnx")
    made = type(model)()
    made.CopyFrom(model)
    graph = made.graph
    known = {each.name: each for each in (*graph.value_info, *graph.output, *graph.input)}
    needed = set(outputs)
    nodes = []
    for node in reversed(graph.node):  # every node stands behind those that it needs
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(node.input) | _outer_values(node)
    ends = [onnx.helper.make_tensor_value_info(name, kind_number(known.get(name)), None) for name in outputs]
    _replace(graph.node, nodes[::-1])
    _replace(graph.output, ends)
    _replace(graph.input, [each for each in graph.input if each.name in needed])
    _replace(graph.initializer, [each for each in graph.initializer if each.name in needed])
    return made


def the_input(model: Any) -> Any:
    """The one input.

    Raises:
        NetworkError: there is none, or several; or it does not take real numbers, or its axes are not known.
    """
    inputs = list(model.graph.input)
    if len(inputs) != 1:
        named = ", ".join(described(each) for each in inputs[:8]) or "none"
        raise NetworkError(
            f"A network takes one input, and the ONNX file needs {len(inputs)} ({named}); export it with the others "
            "held constant, so that one is left."
        )
    if kind(inputs[0]) not in KINDS:
        raise NetworkError(
            f"Paths lie between real numbers, and the ONNX file takes {described(inputs[0])}; of tokens give the model "
            f"in Python (isthmus.networks.text.TextNetwork), of pixels export it with float inputs, {CUT}."
        )
    if len(axes(inputs[0])) < 2:
        raise NetworkError(
            f"A network takes a batch (n, ...), and the ONNX file takes {described(inputs[0])}; export it with an "
            "axis for the batch in front."
        )
    return inputs[0]


def kind(value: Any) -> str:
    """Of its numbers, such as FLOAT."""
    return str(library("onnx").TensorProto.DataType.Name(kind_number(value)))


def kind_number(value: Any) -> int:
    """Likewise, as the format counts them; float32 where nothing is said."""
    return int(value.type.tensor_type.elem_type) if value is not None else 1


def axes(value: Any) -> list[int | None]:
    """Lengths of its axes; None where it is left open, and no axes where nothing is known."""
    return [each.dim_value if each.dim_value > 0 else None for each in value.type.tensor_type.shape.dim]


def described(value: Any) -> str:
    """Name, kind and axes in words."""
    lengths = ", ".join("?" if each is None else str(each) for each in axes(value))
    return f"'{value.name}' {kind(value).lower()} ({lengths})"


def _outer_values(node: Any) -> set[str]:
    """Values that inner graphs of a node may take from outside."""
    graphs = [graph for each in node.attribute for graph in (each.g, *each.graphs)]
    inner = [part for graph in graphs for part in graph.node]
    ends = {each.name for graph in graphs for each in graph.output}
    return ends.union(*(set(part.input) | _outer_values(part) for part in inner))


def _replace(field: Any, kept: list[Any]) -> None:
    copies = []
    for each in kept:
        copy = type(each)()
        copy.CopyFrom(each)
        copies.append(copy)
    del field[:]
    field.extend(copies)
