"""Every connector that ships meets the contract that ships."""

from __future__ import annotations

from isthmus import BarrierBypass, StraightLine
from isthmus.testing import ConnectorContract


class TestBarrierBypass(ConnectorContract):
    def connector(self):
        return BarrierBypass(lr=0.03, rounds=3)


class TestStraightLine(ConnectorContract):
    def connector(self):
        return StraightLine()


class TestFreeBypass(ConnectorContract):
    def connector(self):
        from isthmus import Hyperplane

        return BarrierBypass(lr=0.03, rounds=2, hyperplane=Hyperplane.NONE, mse=0.0, tv=0.0)
