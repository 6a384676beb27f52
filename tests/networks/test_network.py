from __future__ import annotations

import random
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from isthmus import Landscape, Network, Preprocessing
from isthmus.errors import NetworkError, ProbabilitiesWarning


def model() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Flatten(), nn.Linear(4 * 36, 5))


def snapshot(module: nn.Module) -> tuple:
    return (
        [m.training for m in module.modules()],
        [p.requires_grad for p in module.parameters()],
        [None if p.grad is None else p.grad.clone() for p in module.parameters()],
        [dict(m._forward_hooks) for m in module.modules()],
        {k: v.clone() for k, v in module.state_dict().items()},
        (torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()),  # noqa: NPY002
    )


def same(one, other) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return bool((one == other).all())
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(v, other[k]) for k, v in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return one == other


def prepare() -> nn.Sequential:
    """A model whose modes, flags, gradients and hooks are all different from what evaluation needs."""
    module = model()
    module.train()
    module[2].eval()
    module[4].bias.requires_grad_(False)
    module(torch.rand(2, 3, 8, 8)).sum().backward()
    module[0].register_forward_hook(lambda *_: None)
    return module


@pytest.mark.usefixtures("as_installed")
def test_evaluation_leaves_no_trace():
    module = prepare()
    before = snapshot(module)
    landscape = Landscape(Network(module))
    x, target = torch.rand((5, 3, 8, 8), generator=torch.Generator().manual_seed(3)), torch.zeros(5, dtype=torch.long)
    landscape.loss(x, target)
    landscape.gradient(x, target)
    assert same(snapshot(module), before)


class Failing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inside, self.fail = prepare(), False

    def forward(self, x):
        if self.fail:
            random.random(), np.random.rand(), torch.rand(1)  # noqa: NPY002
            raise ZeroDivisionError("from inside")
        return self.inside(x)


@pytest.mark.usefixtures("as_installed")
def test_an_exception_leaves_no_trace_either():
    module = Failing()
    landscape = Landscape(Network(module))
    module.fail = True
    before = snapshot(module)
    for call in (landscape.loss, landscape.gradient):
        with pytest.raises(ZeroDivisionError):
            call(torch.rand((2, 3, 8, 8), generator=torch.Generator()), torch.zeros(2, dtype=torch.long))
    assert same(snapshot(module), before)


def test_dropout_and_batch_statistics_are_off_while_evaluating():
    module = model().train()
    landscape = Landscape(Network(module))
    x = torch.rand(4, 3, 8, 8)
    assert torch.equal(landscape.logits(x), landscape.logits(x))
    assert torch.allclose(landscape.logits(x)[:1], landscape.logits(x[:1]), atol=1e-5)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda z: z,
        lambda z: (z, "features"),
        lambda z: ["aux", z],
        lambda z: {"logits": z, "loss": None},
        lambda z: {"out": z},
        lambda z: SimpleNamespace(logits=z),
        lambda z: (SimpleNamespace(logits=z), None),
        lambda z: z[:, :, None, None],
    ],
)
def test_outputs_are_unwrapped(wrap):
    linear = nn.Linear(6, 3)

    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = linear

        def forward(self, x):
            return wrap(self.linear(x))

    x = torch.rand(4, 6)
    assert torch.allclose(Landscape(Network(Wrapped())).logits(x), linear(x))


@pytest.mark.parametrize("bad", [lambda z: z[0], lambda z: {"boxes": 3}, lambda z: None, lambda z: z.argmax(1)])
def test_outputs_without_logits_are_an_error(bad):
    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(6, 3)

        def forward(self, x):
            return bad(self.linear(x))

    with pytest.raises(NetworkError, match="logits"):
        Network(Wrapped(), input_shape=(6,))


def test_one_column_is_an_error():
    with pytest.raises(NetworkError, match="at least two classes"):
        Network(nn.Linear(4, 1))


def test_probabilities_are_noticed():
    with pytest.warns(ProbabilitiesWarning, match="softmax"):
        Network(nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)))


class Function(nn.Module):
    def __init__(self, call) -> None:
        super().__init__()
        self.linear, self.call = nn.Linear(4, 3), call

    def forward(self, x):
        return self.call(self.linear(x))


def test_randomness_is_noticed():
    with pytest.raises(NetworkError, match="change between two passes"):
        Network(Function(lambda z: functional.dropout(z, 0.5, training=True)))


def test_dependence_on_the_batch_is_noticed():
    with pytest.raises(NetworkError, match="rest of the batch"):
        Network(Function(lambda z: z - z.mean(0)))


def test_what_construction_could_not_see_the_first_batch_shows():
    class Unusual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(2, 3, 5))

        def forward(self, x):
            z = torch.einsum("nij,cij->nc", x, self.weight.transpose(0, 1)[:, :, :])
            return z - z.mean(0)

    landscape = Landscape(Network(Unusual()))
    with pytest.raises(NetworkError, match="rest of the batch"):
        landscape.loss(torch.rand(3, 2, 5), torch.zeros(3, dtype=torch.long))


def test_checks_can_be_left_out():
    Network(Function(lambda z: z - z.mean(0)), check=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Network(nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)), check=False)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"mean": [0.5, 0.5]}, "mean has 2"),
        ({"std": [1.0, 1.0, 0.0]}, "positive"),
        ({"mean": [float("nan")] * 3}, "finite"),
        ({"input_shape": (1, 8, 8)}, "takes 3 channels"),
        ({"input_shape": (3, 4, 4)}, "does not accept"),
    ],
)
def test_contradictions_are_errors_at_construction(settings, expected):
    with pytest.raises(NetworkError, match=expected):
        Network(model(), **settings)


@pytest.mark.usefixtures("as_installed")
def test_not_a_module():
    with pytest.raises(NetworkError, match=r"torch.nn.Module"):
        Network(lambda x: x)


class GreyToColour(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inside = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, x):
        return self.inside(x.expand(-1, 3, -1, -1))


def test_a_network_may_change_the_channels_before_its_first_layer():
    landscape = Landscape(Network(GreyToColour(), mean=[0.5], std=[0.5], input_shape=(1, 8, 8)))
    assert landscape.logits(torch.rand(2, 1, 8, 8)).shape == (2, 4)
    assert Landscape(Network(GreyToColour())).logits(torch.rand(2, 1, 8, 8)).shape == (2, 4)


def test_an_input_of_a_size_that_the_network_cannot_take_is_named():
    network = Network(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(7, 3)))
    with pytest.raises(NetworkError, match=r"shape \(1, 9, 9\): mat1"):
        Landscape(network).logits(torch.rand(2, 1, 9, 9))


def test_another_precision_is_a_copy_kept_while_the_network_is_held_fixed():
    network = Network(nn.Sequential(nn.Flatten(), nn.Linear(6, 3)), mean=0.5, std=2.0)
    x = torch.rand(4, 1, 2, 3)
    with network.fixed():
        one = network.in_precision(torch.float64, x[0])
        assert network.in_precision(torch.float64, x[0]) is one
        assert one.dtype == torch.float64 and network.dtype == torch.float32 and one.name == network.name
        assert network.in_precision(torch.float32, x[0]) is network
        torch.testing.assert_close(one.logits(x.double()).float(), network.logits(x))
    with torch.no_grad():
        network.model[1].bias += 1
    other = network.in_precision(torch.float64, x[0])
    with network.fixed(), other.fixed():
        torch.testing.assert_close(other.logits(x.double()).float(), network.logits(x))
    assert network.in_precision(torch.float64, x[0]) is not other


def test_names_of_classes_are_one_for_each_output():
    model = torch.nn.Linear(4, 3)
    with pytest.raises(NetworkError, match="3 outputs, and 2 class_names"):
        Network(model, input_shape=(4,), class_names=["a", "b"])


class Grey(nn.Module):
    def forward(self, x):
        return x.mean(1, keepdim=True)


def test_a_preprocessing_that_makes_other_channels_is_refused():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3))
    with pytest.raises(NetworkError, match=r"takes 1 channel, .* images of 3: give Preprocessing\(channels=1\)"):
        Network(model, preprocessing=Preprocessing(size=(8, 8)))
    grey = nn.Sequential(Grey(), *model)  # takes images of three channels all the same
    assert Network(grey, preprocessing=Preprocessing(size=(8, 8))).preprocessing.channels == 3
    landscape = Landscape(Network(model, preprocessing=Preprocessing(size=(8, 8), channels=1)))
    with pytest.raises(NetworkError, match=r"takes 1 channel, .*for one image x\[None\]"):
        landscape.logits(torch.rand(2, 8, 8))
