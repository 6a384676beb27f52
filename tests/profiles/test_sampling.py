from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus import CrossEntropy, Polyline, Sampling, profile
from isthmus.errors import DomainWarning, InputError
from isthmus.landscapes import AbstractLandscape, Evaluation
from isthmus.landscapes.domains import Unbounded
from isthmus.profiles import Seen, profile_many
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
        (lambda: profile(DoubleWell(), UNIT, 0.5), "class indices"),
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


def test_what_was_seen_is_not_looked_at_again():
    """Not the points, and no segment that has some inside; the rest is looked at as ever."""
    path = torch.tensor([[0.0, 0.0], [0.5, 0.0], [1.0, 0.0]], dtype=torch.float64)
    wave = Wave(lambda t: t * 0)
    (whole,) = profile_many(wave, [path], torch.tensor([0]))
    known = whole.t <= 0.5
    seen = Seen(whole.t[known], whole.loss[known] + 7.0, whole.logits[known])
    wave.asked.clear()
    (again,) = profile_many(wave, [path], torch.tensor([0]), sampling=Sampling(resolution=1.0), seen=[seen])
    assert torch.equal(again.t, whole.t) and len(wave.asked) == int((~known).sum())
    assert bool((again.loss[known] == 7.0).all()) and bool((again.loss[~known] == 0.0).all())
    assert again.coarse_max_loss == 7.0


def test_a_ceiling_is_asked_of_every_interval_and_a_path_above_it_is_left_alone():
    """A loss whose peak lies between points just below the ceiling, above it, or far below."""
    peak = Wave(lambda t: 1 - 4 * (t - 0.4375) ** 2)
    sampling = Sampling(intervals=8, rise=0.5)
    found = [
        profile_many(
            peak, [UNIT.vertices], torch.tensor([0]), sampling=sampling, ceiling=torch.tensor([ceiling]), roughly=rough
        )[0]
        for ceiling, rough in ((5.0, None), (0.999, None), (0.5, None), (0.5, 0.001))
    ]
    far, near, above, rough = (len(each) for each in found)
    assert far == above == 9 and near > 9 and rough > 9
    assert found[1].max_loss > 0.999 > found[0].max_loss


def test_log_odds_announce_a_peak_that_losses_hide():
    """Confident at every point of the scan, and lost in between."""

    class Odds(Wave):
        def on_even_scale(self, loss):
            return CrossEntropy().on_even_scale(loss)

    def function(t):
        return torch.nn.functional.softplus(6 - 90 * (t - 0.4375).abs())

    plain, even = (profile(kind(function), UNIT, 0, sampling=Sampling(intervals=8)) for kind in (Wave, Odds))
    assert math.isclose(even.max_loss, function(torch.tensor(0.4375)), rel_tol=0.02)
    assert len(even) <= len(plain) + 2


def test_a_rise_just_inside_an_end_is_not_missed():
    """The end is nearly the highest, and the first point of the scan lies far below it."""

    class Odds(Wave):
        def on_even_scale(self, loss):
            return CrossEntropy().on_even_scale(loss)

    def function(t):
        inside = -0.6 + 8 * t - 130 * t**2
        return torch.nn.functional.softplus(torch.where(t < 0.125, inside, -1.63125 - 5 * (t - 0.125)))

    for turned in (function, lambda t: function(1 - t)):
        found = profile(Odds(turned), UNIT, 0, sampling=Sampling(intervals=8))
        assert math.isclose(found.max_loss, function(torch.tensor(8 / 260)), rel_tol=0.01)
