"""A model is held fixed by everybody who evaluates it: in every public way, in threads, around several networks."""

from __future__ import annotations

import concurrent.futures
import math

import pytest
import torch
from torch import nn

import isthmus
from isthmus.errors import NetworkError, ProbabilitiesWarning
from isthmus.networks.state import is_held


class Noisy(nn.Module):
    """Dropout and batch norm: every pass in train mode is wrong, and leaves traces."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.norm, self.drop, self.head = nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 4)

    def forward(self, x):
        return self.head(self.drop(self.norm(x)))


def state(model):
    return {key: value.clone() for key, value in model.state_dict().items()}


def test_logits_asked_for_outside_a_block_are_those_of_eval_mode_and_change_nothing():
    model = Noisy().train()
    network, before = isthmus.Network(model), state(model)
    x = torch.rand(5, 6)
    first = network.logits(x)
    assert torch.equal(network.logits(x), first) and torch.equal(isthmus.Landscape(network).logits(x), first)
    assert model.training and all(torch.equal(before[key], value) for key, value in state(model).items())
    slope = torch.autograd.grad(network.logits(point := x.clone().requires_grad_()).sum(), point)[0]
    assert bool(slope.isfinite().all()) and all(weight.requires_grad for weight in model.parameters())


@pytest.mark.parametrize("shared", [True, False])
def test_many_threads_and_networks_on_one_model(shared):
    model = Noisy().train()
    network = isthmus.Network(model)
    x = torch.rand(9, 6)
    expected = network.logits(x)

    def work(_):
        mine = network if shared else isthmus.Network(model, check=False)
        landscape = isthmus.Landscape(mine, max_batch=4)
        return [float((landscape.logits(x) - expected).abs().max()) for _ in range(60)]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        wrong = [apart for found in pool.map(work, range(4)) for apart in found if apart > 1e-5]
    assert not wrong
    assert all(module.training for module in model.modules()) and not is_held(model)
    assert all(weight.requires_grad for weight in model.parameters())


def test_the_last_to_let_go_gives_the_model_back():
    model = Noisy().train()
    one, other = isthmus.Network(model), isthmus.Network(model)
    with one.fixed():
        with other.fixed():
            assert not model.training
        assert not model.training and is_held(model)
    assert model.training and not is_held(model)


class Masked(nn.Module):
    """One class is masked; the rest is wrong in a way that the first look is to see."""

    def __init__(self, how):
        super().__init__()
        self.how = how
        torch.manual_seed(1)
        self.head = nn.Linear(6, 4)

    def forward(self, x):
        z = self.head(x)
        if self.how == "random":
            z = z + torch.randn_like(z)
        if self.how == "batch":
            z = z - z.mean(0)
        return z.index_fill(1, torch.tensor([3]), -math.inf)


@pytest.mark.parametrize(("how", "says"), [("random", "change between two passes"), ("batch", "rest of the batch")])
def test_a_masked_class_does_not_switch_the_checks_off(how, says):
    with pytest.raises(NetworkError, match=says):
        isthmus.Network(Masked(how), input_shape=(6,))


def test_masked_classes_work_where_they_are_not_the_target():
    landscape = isthmus.Landscape(isthmus.Network(Masked("well"), input_shape=(6,)))
    x = torch.rand(8, 6)
    y = landscape.logits(x[:4]).argmax(1)
    found = isthmus.connect(landscape, x[:4], x[4:], y, threshold=9.0)
    assert all(pair.connected for pair in found)


def test_a_check_that_could_not_conclude_is_made_again():
    model = Masked("batch")
    landscape = isthmus.Landscape(isthmus.Network(model, check=False))
    landscape.network._unchecked = True  # as for a network whose shape nobody knows
    same = torch.full((2, 6), 0.5)
    landscape.logits(same)  # equal inputs, also when mirrored: nothing can be seen
    with pytest.raises(NetworkError, match="rest of the batch"):
        landscape.logits(torch.rand(3, 6))


class Several(nn.Module):
    def __init__(self, make):
        super().__init__()
        self.make = make

    def forward(self, x):
        return self.make(x[:, :2], x[:, :5])


@pytest.mark.parametrize(
    ("make", "output", "classes"),
    [
        (lambda z, f: (z, f), 0, 2),
        (lambda z, f: (f, z), 1, 2),
        (lambda z, f: {"embedding": f, "scores": z}, "scores", 2),
        (lambda z, f: {"logits": z, "features": f}, None, 2),
        (lambda z, f: ([f[:, :, None, None].expand(-1, -1, 2, 2)], z), None, 2),
    ],
)
def test_outputs_are_chosen_by_name(make, output, classes):
    network = isthmus.Network(Several(make), input_shape=(6,), output=output)
    assert network.logits(torch.rand(3, 6)).shape == (3, classes)
    assert network.describe()["output"] == output


@pytest.mark.parametrize("make", [lambda z, f: (f, z), lambda z, f: {"embedding": f, "scores": z}])
def test_ambiguous_outputs_are_refused_and_named(make):
    with pytest.raises(NetworkError, match=r"which are the logits\? .*output=KEY_OR_INDEX"):
        isthmus.Network(Several(make), input_shape=(6,))
    with pytest.raises(NetworkError, match="has no 'nothing'"):
        isthmus.Network(Several(make), input_shape=(6,), output="nothing")


def test_heads_that_give_no_logits_are_refused_by_name():
    with pytest.raises(NetworkError, match="ends in a Sigmoid"):
        isthmus.Network(nn.Sequential(nn.Linear(6, 3), nn.Sigmoid()))
    body = nn.Linear(6, 3)
    body.num_classes = 0
    with pytest.raises(NetworkError, match="num_classes=0"):
        isthmus.Network(body)
    with pytest.raises(NetworkError, match=r"\(-z/2, z/2\)"):
        isthmus.Network(nn.Linear(6, 1))


@pytest.mark.parametrize("cut", [torch.no_grad, torch.inference_mode])
def test_a_network_without_slope_is_one_sentence(cut):
    class Cut(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(6, 3)

        def forward(self, x):
            with cut():
                return self.head(x)

    landscape = isthmus.Landscape(isthmus.Network(Cut()))
    assert landscape.logits(torch.rand(2, 6)).shape == (2, 3)
    with pytest.raises(NetworkError, match="gives no gradient"):
        landscape.gradient(torch.rand(2, 6), torch.tensor([0, 1]))


def test_callers_in_inference_mode_are_served():
    landscape = isthmus.Landscape(isthmus.Network(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))))
    x = torch.rand(8, 6)
    y = landscape.logits(x[:4]).argmax(1)
    plain = isthmus.connect(landscape, x[:4], x[4:], y, threshold=0.2)
    with torch.inference_mode():
        found = isthmus.connect(landscape, x[:4] * 1, x[4:] * 1, y * 1, threshold=0.2)
    assert [pair.outcome for pair in found] == [pair.outcome for pair in plain]


def test_hashes_are_those_of_what_is_there_now():
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    network = isthmus.Network(model)
    weights, structure = network.weights_hash, network.structure_hash
    model[0].weight.data.mul_(1.5)
    assert network.weights_hash != weights and network.structure_hash == structure
    model[1] = nn.Tanh()
    tanh = network.structure_hash
    assert tanh != structure
    model[2].register_forward_hook(lambda module, inputs, output: -output)
    assert network.structure_hash != tanh


def test_a_bare_network_is_told_what_a_landscape_is(digits, as_installed):
    from isthmus.errors import InputError
    from isthmus.making import attack, synthesize

    x, y = torch.rand(2, 1, 8, 8), torch.tensor([0, 1])
    for wrong in (digits.network, digits.network.model):
        for call in (
            lambda it: isthmus.connect(it, x, x, y),
            lambda it: attack(it, x, y),
            lambda it: synthesize(it, y),
            lambda it: isthmus.profile(it, isthmus.Polyline(x), 0),
        ):
            with pytest.raises(InputError, match=r"landscape must be an isthmus\.Landscape, got .*; wrap it"):
                call(wrong)


class Ending(nn.Module):
    def __init__(self, last):
        super().__init__()
        self.body, self.last = nn.Linear(6, 3), last

    def forward(self, x):
        return self.last(self.body(x))


@pytest.mark.parametrize(
    "last",
    [
        torch.sigmoid,
        lambda z: torch.sigmoid(z).clamp(1e-6, 1 - 1e-6),
        lambda z: 2 * torch.sigmoid(z) / 3,
        lambda z: torch.sigmoid(z)[:, :2].reshape(-1, 2),
    ],
)
def test_a_sigmoid_is_found_behind_what_follows_it(last):
    with pytest.raises(NetworkError, match="ends in a sigmoid"):
        isthmus.Network(Ending(last))


def test_a_softmax_is_found_behind_a_scale():
    with pytest.warns(ProbabilitiesWarning, match="come from a softmax"):
        isthmus.Network(Ending(lambda z: 100 * torch.softmax(z, 1)))


@pytest.mark.parametrize(
    "last", [lambda z: z * torch.sigmoid(z) + 9, lambda z: torch.relu(z), lambda z: torch.sigmoid(z) @ torch.ones(3, 3)]
)
def test_other_things_made_of_sigmoids_are_logits(last):
    network = isthmus.Network(Ending(last))
    assert network.logits(torch.zeros(2, 6)).shape == (2, 3)
