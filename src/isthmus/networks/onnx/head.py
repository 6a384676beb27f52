"""Head of an ONNX graph: logits lie in front of its softmax."""

from __future__ import annotations

import logging
from typing import Any

from isthmus.errors import NetworkError
from isthmus.networks.onnx.graph import axes

logger = logging.getLogger("isthmus")

SHAPING = ("Flatten", "Reshape", "Squeeze", "Unsqueeze")
SPREADING = ("Identity", "Expand", *SHAPING)


def logits_before(model: Any, output: str, name: str) -> tuple[str, str | None]:
    """The value that holds the logits, and the softmax that was taken off: its operator, or None.

    A softmax that is written as exponentials, their sum and a division counts as one.

    Raises:
        NetworkError: the output is a sigmoid.
    """
    makers = {value: node for node in model.graph.node for value in node.output}
    end = _behind(output, makers, ("Identity",))
    node = makers.get(end)
    if node is not None and node.op_type in ("Softmax", "LogSoftmax") and _over_classes(model, node):
        found: str | None = str(node.input[0])
        operator = str(node.op_type)
    else:
        found, operator = _written_out(node, makers), "Softmax"
    if found is not None:
        logger.info("%s: the %s at its end was taken off; its inputs are the logits", name, operator)
        return found, operator
    last = makers.get(_behind(end, makers, ("Identity", *SHAPING)))
    if last is not None and last.op_type in ("Sigmoid", "HardSigmoid"):
        raise NetworkError(
            f"{name} ends in a {last.op_type} (binary, or several labels at once), but logits of classes of which one "
            "is right are needed; export it without, and of each label return the two logits (-z/2, z/2)."
        )
    return end, None


def _behind(value: str, makers: dict[str, Any], passing: tuple[str, ...]) -> str:
    """The value that nodes which pass it on got."""
    while value in makers and makers[value].op_type in passing:
        value = str(makers[value].input[0])
    return value


def _over_classes(model: Any, node: Any) -> bool:
    """Whether it sums over axis 1, of matrices or of what becomes one."""
    known = {each.name: each for each in (*model.graph.value_info, *model.graph.output, *model.graph.input)}
    value = known.get(node.output[0])
    rank = len(axes(value)) if value is not None else 0
    version = max((int(each.version) for each in model.opset_import if not each.domain), default=1)
    axis = next((int(each.i) for each in node.attribute if each.name == "axis"), -1 if version >= 13 else 1)
    return axis % (rank or 2) == 1 and (rank <= 2 or all(length == 1 for length in axes(value)[2:]))


def _written_out(node: Any, makers: dict[str, Any]) -> str | None:
    """The z of exp(z - max z) / sum exp(z - max z), where a graph says softmax in these operators."""
    if node is None or node.op_type != "Div":
        return None
    above, below = makers.get(node.input[0]), makers.get(_behind(node.input[1], makers, SPREADING))
    if above is None or below is None or above.op_type != "Exp" or below.op_type != "ReduceSum":
        return None
    if below.input[0] != node.input[0]:
        return None
    less = makers.get(above.input[0])
    if less is not None and less.op_type == "Sub" and _is_highest(less.input[1], less.input[0], makers):
        return str(less.input[0])
    return str(above.input[0])


def _is_highest(value: str, of: str, makers: dict[str, Any]) -> bool:
    """Whether a value is the highest of another, in each row, or a bound on it."""
    node = makers.get(_behind(value, makers, SPREADING))
    if node is not None and node.op_type == "Max":  # with a constant
        node = next((makers[name] for name in node.input if name in makers), None)
    return node is not None and node.op_type == "ReduceMax" and node.input[0] == of
