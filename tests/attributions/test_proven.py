"""Attributions with a proof: each value is within its bound, and where nothing can be said that is said."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import isthmus
from isthmus.errors import InputError, IsthmusWarning, NetworkError


def landscape_of(*layers: nn.Module, inputs: int = 6) -> isthmus.Landscape:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(inputs, 20), *layers, nn.Linear(20, 3)).double().eval()
    return isthmus.Landscape(isthmus.Network(model, input_shape=(inputs,)), domain=isthmus.Unbounded())


def line(count: int = 2) -> isthmus.Polyline:
    return isthmus.Polyline(torch.randn((count, 6), generator=torch.Generator().manual_seed(0), dtype=torch.float64))


def by_force(landscape, path, index: int, points: int = 400) -> torch.Tensor:
    """Many nodes of Gauss and Legendre on each of many intervals of each segment: right to rounding."""
    nodes, weights = (torch.from_numpy(each) / 2 for each in np.polynomial.legendre.leggauss(12))
    u = ((torch.arange(points, dtype=torch.float64)[:, None] + nodes + 0.5) / points).flatten()
    total = 0.0
    for a, c in zip(path.vertices, path.vertices[1:], strict=False):
        x = torch.lerp(a[None], c[None], u[:, None]).requires_grad_()
        (slope,) = torch.autograd.grad(landscape.network.logits(x)[:, index].sum(), x)
        total = total + (slope * (weights / points).repeat(points)[:, None]).sum(0) * (c - a)
    return total


@pytest.mark.parametrize("kink", [nn.Tanh(), nn.GELU(), nn.Softplus(), nn.Softplus(beta=4.0, threshold=0.5)])
@pytest.mark.parametrize("order", [None, 2])
def test_every_value_is_within_its_bound(kink, order):
    landscape, path = landscape_of(kink, nn.Linear(20, 20), kink), line(3)
    before = landscape.forward_equivalents
    with warnings.catch_warnings():  # beyond its threshold softplus has a jump, of which something is left
        warnings.simplefilter("ignore", IsthmusWarning)
        found = isthmus.attribute(landscape, path, 1, verify=isthmus.TaylorModels(order=order), tolerance=1e-5)
    assert landscape.forward_equivalents > before + found.gradients
    jumps = isinstance(kink, nn.Softplus) and kink.threshold < 1
    if found.error_bound is None:
        assert jumps
        return
    assert found.error_bound.shape == found.values.shape and "float64" in found.subject_to and not found.exact
    off = (found.values - by_force(landscape, path, 1)).abs()
    assert bool((off <= found.error_bound + 1e-14).all())
    if not jumps:
        assert float(found.error_bound.sum()) <= 1e-5 * abs(found.change)
        assert float(off.sum()) > 1e-7 * float(found.error_bound.sum())  # a bound, and not one of anything
    assert "proven" in repr(found) and "proven" in found.how


def test_curves_and_many_paths_are_proven_too():
    landscape = landscape_of(nn.Tanh())
    straight = line()
    thirds = torch.stack([torch.lerp(*straight.vertices, share) for share in (0.0, 1 / 3, 2 / 3, 1.0)])
    bent = isthmus.Bezier(torch.stack([straight.vertices[0], torch.zeros(6).double(), straight.vertices[1]]))
    same, one, curve = isthmus.attribute(landscape, [isthmus.Bezier(thirds), straight, bent], 2, verify="taylor")
    off = (same.values - one.values).abs()
    assert bool((off <= same.error_bound + one.error_bound + 1e-15).all())
    adaptive = isthmus.attribute(landscape, bent, 2, exact=False, tolerance=1e-12)
    assert bool(((curve.values - adaptive.values).abs() <= curve.error_bound + 1e-11).all())
    assert curve.completeness_error <= float(curve.error_bound.sum())


def test_what_is_linear_is_known_to_rounding():
    landscape = landscape_of()
    found = isthmus.attribute(landscape, line(), 0, verify="taylor")
    assert found.parts <= 4 and float(found.error_bound.max()) < 1e-13


def test_where_remainders_grow_too_fast_it_is_said():
    """A sharp bend in a hundred layers."""
    layers = [layer for _ in range(40) for layer in (nn.Linear(20, 20), nn.Tanh())]
    landscape = landscape_of(*layers)
    with torch.no_grad():
        for each in landscape.network.model.parameters():
            each *= 6
    with pytest.warns(IsthmusWarning, match="adaptive rule, without a bound"):
        found = isthmus.attribute(landscape, line(), 0, verify=isthmus.TaylorModels(most=30), most=300)
    assert found.error_bound is None and "proven" not in repr(found)


def test_less_than_was_asked_for_is_said():
    landscape = landscape_of(nn.Tanh(), nn.Linear(20, 20), nn.Tanh())
    with pytest.warns(IsthmusWarning, match="was asked for"):
        found = isthmus.attribute(landscape, line(), 1, verify=isthmus.TaylorModels(most=4, order=4), tolerance=1e-9)
    assert found.error_bound is not None and found.parts <= 4


class _Straight(torch.autograd.Function):
    """Rounds, and says that it does not."""

    @staticmethod
    def forward(context, x):
        return x.tanh()

    @staticmethod
    def backward(context, grad):
        return grad


class Straight(nn.Module):
    def forward(self, x):
        return _Straight.apply(x)


def test_a_derivative_that_is_not_one_is_found_out():
    with pytest.raises(NetworkError, match="not that of the output"):
        isthmus.attribute(landscape_of(Straight()), line(), 1, verify="taylor")


def test_what_cannot_be_asked_for_together_is_refused():
    landscape = landscape_of(nn.Tanh())
    with pytest.raises(InputError, match="exact or verify, not both"):
        isthmus.attribute(landscape, line(), 1, verify="taylor", exact=False)
    with pytest.raises(InputError, match=r"must be TaylorModels\(\), got UniformSamples"):
        isthmus.attribute(landscape, line(), 1, verify="samples")
    with pytest.raises(NetworkError, match=r"threshold_backward.*exact=True"):
        isthmus.attribute(landscape_of(nn.ReLU()), line(), 1, verify="taylor")


class Computing(nn.Module):
    """Whatever a function makes of two numbers."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        made = self.function(x)
        return torch.stack([made, x[:, 0]], 1)


def two_numbers(function, **more) -> isthmus.Landscape:
    network = isthmus.Network(Computing(function), input_shape=(2,), check=False, **more)
    return isthmus.Landscape(network, domain=isthmus.Unbounded())


def mixed_by(weight):
    """The sum of the gradient is right whatever the weight is, on a path along which both numbers are the same."""
    return lambda x: torch.tanh(x[:, 0]) * (1 - weight(x)) + torch.tanh(x[:, 1]) * weight(x)


@pytest.mark.parametrize(
    ("weight", "named"),
    [
        (lambda x: torch.from_numpy(x.detach().numpy().mean(1)), "numpy"),
        (lambda x: torch.tensor(x.mean(1).tolist(), dtype=x.dtype), "tolist"),
        (lambda x: torch.from_dlpack(x.detach().mean(1)), "__dlpack__"),
        (lambda x: x.mean().item(), "item"),
    ],
)
def test_values_that_leave_pytorch_are_no_constants(weight, named):
    diagonal = isthmus.Polyline(torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.float64))
    with pytest.raises(NetworkError, match=f"{named}.*leaves PyTorch"):
        isthmus.attribute(two_numbers(mixed_by(weight)), diagonal, 0, verify="taylor")


class _Baked(torch.autograd.Function):
    """Its backward pass alone goes through NumPy."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.tanh()

    @staticmethod
    def backward(context, grad):
        (x,) = context.saved_tensors
        return grad * torch.from_numpy(1 - np.tanh(x.detach().numpy()) ** 2)


def test_what_is_not_seen_in_the_backward_pass_is_found_out():
    diagonal = isthmus.Polyline(torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.float64))
    landscape = two_numbers(lambda x: _Baked.apply(x[:, 0]) - _Baked.apply(x[:, 1]) + x[:, 1])
    with pytest.raises(NetworkError, match=r"leaves PyTorch|is not seen|cannot be written down"):
        isthmus.attribute(landscape, diagonal, 0, verify="taylor")


def test_what_is_computed_of_weights_in_the_backward_pass_is_rounded_too():
    """Two layers whose products cancel: the gradient is a constant, and still not known exactly."""
    from fractions import Fraction

    torch.manual_seed(0)
    first, second = nn.Linear(3, 64, bias=False).double(), nn.Linear(64, 2, bias=False).double()
    with torch.no_grad():
        first.weight[32:] = first.weight[:32]
        second.weight[:, 32:] = -second.weight[:, :32] + 1e-9 * torch.randn(2, 32, dtype=torch.float64)
    network = isthmus.Network(nn.Sequential(first, second), input_shape=(3,))
    path = isthmus.Polyline(torch.stack([torch.zeros(3), torch.ones(3)]).double())
    found = isthmus.attribute(isthmus.Landscape(network, domain=isthmus.Unbounded()), path, 0, verify="taylor")
    rows = [[Fraction(value) for value in row] for row in first.weight.tolist()]
    last = [Fraction(value) for value in second.weight[0].tolist()]
    for number in range(3):
        true = sum(weight * row[number] for weight, row in zip(last, rows, strict=True))
        assert abs(Fraction(float(found.values[number])) - true) <= Fraction(float(found.error_bound[number]))


def test_no_change_of_the_output_is_no_reason_against_a_proof():
    path = isthmus.Polyline(torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.float64))
    landscape = two_numbers(lambda x: x[:, 0].tanh() - x[:, 1].tanh())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IsthmusWarning)  # of a change of 0 a thousandth is not to be had
        found = isthmus.attribute(landscape, path, 0, verify="taylor")
    assert found.error_bound is not None and float(found.error_bound.max()) < 1e-10
    assert float(found.values[0]) == pytest.approx(math.tanh(1.0), abs=1e-10)


def test_models_of_all_sorts_end_in_a_proof_or_in_an_error_of_ours():
    image = torch.randn((2, 4, 6, 6), generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    class Squeezed(nn.Module):  # squeeze and excite: a pool over the whole image, and no Flatten after it
        def __init__(self):
            super().__init__()
            self.pool, self.gate, self.out = nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 4, 1), nn.Linear(4, 3)

        def forward(self, x):
            return self.out((x * self.gate(self.pool(x)).sigmoid()).mean((2, 3)))

    class Transposed(nn.Module):  # padded by more than a stride, which an output may be where it is dilated
        def __init__(self):
            super().__init__()
            self.grow = nn.ConvTranspose2d(4, 3, 3, stride=1, dilation=2, output_padding=1)

        def forward(self, x):
            return self.grow(x).tanh().mean((2, 3))

    torch.manual_seed(0)
    for model in (Squeezed(), Transposed(), torch.compile(Squeezed(), backend="eager")):
        network = isthmus.Network(model.double().eval(), input_shape=(4, 6, 6), check=False)
        landscape = isthmus.Landscape(network, domain=isthmus.Unbounded())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of a compiler
            found = isthmus.attribute(landscape, isthmus.Polyline(image), 1, verify="taylor")
            exact = isthmus.attribute(landscape, isthmus.Polyline(image), 1, exact=False, tolerance=1e-10)
        assert bool(((found.values - exact.values).abs() <= found.error_bound + 1e-9).all())
    landscape = two_numbers(lambda x: x[:, 0] if x.mean() > 0.5 else x[:, 1])
    path = isthmus.Polyline(torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.float64))
    with pytest.raises(NetworkError, match="written down as operators"):
        isthmus.attribute(landscape, path, 0, verify="taylor")
    broken = landscape_of(nn.Tanh())
    with torch.no_grad():
        broken.network.model[0].weight[0, 0] = math.nan
    with pytest.raises(NetworkError, match="not finite"):
        isthmus.attribute(broken, line(), 0, verify="taylor")
