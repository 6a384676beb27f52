"""For tests: landscapes whose barriers are known, and contracts that members of each family inherit.

Nothing in Isthmus imports this package.
"""

from isthmus.testing.contracts import (
    AttackContract,
    CertifierContract,
    ConnectorContract,
    DomainContract,
    InputKindContract,
    KindContract,
    LossContract,
    MetricContract,
    PathContract,
)
from isthmus.testing.landscapes import Annulus, Basins, Disconnected, DoubleWell, MuellerBrown, Ring, ToyLandscape

__all__ = [
    "Annulus",
    "AttackContract",
    "Basins",
    "CertifierContract",
    "ConnectorContract",
    "Disconnected",
    "DomainContract",
    "DoubleWell",
    "InputKindContract",
    "KindContract",
    "LossContract",
    "MetricContract",
    "MuellerBrown",
    "PathContract",
    "Ring",
    "ToyLandscape",
]
