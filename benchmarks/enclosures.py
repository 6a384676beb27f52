"""Random networks of all operators: whether a sample ever leaves its enclosure.

    python -m benchmarks.enclosures [--networks 1000] [--samples 1000] [--variables 2] [--gradients]

Each network is a chain of operators that are drawn at random, with random weights; each is enclosed on an interval of
random place, width and order, and evaluated in float64 at so many points of it. With --gradients, so is the gradient of
one of its outputs; operators whose gradient cannot be followed are counted.
"""

from __future__ import annotations

import argparse
import warnings
from collections import Counter
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from isthmus import Landscape, Network, Polyline, Unbounded
from isthmus.certificates.following import CannotFollowError, outputs
from isthmus.certificates.taylor import operators
from isthmus.certificates.taylor.boxes import Boxes
from isthmus.certificates.taylor.ground import Ground
from isthmus.certificates.taylor.model import Model
from isthmus.certificates.taylor.patches import Patch, Patches
from isthmus.certificates.taylor.slopes import Slopes
from isthmus.certificates.taylor.walk import Walk
from isthmus.certificates.taylor.weights import Norms, Pass

WIDTH = 16
Operator = Callable[[Tensor], Tensor]


def rows(x: Tensor) -> Tensor:
    return x.reshape(-1, 4, 4)


def image(x: Tensor) -> Tensor:
    return x.reshape(-1, 1, 4, 4)


def flat(x: Tensor) -> Tensor:
    return x.reshape(-1, WIDTH)


def kernel(channels: int, size: int) -> Tensor:
    return torch.linspace(-1, 1, channels * size * size, dtype=torch.float64).reshape(channels, 1, size, size)


OPERATORS: Mapping[str, Operator] = {
    "exp": lambda x: torch.exp(x.clamp(max=2) * 0.5),
    "expm1": lambda x: torch.expm1(0.3 * x),
    "log": lambda x: torch.log(1 + x * x),
    "sqrt": lambda x: torch.sqrt(1 + x * x),
    "rsqrt": lambda x: x * torch.rsqrt(1 + x * x),
    "reciprocal": lambda x: torch.reciprocal(2 + x * x),
    "power": lambda x: (1 + x * x) ** 0.3,
    "cube": lambda x: (0.3 * x) ** 3,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "erf": torch.erf,
    "sin": torch.sin,
    "cos": torch.cos,
    "gelu": functional.gelu,
    "gelu by tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "silu": functional.silu,
    "softplus": functional.softplus,
    "steep softplus": lambda x: functional.softplus(x, beta=3),
    "log sigmoid": functional.logsigmoid,
    "mish": functional.mish,
    "softsign": functional.softsign,
    "relu": functional.relu,
    "leaky relu": functional.leaky_relu,
    "elu": functional.elu,
    "selu": functional.selu,
    "celu": lambda x: functional.celu(x, alpha=0.5),
    "relu6": functional.relu6,
    "hardswish": functional.hardswish,
    "hardsigmoid": functional.hardsigmoid,
    "hardtanh": functional.hardtanh,
    "abs": torch.abs,
    "clamp": lambda x: x.clamp(-0.3, 0.8),
    "maximum": lambda x: torch.maximum(x, x.flip(-1)),
    "minimum": lambda x: torch.minimum(x, 0.5 * x.roll(3, -1)),
    "amax": lambda x: x - x.amax(-1, keepdim=True),
    "amin": lambda x: flat(rows(x) - rows(x).amin((1, 2), keepdim=True)),
    "max pool": lambda x: flat(functional.max_pool2d(image(x), 2, 1, 1)[..., :4, :4]),
    "average pool": lambda x: flat(functional.interpolate(functional.avg_pool2d(image(x), 2), scale_factor=2)),
    "bilinear": lambda x: flat(functional.interpolate(image(x)[..., :2, :2], size=(4, 4), mode="bilinear")),
    "convolution": lambda x: flat(functional.conv2d(image(x), kernel(4, 3), padding=1)[:, 1:2]),
    "grouped": lambda x: flat(functional.conv2d(x.reshape(-1, 4, 2, 2), kernel(4, 1), groups=4)),
    "transposed": lambda x: flat(functional.conv_transpose2d(image(x)[..., :2, :2], kernel(1, 2), stride=2)),
    "batch norm": lambda x: flat(
        functional.batch_norm(image(x), torch.full((1,), 0.2).double(), torch.full((1,), 0.7).double())
    ),
    "softmax": lambda x: 4 * flat(rows(x).softmax(-1)),
    "log softmax": lambda x: x.log_softmax(-1),
    "logsumexp": lambda x: x - x.logsumexp(-1, keepdim=True),
    "layer norm": lambda x: functional.layer_norm(x, (WIDTH,)),
    "rms norm": lambda x: functional.rms_norm(x, (WIDTH,)),
    "group norm": lambda x: flat(functional.group_norm(x[:, :, None], 4)),
    "normalize": lambda x: 3 * functional.normalize(x + 0.1, dim=-1),
    "variance": lambda x: x * x.var(-1, keepdim=True),
    "deviation": lambda x: x / (1 + x.std(-1, keepdim=True)),
    "glu": lambda x: torch.cat([functional.glu(x), functional.glu(x.flip(-1))], -1),
    "gate": lambda x: functional.silu(x) * x.flip(-1),
    "quotient": lambda x: x / (1 + x.square()),
    "square matrix": lambda x: flat(rows(x) @ rows(x).transpose(1, 2)) / 4,
    "from the left": lambda x: flat(torch.linspace(-1, 1, 16, dtype=torch.float64).reshape(4, 4) @ rows(x)),
    "attention": lambda x: flat(functional.scaled_dot_product_attention(rows(x), 2 * rows(x), rows(x))),
    "attention by hand": lambda x: flat((rows(x) @ rows(x).mT / 2).softmax(-1) @ rows(x)),
    "masked": lambda x: flat(functional.scaled_dot_product_attention(rows(x), rows(x), rows(x), is_causal=True)),
    "residual": lambda x: x + 0.5 * torch.tanh(x),
    "mean": lambda x: x - x.mean(-1, keepdim=True),
    "sum": lambda x: x - flat(rows(x).sum(1, keepdim=True).expand(-1, 4, 4)) / 8,
    "cut and joined": lambda x: torch.cat([part.flip(-1) for part in x.chunk(2, -1)], -1),
    "padded": lambda x: flat(functional.pad(image(x)[..., 1:, 1:], (1, 0, 1, 0), value=0.5)),
    "cumsum": lambda x: 0.2 * x.cumsum(-1),
    "where": lambda x: torch.where(torch.arange(WIDTH) % 2 == 0, x, 0.5 * x.flip(-1)),
    "einsum": lambda x: flat(torch.einsum("bij,kj->bik", rows(x), torch.eye(4).double())),
}


class Chain(nn.Module):
    """Layers with an operator after each."""

    def __init__(self, names: list[str], inputs: int = 6) -> None:
        super().__init__()
        sizes = [inputs, *(WIDTH for _ in names)]
        self.layers = nn.ModuleList(nn.Linear(size, WIDTH) for size in sizes)
        self.names = names

    def forward(self, x: Tensor) -> Tensor:
        for layer, name in zip(self.layers[:-1], self.names, strict=True):
            x = OPERATORS[name](1.5 * layer(x))
        return self.layers[-1](x)


def tried(
    names: list[str], seed: int, samples: int, variables: int = 1, *, gradients: bool = False
) -> tuple[int, bool]:
    """How many samples of one network, or of its gradient, left their enclosure, and whether that was finite.

    Raises:
        CannotFollowError: an operator is not known.
    """
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Chain(names).double().eval()
    network = Network(model, input_shape=(6,), check=False)
    ends = torch.rand((2 * variables, 6), generator=random, dtype=torch.float64)
    order = int(torch.randint(1, 9, (), generator=random))
    half = 10 ** float(torch.empty(()).uniform_(-4, -0.31, generator=random))
    middle = half + (1 - 2 * half) * torch.rand(variables, generator=random, dtype=torch.float64)
    ground: Ground = Walk(Polyline(ends))
    if variables == 2:
        ground = Patches([Patch(ends, torch.zeros(6, dtype=torch.float64), torch.zeros(2).double(), 1.0)])
    box = Boxes(torch.zeros(1, dtype=torch.long), (middle - half)[None], (middle + half)[None], torch.ones(1).double())
    inputs = ground.inputs(box, order)
    s = torch.linspace(-1, 1, samples, dtype=torch.float64)[:, None]
    if variables == 2:
        s = 2 * torch.rand((samples, 2), generator=random, dtype=torch.float64) - 1
        s[:4] = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * 2)  # and its corners
    at = points(ends, middle + half * s)
    with torch.no_grad(), network.fixed(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if gradients:
            slopes = Slopes.of(Landscape(network, domain=Unbounded()), 1, at)
            made, there = slopes.enclosed(inputs), slopes.gradient(at)
        else:
            run = Pass(apply=operators.run, call=operators.call, norms=Norms.of(model), variables=variables)
            made = outputs(network, Model(inputs.coefficients, inputs.radius, run)).enclosure
            there = network.logits(at)
    powers = torch.tensor(made.monomials.powers)
    polynomial = torch.einsum("sk,kc->sc", (s[:, None] ** powers).prod(2), made.coefficients[:, 0])
    off = (there - polynomial).abs()
    # Samples are rounded themselves, as the polynomial at them is.
    rounded = 1e-13 * (1 + there.abs().amax())
    return int((off > made.radius + rounded).any(1).sum()), bool(made.radius.isfinite().all())


def points(ends: Tensor, places: Tensor) -> Tensor:
    """Of a segment at places (m, 1), or of a bilinear patch at places (m, 2)."""
    if len(ends) == 2:
        return torch.lerp(ends[:1], ends[1:], places)
    u, v = places[:, :1], places[:, 1:]
    return torch.lerp(torch.lerp(ends[0], ends[1], u), torch.lerp(ends[2], ends[3], u), v)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--variables", type=int, default=1, help="1: intervals of a segment; 2: cells of a surface")
    parser.add_argument("--gradients", action="store_true", help="of one of its outputs, in the place of all of them")
    options = parser.parse_args()
    random = torch.Generator().manual_seed(0)
    outside = finite = 0
    refused: Counter[str] = Counter()
    used: set[str] = set()
    for seed in range(options.networks):
        depth = int(torch.randint(1, 6, (), generator=random))
        names = [list(OPERATORS)[seed % len(OPERATORS)]]  # every one has its turn
        names += [list(OPERATORS)[int(i)] for i in torch.randint(len(OPERATORS), (depth - 1,), generator=random)]
        try:
            found, known = tried(names, seed, options.samples, options.variables, gradients=options.gradients)
        except CannotFollowError as error:
            refused[error.operator] += 1
            continue
        outside, finite, used = outside + found, finite + known, used | set(names)
        if found:
            print(f"network {seed}: {found} samples outside: {names}")
    for operator, count in refused.most_common():
        print(f"{count} networks refused: {operator}")
    print(
        f"{options.networks - refused.total()} networks of {len(used)} operators, {finite} enclosures finite, "
        f"{finite * options.samples:,} samples in them, {outside} outside"
    )


if __name__ == "__main__":
    main()
