"""Operators that onnx2torch does not know, in the words of others."""

from __future__ import annotations

from typing import Any

import numpy as np

from isthmus.networks.onnx.graph import axes, opset
from isthmus.networks.onnx.libraries import library


def rewrite(model: Any) -> None:
    """A GlobalMaxPool is the highest value over every axis behind the channels."""
    graph = model.graph
    known = {each.name: each for each in (*graph.value_info, *graph.input)}
    for number, node in enumerate(graph.node):
        value = known.get(node.input[0]) if node.op_type == "GlobalMaxPool" else None
        if value is None or len(axes(value)) < 3:
            continue
        over = list(range(2, len(axes(value))))
        maker = library("onnx").helper.make_node("ReduceMax", [node.input[0]], [node.output[0]], keepdims=1)
        if opset(model) < 18:
            maker.attribute.append(library("onnx").helper.make_attribute("axes", over))
        else:
            name = f"axes of node {number}"
            graph.initializer.append(library("onnx.numpy_helper").from_array(np.array(over), name))
            maker.input.append(name)
        node.CopyFrom(maker)
