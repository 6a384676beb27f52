"""Checkpoints as training code writes them, and damage."""

from __future__ import annotations

import logging
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file, save_model
from torch import nn

from isthmus.errors import WeightsError
from isthmus.networks.weights import fit_weights, read_weights


def model(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


RIGHT = model(1).state_dict()


def before(prefix, state=RIGHT):
    return {prefix + key: value for key, value in state.items()}


def fits(file):
    fresh = model(2)
    fit_weights(fresh, file)
    return all(torch.equal(value, RIGHT[key]) for key, value in fresh.state_dict().items())


PREFIX = st.lists(st.sampled_from(["module.", "_orig_mod.", "model.", "backbone.", "net."]), max_size=3).map("".join)
CONTAINER = st.lists(st.sampled_from(["state_dict", "model", "model_state_dict", "net"]), max_size=2)
ENDING = st.sampled_from([".pt", ".pth", ".pth.tar", ".bin", ".ckpt"])


@given(PREFIX, CONTAINER, ENDING, st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_container_and_prefix(tmp_path_factory, prefix, containers, ending, more):
    found = before(prefix) | ({"total_ops": torch.zeros(1)} if more else {})
    for name in reversed(containers):
        found = {"epoch": 3, name: found, "best": np.float64(0.9)}
    file = tmp_path_factory.mktemp("weights") / f"w{ending}"
    torch.save(found, file)
    assert fits(file)


def test_averages_are_taken_only_when_asked_for(tmp_path, caplog):
    file = tmp_path / "best.pth.tar"
    zeros = {key: value * 0 for key, value in RIGHT.items()}
    torch.save({"state_dict": zeros, "state_dict_ema": before("module."), "epoch": 1}, file)
    with caplog.at_level(logging.INFO, logger="isthmus"):
        assert not fits(file)
    assert "taken from state_dict; state_dict_ema beside it was not taken (ask for it as best.pth.tar#" in caplog.text
    assert fits(tmp_path / "best.pth.tar#state_dict_ema")
    with pytest.raises(WeightsError, match="name one of them as FILE#KEY"):
        fits(tmp_path / "best.pth.tar#nothing")
    swa = torch.optim.swa_utils.AveragedModel(model(1)).state_dict()
    torch.save(swa, tmp_path / "swa.pt")
    assert fits(tmp_path / "swa.pt")


def test_shared_weights_are_stored_once(tmp_path):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.head = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False), nn.Linear(4, 2)
            self.b.weight = self.a.weight

    saved = Tied()
    save_model(saved, tmp_path / "w.safetensors")
    fresh = Tied()
    fit_weights(fresh, tmp_path / "w.safetensors")
    assert torch.equal(fresh.b.weight, saved.a.weight)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (lambda v: (v * 100).to(torch.int8), "another type: .* is int8"),
        (lambda v: v > 0, "is bool"),
        (lambda v: v + 1j * v, "is complex64"),
        (lambda v: v * torch.nan, "hold NaN in"),
        (lambda v: v.to(torch.float8_e4m3fn), "is float8_e4m3fn"),
    ],
)
def test_other_types_are_refused(tmp_path, kind, says):
    changed = {key: kind(value) if value.is_floating_point() else value for key, value in RIGHT.items()}
    save_file(changed, tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match=says):
        fits(tmp_path / "w.safetensors")


def test_other_precisions_are_taken(tmp_path):
    save_file({k: v.double() if v.is_floating_point() else v for k, v in RIGHT.items()}, tmp_path / "w.safetensors")
    assert fits(tmp_path / "w.safetensors")


@pytest.mark.parametrize("compressed", [True, False])
def test_no_flipped_bit_of_an_npz_file_is_read(tmp_path, compressed):
    file = tmp_path / "w.npz"
    (np.savez_compressed if compressed else np.savez)(file, **{k: v.numpy() for k, v in RIGHT.items()})
    assert fits(file)
    good = file.read_bytes()
    dice = random.Random(3)
    for _ in range(400):
        bad = bytearray(good)
        bad[dice.randrange(len(bad))] ^= 1 << dice.randrange(8)
        file.write_bytes(bad)
        try:
            found = read_weights(file)
        except WeightsError:
            continue
        assert set(found) <= set(RIGHT) and all(torch.equal(found[key], RIGHT[key]) for key in found)
        if set(found) != set(RIGHT):  # the name of an array was hit: then it does not fit
            with pytest.raises(WeightsError, match="do not fit"):
                fits(file)


def test_heads_of_ones_own(tmp_path):
    from isthmus import load_network
    from isthmus.errors import MissingLibraryError, SpecError
    from isthmus.networks.zoo import import_zoo

    try:
        zoo = import_zoo("torchvision").models
    except MissingLibraryError as error:
        pytest.skip(str(error))
    torch.save(zoo.resnet18(num_classes=5).state_dict(), tmp_path / "five.pt")
    with pytest.raises(WeightsError, match=r"add \?classes=5 to the spec"):
        load_network("torchvision:resnet18", weights=tmp_path / "five.pt")
    network = load_network("torchvision:resnet18?classes=5", weights=tmp_path / "five.pt")
    assert network.logits(torch.rand(1, 3, 224, 224)).shape == (1, 5) and network.class_names is None
    with pytest.raises(SpecError, match="needs weights of your own"):
        load_network("torchvision:resnet18?classes=5")


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_published_files_with_auxiliary_heads(tmp_path, monkeypatch, name):
    from isthmus import load_network
    from isthmus.errors import MissingLibraryError
    from isthmus.networks.zoo import import_zoo

    try:
        zoo = import_zoo("torchvision").models
    except MissingLibraryError as error:
        pytest.skip(str(error))
    published = getattr(zoo, name)(aux_logits=True, init_weights=False).state_dict()
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda *args, **kwargs: published)
    torch.save(published, tmp_path / "file.pth")
    for network in (
        load_network(f"torchvision:{name}"),
        load_network(f"torchvision:{name}", weights=tmp_path / "file.pth"),
    ):
        mine = network.model.state_dict()
        assert all(torch.equal(mine[key], published[key]) for key in mine) and len(mine) < len(published)
