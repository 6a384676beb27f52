"""Weights that a graph computes from other weights, computed once: onnx2torch needs weights where it looks for them."""

from __future__ import annotations

from typing import Any

from isthmus.networks.onnx.libraries import library

# None of these can make a large tensor of a small file.
FOLDED = ("Constant", "Identity", "Transpose", "Cast", "Squeeze", "Unsqueeze", "Reshape", "DequantizeLinear")


def fold(model: Any) -> None:
    """Replaces nodes that depend on weights alone, of operators that only arrange them, by their values."""
    helper = library("onnx.numpy_helper")
    reference = library("onnx.reference")
    graph = model.graph
    values = {each.name: each for each in graph.initializer}
    kept = {each.name for each in graph.output}
    folded = []
    for node in graph.node:
        taken = [name for name in node.input if name]
        if node.op_type not in FOLDED or node.domain or kept & set(node.output) or not values.keys() >= set(taken):
            continue
        given = {name: helper.to_array(values[name]) for name in taken}
        try:
            (made,) = reference.ReferenceEvaluator(_alone(model, node, given)).run(None, given)
            values[node.output[0]] = helper.from_array(made, node.output[0])
        except Exception:  # noqa: BLE001, S112 (an optimisation: the node stays, and is converted or refused by name)
            continue
        folded.append(node)
    for node in folded:
        graph.node.remove(node)
    needed = {name for node in graph.node for name in node.input}
    del graph.initializer[:]
    graph.initializer.extend(value for name, value in values.items() if name in needed | kept)


def _alone(model: Any, node: Any, given: dict[str, Any]) -> Any:
    helper = library("onnx").helper
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in given.items()
    ]
    graph = helper.make_graph([node], "one node", inputs, [helper.make_empty_tensor_value_info(node.output[0])])
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
