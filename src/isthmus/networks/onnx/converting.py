"""From an ONNX graph to a torch module, through onnx2torch."""

from __future__ import annotations

import warnings
from typing import Any

from torch import nn

from isthmus.errors import NetworkError
from isthmus.networks.checks import first_line
from isthmus.networks.onnx.constants import fold
from isthmus.networks.onnx.graph import opset
from isthmus.networks.onnx.libraries import library
from isthmus.networks.onnx.modules import replace_modules

CLASSICAL = "ai.onnx.ml"  # the domain of trees, linear classifiers and their scalers
NEWEST = 17  # the last version of the operators that onnx2torch knows nearly all of


def converted(model: Any) -> nn.Module:
    """The torch module that computes the one output of a model from its one input.

    Nodes get names of our own: torch writes names of modules into code that it runs, so that those of a file never
    must get there.

    Raises:
        NetworkError: operators that onnx2torch does not know, which are named; or it fails.
    """
    fold(model)
    unknown = _unknown(model)
    if unknown and opset(model) > NEWEST and not any(domain for domain, _ in unknown):
        older = _in_older_words(model)
        if older is not None and not _unknown(older):
            model, unknown = older, []
            fold(model)  # it writes axes as attributes, and new constants
    if unknown:
        raise NetworkError(_refused(unknown, opset(model)))
    _close(model)
    for number, node in enumerate(model.graph.node):
        node.name = f"node_{number}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of arrays that cannot be written to
            module: nn.Module = library("onnx2torch").convert(model)
    except Exception as error:
        raise NetworkError(
            f"The ONNX file could not be converted: {type(error).__name__}: {first_line(error)[:200]}; export it with "
            "simpler operators, or give the model in Python with py:."
        ) from error
    replace_modules(module)
    return module.eval()


def _unknown(model: Any) -> list[tuple[str, str]]:
    """(domain, operator) of those that cannot be converted."""
    registry = library("onnx2torch.node_converters")
    versions = {each.domain: int(each.version) for each in model.opset_import}
    found = []
    for node in model.graph.node:
        try:
            registry.get_converter(
                domain=node.domain, operation_type=node.op_type, version=versions.get(node.domain, 1)
            )
        except NotImplementedError:
            found.append((str(node.domain), str(node.op_type)))
    return list(dict.fromkeys(found))


def _in_older_words(model: Any) -> Any:
    try:
        return library("onnx.version_converter").convert_version(model, NEWEST)
    except Exception:  # noqa: BLE001 (it has no errors of its own)
        return None


def _refused(unknown: list[tuple[str, str]], version: int) -> str:
    if any(domain == CLASSICAL for domain, _ in unknown):
        return _refused_classical(unknown)
    newer = f", or export it with opset_version={NEWEST}" if version > NEWEST else ""
    return (
        f"The ONNX file uses operators that onnx2torch does not know at opset {version}: {_listed(unknown)}; give the "
        f"model in Python with py:{newer}."
    )


def refuse_classical(model: Any) -> None:
    """Classical models, such as those of skl2onnx, are better given in Python.

    Raises:
        NetworkError: it holds operators of such models.
    """
    found = [(str(node.domain), str(node.op_type)) for node in model.graph.node if node.domain == CLASSICAL]
    if found:
        raise NetworkError(_refused_classical(list(dict.fromkeys(found))))


def _refused_classical(unknown: list[tuple[str, str]]) -> str:
    return (
        f"The ONNX file holds operators of classical models ({_listed([e for e in unknown if e[0] == CLASSICAL])}), "
        "which cannot be differentiated here; give a model of scikit-learn in Python: "
        "isthmus.networks.sklearn.from_sklearn."
    )


def _listed(unknown: list[tuple[str, str]]) -> str:
    names = [f"{domain}.{operator}" if domain else operator for domain, operator in unknown]
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _close(model: Any) -> None:
    """Gives an output that is one of several of its node, or of none, a node of its own."""
    graph = model.graph
    name = graph.output[0].name
    maker = next((node for node in graph.node if name in node.output), None)
    if maker is None or len(maker.output) > 1:
        graph.node.append(library("onnx").helper.make_node("Identity", [name], ["logits of isthmus"]))
        graph.output[0].name = "logits of isthmus"
