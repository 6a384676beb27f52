"""Every operator: no sample of a network leaves its enclosure."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from benchmarks.enclosures import OPERATORS, tried
from torch import nn
from torch.nn import functional as F

import isthmus
from isthmus.certificates.taylor import TaylorModels
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.model import Model
from isthmus.certificates.taylor.operators import run
from isthmus.certificates.taylor.operators.kinks import relu
from isthmus.certificates.taylor.operators.linear import between, layer
from isthmus.certificates.taylor.weights import Norms, Pass
from isthmus.errors import NetworkError


@pytest.mark.parametrize("name", OPERATORS)
def test_no_sample_leaves_its_enclosure(name):
    finite = 0
    for seed in range(8):
        outside, known = tried([name, "tanh"] if seed % 2 else [name], seed, 101)
        assert not outside, seed
        finite += known
    assert finite >= 4


@pytest.mark.parametrize("name", OPERATORS)
def test_no_sample_of_a_surface_leaves_its_enclosure(name):
    finite = 0
    for seed in range(4):
        outside, known = tried([name, "tanh"] if seed % 2 else [name], seed, 101, variables=2)
        assert not outside, seed
        finite += known
    assert finite >= 2


@pytest.mark.slow
@pytest.mark.parametrize("variables", [1, 2])
def test_no_sample_leaves_its_enclosure_in_chains(variables):
    random = torch.Generator().manual_seed(7)
    for seed in range(150):
        names = [list(OPERATORS)[int(i)] for i in torch.randint(len(OPERATORS), (4,), generator=random)]
        assert tried(names, 1000 + seed, 301, variables)[0] == 0, names


def a_pass() -> Pass:
    return Pass(apply=run, norms=Norms(set()))


def model(*shape: int, seed: int = 0, radius: float = 1e-3) -> Model:
    random = torch.Generator().manual_seed(seed)
    coefficients = 0.3 * torch.randn((3, *shape), generator=random, dtype=torch.float64)
    return Model(coefficients, radius * torch.rand(shape, generator=random, dtype=torch.float64), a_pass())


def at(x: Model, s: float, error: torch.Tensor) -> torch.Tensor:
    return sum(x.coefficients[power] * s**power for power in range(3)) + error


def test_remainders_of_layers_are_needed_in_full():
    x = model(1, 5)
    weight = torch.randn((4, 5), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    made = layer(x, weight)
    for row in range(4):
        error = x.radius * weight[row].sign()  # the worst for this output
        off = (at(x, 0.7, error) @ weight.T - at(made, 0.7, 0))[0, row].abs()
        assert 0.5 * made.radius[0, row] < off <= made.radius[0, row]


def test_balls_of_layers_are_needed_in_full():
    """Errors along the first singular vector, of which the radii of single numbers know nothing."""
    x = model(1, 3, 40)
    weight = torch.randn((40, 40), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    middle = layer(x, torch.eye(40, dtype=torch.float64))  # has balls
    made = layer(middle, weight)
    assert made.ball is not None
    size = middle.ball.norms(-1)[0, 0, 0]
    direction = torch.linalg.svd(weight).Vh[0]
    grown = torch.linalg.vector_norm(size * direction @ weight.T)
    assert 0.5 * made.ball.norms(-1)[0, 0, 0] < grown <= made.ball.norms(-1)[0, 0, 0] * (1 + 1e-9)


def test_remainders_of_products_are_needed_in_full():
    x, y = model(1, 2, 3), model(1, 3, 2, seed=1)
    made = between(x, y)
    off = torch.zeros(2, 2, dtype=torch.float64)
    for s in (-1.0, 1.0):
        for signs in torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 4).double():
            one = at(x, s, x.radius * signs[0] * torch.sign(y.coefficients[0]).mT.roll(int(signs[2]), 1))
            other = at(y, s, y.radius * signs[1] * torch.sign(x.coefficients[0]).mT.roll(int(signs[3]), 1))
            off = torch.maximum(off, (one @ other - at(made, s, 0))[0].abs())
    assert bool((off <= made.radius[0]).all()) and float((off / made.radius[0]).max()) > 0.5


def test_relu_keeps_polynomials_that_do_not_cross_its_kink():
    inner = Enclosure(
        torch.tensor([[[1.0, -1.0, 0.1]], [[0.5, 0.5, 0.5]]], dtype=torch.float64), torch.zeros(1, 3).double()
    )
    made = relu(Model(inner.coefficients, inner.radius, a_pass()))
    assert torch.equal(made.coefficients[:, 0, 0], inner.coefficients[:, 0, 0]) and float(made.radius[0, 0]) < 1e-12
    assert not made.coefficients[:, 0, 1].any() and float(made.radius[0, 1]) < 1e-12
    # -0.4 to 0.6: between lambda z and lambda (z + 0.4), lambda = 0.6, half of 0.24 apart.
    assert abs(float(made.radius[0, 2]) - 0.12) < 1e-6 and abs(float(made.coefficients[1, 0, 2]) - 0.3) < 1e-6


class Odd(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.layer, self.function = nn.Linear(4, 4), function

    def forward(self, x):
        return self.function(self.layer(x))


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (torch.floor, "floor"),
        (lambda x: x * (x > 0), "gt"),
        (lambda x: x.sort(-1).values, "sort"),
        (lambda x: torch.where(x.sum(1, keepdim=True) > 0, x, -x), "gt"),
        (lambda x: x.half().double(), "float16"),
        (lambda x: torch.bernoulli(x.sigmoid()), "bernoulli"),
        (lambda x: x - x.mean(1, keepdim=True, dtype=torch.float32), "float32"),
        (lambda x: x[:, x[0].argsort()], "argsort|sort"),
        (lambda x: x + x.detach().numpy().mean(), "numpy"),
    ],
)
def test_what_is_not_known_is_refused_by_name(function, says):
    landscape = isthmus.Landscape(isthmus.Network(Odd(function), input_shape=(4,), check=False))
    with pytest.raises(NetworkError, match=says) as caught:
        TaylorModels().check(landscape, torch.rand(4))
    assert "Taylor models need" in str(caught.value)


def test_sequences_may_come_first():
    """The batch is a real one, wherever it lies."""

    class Sequence(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.mix, self.head = nn.Linear(3, 8), nn.TransformerEncoderLayer(8, 2, 16), nn.Linear(8, 4)

        def forward(self, x):
            return self.head(self.mix(self.embed(x).transpose(0, 1)).mean(0))

    torch.manual_seed(0)
    landscape = isthmus.Landscape(isthmus.Network(Sequence().eval(), input_shape=(5, 3)))
    ends = torch.rand((2, 5, 3), generator=torch.Generator().manual_seed(0))
    target = landscape.logits(ends[:1]).argmax(1)
    (pair,) = isthmus.connect(landscape, ends[:1], ends[1:], target, verify=TaylorModels())
    assert pair.certified
    dense = isthmus.profile(landscape, pair.path, int(target), sampling=isthmus.Sampling.even(2001))
    assert dense.max_loss <= pair.certificate.bound + 1e-6


def test_rounding_of_long_sums_grows_with_their_length():
    """Sums of a hundred thousand equal numbers, of which float64 keeps fewer digits than of a few."""
    for operator, count in ((torch.sum, 100_000), (torch.mean, 100_000), (torch.sum, 10)):
        value = torch.full((1, count), 0.1, dtype=torch.float64)
        x = Model(value[None].expand(2, 1, count) * torch.tensor([1.0, 0.0])[:, None, None], 0 * value, a_pass())
        made = operator(x, 1)
        exact = Fraction(0.1) * (count if operator is torch.sum else 1)
        off = abs(Fraction(float(made.coefficients[0, 0])) - exact)
        assert off <= Fraction(float(made.radius[0]))
        assert float(made.radius[0]) >= 0.5 * count * 2.0**-53 * float(exact)


def test_running_sums_are_counted_along_their_own_axis():
    """Of twenty thousand numbers, each of which has one place."""
    value = torch.full((1, 20_000, 1), 0.1, dtype=torch.float64)
    x = Model(value[None].expand(2, *value.shape) * torch.tensor([1.0, 0.0])[:, None, None, None], 0 * value, a_pass())
    made = torch.cumsum(x, 1)
    off = abs(Fraction(float(made.coefficients[0, 0, -1, 0])) - Fraction(0.1) * 20_000)
    assert off <= Fraction(float(made.radius[0, -1, 0])) and float(made.radius[0, -1, 0]) > 1e-9


@pytest.mark.parametrize(
    "change",
    [lambda y: y.diagonal(dim1=1, dim2=2).mul_(3.0), lambda y: y.unfold(1, 2, 2).mul_(3.0)],
    ids=["diagonal", "unfold"],
)
def test_what_is_changed_through_any_view_is_not_read(change):
    class Through(nn.Module):
        def forward(self, x):
            y = torch.tanh(x).clone()
            change(y)
            return y.flatten(1)

    landscape = isthmus.Landscape(isthmus.Network(Through(), input_shape=(2, 2)))
    with pytest.raises(NetworkError, match="changed in place"):
        TaylorModels().check(landscape, torch.rand(2, 2))


def test_in_place_operators_and_views():
    class Inside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(4, 8), nn.Linear(8, 3)

        def forward(self, x):
            y = self.one(x)
            y.mul_(2).add_(0.5)
            F.silu(y, inplace=True)
            return self.two(y)

    landscape = isthmus.Landscape(isthmus.Network(Inside(), input_shape=(4,)))
    TaylorModels().check(landscape, torch.rand(4))

    class Through(Inside):
        def forward(self, x):
            y = self.one(x)
            part = y[:, :4]
            part.mul_(2)  # changes y, which nobody here can know
            return self.two(y)

    landscape = isthmus.Landscape(isthmus.Network(Through(), input_shape=(4,)))
    with pytest.raises(NetworkError, match="changed in place"):
        TaylorModels().check(landscape, torch.rand(4))


NETS = {
    "attention": lambda x, w: F.scaled_dot_product_attention(x @ w[0], x @ w[1], x @ w[2]) @ w[3],
    "sharp attention": lambda x, w: F.scaled_dot_product_attention(4 * x @ w[0], 4 * x @ w[1], x) @ w[3],
    "by hand": lambda x, w: ((x @ w[0] @ (x @ w[1]).mT / 3 + 0.2).softmax(-1) @ (x @ w[2])) @ w[3],
    "heads": lambda x, w: F.scaled_dot_product_attention(
        *(
            part.reshape(-1, 5, 2, 4).transpose(1, 2)
            for part in F.linear(F.layer_norm(x, (8,), w[0][0]), w.flatten(0, 1)[:24]).chunk(3, -1)
        )
    ),
    "layer norm": lambda x, w: F.layer_norm(x, (8,), w[0][0], w[1][0]) @ w[3],
    "rms norm": lambda x, w: F.rms_norm(x, (8,), w[0][0]) @ w[3],
    "group norm": lambda x, w: F.group_norm(x, 5, w[0][0, :5], w[1][0, :5]) @ w[3],
    "softmax": lambda x, w: (3 * x).softmax(-1) @ w[3],
    "gelu": lambda x, w: F.gelu(x @ w[0]) @ w[1],
    "gate": lambda x, w: (F.silu(x @ w[0]) * (x @ w[1])) @ w[2],
    "residual": lambda x, w: (x @ w[0] + torch.tanh(x @ w[1])) @ w[2],
    "pixels": lambda x, w: F.conv1d(F.silu(F.conv1d(x, w[0][:5, :5, None])), w[1][:4, :5, None]),
    "mean": lambda x, w: (x @ w[0]).mean(1) @ w[1],
    "norm": lambda x, w: F.normalize(x @ w[0], dim=-1) @ w[1],
    "no scale": lambda x, w: F.scaled_dot_product_attention(x @ w[0], x @ w[1], x, scale=0.0) @ w[3],
    "turned softplus": lambda x, w: F.softplus(x @ w[0], beta=-2.0, threshold=1.0) @ w[1],
    "turned pool": lambda x, w: F.avg_pool2d((x @ w[0])[:, None], (1, 2), divisor_override=-3)[:, 0] @ w[1, :4],
    "running sum": lambda x, w: (x @ w[0]).cumsum(1) @ w[1],
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("radius", [1e-4, 3e-2])
def test_errors_of_the_inputs_stay_inside(name, radius):
    """Anything within the radii of the inputs, at its corners above all, comes out within those of the outputs."""
    from isthmus.certificates.taylor.operators import call

    random = torch.Generator().manual_seed(3)
    weights = torch.randn((4, 8, 8), generator=random, dtype=torch.float64) / 2
    coefficients = torch.randn((3, 1, 5, 8), generator=random, dtype=torch.float64)
    coefficients[1:] *= 0.02
    reach = torch.full((1, 5, 8), radius, dtype=torch.float64)
    norms = Norms({weights.untyped_storage().data_ptr()})
    x = Model(coefficients, reach, Pass(apply=run, call=call, norms=norms))
    made = NETS[name](x, weights)
    assert made.radius.isfinite().all()
    worst = 0.0
    for number in range(400):
        s = torch.rand((), generator=random, dtype=torch.float64) * 2 - 1
        error = 2 * torch.rand((1, 5, 8), generator=random, dtype=torch.float64) - 1
        error = error.sign() if number % 2 else error
        point = sum(coefficients[power] * s**power for power in range(3)) + error * reach
        there = NETS[name](point, weights)
        off = (there - sum(made.coefficients[power] * s**power for power in range(3))).abs()
        assert bool((off <= made.radius).all())
        if made.ball is not None:  # of each row
            assert bool((torch.linalg.vector_norm(off, dim=-1, keepdim=True) <= made.norms(-1) * (1 + 1e-9)).all())
        worst = max(worst, float((off / made.radius).max()))
    assert worst > 0.01
