from __future__ import annotations

import sys

import pytest
import torch

from isthmus import Landscape, load_network
from isthmus.errors import MissingLibraryError, SpecError, WeightsError


def test_digits_works_out_of_the_box(digits, digit_images):
    x, target = digit_images
    network = load_network("digits")
    accuracy = (Landscape(network).logits(x).argmax(1) == target).float().mean()
    assert accuracy > 0.97 and network.input_shape == (1, 8, 8) and network.class_names[3] == "3"
    assert len(network.weights_hash) == 64


@pytest.mark.parametrize(
    "spec",
    ["resnet18", "", "torchvision:", "torchvision", "keras:resnet", "digits:2", "py:", "py:json", "untrained:nothing"],
)
def test_unknown_specs_are_errors(spec):
    with pytest.raises(SpecError):
        load_network(spec)


@pytest.mark.parametrize("spec", ["py:json:absent", "py:no.such.module:make", "py:json:dumps", "py:os:getcwd"])
def test_factories_that_give_no_network_are_errors(spec):
    with pytest.raises(SpecError, match="py:"):
        load_network(spec)


def test_a_factory_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "my_networks.py").write_text(
        "import torch, isthmus\n"
        "def module(): return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 3))\n"
        "def network(): return isthmus.Network(module(), mean=[.5], std=[.2], input_shape=(1, 3, 4),"
        " class_names='abc')\n"
    )
    monkeypatch.chdir(tmp_path)
    path = list(sys.path)
    assert load_network("py:my_networks:module", mean=[0.1], size=(3, 4)).mean.tolist() == [0.1]
    network = load_network("py:my_networks:network")
    assert network.class_names == ("a", "b", "c") and network.std.tolist() == [0.2]
    assert sys.path == path


def test_untrained_is_the_same_for_a_seed_and_leaves_the_generator_alone():
    state = torch.get_rng_state()
    one, two, other = (load_network(f"untrained:digits?seed={s}") for s in (3, 3, 4))
    assert one.weights_hash == two.weights_hash != other.weights_hash != load_network("digits").weights_hash
    assert torch.equal(torch.get_rng_state(), state)
    assert load_network("untrained:digits?classes=4").model[-1].out_features == 4


@pytest.mark.parametrize("query", ["seed=x", "depth=3", "seed=1&classes=-2"])
def test_unknown_options_are_errors(query):
    with pytest.raises(SpecError, match="seed and classes"):
        load_network(f"untrained:digits?{query}")


def test_untrained_with_weights_is_a_contradiction(tmp_path):
    with pytest.raises(SpecError, match="leave out"):
        load_network("untrained:digits", weights=tmp_path / "w.npz")


# ---- the zoo


def zoo_or_skip(name: str) -> None:
    from isthmus.networks.zoo import import_zoo

    try:
        import_zoo(name)
    except MissingLibraryError as error:
        pytest.skip(str(error))


@pytest.mark.filterwarnings("ignore")
def test_torchvision_beside_a_cpu_torch():
    zoo_or_skip("torchvision")
    network = load_network("untrained:torchvision:resnet18?seed=1&classes=7")
    assert Landscape(network).logits(torch.rand(2, 3, 64, 64)).shape == (2, 7)
    assert network.preprocessing.size == (224, 224) and network.preprocessing.resize == 256
    assert network.mean.tolist() == pytest.approx([0.485, 0.456, 0.406])
    assert network.class_names is None and "ResNet18_Weights" in network.preprocessing.source


@pytest.mark.filterwarnings("ignore")
def test_timm():
    zoo_or_skip("timm")
    network = load_network("untrained:timm:vit_tiny_patch16_224?classes=5")
    assert Landscape(network).gradient(torch.rand(1, 3, 224, 224), torch.tensor([2])).gradient.shape == (1, 3, 224, 224)
    assert network.mean.tolist() == [0.5] * 3 and network.preprocessing.interpolation == "bicubic"


@pytest.mark.parametrize("spec", ["untrained:torchvision:resnet81", "untrained:timm:resnet_18_"])
@pytest.mark.filterwarnings("ignore")
def test_a_name_near_a_known_one_is_told(spec):
    zoo_or_skip("torchvision")
    with pytest.raises(SpecError, match=r"near it: .*resnet18"):
        load_network(spec)


def test_an_absent_library_is_one_line_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(MissingLibraryError, match=r"isthmus\[zoo\]") as error:
        load_network("untrained:torchvision:resnet18")
    assert "\n" not in str(error.value)


@pytest.mark.filterwarnings("ignore")
def test_published_weights_are_downloaded_and_checked(tmp_path, monkeypatch):
    """The real download code, against a file: address in the place of the publisher's."""
    zoo_or_skip("torchvision")
    import hashlib

    from isthmus.networks.zoo import import_zoo

    models = import_zoo("torchvision").models
    original = load_network("untrained:torchvision:squeezenet1_1?seed=5")
    file = tmp_path / "weights.pth"
    torch.save(original.model.state_dict(), file)
    named = file.rename(tmp_path / f"squeezenet1_1-{hashlib.sha256(file.read_bytes()).hexdigest()[:8]}.pth")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "cache"))
    kind = type(models.get_model_weights("squeezenet1_1").DEFAULT)
    monkeypatch.setattr(kind, "url", property(lambda self: named.as_uri()))
    assert load_network("torchvision:squeezenet1_1").weights_hash == original.weights_hash
    bad = named.rename(tmp_path / "squeezenet1_1-00000000.pth")
    monkeypatch.setattr(kind, "url", property(lambda self: bad.as_uri()))
    with pytest.raises(WeightsError, match="could not be had"):
        load_network("torchvision:squeezenet1_1")


@pytest.mark.filterwarnings("ignore")
def test_hub_network_in_a_local_folder(tmp_path):
    transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra: hub)")
    zoo_or_skip("torchvision")
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8], depths=[1, 1], num_labels=3, id2label={0: "a", 1: "b", 2: "c"}
    )
    model = transformers.ResNetForImageClassification(config)
    model.save_pretrained(tmp_path)
    transformers.ViTImageProcessor(size={"height": 48, "width": 48}).save_pretrained(tmp_path)
    network = load_network(f"hf-hub:{tmp_path}")
    x = torch.rand(2, 3, 48, 48)
    assert torch.allclose(Landscape(network).logits(x), model.eval()((x - 0.5) / 0.5).logits, atol=1e-5)
    assert network.class_names == ("a", "b", "c") and network.preprocessing.size == (48, 48)


def test_hub_without_transformers_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingLibraryError, match=r"isthmus\[hub\]"):
        load_network("hf-hub:org/name")


def test_networks_of_timm_know_the_classes_they_were_made_for():
    pytest.importorskip("timm", reason="timm is not installed (extra: zoo)")
    network = load_network("untrained:timm:resnet10t")
    assert network.class_names is not None and network.class_names[207] == "golden retriever"
    assert load_network("untrained:timm:resnet10t?classes=5").class_names is None
