"""Pullbacks: known images have known lengths, and the layer that is asked is the one that answers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import isthmus
from isthmus.errors import InputError
from isthmus.metrics import L2, Features, Fisher
from isthmus.testing import Ring


def network(*layers, width=4):
    return isthmus.Landscape(
        isthmus.Network(nn.Sequential(*layers).double(), input_shape=(width,)), domain=isthmus.Unbounded()
    )


@pytest.fixture
def path():
    x = torch.rand((4, 4), generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return isthmus.Polyline(x)


def test_a_linear_layer_maps_segments_to_segments(path):
    torch.manual_seed(0)
    layer = nn.Linear(4, 7)
    landscape = network(layer, nn.Tanh(), nn.Linear(7, 3))
    (found,) = Features("0").extents(landscape, [path])
    (image,) = L2().extents(landscape, [isthmus.Polyline(layer(path.vertices).detach())])
    assert found.length == pytest.approx(image.length, rel=1e-9)
    assert found.direct_length == pytest.approx(image.direct_length, rel=1e-9)
    assert found.apart == pytest.approx(image.apart, rel=1e-6) and found.missing < 1e-9


def test_fisher_s_lengths_of_two_classes_are_known(path):
    """Along one direction of logits, p goes from one value to another: 2 |arcsin sqrt p - arcsin sqrt q|."""
    weights = torch.tensor([[0.0, 0.0, 0.0, 0.0], [3.0, -1.0, 2.0, 0.5]])
    layer = nn.Linear(4, 2, bias=False)
    layer.weight.data = weights
    landscape = network(layer)
    straight = isthmus.Polyline(path.vertices[[0, -1]])
    p = layer(straight.vertices).softmax(1)[:, 1].detach()
    (found,) = Fisher().extents(landscape, [straight])
    known = 2 * abs(math.asin(math.sqrt(p[0])) - math.asin(math.sqrt(p[1])))
    assert found.length == pytest.approx(known, rel=1e-3) and found.length_ratio == 1
    far = Fisher().distance(landscape, torch.full((1, 4), -1e4), torch.tensor([[1e4, -1e4, 1e4, 0.0]]))
    assert float(far) == pytest.approx(math.pi, rel=1e-6)


@pytest.mark.parametrize("metric", [Fisher(), Features("1"), Features("")])
def test_lengths_are_those_of_very_many_points(digits, digit_pairs, metric):
    found = isthmus.connect(digits, *(part[:6] for part in digit_pairs))
    t = torch.linspace(0, 1, 8193, dtype=torch.float64)
    for pair, extent in zip(found, metric.extents(digits, [pair.path for pair in found]), strict=True):
        image = metric.images(digits, pair.path.at(t))
        dense = float(metric.between(image[1:], image[:-1]).sum())
        assert abs(extent.length - dense) <= extent.missing + 0.01 * dense + 1e-9


def test_distances_from_a_curve_are_those_of_very_many_points(digits, digit_pairs):
    bent = [pair for pair in isthmus.connect(digits, *digit_pairs) if pair.moved][:4]
    metric = Features("")
    t = torch.linspace(0, 1, 2001, dtype=torch.float64)
    for pair, extent in zip(bent, metric.extents(digits, [pair.path for pair in bent]), strict=True):
        path, direct = (metric.images(digits, each.at(t)).double() for each in (pair.path, pair.direct_path))
        apart = torch.cdist(path, direct).amin(1).max()
        assert extent.apart == pytest.approx(float(apart), rel=0.03) and extent.deviation > 0


def test_a_layer_before_one_that_works_in_place_is_not_that_one(path):
    torch.manual_seed(1)
    first = nn.Linear(4, 7)
    landscape = network(first, nn.ReLU(inplace=True), nn.Linear(7, 3))
    x = path.vertices
    assert torch.allclose(Features("0").images(landscape, x), first(x).detach())
    channel = isthmus.FeatureLandscape(landscape.network, "0", domain=isthmus.Unbounded())
    assert torch.allclose(channel.loss(x, 2), -first(x).detach()[:, 2].float())


def test_costs_are_counted_where_the_network_is(digits, digit_pairs):
    found = isthmus.connect(digits, *(part[:2] for part in digit_pairs))
    before = digits.forward_equivalents
    Fisher().extents(digits, [pair.path for pair in found])
    assert 2 * 2 * 33 <= digits.forward_equivalents - before <= 2 * 2 * 60


def test_what_has_no_such_distances_is_refused_in_one_line(path, digits):
    with pytest.raises(InputError, match="a landscape of a network, got a Ring"):
        Features("1").check(Ring(dimensions=3))
    with pytest.raises(InputError, match="no layer 'conv9'"):
        Features("conv9").check(digits)
    one = network(nn.Linear(4, 3))
    one.network.model[0].weight.data.zero_()
    assert Fisher().extents(one, [path])[0].length_ratio == 1.0  # a network that tells nothing apart


def test_shorter_in_fisher_s_metric_and_still_low(digits, digit_pairs):
    found = isthmus.connect(digits, *digit_pairs)
    short = isthmus.shorten(digits, found, metric=Fisher())
    lengths = [Fisher().extents(digits, [pair.path for pair in each]) for each in (found, short)]
    for old, new, before, after in zip(found, short, *lengths, strict=True):
        assert after.length <= before.length * 1.02 + 1e-6 and new.connected == old.connected
        x = new.path.at(torch.linspace(0, 1, 801, dtype=torch.float64))
        dense = digits.evaluate(x, torch.full((801,), new.target), validated=True).loss
        assert not new.connected or float(dense.max()) <= new.threshold + 1e-3
        assert torch.equal(new.path.ends, old.path.ends)
    saved = sum(after.length for after in lengths[1]) / sum(before.length for before in lengths[0])
    assert saved < 0.9
    assert short.description["shortened"]["metric"] == "Fisher()"


def test_the_logits_are_the_network_s_own_whatever_else_it_returns(path):
    torch.manual_seed(2)

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 3), nn.Linear(4, 3)

        def forward(self, x):
            return self.a(x), self.b(x)

    network = isthmus.Network(Two().double(), output=1, input_shape=(4,))
    landscape = isthmus.Landscape(network, domain=isthmus.Unbounded())
    assert torch.equal(Features("").images(landscape, path.vertices), landscape.logits(path.vertices))
    with pytest.raises(InputError, match="answers of a layer"):
        Fisher().check(isthmus.FeatureLandscape(network, "a"))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_answers_in_half_precision_are_compared_in_float32(dtype):
    """Large answers of many channels: their squares would overflow."""
    from isthmus.metrics.traces import PARTS, Trace, divided, traces

    wide = 60 * torch.randn((5, 512), generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    lines = [isthmus.Polyline(wide), isthmus.Polyline(wide[[0, -1]])]
    half, exact = (
        traces(images, Features("").between, lines, [divided(each, PARTS, halved=2) for each in lines])
        for images in (lambda x: x.to(dtype), lambda x: x)
    )
    assert all(isinstance(each, Trace) and each.image.dtype == torch.float32 for each in half)
    apart, known = half[0].apart_from(half[1]).max(), exact[0].apart_from(exact[1]).max()
    assert float(apart) == pytest.approx(float(known), rel=0.02)


def test_many_images_are_looked_at_in_groups_and_say_the_same(digits, digit_pairs, monkeypatch):
    from isthmus.metrics import pullback

    found = isthmus.connect(digits, *digit_pairs)
    paths, metric = [pair.path for pair in found], Features("")
    ends = torch.stack([path.ends for path in paths])
    feet = metric.feet(digits, *ends.unbind(1), ends[:, 0].flip(0))
    whole = metric.extents(digits, paths), metric.lengths(digits, paths), metric.distance(digits, *ends.unbind(1))
    monkeypatch.setattr(pullback, "HELD", 700)
    parts = metric.extents(digits, paths), metric.lengths(digits, paths), metric.distance(digits, *ends.unbind(1))
    for one, other in zip(whole[0], parts[0], strict=True):
        assert one.length == pytest.approx(other.length, rel=1e-5) and one.apart == pytest.approx(other.apart, abs=1e-4)
    assert torch.allclose(whole[1], parts[1], rtol=1e-5) and torch.allclose(whole[2], parts[2], rtol=1e-5)
    assert torch.allclose(feet, metric.feet(digits, *ends.unbind(1), ends[:, 0].flip(0)), atol=1e-4)


@pytest.mark.parametrize("metric", [Fisher(), Features("")])
def test_paths_that_cannot_become_shorter_stay_as_they_are(digits, digit_pairs, metric):
    x = digit_pairs[0][:1]
    same = isthmus.connect(digits, x, x, digit_pairs[2][:1])
    assert isthmus.shorten(digits, same, metric=metric)[0] is same[0]
    torch.manual_seed(0)
    landscape = network(nn.Linear(4, 3))
    a, c = torch.rand((2, 3, 4), dtype=torch.float64)
    c = a + 0.01 * c  # of one class
    straight = isthmus.connect(landscape, a, c, "predicted", threshold=9.0, verify=isthmus.AffinePieces())
    for old, new in zip(straight, isthmus.shorten(landscape, straight, metric=Features("")), strict=True):
        assert new.path is old.path and new.certificate is old.certificate
