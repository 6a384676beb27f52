"""A certifier as it may be given: itself, or the name that the command line and studies know it by."""

from __future__ import annotations

from isthmus import registries
from isthmus._core.warned import warn
from isthmus.certificates.base import Certifier


def certifier_of(verify: Certifier | str | None) -> Certifier | None:
    """What certifies; `"exact"` is how version 0.1 asked for affine pieces.

    Raises:
        InputError: no certifier has that name; it says which there are.
    """
    if verify == "exact":
        warn('verify="exact" is written verify=isthmus.AffinePieces() now.', DeprecationWarning)
        verify = "pieces"
    return None if verify is None else registries.CERTIFIERS.given(verify)
