"""Series and bounds of smooth functions, against arithmetic of 60 digits."""

from __future__ import annotations

import mpmath
import pytest
import torch

from isthmus.certificates.taylor import functions
from isthmus.certificates.taylor.enclosure import Enclosure

mpmath.mp.dps = 60
ANYWHERE = (-9.0, -3.7, -1.0, -1e-3, 0.0, 0.4, 2.4, 6.0, 12.0)
ABOVE = (1e-3, 0.3, 1.0, 7.0, 300.0)
SMOOTH = {
    "exp": (functions.Exp(), mpmath.exp, ANYWHERE),
    "sigmoid": (functions.Sigmoid(), lambda x: 1 / (1 + mpmath.exp(-x)), ANYWHERE),
    "tanh": (functions.Tanh(), mpmath.tanh, ANYWHERE),
    "softplus": (functions.Softplus(), lambda x: mpmath.log(1 + mpmath.exp(x)), ANYWHERE),
    "silu": (functions.Silu(), lambda x: x / (1 + mpmath.exp(-x)), ANYWHERE),
    "gelu": (functions.Gelu(), lambda x: x * mpmath.ncdf(x), ANYWHERE),
    "erf": (functions.Erf(), mpmath.erf, ANYWHERE),
    "sin": (functions.Sine(), mpmath.sin, ANYWHERE),
    "cos": (functions.Sine(1), mpmath.cos, ANYWHERE),
    "log": (functions.Log(), mpmath.log, ABOVE),
    "sqrt": (functions.Power(0.5), mpmath.sqrt, ABOVE),
    "rsqrt": (functions.Power(-0.5), lambda x: 1 / mpmath.sqrt(x), ABOVE),
    "reciprocal": (functions.Power(-1.0), lambda x: 1 / x, (*ABOVE, -2.0, -1e-2)),
    "1.7th power": (functions.Power(1.7), lambda x: x ** mpmath.mpf(1.7), ABOVE),
    "cube": (functions.Power(3.0), lambda x: x**3, ANYWHERE),
}
each = pytest.mark.parametrize("name", SMOOTH)


def exactly(function, x: float, last: int) -> list:
    return mpmath.taylor(function, mpmath.mpf(x), last)


@each
def test_terms_are_within_their_doubt(name):
    smooth, function, places = SMOOTH[name]
    found = smooth.series(torch.tensor(places, dtype=torch.float64), 10)
    for number, x in enumerate(places):
        for power, exact in enumerate(exactly(function, x, 10)):
            off = abs(mpmath.mpf(float(found.terms[power, number])) - exact)
            assert off <= float(found.doubt[power, number]) + 1e-50, (x, power)
    # A doubt that is much too large would make every enclosure useless.
    assert bool((found.doubt < 1e-9 * found.terms.abs().clamp_min(1)).all())


@each
def test_no_derivative_exceeds_its_tail(name):
    smooth, function, places = SMOOTH[name]
    for x in places:
        terms = exactly(function, x, 14)
        low = high = torch.tensor([x], dtype=torch.float64)
        for order in (1, 2, 3, 5, 8, 14):
            assert abs(terms[order]) <= float(smooth.tail(low, high, order)), (x, order)


@each
@pytest.mark.parametrize("order", [1, 2, 4, 8])
def test_enclosures_hold_and_are_tight(name, order):
    """Halving any radius would be seen: on some interval more than half of it is needed."""
    smooth, function, places = SMOOTH[name]
    middle = torch.tensor(places, dtype=torch.float64)
    s = torch.linspace(-1, 1, 41, dtype=torch.float64)
    worst = 0.0
    for width in (0.2, 0.02):
        half = width * middle.abs().clamp_max(1).clamp_min(1e-4)
        inner = torch.zeros((order + 1, len(middle)), dtype=torch.float64)
        inner[0], inner[1] = middle, half
        made = smooth.of(Enclosure(inner, torch.zeros_like(middle)))
        for number, x in enumerate(places):
            for at in s.tolist():
                exact = function(mpmath.mpf(x) + mpmath.mpf(float(half[number])) * mpmath.mpf(at))
                here = sum(
                    mpmath.mpf(float(c)) * mpmath.mpf(at) ** k for k, c in enumerate(made.coefficients[:, number])
                )
                share = abs(exact - here) / float(made.radius[number])
                assert share <= 1, (x, width, at)
                worst = max(worst, float(share))
    assert worst > 0.5 or (name == "cube" and order > 2) or order == 8, worst


@each
def test_slopes_are_not_exceeded(name):
    smooth, function, places = SMOOTH[name]
    middle = torch.tensor(places, dtype=torch.float64)
    reach = 0.6 * middle.abs().clamp(1e-4, 1)
    inner = Enclosure(torch.stack([middle, 0.5 * reach]), 0.5 * reach)
    slope = smooth.slope(inner)
    for number, x in enumerate(places):
        for share in (-1, -0.5, 0, 0.5, 1):
            at = mpmath.mpf(x) + share * mpmath.mpf(float(reach[number]))
            assert abs(mpmath.diff(function, at)) <= float(slope[number]) * (1 + 1e-12)


def test_what_is_not_smooth_everywhere_says_so():
    across = Enclosure(torch.tensor([[0.1], [0.2]], dtype=torch.float64), torch.zeros(1, dtype=torch.float64))
    for smooth in (functions.Log(), functions.Power(0.5), functions.Power(-1.0)):
        assert not smooth.of(across).radius.isfinite().any()
    assert functions.Power(2.0).of(across).radius.isfinite().all()
