from __future__ import annotations

import numpy as np
import pytest
import torch

import isthmus
from isthmus import IsthmusError
from isthmus.detection import Curves, Probe, References, View, views_for
from isthmus.detection.curve_features import LEVELS, SHAPE, curve_features


def test_features_by_hand():
    """One input, one segment, two classes; the predicted class is 0, and logits are (a, 0)."""
    a = torch.tensor([3.0, 1.0, -1.0, 0.5, -2.0])
    logits = torch.stack([a, torch.zeros(5)], 1)[None, None]
    curves = Curves(torch.linspace(0, 1, 5), logits, torch.tensor([0]))
    loss = torch.log1p(torch.exp(-a))
    assert torch.allclose(curves.loss[0, 0], loss) and torch.allclose(curves.margin[0, 0], a)
    rows, names = curve_features(curves, "reference")
    found = dict(zip(names, rows[0].tolist(), strict=True))
    expected = {
        "max_loss": loss.max(),
        "gap": loss.max() - max(loss[0], loss[-1]),
        "area": (loss[0] / 2 + loss[1:-1].sum() + loss[-1] / 2) / 4,
        "peak_position": 1.0,
        "slope": (loss[1] - loss[0]) * 4,
        "curvature": (loss[2] - 2 * loss[1] + loss[0]) * 16,
        "local_maxima": 1.0,
        "share_left": 0.4,
        "classes": 2.0,
        "least_margin": -2.0,
        "margin_slope": -8.0,
        "margin_curvature": 0.0,
    }
    assert set(expected) == set(SHAPE)
    for name, value in expected.items():
        assert found[f"reference.{name}.mean"] == pytest.approx(float(value), abs=1e-5), name
        assert found[f"reference.{name}.sd"] == pytest.approx(0, abs=1e-5)
    assert found["reference.target@0.25.mean"] == 1 and found["reference.rival@0.25.mean"] == 0
    assert found["reference.margin@0.5.step"] == -2
    assert len(names) == len(set(names)) == 4 * len(SHAPE) + len(LEVELS) * (5 + 5 + 4)


def test_spread_over_segments_by_hand():
    logits = torch.tensor([[[[2.0, 0.0], [1.0, 0.0]], [[2.0, 0.0], [5.0, 0.0]]]])
    rows, names = curve_features(Curves(torch.tensor([0.0, 1.0]), logits, torch.tensor([0])), "view")
    found = dict(zip(names, rows[0].tolist(), strict=True))
    assert found["view.target@1.mean"] == 3 and found["view.target@1.sd"] == pytest.approx(2)
    assert found["view.least_margin.min"] == 1 and found["view.least_margin.max"] == 2


def test_the_class_that_returns_is_followed():
    """An attacked input whose own class, 2, comes back at once, though class 1 is second at the input."""
    logits = torch.tensor([[[[5.0, 3.0, 1.0], [3.0, 0.0, 6.0], [4.0, 0.0, 5.0], [9.0, 0.0, 0.0]]]])
    curves = Curves(torch.linspace(0, 1, 4), logits, torch.tensor([0]))
    assert LEVELS["runner_up"](curves)[0, 0].tolist() == [3, 0, 0, 0]
    assert LEVELS["around"](curves)[0, 0].tolist() == [1, 6, 5, 0]


@pytest.mark.parametrize("views", [True, False])
def test_the_cost_is_what_is_spent(digits, recognised, references, views):
    probe = Probe(references=2, points=6, views=views_for((1, 8, 8), mirror=False) if views else (), view_points=3)
    before = digits.forward_equivalents
    look = probe.look(digits, recognised[0][:7], references)
    assert digits.forward_equivalents - before == 7 * probe.cost == 7 * (1 + 2 * 4 + (4 * 2 if views else 0))
    assert look.rows.shape == (7, len(probe.names)) and look.rows.isfinite().all()
    assert look.to_views.shape[1] == (4 if views else 0)
    assert torch.equal(look.judged, digits.logits(recognised[0][:7]).argmax(1))


def test_the_cheap_probe_costs_at_most_sixty():
    for shape, mirror in (((3, 32, 32), True), ((1, 8, 8), False), ((3, 224, 224), True)):
        assert Probe(views=views_for(shape, mirror=mirror)).cost <= 60


def test_curves_are_the_networks_along_the_segments(digits, recognised, references, probe):
    x = recognised[0][:3]
    look = probe.look(digits, x, references)
    for number in range(3):
        chosen = references.partners(x[number : number + 1], look.judged[number : number + 1], 2)
        for segment, end in enumerate(references.x[chosen]):
            points = torch.stack([torch.lerp(x[number], end, t) for t in torch.linspace(0, 1, 4)])
            expected = digits.loss(points, look.judged[number].expand(4))
            assert torch.allclose(look.to_references[number, segment], expected, atol=1e-4)
        end = probe.views[0].of(x[number : number + 1])
        assert torch.allclose(
            look.to_views[number, 0, -1], digits.loss(end, look.judged[number : number + 1]), atol=1e-4
        )


def test_in_parts_as_at_once(digits, recognised, references, probe, monkeypatch):
    x = recognised[0][:9]
    whole = probe.features(digits, x, references)
    monkeypatch.setattr("isthmus.detection.probe.HELD", probe.cost * 64 * 2)
    assert torch.allclose(probe.features(digits, x, references), whole, atol=1e-4)


def test_a_reference_is_never_compared_with_itself(digits, references, probe):
    x = references.x[:1]
    numbers = references.partners(x, references.target[:1], 2)
    assert 0 not in numbers.tolist() and len(numbers) == 2
    assert (probe.look(digits, x, references).to_references[0].std(1) > 0).all()


def test_references_are_recognised_of_low_loss_and_enough(digits, pool):
    x, y = pool
    found = References.draw(digits, x, y, per_class=3, seed=1)
    assert found.per_class == 4 and torch.equal(found.logits.argmax(1), found.target)
    loss, logits = digits.evaluate(x, y)
    own = digits.loss(found.x, found.target)
    for group in range(10):
        mine = loss[(y == group) & (logits.argmax(1) == group)]
        assert (own[found.target == group] <= mine.median() + 1e-5).all()
    assert torch.equal(References.draw(digits, x, y, per_class=3, seed=1).x, found.x)
    with pytest.raises(IsthmusError, match="Give more images"):
        References.draw(digits, x, y, per_class=500)
    few = References(found.x[found.target < 9], found.target[found.target < 9], found.logits[found.target < 9])
    with pytest.raises(IsthmusError, match="Class 9 has 0 references"):
        few.partners(x[:1], torch.tensor([9]), 2)


def test_features_have_slopes(digits, recognised, references, probe):
    x = recognised[0][:2].clone().requires_grad_()

    def answer(points):
        return digits.forward(points, torch.zeros(len(points), dtype=torch.long)).logits

    with digits.fixed():
        rows = probe.read(*probe.curves(answer, x, None, references))
        (gradient,) = torch.autograd.grad(rows[:, probe.names.index("view.area.mean")].sum(), x)
    assert gradient.isfinite().all() and (gradient != 0).any()


def test_a_probe_comes_back_from_its_description():
    probe = Probe(references=3, points=5, views=views_for((3, 32, 32), mirror=True))
    assert Probe.of(probe.describe()) == probe


def test_a_probe_that_cannot_be():
    with pytest.raises(IsthmusError, match="at least one reference"):
        Probe(references=0)


class TestViews:
    def test_mirror_and_shift_by_hand(self):
        x = torch.arange(12.0).reshape(1, 1, 3, 4) / 12
        assert torch.equal(View(mirror=True).of(x)[0, 0, 0] * 12, torch.tensor([3.0, 2, 1, 0]))
        moved = View(shift=(1, 0)).of(x)
        assert torch.equal(moved[0, 0, 1:], x[0, 0, :-1]) and torch.equal(moved[0, 0, 0], x[0, 0, 1])
        back = View(shift=(0, -2)).of(x)
        assert torch.equal(back[0, 0, :, :2], x[0, 0, :, 2:])

    @pytest.mark.parametrize("shape", [(1, 8, 8), (3, 31, 17), (2, 64, 48)])
    def test_shape_range_and_slope(self, shape):
        x = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
        for view in (*views_for(shape, mirror=True), View(zoom=1.2)):
            seen = view.of(x)
            assert seen.shape == x.shape and seen.min() >= 0 and seen.max() <= 1 + 1e-6
            (slope,) = torch.autograd.grad(seen.sum(), x)
            assert slope.isfinite().all() and slope.sum() > 0

    def test_turning_there_and_back(self):
        x = torch.zeros(1, 1, 41, 61)
        x[..., 10:30, 20:40] = 1
        again = View(turn=-20).of(View(turn=20).of(x))
        assert (again - x).abs().mean() < 0.02 and (View(turn=20).of(x) - x).abs().mean() > 0.03

    def test_what_has_no_views(self):
        assert views_for((13,), mirror=True) == ()
        with pytest.raises(IsthmusError, match="are of images"):
            View(mirror=True).of(torch.zeros(2, 13))
        with pytest.raises(IsthmusError, match="too far"):
            View(shift=(9, 0)).of(torch.zeros(1, 1, 8, 8))
        with pytest.raises(IsthmusError, match="zoom > 0"):
            View(zoom=0)


def test_inputs_that_are_no_images(pool):
    """Rows of a table: references only."""
    torch.manual_seed(0)
    network = isthmus.Network(torch.nn.Sequential(torch.nn.Linear(13, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)))
    landscape = isthmus.Landscape(network)
    x = torch.rand(90, 13, generator=torch.Generator().manual_seed(1))
    y = landscape.logits(x).argmax(1)
    kept = torch.isin(y, torch.tensor([group for group in range(3) if (y == group).sum() > 5]))
    references = References.draw(landscape, x[kept], y[kept], per_class=2)
    rows = Probe(references=2, points=4).features(landscape, x[kept][:5], references)
    assert rows.shape[0] == 5 and np.isfinite(rows.numpy()).all()


def test_effort_is_what_connecting_takes(digits, recognised, references):
    probe = Probe(references=2, points=4, bypassed=2)
    x = recognised[0][:6]
    rows = probe.features(digits, x, references)
    assert rows.shape == (6, len(probe.names))
    found = dict(zip(probe.names, rows.T, strict=True))
    judged = digits.logits(x).argmax(1)
    for number in range(6):
        ends = references.x[references.partners(x[number : number + 1], judged[number : number + 1], 2)]
        pairs = isthmus.connect(digits, x[number].expand(2, -1, -1, -1), ends, judged[number].expand(2))
        steps = [pair.steps for pair in pairs]
        assert float(found["effort.steps.mean"][number]) == pytest.approx(np.mean(steps), abs=1)
        assert float(found["effort.rounds.max"][number]) == max(pair.rounds for pair in pairs)
        assert float(found["effort.connected.mean"][number]) == np.mean([pair.connected for pair in pairs])
    assert probe.names[: len(Probe(references=2, points=4).names)] == Probe(references=2, points=4).names
    with pytest.raises(IsthmusError, match="bypassed must lie"):
        Probe(references=2, bypassed=3)
