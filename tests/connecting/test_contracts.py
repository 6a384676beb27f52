"""Every connector that ships meets the contract that ships."""

from __future__ import annotations

from isthmus import (
    BarrierBypass,
    BezierCurve,
    LevelSetTraversal,
    NudgedElasticBand,
    StraightLine,
    StringMethod,
)
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


class TestBezierCurve(ConnectorContract):
    def connector(self):
        return BezierCurve(lr=0.05, max_steps=60)


class TestMocoEA(ConnectorContract):
    def connector(self):
        return BezierCurve.moco_ea()


class TestStringMethod(ConnectorContract):
    def connector(self):
        return StringMethod(lr=0.02, max_steps=120)


class TestNudgedElasticBand(ConnectorContract):
    def connector(self):
        return NudgedElasticBand(max_steps=120)


class TestLevelSetTraversal(ConnectorContract):
    def connector(self):
        return LevelSetTraversal(stride=0.1, max_steps=60)
