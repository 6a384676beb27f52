"""Proving: an attribution of which it is known how far each number is off at most."""

from __future__ import annotations

from collections.abc import Callable

from isthmus._core.text import amount
from isthmus._core.warned import warn
from isthmus.certificates import Certifier, TaylorModels
from isthmus.certificates.given import certifier_of
from isthmus.certificates.taylor.integrals import ProvenIntegral
from isthmus.errors import InputError, NetworkError
from isthmus.landscapes import Landscape
from isthmus.paths import AbstractPath

SLACK = 1e-9  # of the outputs at the ends, which were computed


def prover_of(verify: Certifier | str | None, exact: bool | None) -> TaylorModels | None:
    """What proves attributions.

    Raises:
        InputError: it does not, or something else was asked for as well.
    """
    certifier = certifier_of(verify)
    if certifier is None or isinstance(certifier, TaylorModels):
        if certifier is not None and exact is not None:
            raise InputError("attribute takes exact or verify, not both: Taylor models have intervals of their own.")
        return certifier
    raise InputError(
        f"verify of attributions must be TaylorModels(), got {type(certifier).__name__}; of networks of affine pieces "
        "attributions are exact without."
    )


def proven(
    landscape: Landscape,
    path: AbstractPath,
    index: int,
    prover: TaylorModels,
    tolerance: float,
    ends: list[float],
    beat: Callable[[int], None],
) -> ProvenIntegral | None:
    """The integral with its bounds; None, with a warning, where they are infinite.

    Raises:
        NetworkError: the network's gradient cannot be followed, or is not that of its output.
    """
    found = prover.integrate(landscape, path, index, tolerance, on_progress=beat)
    doubt, size = (float(each.abs().sum()) for each in (found.error_bound, found.values))
    if not doubt < size:
        warn(
            f"An attribution could be proven to {doubt:.2g} only, with {amount(found.parts, 'interval')}, and all "
            f"values together are {size:.2g}: remainders grow too fast through this network. Its values are those of "
            "an adaptive rule, without a bound."
        )
        return None
    if doubt > tolerance:
        warn(
            f"An attribution was proven to {doubt:.2g}, all values together, and {tolerance:.2g} was asked for: either "
            "rounding is all that is left, or TaylorModels(most=...) is too small."
        )
    total, change = float(found.values.sum()), ends[1] - ends[0]
    if abs(total - change) > doubt + SLACK * max(1.0, *(abs(end) for end in ends)):
        raise NetworkError(
            f"The gradient that PyTorch computes is not that of the output: along the path it adds up to {total:.6g}, "
            f"which is off by {abs(total - change):.2g} from the change of the output. Something in the network has a "
            "derivative of its own, or none."
        )
    return found
