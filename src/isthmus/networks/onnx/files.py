"""Reading an ONNX file: whole, of a bearable size, and with nothing from outside its folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isthmus.errors import WeightsError
from isthmus.networks.checks import first_line
from isthmus.networks.onnx.libraries import library

LARGEST = 2 * 1024**3  # bytes, with the data beside the file: no message of this format can be larger


def read_model(file: Path) -> Any:
    """The model in a file, with its weights. None of its code is run, for it has none.

    Raises:
        WeightsError: it is missing, too large, damaged, or names data outside its folder.
        MissingLibraryError: onnx is absent.
    """
    onnx = library("onnx")
    if not file.is_file():
        raise WeightsError(f"ONNX file {file} does not exist; check the path.")
    _check_size(file, file.stat().st_size)
    try:
        model = onnx.load_model_from_string(file.read_bytes())
        _check_data_beside(model, file)
        library("onnx.external_data_helper").load_external_data_for_model(model, str(file.parent))
        onnx.checker.check_model(model)
    except WeightsError:
        raise
    except Exception as error:
        raise WeightsError(
            f"{file} is no ONNX file, or damaged ({first_line(error)[:160]}); export or download it again."
        ) from error
    return model


def _check_size(file: Path, size: int) -> None:
    if size > LARGEST:
        raise WeightsError(
            f"ONNX file {file} has {size / 1024**3:.1f} GB with its weights, and at most {LARGEST / 1024**3:.0f} can "
            "be read; export a smaller one, or give the model in Python with py:."
        )


def _check_data_beside(model: Any, file: Path) -> None:
    """Weights may lie in other files, of the same folder."""
    folder, size = file.parent.resolve(), file.stat().st_size
    names = set()
    for tensor in tensors(model):
        if tensor.data_location == tensor.EXTERNAL:
            names.add(next((entry.value for entry in tensor.external_data if entry.key == "location"), ""))
    for name in sorted(names):
        beside = (folder / name).resolve()
        if not beside.is_relative_to(folder):
            raise WeightsError(
                f"ONNX file {file} asks for data outside its folder ('{name}'), which is never read; save it again "
                "with its data beside it."
            )
        if not name or not beside.is_file():
            raise WeightsError(f"ONNX file {file} needs its data '{name}' beside it, which is not there; copy both.")
        size += beside.stat().st_size
    _check_size(file, size)


def tensors(model: Any) -> Iterator[Any]:
    """Every tensor in a model: weights, constants, those of inner graphs and of functions."""
    yield from _of_graph(model.graph)
    for function in model.functions:
        yield from _of_nodes(function.node)


def _of_graph(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _of_nodes(graph.node)


def _of_nodes(nodes: Any) -> Iterator[Any]:
    for node in nodes:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)
            for graph in (attribute.g, *attribute.graphs):
                yield from _of_graph(graph)
