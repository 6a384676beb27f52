"""Gradients that are followed: they hold every sample, and what cannot be followed is refused by name."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

import isthmus
from isthmus.certificates import TaylorModels
from isthmus.certificates.taylor import operators
from isthmus.certificates.taylor.boxes import Boxes
from isthmus.certificates.taylor.model import Model
from isthmus.certificates.taylor.operators.normalising import normalised
from isthmus.certificates.taylor.slopes import Slopes
from isthmus.certificates.taylor.walk import Walk
from isthmus.certificates.taylor.weights import Norms, Pass
from isthmus.errors import IsthmusWarning, NetworkError


class Told(nn.Module):
    """Two layers with a function between them."""

    def __init__(self, function, shape=(6,), inputs=20, before=None):
        super().__init__()
        self.before = before or nn.Linear(6, 20)
        self.function, self.after, self.shape = function, nn.Linear(inputs, 3), shape

    def forward(self, x):
        return self.after(self.function(self.before(x)))


def _image(function, inputs):
    return Told(function, (2, 8, 8), inputs, before=nn.Sequential(nn.Conv2d(2, 8, 3, padding=1), nn.Tanh()))


class Tokens(nn.Module):
    """A class token, a block of attention, and a layer norm whose weights are no ones."""

    shape = (5, 4)

    def __init__(self, causal=False):
        super().__init__()
        self.embed, self.token = nn.Linear(4, 16), nn.Parameter(torch.randn(1, 1, 16))
        self.norm, self.mix, self.out, self.causal = nn.LayerNorm(16), nn.Linear(16, 48), nn.Linear(16, 3), causal
        nn.init.normal_(self.norm.weight)

    def forward(self, x):
        x = torch.cat([self.token.expand(len(x), -1, -1), self.embed(x)], 1)
        parts = self.mix(self.norm(x)).view(len(x), 6, 3, 2, 8).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(*parts, is_causal=self.causal)
        return self.out((x + mixed.transpose(1, 2).reshape(len(x), 6, 16))[:, -1])


ONE = {
    "tanh": torch.tanh,
    "sigmoid in place": lambda x: x.mul_(2).sigmoid_(),
    "silu": functional.silu,
    "gelu": functional.gelu,
    "gelu by tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "mish": functional.mish,
    "softplus": functional.softplus,
    "softplus above its threshold": lambda x: functional.softplus(x, beta=3.0, threshold=2.0),
    "log sigmoid": functional.logsigmoid,
    "power": lambda x: (x * x + 1) ** 0.3,
    "quotient": lambda x: torch.sin(x) / (2 + x.square()),
    "erf": torch.erf,
    "softmax": lambda x: 4 * x.softmax(1),
    "log softmax": lambda x: x.log_softmax(1),
    "layer norm": lambda x: functional.layer_norm(x, (20,)),
    "rms norm": lambda x: functional.rms_norm(x, (20,)),
    "matrix product": lambda x: torch.einsum("bi,bj->bij", x, x.tanh()).mean(2),
}
MADE = {
    **{name: (lambda function=function: Told(function)) for name, function in ONE.items()},
    "gate": lambda: Told(lambda x: functional.glu(x, 1), inputs=10),
    "average pool": lambda: _image(lambda y: functional.avg_pool2d(y, 3, 2, 1).flatten(1), 128),
    "adaptive pool": lambda: _image(lambda y: functional.adaptive_avg_pool2d(y, 2).square().flatten(1), 32),
    "global pool": lambda: _image(lambda y: functional.adaptive_avg_pool2d(y, 1).flatten(1), 8),
    "group norm": lambda: _image(nn.Sequential(nn.GroupNorm(2, 8), nn.Tanh(), nn.Flatten()), 512),
    "batch norm": lambda: _image(nn.Sequential(nn.BatchNorm2d(8), nn.Tanh(), nn.Flatten()), 512),
    "strided": lambda: _image(nn.Sequential(nn.Conv2d(8, 4, 3, 2, groups=2, dilation=2), nn.Tanh(), nn.Flatten()), 16),
    "transposed": lambda: _image(nn.Sequential(nn.ConvTranspose2d(8, 2, 2, 2), nn.Tanh(), nn.Flatten()), 512),
    "slices": lambda: _image(lambda y: torch.cat([y[:, :3, ::2], y[:, 3:6, 1::2]], 1).square().mean((2, 3)), 6),
    "resized": lambda: _image(
        lambda y: functional.interpolate(y, scale_factor=2, mode="bilinear").square().mean((2, 3)), 8
    ),
    "attention": Tokens,
    "causal attention": lambda: Tokens(causal=True),
}


def landscape_of(model: nn.Module) -> isthmus.Landscape:
    network = isthmus.Network(model.double().eval(), input_shape=model.shape)
    return isthmus.Landscape(network, domain=isthmus.Unbounded())


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize(("order", "half"), [(1, 0.01), (4, 0.1), (7, 0.02)])
def test_no_sample_of_a_gradient_leaves_its_enclosure(name, order, half):
    torch.manual_seed(0)
    landscape = landscape_of(MADE[name]())
    ends = torch.randn((2, *landscape.network.input_shape), dtype=torch.float64)
    walk = Walk(isthmus.Polyline(ends))
    low = torch.tensor([[0.05], [0.7]], dtype=torch.float64)
    inputs = walk.inputs(Boxes(torch.zeros(2, dtype=torch.long), low, low + 2 * half, low[:, 0]), order)
    s = torch.linspace(-1, 1, 101, dtype=torch.float64)
    with landscape.fixed():
        slopes = Slopes.of(landscape, 1, ends)
        found = slopes.enclosed(inputs)
        there = torch.stack([slopes.gradient(_at(ends, low[:, 0] + half + half * place)) for place in s])
    polynomial = sum(coefficient * s.reshape(-1, *(1,) * (there.ndim - 1)) ** power
                     for power, coefficient in enumerate(found.coefficients))  # fmt: skip
    off = (there - polynomial).abs()
    assert bool((off <= found.radius + 1e-13 * (1 + there.abs().amax())).all())
    assert bool(found.radius.isfinite().all())
    # A bound that says nothing would hold them as well.
    if half < 0.1:
        assert float(found.radius.max()) < 0.5 * float(there.abs().max())


def _at(ends, t):
    return torch.lerp(ends[:1], ends[1:], t.reshape(-1, *(1,) * (ends.ndim - 1)))


@pytest.mark.parametrize(
    ("model", "operator"),
    [
        (lambda: Told(functional.relu), "threshold_backward"),
        (lambda: Told(torch.abs), "sgn"),
        (lambda: _image(lambda y: functional.max_pool2d(y, 2).flatten(1), 128), "max_pool2d_with_indices_backward"),
    ],
)
def test_kinks_are_refused_by_name(model, operator):
    landscape = landscape_of(model())
    path = isthmus.Polyline(torch.randn((2, *landscape.network.input_shape)))
    with pytest.raises(NetworkError, match=f"smooth functions.*{operator}.*exact=True"):
        TaylorModels().integrate(landscape, path, 1, 1e-3)


def test_who_reads_the_mean_of_a_layer_norm_is_refused():
    """While a gradient is followed, something else stands in its place."""
    landscape = landscape_of(Told(lambda x: x * torch.native_layer_norm(x, (20,), None, None, 1e-5)[1]))
    path = isthmus.Polyline(torch.randn((2, 6)))
    with pytest.raises(NetworkError, match="reads the mean or the deviation"):
        TaylorModels().integrate(landscape, path, 1, 1e-3)


def test_rows_that_are_masked_as_a_whole_get_no_proof():
    """PyTorch gives them zeros where a softmax has shares."""

    class Masked(Tokens):
        def forward(self, x):
            parts = self.mix(self.norm(self.embed(x))).view(len(x), 5, 3, 2, 8).permute(2, 0, 3, 1, 4)
            mask = torch.ones(5, 5, dtype=torch.bool)
            mask[2] = False
            query, key, value = parts
            scores = (query @ key.mT / 3).masked_fill(~mask, -torch.inf)
            shares = torch.ops.aten._safe_softmax(scores, -1)
            return self.out((shares @ value).transpose(1, 2).reshape(len(x), 5, 16).sum(1))

    landscape = landscape_of(Masked())
    path = isthmus.Polyline(torch.randn((2, 5, 4), dtype=torch.float64))
    with pytest.warns(IsthmusWarning, match="without a bound"):
        assert isthmus.attribute(landscape, path, 1, verify="taylor").error_bound is None


@pytest.mark.parametrize("reach", [0.0, 0.05])
def test_the_scale_of_a_norm_holds_wherever_rows_may_be(reach):
    """Of rows of which only polynomials and radii are known, as after some layers."""
    random = torch.Generator().manual_seed(0)
    coefficients = torch.randn((3, 1, 4, 8), generator=random, dtype=torch.float64)
    coefficients[1:] *= 0.2
    radius = torch.full((1, 4, 8), reach, dtype=torch.float64)
    run = Pass(apply=operators.run, call=operators.call, norms=Norms.of(nn.Identity()), backward=True)
    found = normalised(Model(coefficients, radius, run), 1e-5, centred=True)
    s = torch.linspace(-1, 1, 401, dtype=torch.float64)[:, None, None]
    moved = reach * (2 * torch.randint(0, 2, (401, 4, 8), generator=random).double() - 1)
    x = sum(each * s**power for power, each in enumerate(coefficients[:, 0])) + moved
    scale = (x.var(-1, correction=0, keepdim=True) + 1e-5).rsqrt()
    polynomial = sum(each * s**power for power, each in enumerate(found.scale.coefficients[:, 0]))
    off = (scale - polynomial).abs().amax(0)
    assert bool((off <= found.scale.radius[0]).all())
    assert bool((off > 0.02 * found.scale.radius[0]).any())  # and is not far larger than need be
