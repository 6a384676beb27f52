"""Contracts: tests that every member of a family must pass. Inherit, return yours, and pytest runs them all:

class TestMyConnector(ConnectorContract):
    def connector(self):
        return MyConnector()

A test that has nothing to say of a member is skipped, with the reason.
"""

from isthmus.testing.contracts.attacks import AttackContract
from isthmus.testing.contracts.certifiers import CertifierContract
from isthmus.testing.contracts.connectors import ConnectorContract
from isthmus.testing.contracts.domains import DomainContract
from isthmus.testing.contracts.input_kinds import InputKindContract
from isthmus.testing.contracts.kinds import KindContract
from isthmus.testing.contracts.losses import LossContract
from isthmus.testing.contracts.metrics import MetricContract
from isthmus.testing.contracts.paths import PathContract

__all__ = [
    "AttackContract",
    "CertifierContract",
    "ConnectorContract",
    "DomainContract",
    "InputKindContract",
    "KindContract",
    "LossContract",
    "MetricContract",
    "PathContract",
]
