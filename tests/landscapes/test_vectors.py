"""Where the vectors of texts may lie."""

from __future__ import annotations

import pytest
import torch
from kinds_of_inputs import Words, sentiment, text_network
from scipy.optimize import nnls

import isthmus
from isthmus.errors import InputError
from isthmus.landscapes.domains import VectorBall, VectorHull


@pytest.mark.parametrize(("count", "width"), [(1, 3), (5, 3), (40, 6), (400, 16)])
def test_the_nearest_mix_is_that_of_least_squares(count, width):
    random = torch.Generator().manual_seed(count)
    points = torch.randn(count, width, generator=random, dtype=torch.float64)
    points = torch.cat([points, points[: count // 2]])  # some twice
    x = 1.5 * torch.randn(30, 2, width, generator=random, dtype=torch.float64)
    found = VectorHull(points).project(x).reshape(-1, width)
    for vector, near in zip(x.reshape(-1, width), found, strict=True):
        weight = 1e5  # of the sum of the shares
        table = torch.cat([points.T, torch.full((1, len(points)), weight, dtype=points.dtype)])
        shares, _ = nnls(table.numpy(), [*vector.tolist(), weight], maxiter=100_000)
        best = torch.from_numpy(shares) @ points
        assert float((near - best).norm()) < 1e-5 * (1 + float(vector.norm()))


def test_mixes_stay_and_others_come_in():
    random = torch.Generator().manual_seed(0)
    points = torch.randn(300, 24, generator=random)
    mixes = torch.softmax(4 * torch.randn(20, 5, 300, generator=random), -1) @ points
    hull = VectorHull(points)
    assert float(hull.excess(mixes).max()) < 1e-5
    assert float(hull.excess(points[None].repeat(1, 1, 1)).max()) < 1e-5
    far = hull.project(mixes * 40)
    assert float(hull.excess(mixes * 40).min()) > 1 and float(hull.excess(far).max()) < 1e-4


def test_unusable_ones_are_refused():
    with pytest.raises(InputError, match="finite points"):
        VectorHull(torch.zeros(0, 3))
    with pytest.raises(InputError, match="radius >= 0"):
        VectorBall(torch.zeros(3), -1.0)
    with pytest.raises(InputError, match="have 3 numbers, those of the inputs 4"):
        VectorHull(torch.zeros(2, 3)).project(torch.zeros(1, 2, 4))


@pytest.mark.usefixtures("as_installed")
def test_another_word_is_refused():
    with pytest.raises(InputError, match="within must be 'anywhere' or 'box' or 'ball' or 'hull'"):
        isthmus.TextNetwork(sentiment(), Words(), length=6, within="sphere")


@pytest.mark.parametrize("within", ["box", "ball", "hull"])
def test_paths_between_texts_stay_inside(within):
    free = text_network()
    network = isthmus.TextNetwork(sentiment(), Words(), length=6, class_names=["bad", "good"], within=within)
    landscape = isthmus.Landscape(network)
    vectors = network.input_kind.vocabulary.vectors
    a, c = (network.embed([text] * 2) for text in ("a good film", "fine"))
    # The ends are below this threshold, and some of the way between them is above it.
    direct = isthmus.profile(landscape, isthmus.Polyline(torch.stack([a[0], c[0]])), "good")
    found = isthmus.connect(landscape, a, c, "good", threshold=direct.max_loss - direct.gap / 2)
    assert all(pair.connected and pair.moved for pair in found)
    for pair in found:
        assert bool(landscape.domain.contains(pair.path.at(torch.linspace(0, 1, 50)), 1e-4).all())
    away = a + 30 * vectors.std()
    assert not bool(landscape.domain.contains(away).any()) and bool(isthmus.Landscape(free).domain.contains(away).all())
    assert str(landscape.describe()["network"]).count(within) == 1


def test_mixes_of_all_points_lie_inside_whatever_the_width():
    points = torch.randn(400, 130, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    hull = VectorHull(points)
    mixes = torch.stack([points[:count].mean(0) for count in (2, 96, 120, 400)])[:, None]
    assert float(hull.excess(mixes).max()) < 1e-6
    assert torch.allclose(hull.project(mixes), mixes, atol=1e-6)


@pytest.mark.parametrize("far", [1.0, 1e3, 1e6, 1e9])
def test_far_points_come_to_the_same_place(far):
    square = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], dtype=torch.float64)
    found = VectorHull(square).project(torch.tensor([[[0.3, 1 + far]]], dtype=torch.float64))
    assert torch.allclose(found, torch.tensor([[[0.3, 1.0]]], dtype=torch.float64), atol=1e-6)


@pytest.mark.parametrize("domain", [VectorHull(torch.eye(2)), VectorBall(torch.zeros(2), 1.0)])
def test_inputs_may_be_single_vectors(domain):
    x = torch.tensor([[0.5, 0.5], [3.0, 4.0]])
    assert domain.excess(x).shape == (2,) and domain.contains(x).tolist() == [True, False]


def test_domains_of_one_size_are_told_apart():
    one, other = VectorHull(torch.eye(3)), VectorHull(2 * torch.eye(3))
    assert repr(one) != repr(other) and repr(one) == repr(VectorHull(torch.eye(3)))
    balls = [VectorBall(torch.full((3,), value), 1.0) for value in (0.0, 1.0)]
    assert repr(balls[0]) != repr(balls[1])
    with pytest.raises(InputError, match="finite points"):
        VectorBall.around(torch.zeros(0, 3))
