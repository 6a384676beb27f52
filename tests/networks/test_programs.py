"""Programs of PyTorch: files that hold code, read when they may run it."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn

import isthmus
from isthmus.errors import SpecError, WeightsError
from isthmus.networks.specs import load_network


def model(middle: nn.Module) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(1, 4, 3), middle, nn.Flatten(), nn.Linear(144, 10)).eval()


@pytest.fixture
def files(tmp_path):
    x = torch.rand(2, 1, 8, 8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(model(nn.ReLU()), x).save(str(tmp_path / "a.pt"))
        for name, middle in (("a", nn.ReLU()), ("b", nn.Tanh())):
            program = torch.export.export(model(middle), (x,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
            torch.export.save(program, tmp_path / f"{name}.pt2")
    return tmp_path


@pytest.mark.parametrize(("spec", "name"), [("torchscript", "a.pt"), ("exported", "a.pt2")])
def test_they_answer_as_the_module_does_and_connect(files, spec, name):
    with pytest.raises(SpecError, match=r"holds code beside its weights.*\?code=1"):
        load_network(f"{spec}:{files / name}")
    network = load_network(f"{spec}:{files / name}?code=1")
    x = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    landscape = isthmus.Landscape(network)
    with torch.no_grad():
        assert torch.allclose(landscape.logits(x), model(nn.ReLU())(x), atol=1e-6)
    seen = int(landscape.logits(x[:1]).argmax())
    assert isthmus.connect(landscape, x[:1], x[1:2], seen, threshold=5.0)[0].connected


def test_what_identifies_them_is_also_their_code(files):
    one, other = (load_network(f"exported:{files / name}.pt2?code=1") for name in "ab")
    assert one.weights_hash == other.weights_hash and one.structure_hash != other.structure_hash
    again = load_network(f"exported:{files / 'a.pt2'}?code=1")
    assert one.structure_hash == again.structure_hash


def test_what_is_none_is_one_line(files):
    (files / "bad.pt").write_bytes(b"nothing of the kind")
    for spec, error, says in [
        (f"torchscript:{files / 'bad.pt'}?code=1", WeightsError, "cannot be read as torchscript"),
        (f"exported:{files / 'bad.pt'}?code=1", WeightsError, "cannot be read as exported"),
        (f"exported:{files / 'none.pt2'}?code=1", WeightsError, "does not exist"),
        ("exported:?code=1", SpecError, "names no file"),
        (f"exported:{files / 'a.pt2'}?code=yes", SpecError, "the options are code"),
        (f"exported:{files / 'a.pt2'}?code=0", SpecError, "holds code"),
        (f"untrained:exported:{files / 'a.pt2'}", SpecError, "comes with its weights"),
    ]:
        with pytest.raises(error, match=says) as caught:
            load_network(spec)
        assert "\n" not in str(caught.value)
    with pytest.raises(SpecError, match="comes with its weights"):
        load_network(f"exported:{files / 'a.pt2'}?code=1", weights=files / "bad.pt")
