from __future__ import annotations

import logging

import pytest
import torch
from torch import nn

from isthmus import Ball, Box, CrossEntropy, Landscape, Margin, Network, Unbounded
from isthmus.errors import DomainError, InputError, NetworkError


def small(channels: int = 3, classes: int = 4) -> Network:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(channels, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, classes)
    )
    return Network(model, mean=[0.5] * channels, std=[0.25] * channels)


@pytest.fixture
def x() -> torch.Tensor:
    return torch.rand((11, 3, 9, 7), generator=torch.Generator().manual_seed(1))


TARGET = torch.arange(11) % 4


def test_loss_is_the_cross_entropy_of_the_normalised_input(x):
    network = small()
    expected = nn.functional.cross_entropy(network.model((x - 0.5) / 0.25), TARGET, reduction="none")
    assert torch.allclose(Landscape(network).loss(x, TARGET), expected, atol=1e-6)


def test_gradient_agrees_with_finite_differences(x):
    network = small()
    network.model.double()
    landscape = Landscape(network, domain=Unbounded())
    loss, gradient = landscape.gradient(x.double(), TARGET)
    direction = torch.randn(x.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    ahead, behind = (landscape.loss(x.double() + s * direction, TARGET) for s in (1e-6, -1e-6))
    assert torch.allclose((gradient * direction).flatten(1).sum(1), (ahead - behind) / 2e-6, atol=1e-6)
    assert torch.allclose(loss, landscape.loss(x.double(), TARGET))


def test_every_batch_size_gives_the_same_numbers(x):
    network = small()
    whole = Landscape(network, max_batch=64)
    for size in (1, 2, 5, 11, "auto"):
        part = Landscape(network, max_batch=size)
        assert torch.allclose(part.loss(x, TARGET), whole.loss(x, TARGET), atol=1e-5)
        assert torch.allclose(part.logits(x), whole.logits(x), atol=1e-5)
        assert torch.allclose(part.gradient(x, TARGET).gradient, whole.gradient(x, TARGET).gradient, atol=1e-5)


def test_cost_is_counted_in_forward_equivalents(x):
    landscape = Landscape(small(), max_batch=4)
    landscape.loss(x, TARGET)
    assert landscape.forward_equivalents == 11
    landscape.gradient(x, TARGET)
    assert landscape.forward_equivalents == 44
    landscape.logits(x[:2])
    assert landscape.forward_equivalents == 46


class Hungry(nn.Module):
    """Runs out of memory above a batch size, as an allocator would say it."""

    def __init__(self, most: int, message: str) -> None:
        super().__init__()
        self.linear, self.most, self.message = nn.Linear(5, 3), most, message

    def forward(self, x):
        if len(x) > self.most:
            raise RuntimeError(self.message)
        return self.linear(x)


@pytest.mark.parametrize(
    "message",
    [
        "CUDA out of memory. Tried to allocate 20.00 MiB",
        "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried",
    ],
)
def test_batches_are_halved_when_memory_runs_out(message, caplog):
    x, target = torch.rand(300, 5), torch.zeros(300, dtype=torch.long)
    landscape = Landscape(Network(Hungry(40, message)))
    with caplog.at_level(logging.WARNING, logger="isthmus"):
        loss = landscape.loss(x, target)
        landscape.loss(x, target)
    assert landscape.batch_size == 32 and landscape.forward_equivalents == 600
    assert len(caplog.records) == 5  # 1024, 512, 256, 128, 64 failed once each
    model = landscape.network.model
    assert torch.allclose(loss, nn.functional.cross_entropy(model.linear(x), target, reduction="none"), atol=1e-5)


def test_a_fixed_batch_size_is_not_changed_behind_the_users_back():
    landscape = Landscape(Network(Hungry(4, "out of memory")), max_batch=8)
    with pytest.raises(RuntimeError, match="out of memory"):
        landscape.loss(torch.rand(8, 5), torch.zeros(8, dtype=torch.long))


def test_other_errors_pass_through():
    landscape = Landscape(Network(Hungry(4, "something else")))
    with pytest.raises(RuntimeError, match="something else"):
        landscape.loss(torch.rand(8, 5), torch.zeros(8, dtype=torch.long))


@pytest.mark.parametrize("shape", [(1, 8, 8), (4, 6, 5), (3, 7, 9)])
def test_any_number_of_channels(shape):
    landscape = Landscape(small(shape[0]))
    x = torch.rand(3, *shape)
    assert landscape.gradient(x, TARGET[:3]).gradient.shape == x.shape


def test_rows_of_a_table():
    landscape = Landscape(Network(nn.Linear(13, 2), mean=0.5, std=2.0), domain=Box(-10, 10))
    assert landscape.loss(torch.randn(6, 13), torch.ones(6, dtype=torch.long)).shape == (6,)


def test_margin_landscape(x):
    landscape = Landscape(small(), loss=Margin())
    assert torch.equal(landscape.loss(x, TARGET) < 0, landscape.logits(x).argmax(1) == TARGET)
    assert landscape.unit == "logits" and Landscape(small(), loss=CrossEntropy()).unit == "nats"


def test_autocast_computes_in_bfloat16_and_keeps_the_loss_in_float32(x):
    network = small()
    exact, mixed = Landscape(network).loss(x, TARGET), Landscape(network, autocast=torch.bfloat16).loss(x, TARGET)
    assert mixed.dtype == torch.float32
    assert torch.allclose(exact, mixed, atol=0.05) and not torch.equal(exact, mixed)


def test_follows_the_model_to_float64(x):
    network = small()
    network.model.double()
    assert Landscape(network).loss(x, TARGET).dtype == torch.float64


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("change", "expected", "kind"),
    [
        (lambda x: x * 255, "divide by 255", DomainError),
        (lambda x: (x - 0.5) / 0.25, "already normalised", DomainError),
        (lambda x: x + 2e-6 + (1 - x), "lie in the domain", DomainError),
        (lambda x: x.permute(0, 2, 3, 1), "HWC", NetworkError),
        (lambda x: x[:, :1], "takes 3 channels", NetworkError),
        (lambda x: (x * 255).byte(), "x.float", InputError),
        (lambda x: x.where(x < 0.9, torch.nan), "NaN", InputError),
        (lambda x: x[:0], "non-empty", InputError),
    ],
)
def test_unusable_inputs_get_their_own_message(x, change, expected, kind):
    landscape = Landscape(small())
    y = change(x)
    for call in (landscape.loss, landscape.gradient):
        with pytest.raises(kind, match=expected):
            call(y, TARGET[: len(y)])


def test_inputs_outside_by_rounding_are_accepted(x):
    Landscape(small()).loss(x.clamp(0, 1) + 5e-7, TARGET)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (torch.full((11,), 4), "0 ... 3"),
        (torch.full((11,), -1), "0 ... 3"),
        (torch.zeros(11), "int64"),
        (torch.zeros(5, dtype=torch.long), "shape"),
    ],
)
def test_unusable_targets_get_their_own_message(x, target, expected):
    with pytest.raises(InputError, match=expected):
        Landscape(small()).loss(x, target)


def test_a_network_that_returns_nan_is_named():
    model = nn.Linear(3, 2)
    nn.init.constant_(model.weight, torch.nan)
    with pytest.raises(NetworkError, match="not finite"):
        Landscape(Network(model)).loss(torch.rand(4, 3), torch.zeros(4, dtype=torch.long))


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("size", [0, -3, 2.5, "big", True])
def test_impossible_batch_sizes_are_refused(size):
    with pytest.raises(InputError, match="max_batch"):
        Landscape(small(), max_batch=size)


@pytest.mark.usefixtures("as_installed")
def test_a_bare_module_is_refused_with_the_way_out():
    with pytest.raises(NetworkError, match=r"isthmus.Network\(model"):
        Landscape(nn.Linear(3, 2))


def test_domains_are_kept_apart(x):
    landscape = Landscape(small(), domain=Ball(torch.full((3, 9, 7), 0.5), 0.1))
    with pytest.raises(DomainError):
        landscape.loss(x, TARGET)
