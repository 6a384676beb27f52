"""shorten: shorter, never above, and as near to the shortest as a known landscape lets one say."""

from __future__ import annotations

import math

import pytest
import torch

import isthmus
from isthmus import BarrierBypass, BezierCurve, Connections, connect, shorten
from isthmus.errors import InputError
from isthmus.testing import Ring


@pytest.fixture(scope="module")
def found(digits, digit_pairs):
    return connect(digits, *digit_pairs)


def test_paths_are_shorter_and_stay_low(digits, found):
    shorter = shorten(digits, found)
    assert len(shorter) == len(found) and all(isinstance(pair.path, isthmus.Polyline) for pair in shorter)
    bent = [(old, new) for old, new in zip(found, shorter, strict=True) if old.moved]
    assert len(bent) >= 8
    for old, new in bent:
        assert new.connected and new.profile.max_loss <= new.threshold == old.threshold
        assert new.path.length <= old.path.length and torch.equal(new.path.ends, old.path.ends)
        assert new.vertex_rounds == () and new.forward_equivalents > old.forward_equivalents
        x = new.path.at(torch.linspace(0, 1, 801, dtype=torch.float64))
        dense = digits.evaluate(x, torch.full((801,), new.target), validated=True).loss
        assert float(dense.max()) <= new.threshold + 1e-3
    spare = [sum(pair[at].path.length_ratio - 1 for pair in bent) for at in (0, 1)]
    assert spare[1] < 0.5 * spare[0]
    for old, new in zip(found, shorter, strict=True):
        assert old.moved or new is old


def test_round_a_disc_the_shortest_way_hugs_it():
    """Low is a ring; round its hole the shortest way is two tangents and an arc."""
    ring = Ring(dimensions=2)
    threshold = 0.1
    pairs = connect(
        ring, ring.a, ring.c, ring.target, method=BarrierBypass(lr=0.02, max_steps=200, rounds=5), threshold=threshold
    )
    (short,) = shorten(ring, pairs, segments=24, max_steps=200)
    radius = math.sqrt(1 - math.sqrt(0.8 * threshold))  # a fifth of the way down to the ends, whose loss is 0
    out = float(ring.a.norm())
    turned = math.pi - 2 * math.asin(float(ring.a[0, 1]) / out)  # angle between the ends, on the side of the offset
    best = 2 * math.sqrt(out**2 - radius**2) + radius * (turned - 2 * math.acos(radius / out))
    assert best * (1 - 1e-6) <= short.path.length < 1.01 * best < pairs[0].path.length


def test_what_is_not_connected_or_straight_stays_as_it_is(digits, digit_pairs):
    straight = connect(digits, *digit_pairs, method=isthmus.StraightLine())
    before = digits.forward_equivalents
    again = shorten(digits, straight)
    assert all(one is other for one, other in zip(straight, again, strict=True))
    assert digits.forward_equivalents == before


def test_curves_become_polylines_and_results_are_saved(digits, digit_pairs, tmp_path):
    curves = connect(digits, *(part[:4] for part in digit_pairs), method=BezierCurve())
    shorter = shorten(digits, curves)
    loaded = Connections.load(shorter.save(tmp_path / "shorter"))
    assert loaded.description["shortened"] == {"metric": "L2()", "segments": 8, "max_steps": 100}
    for curve, new, read in zip(curves, shorter, loaded, strict=True):
        assert new.path.length < curve.path.length or not curve.connected
        assert torch.equal(new.path.ends, read.path.ends) and new.path.length == pytest.approx(read.path.length)


def test_one_connection_will_do(digits, found):
    first = next(pair for pair in found if pair.moved)
    (alone,) = shorten(digits, first)
    (together,) = (new for old, new in zip(found, shorten(digits, found), strict=True) if old is first)
    assert alone.path.length == pytest.approx(together.path.length, rel=1e-6)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("settings", [{"segments": 0}, {"max_steps": 0}])
def test_impossible_settings_are_refused(digits, found, settings):
    with pytest.raises(InputError):
        shorten(digits, found, **settings)


@pytest.mark.usefixtures("as_installed")
def test_only_what_was_found_is_shortened(digits):
    with pytest.raises(InputError, match="found must be a Connections or a Connection"):
        shorten(digits, [1, 2])


def test_peaks_that_the_pulls_did_not_see_are_noticed_at_the_end(digits, found):
    """Pulled with hardly a look, and eased back after the better one."""
    blind = isthmus.Sampling(intervals=2, per_segment=1, resolution=1.0)
    for new in shorten(digits, found, sampling=blind):
        x = new.path.at(torch.linspace(0, 1, 801, dtype=torch.float64))
        dense = digits.evaluate(x, torch.full((801,), new.target), validated=True).loss
        assert not new.connected or float(dense.max()) <= new.threshold + 5e-3
