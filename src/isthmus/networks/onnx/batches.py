"""Batches: a graph that was exported for one input at a time takes many."""

from __future__ import annotations

from typing import Any

from isthmus.errors import NetworkError
from isthmus.networks.onnx.graph import axes, described, the_input
from isthmus.networks.onnx.libraries import library


def batch_of(model: Any) -> int | None:
    """How many inputs it takes at a time; None where that is left open.

    Raises:
        NetworkError: a number other than one.
    """
    found = the_input(model)
    batch = axes(found)[0]
    if batch is not None and batch != 1:
        raise NetworkError(
            f"The ONNX file takes batches of {batch} and no others ({described(found)}); export it with an open batch "
            "(dynamic_axes), or for one input."
        )
    return batch


def free_batch(model: Any) -> None:
    """Leaves the length of the first axis open, in the input and where a constant of a reshape repeats it.

    Whether the graph then means the same can only be seen by comparing.
    """
    helper = library("onnx.numpy_helper")
    graph = model.graph
    first = graph.input[0].type.tensor_type.shape.dim[0]
    if first.dim_value == 1:
        constants = {each.name: helper.to_array(each) for each in graph.initializer}
        for node in graph.node:
            for each in node.attribute:
                if node.op_type == "Constant" and each.name == "value":
                    constants[node.output[0]] = helper.to_array(each.t)
        reached = {graph.input[0].name}
        for number, node in enumerate(graph.node):
            if not reached & set(node.input) or node.op_type == "Shape":
                continue
            reached |= set(node.output)
            shape = constants.get(node.input[1]) if node.op_type == "Reshape" and node.input[0] in reached else None
            if shape is not None and shape.ndim == 1 and len(shape) and shape[0] == 1:
                shape = shape.copy()
                shape[0] = 0  # as long as before
                graph.initializer.append(helper.from_array(shape, f"shape of node {number}"))
                node.input[1] = f"shape of node {number}"
    first.dim_param = "batch"
    del graph.value_info[:]
