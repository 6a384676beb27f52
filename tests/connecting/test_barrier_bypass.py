from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

import isthmus
from isthmus import Ball, BarrierBypass, Box, Hyperplane, Landscape, Unbounded, connect
from isthmus.connecting.connectors.base import Segments, join, take
from isthmus.descents.penalties import penalty_gradient
from isthmus.errors import InputError
from isthmus.testing import DoubleWell, Ring


def off_plane(pair) -> float:
    """<B' - B, d> / |d|^2 of the first bypass."""
    vertices = pair.path.vertices.double()
    d = vertices[-1] - vertices[0]
    b = pair.direct_path.at(pair.direct.argmax_t).double()
    return abs(float(((vertices[1] - b) * d).sum() / (d * d).sum()))


def test_finds_the_saddle_of_the_double_well():
    well = DoubleWell(bend=1.0)
    method = BarrierBypass(lr=0.02, max_steps=400, goal=0.0, mse=0.0, rounds=1)
    (pair,) = connect(well, well.a, well.c, well.target, method=method, threshold=1.001)
    assert pair.connected
    assert math.isclose(pair.direct.max_loss, well.direct_barrier, rel_tol=1e-3)
    assert math.isclose(pair.profile.max_loss, well.barrier, rel_tol=1e-3)
    assert torch.allclose(pair.path.vertices[1], torch.tensor([0.0, 1.0], dtype=torch.float64), atol=0.02)


def test_rounds_follow_a_bent_valley_that_one_bypass_cannot():
    well = DoubleWell(bend=8.0)
    settings = {"lr": 0.02, "max_steps": 300, "goal": 0.0, "mse": 0.0}
    one, many = (
        connect(well, well.a, well.c, well.target, method=BarrierBypass(rounds=r, **settings), threshold=1.001)[0]
        for r in (1, 5)
    )
    assert not one.connected and one.profile.max_loss > 1.02
    assert many.connected and math.isclose(many.profile.max_loss, well.barrier, rel_tol=1e-3)
    assert many.rounds > 1 and max(many.vertex_rounds) > 1 and many.vertex_rounds[0] == 0


def test_goes_round_the_ring():
    ring = Ring(dimensions=4)
    method = BarrierBypass(lr=0.02, max_steps=200, rounds=5)
    (pair,) = connect(ring, ring.a, ring.c, ring.target, method=method, threshold=0.1)
    assert pair.connected and math.isclose(pair.direct.max_loss, ring.direct_barrier, rel_tol=1e-3)
    assert math.isclose(pair.path.deviation, 0.5, abs_tol=0.15)  # round a circle of which AC is the diameter


def test_moves_inside_hyperplane_and_box(digits, digit_pairs):
    a, c, target = digit_pairs
    found = connect(digits, a, c, target, method=BarrierBypass(rounds=1))
    moved = [pair for pair in found if len(pair.path.vertices) == 3]
    assert len(moved) >= 8
    assert max(off_plane(pair) for pair in moved) < 1e-6
    assert all(bool(digits.domain.contains(pair.path.vertices, 0.0).all()) for pair in found)


@pytest.mark.parametrize("norm", [2.0, math.inf])
def test_moves_inside_hyperplane_and_ball(digits, digit_pairs, norm):
    a, c, target = (part[:1] for part in digit_pairs)
    radius = float((c - a).flatten().norm(p=norm)) * 0.51
    landscape = Landscape(digits.network, domain=Ball((a[0] + c[0]) / 2, radius, norm))
    (pair,) = connect(landscape, a, c, target, method=BarrierBypass(rounds=1))
    assert len(pair.path.vertices) == 3 and off_plane(pair) < 1e-6
    assert bool(landscape.domain.contains(pair.path.vertices).all())


def test_published_procedure_leaves_hyperplane_and_box_and_costs_5072(digits, digit_pairs):
    a, c, target = (part[:2] for part in digit_pairs)
    digits = Landscape(digits.network)
    found = connect(digits, a, c, target, method=BarrierBypass.paper())
    for pair in found:
        assert pair.steps == 1024 and pair.rounds == 1 and len(pair.path.vertices) == 3
        assert abs(pair.forward_equivalents - 5072) <= 2  # both halves share a point, and divide 999 intervals
    assert max(off_plane(pair) for pair in found) > 1e-5
    assert not all(bool(Box(0, 1).contains(pair.path.vertices).all()) for pair in found)


def test_published_procedure_is_followed_for_connected_pairs_too(digits, digit_pairs):
    a, c, target = (part[-1:] for part in digit_pairs)
    (plain,) = connect(digits, a, c, target)
    (paper,) = connect(digits, a, c, target, method=BarrierBypass.paper())
    assert plain.steps == 0 and paper.steps == 1024 and len(paper.path.vertices) == 3


def test_published_procedure_is_adam_on_the_normalised_input(digits, digit_pairs):
    """An independent writing of the published loop: torch's Adam, the gradient projected in normalised space."""
    a, c, target = (part[:1] for part in digit_pairs)
    network = digits.network
    mean, std = float(network.mean), float(network.std)
    (pair,) = connect(
        digits,
        a,
        c,
        target,
        method=replace(BarrierBypass.paper(), max_steps=40, scan=None),
    )
    u_a, u_c = (a - mean) / std, (c - mean) / std
    b = torch.lerp(u_a, u_c, pair.direct.argmax_t)
    d = u_c - u_a
    x = b.clone().requires_grad_()
    adam = torch.optim.Adam([x], lr=0.005)
    for _ in range(40):
        adam.zero_grad()
        delta = x - b
        tv = delta.diff(dim=-1).abs().sum() + delta.diff(dim=-2).abs().sum()
        loss = torch.nn.functional.cross_entropy(network.model(x), target)
        (loss + 0.1 * (delta**2).mean() + 1e-8 * tv).backward()
        x.grad -= (x.grad * d).sum() / (d * d).sum() * d
        adam.step()
    assert torch.allclose(pair.path.vertices[1], (x.detach()[0] * std + mean), atol=1e-4)


def test_penalties_pull_back_to_the_peak(digits, digit_pairs):
    a, c, target = (part[:4] for part in digit_pairs)

    def deviation(**settings) -> float:
        method = BarrierBypass(rounds=1, max_steps=150, goal=None, always=True, **settings)
        return sum(pair.path.deviation for pair in connect(digits, a, c, target, method=method))

    free = deviation(mse=0.0, tv=0.0)
    assert deviation(mse=100.0, tv=0.0) < 0.8 * free
    assert deviation(mse=0.0, tv=1.0) < 0.8 * free


def test_penalty_gradient_is_the_gradient_of_the_penalty():
    moved = torch.randn((3, 2, 5, 4), generator=torch.Generator().manual_seed(0)).double().requires_grad_()
    tv = moved.diff(dim=-1).abs().sum() + moved.diff(dim=-2).abs().sum()
    (expected,) = torch.autograd.grad((0.3 * (moved**2).flatten(1).mean(1)).sum() + 0.07 * tv, moved)
    assert torch.allclose(penalty_gradient(moved.detach(), 0.3, 0.07), expected)


def test_stops_when_the_loss_is_low_enough(digits, digit_pairs):
    a, c, target = digit_pairs
    quick, slow = (connect(digits, a, c, target, method=BarrierBypass(goal=goal, rounds=1)) for goal in (0.9, 0.01))
    assert sum(pair.steps for pair in quick) < sum(pair.steps for pair in slow)


def test_free_optimisation_leaves_the_hyperplane():
    well = DoubleWell(dimensions=3)
    method = BarrierBypass(hyperplane=Hyperplane.NONE, lr=0.02, max_steps=60, rounds=1, mse=0.0, tv=0.0)
    (pair,) = connect(well, well.a + torch.tensor([0.2, 0.0, 0.3]), well.c, well.target, method=method)
    assert off_plane(pair) > 1e-4


def test_unbounded_landscape_is_left_alone(digits, digit_pairs):
    a, c, target = (part[:8] for part in digit_pairs)
    landscape = Landscape(digits.network, domain=Unbounded())
    found = connect(landscape, a, c, target)
    assert any(float(pair.path.vertices.min()) < -1e-3 for pair in found)


class Ramp(isthmus.AbstractLandscape):
    """Two classes whose logits are affine in the input, so that log-odds are: a wall across x1 = 0, low far from it."""

    def __init__(self, steepness: float) -> None:
        super().__init__(domain=Unbounded())
        self.classes, self.steepness = 2, steepness

    def forward(self, x, target):
        odds = self.steepness * (x[:, 1] - 2 + x[:, 0] ** 2)
        logits = torch.stack([odds, torch.zeros_like(odds)], 1)
        return isthmus.landscapes.Evaluation(isthmus.CrossEntropy()(logits, target), logits)

    def on_even_scale(self, loss):
        return isthmus.CrossEntropy().on_even_scale(loss)


@pytest.mark.parametrize("steepness", [0.5, 5.0, 50.0])
def test_a_step_in_log_odds_is_as_long_as_it_must_be_however_steep_the_network(steepness):
    """Where log-odds are affine in the hyperplane, one step leads to the goal and not beyond."""
    ramp = Ramp(steepness)
    a, c = torch.tensor([[-2.0, 0.0]]).double(), torch.tensor([[2.0, 0.0]]).double()
    method = BarrierBypass(rounds=1, relax=1 + 1e-9, shortest=0.0, longest=1e3, goal=0.5)
    (pair,) = connect(ramp, a, c, torch.tensor([0]), method=method, threshold=0.8)
    top = pair.path.vertices[1]
    goal = -float(ramp.on_even_scale(torch.tensor([0.4])).value)  # log-odds
    assert pair.steps == 1
    assert torch.allclose(top, torch.tensor([0.0, 2 + goal / steepness]).double(), atol=1e-5)


def test_no_step_is_shorter_or_longer_than_allowed():
    """In units of the segment, and of the input's root mean square."""
    a, c = torch.tensor([[-2.0, 0.0]]).double(), torch.tensor([[2.0, 0.0]]).double()
    for settings, moved in (({"shortest": 2.0, "longest": 1e3}, 8.0), ({"longest": 0.5}, 0.5 * math.sqrt(2))):
        method = BarrierBypass(rounds=1, relax=1.0, max_steps=1, **settings)
        (pair,) = connect(Ramp(50.0), a, c, torch.tensor([0]), method=method, threshold=0.8)
        shown = pair.path.vertices if len(pair.path.vertices) == 3 else None
        if shown is not None:
            assert math.isclose(float(shown[1, 1]), moved, rel_tol=1e-6)
        else:
            assert not pair.connected  # half a unit was not enough to be any better


class Plateau(Ramp):
    """The same wall, flat on top: no slope leads anywhere."""

    def forward(self, x, target):
        odds = 2 - 4 * (x[:, 0].abs() < 1).double() + 0 * x.sum(1)
        logits = torch.stack([odds, torch.zeros_like(odds)], 1)
        return isthmus.landscapes.Evaluation(isthmus.CrossEntropy()(logits, target), logits)


def test_where_there_is_no_slope_one_step_is_enough():
    a, c = torch.tensor([[-2.0, 0.0]]).double(), torch.tensor([[2.0, 0.0]]).double()
    with pytest.warns(isthmus.IsthmusWarning, match="gradients are zero"):
        (pair,) = connect(Plateau(1.0), a, c, torch.tensor([0]), method=BarrierBypass(rounds=1))
    assert not pair.connected and pair.steps == 1 and pair.suspect


def test_a_learning_rate_asks_for_adam(digits, digit_pairs):
    a, c, target = (part[:8] for part in digit_pairs)
    odds, adam = (connect(digits, a, c, target, method=BarrierBypass(lr=lr)) for lr in (None, 0.01))
    assert sum(pair.forward_equivalents for pair in odds) < 0.8 * sum(pair.forward_equivalents for pair in adam)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    "settings",
    [
        {"lr": 0.0},
        {"relax": 0.0},
        {"shortest": -0.1},
        {"longest": float("nan")},
        {"rounds": -1},
        {"mse": -1.0},
        {"max_steps": 0},
        {"goal": 1.5},
        {"tv": float("nan")},
        {"hyperplane": "exact"},
    ],
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(InputError):
        BarrierBypass(**settings)


def test_unknown_settings_are_refused():
    with pytest.raises(TypeError):
        isthmus.BarrierBypass(learning_rate=0.1)


def test_rows_of_a_batch_are_taken_and_joined():
    row = torch.arange(4.0)
    segments = Segments(row[:, None], row[:, None], row[:, None], row, row.long(), row)
    part = take(segments, torch.tensor([True, False, True, False]))
    assert part.target.tolist() == [0, 2]
    assert join([part, segments]).target.tolist() == [0, 2, 0, 1, 2, 3]
