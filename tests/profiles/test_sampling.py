from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus import Polyline, Sampling, profile
from isthmus.errors import DomainWarning, InputError
from isthmus.landscapes import AbstractLandscape, Evaluation
from isthmus.landscapes.domains import Unbounded
from isthmus.profiles import profile_many
from isthmus.testing import DoubleWell, Ring


class Wave(AbstractLandscape):
    """A loss that depends on x0 in [0, 1] alone, through any function; it remembers where it was asked."""

    def __init__(self, function) -> None:
        super().__init__(domain=Unbounded())
        self.classes, self.function, self.asked = 2, function, []

    def forward(self, x, target):
        loss = self.function(x[:, 0])
        self.asked += loss.tolist()
        return Evaluation(loss, torch.stack([-loss, loss - 1], dim=1))


UNIT = Polyline(torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=torch.float64))


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=9), st.integers(2, 30))
@settings(max_examples=60, deadline=None)
def test_keeps_every_point_and_is_never_below_any(coefficients, intervals):
    def function(t):
        return sum(c * torch.sin((k + 1) * 3 * t) for k, c in enumerate(coefficients))

    wave = Wave(function)
    found = profile(wave, UNIT, 0, sampling=Sampling(intervals=intervals))
    assert sorted(wave.asked) == sorted(found.loss.tolist())
    assert found.max_loss == max(wave.asked)
    assert bool((found.t.diff() > 0).all()) and found.t[0] == 0 and found.t[-1] == 1
    assert len(found) == wave.forward_equivalents


@given(st.integers(0, 2**31 - 1))
@settings(max_examples=40, deadline=None)
def test_refinement_never_lowers_the_maximum(seed):
    random = torch.Generator().manual_seed(seed)
    heights = torch.rand(40, generator=random, dtype=torch.float64)

    def function(t):
        return heights[(t * 39.999).long()]

    coarse = profile(Wave(function), UNIT, 0, sampling=Sampling(intervals=8, resolution=1.0))
    fine = profile(Wave(function), UNIT, 0, sampling=Sampling(intervals=8, rise=0.0))
    assert fine.max_loss >= coarse.max_loss
    assert fine.coarse_max_loss == coarse.max_loss
    assert len(coarse) == 9


def test_a_peak_between_coarse_points_is_climbed():
    center = 0.4137
    wave = Wave(lambda t: torch.exp(-(((t - center) / 0.03) ** 2)))
    found = profile(wave, UNIT, 0, sampling=Sampling(intervals=20))
    assert found.max_loss > 0.998 and abs(found.argmax_t - center) < 0.002
    assert len(found) < 45
    assert found.coarse_max_loss < 0.95


def test_refinement_stops_at_the_resolution():
    spike = Wave(lambda t: torch.where(t < 0.3001, t, -t).double())  # a cliff, at which slopes never settle
    for resolution in (1 / 64, 1 / 1024):
        found = profile(spike, UNIT, 0, sampling=Sampling(intervals=8, resolution=resolution, rise=0.0))
        near = found.t.diff().min()
        assert resolution / 2 <= float(near) <= resolution


def test_reads_maximum_gap_and_position():
    well = DoubleWell()
    path = Polyline(torch.cat([well.a, well.c]))
    found = profile(well, path, 0)
    assert math.isclose(found.max_loss, well.direct_barrier, rel_tol=1e-6)
    assert math.isclose(found.gap, well.direct_barrier, rel_tol=1e-6)
    assert math.isclose(found.argmax_t, 0.5, abs_tol=1e-3)
    assert found.class_connected and found.finite


def test_resolution_is_the_largest_spacing():
    found = profile(Wave(lambda t: t), UNIT, 0, sampling=Sampling.even(11))
    assert math.isclose(found.resolution, 0.1, rel_tol=1e-9) and len(found) == 11


def test_class_connected_asks_every_point():
    wave = Wave(lambda t: torch.sin(math.pi * t))  # class 0 while the loss is below 1/2
    assert not profile(wave, UNIT, 0).class_connected
    assert profile(Wave(lambda t: 0.3 * t), UNIT, 0).class_connected


def test_segments_get_their_share_of_points_and_their_ends():
    path = Polyline(torch.tensor([[0.0, 0.0], [0.9, 0.0], [1.0, 0.0]], dtype=torch.float64))
    found = profile(Wave(lambda t: t * 0), path, 0, sampling=Sampling(intervals=20, per_segment=4))
    assert int((found.t < 0.9).sum()) == 18 and int((found.t > 0.9).sum()) == 4
    assert bool((found.t == path.t[1]).any())


def test_many_equal_one_by_one():
    ring = Ring(dimensions=3)
    random = torch.Generator().manual_seed(0)
    paths = [torch.rand((k, 3), generator=random, dtype=torch.float64) for k in (2, 5, 3)]
    together = profile_many(ring, paths, torch.zeros(3, dtype=torch.long))
    for path, one in zip(paths, together, strict=True):
        alone = profile(ring, Polyline(path), 0)
        assert (
            torch.equal(alone.t, one.t) and torch.equal(alone.loss, one.loss) and torch.equal(alone.logits, one.logits)
        )


def test_a_loss_that_is_not_finite_is_kept_and_said():
    found = profile(Wave(lambda t: torch.where((t > 0.4) & (t < 0.6), torch.nan, t)), UNIT, 0)
    assert not found.finite and math.isnan(found.max_loss)


def test_leaving_the_domain_is_said():
    well = DoubleWell()
    with pytest.warns(DomainWarning, match="by up to 1"):
        profile(well, Polyline(torch.tensor([[0.0, 0.0], [3.0, 0.0]], dtype=torch.float64)), 0)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: profile(DoubleWell(), UNIT, 1), "0 ... 0"),
        (lambda: profile(DoubleWell(), UNIT, 0.5), "whole number"),
        (lambda: profile(DoubleWell(), Polyline(torch.full((2, 2), torch.nan)), 0), "finite"),
        (lambda: Sampling(intervals=0), "at least one"),
        (lambda: Sampling(resolution=0.0), "resolution"),
    ],
)
def test_unusable_arguments(call, expected):
    with pytest.raises(InputError, match=expected):
        call()


def test_digits_maxima_agree_with_a_dense_scan(digits, digit_pairs):
    a, c, target = digit_pairs
    ends = list(torch.stack([a, c], dim=1))
    ours, dense = profile_many(digits, ends, target), profile_many(digits, ends, target, sampling=Sampling.even(2001))
    for quick, scan in zip(ours, dense, strict=True):
        assert scan.max_loss - quick.max_loss <= max(0.02, 0.02 * quick.max_loss)
        assert len(quick) < 60
