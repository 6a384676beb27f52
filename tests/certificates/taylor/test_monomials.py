"""Polynomials of one and of two variables: what is kept, and what is cut off."""

from __future__ import annotations

from math import comb

import pytest
import torch

from isthmus.certificates.taylor.enclosure import Enclosure, composed
from isthmus.certificates.taylor.interval import in_parts
from isthmus.certificates.taylor.monomials import Monomials


def value(of: Enclosure, *s: float) -> torch.Tensor:
    weights = (torch.tensor(s, dtype=torch.float64) ** torch.tensor(of.monomials.powers)).prod(1)
    return torch.einsum("k,k...->...", weights, of.coefficients)


def positive(variables: int, order: int, seed: int) -> Enclosure:
    random = torch.Generator().manual_seed(seed)
    coefficients = torch.rand((comb(order + variables, order), 1, 3), generator=random, dtype=torch.float64) / 4
    return Enclosure(coefficients, torch.zeros(1, 3).double(), variables)


def test_monomials_stand_by_rising_degree() -> None:
    assert Monomials.among(2, 10).powers[:6] == ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
    assert Monomials.among(1, 4).powers == ((0,), (1,), (2,), (3,))
    assert Monomials.among(2, 6).even.tolist() == [True, False, False, True, False, True]
    for variables, order in ((1, 7), (2, 3), (2, 5), (3, 3)):
        monomials = Monomials(variables, order)
        assert Monomials.among(variables, len(monomials.powers)) == monomials
        assert [monomials.up_to(degree) for degree in (-1, 0, order)] == [0, 1, len(monomials.powers)]
        for one, places in zip(monomials.powers, monomials.products, strict=True):
            those = (
                list(monomials.powers)[places] if isinstance(places, slice) else [monomials.powers[k] for k in places]
            )
            assert those == [tuple(map(sum, zip(one, other, strict=True))) for other in monomials.powers[: len(those)]]


@pytest.mark.parametrize(("variables", "order"), [(1, 1), (1, 5), (2, 1), (2, 2), (2, 5)])
def test_what_products_cut_off_is_needed_in_full(variables: int, order: int) -> None:
    one, other = positive(variables, order, 0), positive(variables, order, 1)
    made, ends = one.times(other), (1.0,) * variables  # where all that was cut off adds up
    exact = value(one, *ends) * value(other, *ends)
    off = exact - value(made, *ends)
    assert bool((off <= made.radius).all()) and torch.allclose(off, made.radius, rtol=1e-9)
    half = (0.5, -0.3)[:variables]
    assert bool(((value(one, *half) * value(other, *half) - value(made, *half)).abs() <= made.radius).all())


@pytest.mark.parametrize(("variables", "order"), [(1, 2), (1, 5), (2, 1), (2, 2), (2, 4)])
def test_what_compositions_cut_off_is_needed_in_full(variables: int, order: int) -> None:
    inner = positive(variables, order, 2)
    series = torch.rand((order + 1, 1, 3), generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    nothing = torch.zeros(1, 3).double()
    made, ends = composed(inner, series, torch.zeros_like(series), nothing), (1.0,) * variables
    moved = value(inner, *ends) - inner.coefficients[0]
    off = sum(term * moved**power for power, term in enumerate(series)) - value(made, *ends)
    assert bool((off <= made.radius).all()) and torch.allclose(off, made.radius, rtol=1e-9)


def test_a_second_variable_that_is_not_there_changes_nothing() -> None:
    one, other = positive(1, 4, 0), positive(1, 4, 1)

    def flat(of: Enclosure) -> Enclosure:
        coefficients = torch.zeros((15, 1, 3), dtype=torch.float64)
        places = [Monomials.among(2, 15).powers.index((power, 0)) for power in range(5)]
        coefficients[places] = of.coefficients
        return Enclosure(coefficients, of.radius, 2)

    wide, plain = flat(one).times(flat(other)), one.times(other)
    assert torch.allclose(wide.coefficients, flat(plain).coefficients) and torch.allclose(wide.radius, plain.radius)
    low, high = flat(one).range()
    assert torch.allclose(low, one.range()[0]) and torch.allclose(high, one.range()[1])


def test_ranges_of_polynomials_of_two_variables_in_parts() -> None:
    random = torch.Generator().manual_seed(0)
    coefficients = torch.randn((10, 2, 3), generator=random, dtype=torch.float64)
    of, parts, inside = Enclosure(coefficients, torch.zeros(2, 3).double(), 2), 8, 20
    low, high = in_parts(of, parts)
    assert low.shape == (2, parts**2, 3)
    s = torch.linspace(-1, 1, parts * inside + 1, dtype=torch.float64)
    powers = torch.tensor(of.monomials.powers)
    grid = torch.stack(torch.meshgrid(s, s, indexing="ij"), -1)
    values = torch.einsum("ijk,knc->ijnc", (grid[:, :, None] ** powers).prod(3), coefficients)
    for row in range(parts):
        for column in range(parts):
            part = values[inside * row : inside * (row + 1) + 1, inside * column : inside * (column + 1) + 1]
            there = row * parts + column
            assert bool((part.amax((0, 1)) <= high[:, there]).all() & (part.amin((0, 1)) >= low[:, there]).all())
            assert bool((high[:, there] - part.amax((0, 1)) < 0.6).all())
