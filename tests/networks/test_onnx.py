from __future__ import annotations

import logging
import sys
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from isthmus import Landscape, Unbounded, load_network
from isthmus.errors import MissingLibraryError, NetworkError, SpecError, WeightsError
from isthmus.inputs.kinds import Arrays, Images
from isthmus.networks.small import SMALL

onnx = pytest.importorskip("onnx", reason="onnx is not installed (extra: onnx)")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed (extra: onnx)")
helper, FLOAT, INT64 = onnx.helper, onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
WEIGHTS = np.array([[1, -2, 3], [0.5, 1, -1], [2, 0, 1], [-1, 1, 0]], dtype=np.float32)
ROWS = torch.tensor([[1.0, 2, 3, 4], [-1, 0.5, 0, 2], [3, 3, -3, 1]])
LOGITS = ROWS @ torch.from_numpy(WEIGHTS)
node = helper.make_node


def value(name, axes, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, axes)


def made(nodes, *, inputs=None, outputs=("y",), weights=None, opset=17, domains=()):
    """A model of nodes on x (n, 4) and the matrix W."""
    weights = {"W": WEIGHTS} | (weights or {})
    graph = helper.make_graph(
        nodes,
        "graph",
        inputs or [value("x", ["n", 4])],
        [each if not isinstance(each, str) else value(each, ["n", None]) for each in outputs],
        [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(name, 1) for name in domains)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


@pytest.fixture
def load(tmp_path):
    """Loads the network of a model through its file."""

    def loaded(model, query=""):
        onnx.save(model, tmp_path / "model.onnx")
        return load_network(f"onnx:{tmp_path / 'model.onnx'}{query}")

    return loaded


@pytest.fixture
def load_exported(tmp_path):
    """Loads the network of a torch module, exported for one input or with an open batch."""

    def loaded(module, x, *, alone=False, **options):
        if not alone:
            options |= {"input_names": ["x"], "dynamic_axes": {"x": {0: "n"}}}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(module.eval(), (x,), tmp_path / "model.onnx", dynamo=False, **options)
        return load_network(f"onnx:{tmp_path / 'model.onnx'}")

    return loaded


def test_a_graph_becomes_a_network_with_gradients(load):
    network = load(made([node("MatMul", ["x", "W"], ["y"])]))
    assert torch.allclose(network.logits(ROWS), LOGITS) and network.input_shape == (4,)
    found = Landscape(network, domain=Unbounded()).gradient(ROWS[:1], torch.tensor([0]))
    probabilities = LOGITS[:1].softmax(1) - torch.tensor([[1.0, 0, 0]])
    assert torch.allclose(found.gradient, probabilities @ torch.from_numpy(WEIGHTS).T, atol=1e-5)


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("name", ["mlp", "cnn", "resnet"])
def test_small_networks_survive_the_way_there_and_back(name, alone, load_exported):
    x = torch.rand(3, 1, 8, 8)
    original = SMALL[name]().model.eval()
    network = load_exported(original, x[:1], alone=alone)
    assert torch.allclose(network.logits(x), original(x), atol=1e-5) and network.input_shape == (1, 8, 8)
    assert name == "mlp" or (isinstance(network.input_kind, Images) and network.preprocessing.size == (8, 8))


def test_attention_gives_no_warnings(load_exported):
    x = torch.rand(3, 1, 8, 8)
    original = SMALL["vit"]().model.eval()
    network = load_exported(original, x[:1], opset_version=17)
    assert torch.allclose(network.logits(x), original(x), atol=1e-5)


class Viewed(nn.Module):
    """Its batch is written into a constant of its graph when it is exported for one input."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(16, 3)

    def forward(self, x):
        return self.layer(x.view(x.shape[0], -1))


def test_a_batch_of_one_that_is_written_into_a_reshape_is_freed(load_exported):
    original, x = Viewed(), torch.rand(3, 1, 4, 4)
    assert torch.allclose(load_exported(original, x[:1], alone=True).logits(x), original(x), atol=1e-6)


def test_a_batch_of_one_that_cannot_be_freed_is_refused(load):
    expanded = [node("Concat", ["x", "row"], ["c"], axis=1), node("MatMul", ["c", "V"], ["y"])]
    weights = {"row": np.ones((1, 1), dtype=np.float32), "V": np.ones((5, 3), dtype=np.float32)}
    with pytest.raises(NetworkError, match=r"does not take 4 inputs .*dynamic_axes"):
        load(made(expanded, inputs=[value("x", [1, 4])], weights=weights))


def test_another_fixed_batch_is_refused(load):
    with pytest.raises(NetworkError, match="batches of 5"):
        load(made([node("MatMul", ["x", "W"], ["y"])], inputs=[value("x", [5, 4])]))


@pytest.mark.parametrize("operator", ["Softmax", "LogSoftmax"])
def test_a_softmax_at_the_end_is_taken_off(operator, load, caplog):
    nodes = [node("MatMul", ["x", "W"], ["z"]), node(operator, ["z"], ["p"], axis=-1), node("Identity", ["p"], ["y"])]
    with caplog.at_level(logging.INFO, logger="isthmus"):
        network = load(made(nodes))
    assert torch.allclose(network.logits(ROWS), LOGITS)
    assert f"the {operator} at its end was taken off" in caplog.text


def test_a_softmax_written_out_is_taken_off(load):
    nodes = [
        node("MatMul", ["x", "W"], ["z"]),
        node("ReduceMax", ["z"], ["m"], axes=[-1]),
        node("Sub", ["z", "m"], ["d"]),
        node("Exp", ["d"], ["e"]),
        node("ReduceSum", ["e", "axes"], ["s"]),
        node("Div", ["e", "s"], ["y"]),
    ]
    network = load(made(nodes, weights={"axes": np.array([-1])}))
    assert torch.allclose(network.logits(ROWS), LOGITS)


def test_a_sum_over_something_else_is_not_taken_for_a_softmax(load):
    nodes = [
        node("MatMul", ["x", "W"], ["z"]),
        node("Exp", ["z"], ["e"]),
        node("ReduceSum", ["e", "axes"], ["s"]),
        node("Div", ["e", "s"], ["y"]),
    ]
    with pytest.raises(NetworkError, match="not that of the ONNX file"):
        load(made(nodes, weights={"axes": np.array([0])}))


def test_a_sigmoid_at_the_end_is_refused(load):
    with pytest.raises(NetworkError, match=r"ends in a Sigmoid.*-z/2, z/2"):
        load(made([node("MatMul", ["x", "W"], ["z"]), node("Sigmoid", ["z"], ["y"])]))


def test_one_of_several_outputs(load):
    nodes = [node("MatMul", ["x", "W"], ["y"]), node("Neg", ["y"], ["minus"]), node("ArgMax", ["y"], ["label"], axis=1)]
    label = value("label", ["n", 1], INT64)
    with pytest.raises(SpecError, match=r"3 outputs \(0 'y' float .*1 'minus'.*2 'label' int64.*output=0"):
        load(made(nodes, outputs=["y", "minus", label]))
    assert torch.allclose(load(made(nodes, outputs=["y", "minus", label]), "?output=1").logits(ROWS), -LOGITS)
    assert torch.allclose(load(made(nodes, outputs=[label, "y"])).logits(ROWS), LOGITS)  # one of real numbers
    with pytest.raises(SpecError, match="no output 7"):
        load(made(nodes, outputs=["y", "minus"]), "?output=7")


def test_one_output_of_a_node_with_several(load):
    nodes = [node("MatMul", ["x", "W"], ["z"]), node("Split", ["z", "parts"], ["a", "y"], axis=1)]
    network = load(made(nodes, weights={"parts": np.array([1, 2])}))
    assert torch.allclose(network.logits(ROWS), LOGITS[:, 1:])


def test_several_inputs_are_refused_where_the_output_needs_them(load):
    nodes = [node("MatMul", ["x", "W"], ["y"]), node("Add", ["y", "other"], ["sum"])]
    inputs = [value("x", ["n", 4]), value("other", ["n", 3])]
    with pytest.raises(NetworkError, match=r"needs 2 \('x' float \(\?, 4\), 'other' float"):
        load(made(nodes, inputs=inputs, outputs=["sum"]))
    assert torch.allclose(load(made(nodes, inputs=inputs, outputs=["y", "sum"]), "?output=0").logits(ROWS), LOGITS)


def test_whole_numbers_are_refused(load):
    nodes = [node("Gather", ["W", "x"], ["e"]), node("ReduceMean", ["e"], ["y"], axes=[1], keepdims=0)]
    with pytest.raises(NetworkError, match=r"takes 'x' int64 \(\?, 6\).*TextNetwork"):
        load(made(nodes, inputs=[value("x", ["n", 6], INT64)]))


def test_channels_that_come_last_stay_there(load):
    nodes = [
        node("Transpose", ["x"], ["c"], perm=[0, 3, 1, 2]),
        node("Conv", ["c", "K"], ["k"]),
        node("Flatten", ["k"], ["y"]),
    ]
    kernel = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    network = load(made(nodes, inputs=[value("x", ["n", 4, 5, 3])], weights={"K": kernel}))
    x = torch.rand(2, 4, 5, 3)
    expected = torch.nn.functional.conv2d(x.permute(0, 3, 1, 2), torch.from_numpy(kernel)).flatten(1)
    assert torch.allclose(network.logits(x), expected, atol=1e-5)
    assert network.input_shape == (4, 5, 3) and isinstance(network.input_kind, Arrays)


def test_slices_are_those_of_onnxruntime(load):
    nodes = [
        node("Slice", ["x", "starts", "ends", "axes", "steps"], ["a"]),
        node("Slice", ["a", "zero", "end"], ["b"]),
        node("MatMul", ["b", "V"], ["y"]),
    ]
    weights = {
        "starts": np.array([-1]),
        "ends": np.array([np.iinfo(np.int64).min]),
        "axes": np.array([-1]),
        "steps": np.array([-2]),
        "zero": np.array([0]),
        "end": np.array([np.iinfo(np.int64).max]),
        "V": WEIGHTS[:2],
    }
    network = load(made(nodes, weights=weights))
    assert torch.allclose(network.logits(ROWS), ROWS[:, [3, 1]] @ torch.from_numpy(WEIGHTS[:2]))


def test_a_newer_opset_is_said_in_older_words(load):
    nodes = [
        node("MatMul", ["x", "W"], ["z"]),
        node("ReduceMean", ["z", "axes"], ["m"]),
        node("Sub", ["z", "m"], ["y"]),
    ]
    network = load(made(nodes, weights={"axes": np.array([1])}, opset=18))
    assert torch.allclose(network.logits(ROWS), LOGITS - LOGITS.mean(1, keepdim=True), atol=1e-5)


def test_weights_made_of_weights_are_computed_once(load):
    nodes = [
        node("Identity", ["V"], ["same"]),
        node("Transpose", ["same"], ["U"]),
        node("Gemm", ["x", "U", "b"], ["y"]),
    ]
    network = load(made(nodes, weights={"V": WEIGHTS.T.copy(), "b": np.zeros(3, dtype=np.float32)}))
    assert torch.allclose(network.logits(ROWS), LOGITS)
    assert any(isinstance(module, nn.Linear) for module in network.model.modules())


def test_unknown_operators_are_named(load):
    with pytest.raises(NetworkError, match=r"does not know at opset 17: Hardmax, Bernoulli; .*py:") as error:
        load(made([node("Hardmax", ["x"], ["z"]), node("Bernoulli", ["z"], ["y"])]))
    assert "\n" not in str(error.value)


def test_classical_models_are_better_given_in_python(load):
    model = made([node("Scaler", ["x"], ["y"], domain="ai.onnx.ml", offset=[0.0], scale=[1.0])], domains=["ai.onnx.ml"])
    with pytest.raises(NetworkError, match=r"ai\.onnx\.ml\.Scaler.*from_sklearn"):
        load(model)
    model.graph.output.append(value("x", ["n", 4]))
    with pytest.raises(NetworkError, match="from_sklearn"):
        load(model)


def test_names_of_nodes_never_become_code(load, tmp_path):
    """onnx2torch writes them into the source of a forward function."""
    trap = tmp_path / "trap"
    name = f'a" + str(open("{trap}", "w")) + "'
    network = load(made([node("MatMul", ["x", "W"], ["y"], name=name)]))
    assert torch.allclose(network.logits(ROWS), LOGITS) and not trap.exists()


def test_a_conversion_that_computes_something_else_is_refused(load, monkeypatch):
    from isthmus.networks.onnx import source

    wrong = nn.Linear(4, 3, bias=False).requires_grad_(False)
    wrong.weight.copy_(torch.from_numpy(WEIGHTS.T * 1.001))
    monkeypatch.setattr(source, "converted", lambda model: wrong)
    with pytest.raises(NetworkError, match=r"differ by 0\.001"):
        load(made([node("MatMul", ["x", "W"], ["y"])]))


def external(tmp_path, location):
    model = made([node("MatMul", ["x", "W"], ["y"])])
    (tensor,) = model.graph.initializer
    onnx.external_data_helper.set_external_data(tensor, location=str(location))
    data = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = tensor.EXTERNAL
    return model, data


def test_weights_may_lie_beside_the_file(load, tmp_path):
    model, data = external(tmp_path, "weights.bin")
    with pytest.raises(WeightsError, match=r"'weights\.bin' beside it"):
        load(model)
    (tmp_path / "weights.bin").write_bytes(data)
    assert torch.allclose(load(model).logits(ROWS), LOGITS)


@pytest.mark.parametrize("way", ["parent", "absolute", "link"])
def test_weights_outside_the_folder_are_never_read(way, tmp_path):
    folder = tmp_path / "inner"
    folder.mkdir()
    location = {"parent": "../secret.bin", "absolute": tmp_path / "secret.bin", "link": "link.bin"}[way]
    model, data = external(tmp_path, location)
    (tmp_path / "secret.bin").write_bytes(data)
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match="outside its folder"):
        load_network(f"onnx:{folder / 'model.onnx'}")


def test_files_that_are_none(tmp_path, monkeypatch):
    with pytest.raises(WeightsError, match="does not exist"):
        load_network(f"onnx:{tmp_path / 'absent.onnx'}")
    whole = made([node("MatMul", ["x", "W"], ["y"])]).SerializeToString()
    for content in (b"", b"<html>not here</html>", whole[: len(whole) // 2]):
        (tmp_path / "bad.onnx").write_bytes(content)
        with pytest.raises(WeightsError, match="no ONNX file, or damaged") as error:
            load_network(f"onnx:{tmp_path / 'bad.onnx'}")
        assert "\n" not in str(error.value)
    monkeypatch.setattr("isthmus.networks.onnx.files.LARGEST", 100)
    (tmp_path / "bad.onnx").write_bytes(whole)
    with pytest.raises(WeightsError, match="at most"):
        load_network(f"onnx:{tmp_path / 'bad.onnx'}")


@pytest.mark.parametrize("name", ["onnx", "onnx2torch", "onnxruntime"])
def test_an_absent_library_is_one_line_with_what_to_install(name, load, monkeypatch):
    model = made([node("MatMul", ["x", "W"], ["y"])])
    load(model)
    for known in [each for each in sys.modules if each == name or (name == "onnx2torch" and each.startswith(name))]:
        monkeypatch.setitem(sys.modules, known, None)
    with pytest.raises(MissingLibraryError, match=rf"need {name}, .*isthmus\[onnx\]"):
        load(model)


def test_other_weights_and_fresh_ones_are_contradictions(tmp_path):
    with pytest.raises(SpecError, match="comes with its weights"):
        load_network("onnx:model.onnx", weights=tmp_path / "w.npz")
    with pytest.raises(SpecError, match="comes with its weights"):
        load_network("untrained:onnx:model.onnx")
    with pytest.raises(SpecError, match="names no file"):
        load_network("onnx:")


@pytest.mark.parametrize("opset", [15, 18])
def test_a_pool_that_onnx2torch_does_not_know(opset, load):
    nodes = [node("GlobalMaxPool", ["x"], ["p"]), node("Flatten", ["p"], ["z"]), node("MatMul", ["z", "W"], ["y"])]
    network = load(made(nodes, inputs=[value("x", ["n", 4, 5, 2])], opset=opset))
    x = torch.rand(3, 4, 5, 2)
    assert torch.allclose(network.logits(x), x.amax((2, 3)) @ torch.from_numpy(WEIGHTS))


def test_file_types_of_magika_from_one_hot_bytes(load):
    """A real classifier of 214 classes, cut behind the one-hot vectors of its 2048 bytes."""
    magika = pytest.importorskip("magika", reason="magika is not installed")
    from pathlib import Path

    file = next(Path(magika.__file__).parent.glob("models/*/model.onnx"))
    with pytest.raises(NetworkError, match=r"takes 'bytes' int32 \(\?, 2048\)"):
        load_network(f"onnx:{file}")
    model = onnx.load(file)
    vectors = next(each for each in model.graph.node if each.op_type == "MatMul").input[0]
    shape = next(each for each in model.graph.node if each.op_type == "Shape")
    shape.input[0] = vectors  # of which it takes the first length alone
    del model.graph.input[:]
    model.graph.input.append(value(vectors, ["n", 2048, 257]))
    nodes = [each for each in model.graph.node if vectors not in each.output]
    nodes.remove(shape)
    del model.graph.node[:]
    model.graph.node.extend([shape, *nodes])
    kept = onnx.utils.Extractor(model).extract_model([vectors], [model.graph.output[0].name])
    network = load(kept)
    x = torch.nn.functional.one_hot(torch.randint(257, (2, 2048)), 257).float()
    assert network.input_shape == (2048, 257) and network.logits(x).shape == (2, 214)


def test_rows_of_pixels_are_no_images(load):
    nodes = [
        node("Reshape", ["x", "square"], ["s"]),
        node("Conv", ["s", "K"], ["k"]),
        node("Flatten", ["k"], ["y"]),
    ]
    weights = {"square": np.array([0, 1, 4, 4]), "K": np.ones((2, 1, 4, 4), dtype=np.float32)}
    network = load(made(nodes, inputs=[value("x", ["n", 1, 16])], weights=weights))
    assert network.input_shape == (1, 16) and isinstance(network.input_kind, Arrays)


def test_a_layer_norm_of_unknown_shape(load):
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Reshape", ["x", "s"], ["r"]),  # of which no shape can be inferred
        node("LayerNormalization", ["r", "scale", "bias"], ["l"], axis=-1),
        node("MatMul", ["l", "W"], ["y"]),
    ]
    weights = {"scale": np.ones(4, dtype=np.float32), "bias": np.zeros(4, dtype=np.float32)}
    network = load(made(nodes, weights=weights))
    expected = torch.nn.functional.layer_norm(ROWS, (4,)) @ torch.from_numpy(WEIGHTS)
    assert torch.allclose(network.logits(ROWS), expected, atol=1e-5)
