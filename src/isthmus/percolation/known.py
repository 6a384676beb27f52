"""Known thresholds of the hypercubic lattice, and the series for high dimension."""

from __future__ import annotations

from isthmus._core.annotated import as_annotated
from isthmus.errors import InputError
from isthmus.percolation.lattice import Kind

SITE = {  # d = 2: Jacobsen (2015); d = 3: Xu et al. (2014); d >= 4: Mertens and Moore (2018)
    1: 1.0,
    2: 0.59274605,
    3: 0.31160768,
    4: 0.19688561,
    5: 0.14079633,
    6: 0.109016661,
    7: 0.088951121,
    8: 0.075210128,
    9: 0.0652095348,
    10: 0.0575929488,
    11: 0.0515896843,
    12: 0.0467309755,
    13: 0.0427150796,
}
BOND = {  # d = 2: Kesten (1980), exact; the others as above
    1: 1.0,
    2: 0.5,
    3: 0.24881185,
    4: 0.16013122,
    5: 0.11817145,
    6: 0.09420165,
    7: 0.078675230,
    8: 0.0677084181,
    9: 0.0594960034,
    10: 0.0530925842,
    11: 0.04794968373,
    12: 0.04372385825,
    13: 0.04018761703,
}
SITE_SERIES = (1, 3 / 2, 15 / 4, 83 / 4, 6577 / 48, 119077 / 96)  # Gaunt, Sykes and Ruskin (1976)
BOND_SERIES = (1, 0, 5 / 2, 15 / 2, 57, 4855 / 12)  # Gaunt and Ruskin (1978)


@as_annotated
def known_threshold(dimension: int, kind: Kind) -> float | None:
    """The published threshold; None above 13 dimensions.

    Raises:
        InputError: no whole number of dimensions, or another kind than site and bond.
    """
    _check(dimension)
    return (SITE if kind == "site" else BOND).get(dimension)


def _check(dimension: int) -> None:
    if dimension < 1:
        raise InputError(f"A dimension is a whole number >= 1, got {dimension}.")


@as_annotated
def series_threshold(dimension: int, kind: Kind) -> float:
    """The expansion in 1 / (2d - 1), which is asymptotic: good in high dimension only.

    Raises:
        InputError: no whole number of dimensions, fewer than three, or another kind than site and bond.
    """
    _check(dimension)
    if dimension < 3:
        raise InputError(f"The expansion says nothing below 3 dimensions (it exceeds 1), got {dimension}.")
    step = 1 / (2 * dimension - 1)
    return sum(
        factor * step ** (power + 1) for power, factor in enumerate(SITE_SERIES if kind == "site" else BOND_SERIES)
    )
