"""Norms: lengths and deviations are those that a dense look finds, and a found path has them in its table."""

from __future__ import annotations

import pytest
import torch

import isthmus
from isthmus.errors import InputError
from isthmus.metrics import L2, LInf, PerChannel
from isthmus.testing import Ring


@pytest.fixture
def path():
    x = torch.rand((5, 3, 4, 4), generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return isthmus.Polyline(x)


def dense(path, weigh, norm, points=4001):
    """Length and deviation by brute force: many points of the path, many of the segment."""
    t = torch.unique(torch.cat([torch.linspace(0, 1, points, dtype=torch.float64), path.corners]))
    x = weigh(path.at(t)).flatten(1)
    length = norm(x[1:] - x[:-1]).sum()
    chord = x[:1] + torch.linspace(0, 1, 2001, dtype=torch.float64)[:, None] * (x[-1:] - x[:1])
    apart = torch.stack([norm(chord - point).min() for point in x[::7]]).max()
    return float(length), float(norm(x[-1:] - x[:1])), float(apart)


STD = (0.2, 0.5, 2.0)
NORMS = {
    "l2": (L2(), lambda x: x, lambda d: d.norm(dim=1)),
    "linf": (LInf(), lambda x: x, lambda d: d.abs().amax(1)),
    "per-channel": (PerChannel(STD), lambda x: x / torch.tensor(STD).reshape(1, 3, 1, 1), lambda d: d.norm(dim=1)),
}


@pytest.mark.parametrize("name", NORMS)
def test_what_a_dense_look_finds(path, name):
    metric, weigh, norm = NORMS[name]
    (found,) = metric.extents(Ring(dimensions=3), [path])
    length, direct, apart = dense(path, weigh, norm)
    assert found.length == pytest.approx(length, rel=1e-9) and found.direct_length == pytest.approx(direct, rel=1e-9)
    assert apart <= found.apart * (1 + 1e-3) and found.apart == pytest.approx(apart, rel=0.02)
    assert found.missing == 0 and found.length_ratio > 1


def test_euclidean_is_what_paths_say_themselves(path):
    (found,) = L2().extents(Ring(dimensions=3), [path])
    assert found.length_ratio == pytest.approx(path.length_ratio, rel=1e-12)
    assert found.deviation == pytest.approx(path.deviation, rel=1e-12)


def test_the_network_s_own_deviation_of_channels(path):
    network = isthmus.Network(
        torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 3)).double(), std=STD, input_shape=(3, 4, 4)
    )
    landscape = isthmus.Landscape(network)
    (own,), (given,) = (metric.extents(landscape, [path]) for metric in (PerChannel(), PerChannel(STD)))
    assert own.length == pytest.approx(given.length, rel=1e-6)


def test_without_any_it_says_what_to_give(path, digits):
    with pytest.raises(InputError, match=r"standard deviation of each channel.*PerChannel\(std="):
        PerChannel().check(Ring(dimensions=3))
    with pytest.raises(InputError, match="2 channels, the inputs have 3"):
        PerChannel((1.0, 1.0)).extents(digits, [path])
    with pytest.raises(InputError, match="above 0"):
        PerChannel((1.0, 0.0))


def test_tiny_and_huge_inputs_have_lengths(path):
    for size in (1e-30, 1e30):
        scaled = isthmus.Polyline((path.vertices * size).float())
        (found,) = LInf().extents(Ring(dimensions=3), [scaled])
        (plain,) = LInf().extents(Ring(dimensions=3), [path])
        assert found.length_ratio == pytest.approx(plain.length_ratio, rel=1e-5)
        assert found.deviation == pytest.approx(plain.deviation, rel=1e-5)


def test_features_of_a_row_are_divided_by_their_own_deviation():
    from isthmus.inputs import Feature, Table

    kind = Table(features=(Feature(name="age", low=0, high=100), Feature(name="income", low=0, high=100)))
    network = isthmus.Network(torch.nn.Linear(2, 2), mean=[50, 50], std=[10, 20], input_kind=kind)
    x = torch.tensor([[10.0, 10.0], [60.0, 60.0]])
    apart = PerChannel().distance(isthmus.Landscape(network), x[:1], x[1:])
    assert float(apart) == pytest.approx((5**2 + 2.5**2) ** 0.5, rel=1e-6)


@pytest.mark.parametrize("metric", [L2(), LInf(), PerChannel(STD)])
def test_no_paths_have_no_lengths(metric):
    assert metric.lengths(Ring(dimensions=3), []).shape == (0,) and metric.extents(Ring(dimensions=3), []) == []
