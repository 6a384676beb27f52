"""One run of a network over many intervals of a path, or cells of a surface: what the loss is at least and at most."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from isthmus._core.shapes import Logits, Losses
from isthmus.certificates.following import outputs
from isthmus.certificates.taylor import operators
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.model import Model
from isthmus.certificates.taylor.rounding import gamma, norm, up
from isthmus.certificates.taylor.weights import Norms, Pass
from isthmus.landscapes import Landscape
from isthmus.landscapes.losses import Loss

PARTS = 16  # of an interval, on which the loss of the polynomials is bounded: that takes no network
SIDE = 8  # of each side of a cell
SLACK = 1e-12  # of a loss, and in its unit: what exp and log may be off by in the bound itself


@dataclass(frozen=True, eq=False)
class Bounds:
    """What is known of the loss on each of n intervals, or cells.

    Attributes:
        lower, upper: no point of it has a loss below or above (n,); infinite where nothing is known.
        logits: what the polynomials say in the middle (n, classes).
        highest: what differences of logits to the target's do not exceed on each part, but for their radii (n, parts,
            classes).
        radius: of these differences (n, classes).
    """

    lower: Losses
    upper: Losses
    logits: Logits
    highest: Float[Tensor, "n parts classes"]
    radius: Logits

    def allowed(self, threshold: float, loss: Loss, target: int) -> Tensor:
        """By what radii could be multiplied so that the upper bound is the threshold (n,): 0 where they are infinite,
        -1 where even the polynomials alone are above it.
        """

        def below(share: Tensor) -> Tensor:
            return _loss(loss, self.highest + share[:, None, None] * self.radius[:, None], target).amax(1) <= threshold

        low, high = (torch.full_like(self.lower, exponent) for exponent in (-30.0, 15.0))
        for _ in range(24):
            middle = (low + high) / 2
            fits = below(middle.exp())
            low, high = torch.where(fits, middle, low), torch.where(fits, high, middle)
        known = self.radius.isfinite().all(1) & self.highest.isfinite().all(2).all(1)
        share = torch.where(below(torch.zeros_like(low)), low.exp(), -1.0)
        return torch.where(known, share, 0.0).cpu()


def _loss(function: Loss, differences: Tensor, target: int) -> Tensor:
    """Losses (n, parts) of differences to the target's logit (n, parts, classes), whose own is 0."""
    flat = differences.flatten(0, 1)
    classes = torch.full((len(flat),), target, device=flat.device)
    return function(flat.index_fill(1, classes[:1], 0.0), classes).reshape(differences.shape[:2])


def bounds(landscape: Landscape, inputs: Enclosure, target: int, norms: Norms) -> Bounds:
    """Runs the network on polynomials, in float64.

    Args:
        landscape: on a network in float64, held fixed.
        inputs: one row an interval, or a cell, in data units.
        target: the class that the loss is about.
        norms: of the network's weights.

    Raises:
        CannotFollowError: an operator is not known.
    """
    run = Pass(apply=operators.run, call=operators.call, norms=norms, variables=inputs.variables)
    with torch.no_grad():
        logits: Model = outputs(landscape.network, Model(inputs.coefficients, inputs.radius, run))
    apart = differences(logits, target)
    low, high = in_parts(apart.polynomial, PARTS if inputs.variables == 1 else SIDE)
    reach = apart.radius[:, None]
    upper = _loss(landscape.loss_function, (high + reach).nan_to_num(nan=torch.inf, neginf=torch.inf), target).amax(1)
    lower = _loss(landscape.loss_function, (low - reach).nan_to_num(nan=-torch.inf), target).amin(1)
    upper = (upper + SLACK * (1 + upper.abs())).nan_to_num(nan=torch.inf)
    lower = (lower - SLACK * (1 + lower.abs())).nan_to_num(nan=-torch.inf)
    return Bounds(lower, upper, logits.coefficients[0], high, apart.radius)


def in_parts(polynomials: Enclosure, parts: int) -> tuple[Tensor, Tensor]:
    """Lowest and highest value of polynomials (o, n, c) on equal parts of [-1, 1], so many for each variable
    (n, parts, c).

    About the middle m of a part of half-width w the k-th coefficient is w^k sum_i a_i binomial(i, k) m^(i - k); so in
    every variable.
    """
    monomials = polynomials.monomials
    order, variables = monomials.order, monomials.variables
    width = 1 / parts
    middles = (torch.arange(parts, dtype=torch.float64) * 2 + 1) * width - 1
    along = torch.zeros(parts, order + 1, order + 1, dtype=torch.float64)
    for power in range(order + 1):
        for above in range(power, order + 1):
            along[:, power, above] = math.comb(above, power) * middles ** (above - power) * width**power
    powers = torch.tensor(monomials.powers)
    weights = torch.ones(1, len(powers), len(powers), dtype=torch.float64)
    for variable in range(variables):
        own = along[:, powers[:, variable, None], powers[None, :, variable]]
        weights = (weights[:, None] * own[None]).flatten(0, 1)
    weights = weights.to(polynomials.radius)
    coefficients = torch.einsum("jka,anc->knjc", weights, polynomials.coefficients)
    terms = len(powers) - 1 + 3 * order + 16 * variables
    rounded = gamma(terms) * torch.einsum("jka,anc->njc", weights.abs(), polynomials.coefficients.abs())
    return polynomials.of(coefficients, up(rounded)).range()


def differences(logits: Model, target: int) -> Enclosure:
    """Logits less that of the target. Of a layer, by the differences of its weights: what both share is not lost."""
    every = logits.enclosure
    own = every.of(logits.coefficients[:, :, target : target + 1], logits.radius[:, target : target + 1])
    plain = every.plus(own, -1.0)
    if logits.source is None:
        return plain
    weight, x = logits.source.weight, logits.source.inputs
    apart = weight - weight[target]
    size = up(x.magnitudes)
    rounded = gamma(2 * weight.shape[1] + 8) * (size @ (weight.abs() + weight[target].abs()).T) + gamma(4) * (
        up(logits.magnitudes) + up(logits.magnitudes)[:, target : target + 1]
    )
    by_number = x.radius @ (apart.abs() * (1 + gamma(2))).T
    by_norm = x.norms(-1) * norm(apart, 1) * (1 + gamma(2))
    radius = up(torch.minimum(by_number, by_norm) + rounded, weight.shape[1] + 16)
    return plain.of(plain.coefficients, torch.minimum(plain.radius, radius))
