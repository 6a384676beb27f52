"""Methods that move whole paths: what each is for, on landscapes whose saddles are known and on a network."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from scipy.optimize import root

import isthmus
from isthmus import Bezier, BezierCurve, LevelSetTraversal, NudgedElasticBand, Polyline, StringMethod, connect
from isthmus.connecting.connectors.base import Segments
from isthmus.connecting.connectors.chain import gaps, respaced, tangents, whole
from isthmus.errors import InputError
from isthmus.reports.page import page
from isthmus.reports.profile_figure import profile_figure
from isthmus.testing import DoubleWell, MuellerBrown

QUICK = (BezierCurve(), StringMethod(), NudgedElasticBand(), LevelSetTraversal(stride=0.1, max_steps=60))


@pytest.mark.parametrize("method", QUICK, ids=lambda method: type(method).__name__)
def test_low_paths_through_a_network(digits, digit_pairs, method):
    """Most of the eight widest barriers are got round, and what is called connected is so on a dense scan."""
    a, c, target = (part[:8] for part in digit_pairs)
    found = connect(digits, a, c, target, method=method)
    assert sum(pair.connected for pair in found) >= 6
    for pair in found:
        assert pair.profile.max_loss < pair.direct.max_loss
        if pair.connected:
            x = pair.path.at(torch.linspace(0, 1, 1001, dtype=torch.float64))
            dense = digits.evaluate(x, torch.full((1001,), pair.direct.target), validated=True).loss
            assert float(dense.max()) <= pair.threshold + 1e-3
    assert all(type(pair.path) is (Bezier if type(method) is BezierCurve else Polyline) for pair in found)


def saddle(landscape, near):
    """Where the gradient vanishes, by a root finder that knows nothing of paths."""

    def gradient(x):
        at = torch.from_numpy(x)[None]
        return landscape.gradient(at, landscape.target).gradient[0].numpy()

    found = root(gradient, near, tol=1e-12)
    assert found.success
    return torch.from_numpy(found.x)[None]


@pytest.mark.parametrize(
    "method",
    [
        StringMethod(images=40, lr=0.001, max_steps=3000, goal=0.0, tolerance=1e-7, patience=50),
        NudgedElasticBand(images=12, max_steps=600, goal=0.0, tolerance=1e-5, patience=60),
    ],
    ids=lambda method: type(method).__name__,
)
def test_the_highest_point_is_the_saddle(method):
    brown = MuellerBrown()
    (pair,) = connect(brown, brown.a, brown.c, brown.target, method=method, threshold=1.0)
    high = float(brown.loss(saddle(brown, [-0.82, 0.62]), brown.target))
    assert abs(high - brown.barrier) < 1e-8
    assert abs(pair.profile.max_loss - high) < 1e-3


def test_images_climb_to_every_saddle_and_are_frozen_there():
    brown = MuellerBrown()
    method = NudgedElasticBand(images=12, lr=0.003, max_steps=1500, goal=0.0, tolerance=1e-6, patience=60)
    (pair,) = connect(brown, brown.a, brown.c, brown.target, method=method, threshold=1.0)
    for near in ([-0.82, 0.62], [0.21, 0.29]):
        distance = (pair.path.vertices - saddle(brown, near)).norm(dim=1).min()
        assert float(distance) < 1e-3
    frozen = NudgedElasticBand(images=12, lr=0.003, max_steps=400, goal=0.0, tolerance=0.0, still=0.05, patience=400)
    moving = NudgedElasticBand(images=12, lr=0.003, max_steps=400, goal=0.0, tolerance=0.0, still=0.0, patience=400)
    costs = [
        connect(brown, brown.a, brown.c, brown.target, method=each, threshold=1.0)[0].forward_equivalents
        for each in (frozen, moving)
    ]
    assert costs[0] < 0.9 * costs[1]


def test_without_climbing_the_saddle_is_missed():
    """What climbing is for."""
    brown = MuellerBrown()
    method = NudgedElasticBand(images=12, max_steps=300, goal=0.0, climb_after=None)
    (pair,) = connect(brown, brown.a, brown.c, brown.target, method=method, threshold=1.0)
    assert 5e-4 < pair.profile.max_loss - brown.barrier < 0.1


def chain():
    x = torch.randn((2, 6, 3), generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    one = torch.ones(2, dtype=torch.float64)
    return Segments(x[:, 0], x[:, -1], x[:, 1], one, torch.zeros(2, dtype=torch.long), one), x[:, 1:-1]


def test_respaced_images_lie_on_their_polyline_evenly():
    segments, images = chain()
    moved = respaced(segments, images)
    for before, after in zip(whole(segments, images), whole(segments, moved), strict=True):
        even = Polyline(before).at(torch.linspace(0, 1, 6, dtype=torch.float64))
        assert torch.allclose(after, even)
    assert not torch.allclose(gaps(whole(segments, images)), gaps(whole(segments, moved)))


def test_the_improved_tangent_points_to_the_higher_neighbour_and_is_weighted_at_extremes():
    segments, images = chain()
    loss = torch.tensor([[1.0, 2.0, 4.0, 3.0], [4.0, 3.0, 2.0, 1.0]], dtype=torch.float64)
    ends = torch.tensor([[0.0, 0.5], [5.0, 0.0]], dtype=torch.float64)
    found = tangents(segments, images, loss, ends)
    steps = whole(segments, images).diff(dim=1)
    top = 2.0 * steps[0, 3] + 1.0 * steps[0, 2]  # neighbours 2 and 3 beside 4: the higher one counts twice
    expected = [steps[0, 1], steps[0, 2], top, steps[0, 3]]
    for got, want in zip(found[0], expected, strict=True):
        assert torch.allclose(got, want / want.norm())
    for got, want in zip(found[1], steps[1, :4], strict=True):
        assert torch.allclose(got, want / want.norm())


def test_the_setting_of_moco_ea():
    """One free control point, 30 steps of 20 points: 1800 forward-equivalents and two profiles; where it stays too
    high, gradients at three places.
    """
    well = DoubleWell(dimensions=3)
    (pair,) = connect(well, well.a, well.c, well.target, method=BezierCurve.moco_ea(), threshold=0.5)
    assert pair.steps == 30 and pair.path.degree == 2
    asked = 0 if pair.connected else 21
    assert pair.forward_equivalents - 1800 - asked == len(pair.direct) + len(pair.profile) - 2 or not pair.moved


def test_the_random_places_of_a_curve_do_not_depend_on_the_batch(digits, digit_pairs):
    method = BezierCurve(random=True, lr=0.05, max_steps=10)
    together = connect(digits, *(part[:3] for part in digit_pairs), method=method, seed=5)
    (alone,) = connect(digits, *(part[2:3] for part in digit_pairs), method=method, seed=5)
    assert torch.allclose(alone.path.control_points, together[2].path.control_points, atol=1e-5)


def test_a_walk_begins_at_one_end(digits, digit_pairs):
    a, c, target = (part[:4] for part in digit_pairs)
    method = LevelSetTraversal(stride=0.1, max_steps=60)
    there, back = connect(digits, a, c, target, method=method), connect(digits, c, a, target, method=method)
    assert any(
        not torch.allclose(one.path.at(0.5), other.path.at(0.5), atol=1e-3)
        for one, other in zip(there, back, strict=True)
    )
    assert all(pair.forward_equivalents >= 3 * pair.steps for pair in there)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    "call",
    [
        lambda: BezierCurve(degree=1),
        lambda: BezierCurve(lr=0.0),
        lambda: BezierCurve(relax=float("nan")),
        lambda: StringMethod(images=0),
        lambda: StringMethod(lr=-1.0),
        lambda: NudgedElasticBand(spring=-1.0),
        lambda: NudgedElasticBand(climb_after=-1),
        lambda: LevelSetTraversal(stride=0.0),
        lambda: LevelSetTraversal(vertices=0),
    ],
)
def test_impossible_settings_are_refused(call):
    with pytest.raises(InputError):
        call()


@pytest.mark.parametrize("name", ["bezier", "moco-ea", "string", "elastic-band", "level-set"])
def test_every_method_has_a_name_and_its_paths_are_kept_and_shown(name, digits, digit_pairs, tmp_path):
    method = isthmus.registries.METHODS.make(name)
    assert isinstance(method, isthmus.PathConnector)
    found = connect(digits, *(part[:2] for part in digit_pairs), method=method)
    for pair, read in zip(found, isthmus.Connections.load(found.save(tmp_path / "kept")), strict=True):
        assert type(read.path) is type(pair.path) and read.vertex_rounds == pair.vertex_rounds
        assert profile_figure(pair).axes
    assert "Two pairs" in page(found, title="Two pairs")


def test_what_is_expected_between_images_is_right_for_parabolas():
    from isthmus.connecting.connectors.chain import ChainState, between

    segments, images = chain()
    curve = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)

    def loss(x):
        return (curve * x**2 + x).sum(-1)

    state = replace(
        ChainState.straight(segments, 4),
        images=images,
        loss=loss(images),
        slope=2 * curve * images + 1,
        ends=torch.stack([loss(segments.start), loss(segments.end)], 1),
    )
    full = whole(segments, images)
    assert torch.allclose(between(segments, state), loss((full[:, 1:] + full[:, :-1]) / 2))
