"""What float32 does to exact profiles, what is done about it, and what happens where knots cannot be told apart."""

from __future__ import annotations

import pytest
import torch
from certificates.affine_pieces.common import landscape_of, segment
from torch import nn

import isthmus
from isthmus.certificates.affine_pieces import exact_profile
from isthmus.certificates.affine_pieces import segment as segments
from isthmus.certificates.affine_pieces.operators import table
from isthmus.certificates.affine_pieces.operators.affine import affine
from isthmus.certificates.affine_pieces.precision import sharpened
from isthmus.errors import NetworkError


def network(seed: int = 0, gain: float = 1.0) -> isthmus.Network:
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(32, 24), nn.ReLU(), nn.Linear(24, 4),
    )  # fmt: skip
    with torch.no_grad():
        model[-1].weight.mul_(gain)
        model[-1].bias.mul_(gain).add_(gain * torch.tensor([1.0, 0, 0, 0]))
    return isthmus.Network(model.eval(), input_shape=(1, 8, 8))


@pytest.mark.parametrize("loss", [isthmus.CrossEntropy(), isthmus.Margin()])
@pytest.mark.parametrize("gain", [1.0, 12.0])  # of 12: losses far below what float32 can tell from 0
def test_the_top_is_that_of_float64(loss, gain):
    landscape = isthmus.Landscape(network(gain=gain), loss=loss, domain=isthmus.Unbounded())
    path = isthmus.Polyline(segment(1, 8, 8, seed=3).vertices[:, :].float() * 0.3)
    found = exact_profile(landscape, path, 0)
    precise = exact_profile(landscape, path, 0, dtype=torch.float64)
    assert {each.dtype for one in (found, precise) for each in (one.logits, one.loss)} == {torch.float64}
    assert found.max_loss == pytest.approx(precise.max_loss, rel=1e-9)
    assert found.argmax_t == pytest.approx(precise.argmax_t, abs=1e-9)
    assert found.min_margin == pytest.approx(precise.min_margin, rel=1e-9)
    stretches = len({loss, isthmus.Margin()})  # computed again in float64, each with a knot of float32 at either end
    assert abs(found.pieces[0] - precise.pieces[0]) <= 2 * stretches
    assert 1e-9 < found.difference < 1e-4 and precise.difference < 1e-12


def test_the_same_top_without_it_would_be_off():
    """The test above can fail: the cut alone, in float32, does not have the top of float64."""
    landscape = isthmus.Landscape(network(gain=12.0), domain=isthmus.Unbounded())
    a, c = segment(1, 8, 8, seed=3).vertices.float() * 0.3
    cut = segments.cut_segment(landscape, a, c)
    loss = landscape.loss_function(cut.logits.double(), torch.zeros(len(cut.t), dtype=torch.long))
    precise = exact_profile(landscape, isthmus.Polyline(torch.stack([a, c])), 0, dtype=torch.float64)
    assert float(loss.max()) != pytest.approx(precise.max_loss, rel=1e-9)


class TwoPeaks(nn.Module):
    """A loss with peaks of one height at 1/4 and 3/4, both of many small pieces."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("steps", torch.arange(1.0, 41.0)[None] / 400)

    def forward(self, x):
        rise = sum(torch.relu(self.steps - 4 * (x - place).abs()).sum(1, keepdim=True) for place in (0.25, 0.75))
        return torch.cat([-rise, 0 * x], dim=1)


def test_the_top_may_be_in_several_places():
    landscape = isthmus.Landscape(isthmus.Network(TwoPeaks(), check=False), domain=isthmus.Unbounded())
    path = isthmus.Polyline(torch.tensor([[0.0], [1.0]]))
    found = exact_profile(landscape, path, 0)
    top = found.t[found.loss >= found.max_loss - 1e-12]
    assert float(top.min()) == pytest.approx(0.25) and float(top.max()) == pytest.approx(0.75)
    assert bool((found.t.diff() > 0).all()) and found.pieces[0] > 150
    logits = landscape.logits(path.at(found.t))
    torch.testing.assert_close(found.logits, logits.double(), atol=1e-5, rtol=1e-5)


def test_stretches_that_are_computed_again_go_where_they_were():
    landscape = landscape_of(TwoPeaks())
    ends = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    t = torch.tensor([0, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 1], dtype=torch.float64)
    t = torch.cat([t[:5], torch.linspace(0.41, 0.59, 40, dtype=torch.float64), t[6:]])
    few = segments.Cut(t, landscape.logits(isthmus.Polyline(ends).at(t)), 0)  # as if most knots had been overlooked
    (found,) = sharpened(landscape, ends, [few], 0, difference=1e-3)
    assert len(found.t) > len(few.t) + 20 and bool((found.t.diff() > 0).all())
    torch.testing.assert_close(found.logits, landscape.logits(isthmus.Polyline(ends).at(found.t)))


def test_what_float32_puts_first_need_not_be_first():
    """The lower of two peaks looks higher, by as much as logits are off: both are computed again."""
    landscape = landscape_of(TwoPeaks())
    ends = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    t = torch.cat([torch.linspace(0, 1, 201, dtype=torch.float64), torch.tensor([0.25, 0.75])]).unique()
    logits = landscape.logits(isthmus.Polyline(ends).at(t))
    at = {place: int((t - place).abs().argmin()) for place in (0.25, 0.745)}  # the second is not the top of its peak
    true = {place: float(landscape.loss_function(logits[[row]], torch.tensor([0]))) for place, row in at.items()}
    off = true[0.25] - true[0.745]
    assert off > 0.01
    wrong = logits.clone()
    wrong[t > 0.5, 0] -= 3 * off
    wrong[t < 0.5, 0] += 3 * off
    coarse = segments.Cut(t[t != 0.75], wrong[t != 0.75], 0)
    (found,) = sharpened(landscape, ends, [coarse], 0, difference=3 * off)
    loss = landscape.loss_function(found.logits, torch.zeros(len(found.t), dtype=torch.long))
    assert float(loss.max()) == pytest.approx(true[0.25], rel=1e-12)
    assert float(found.t[loss >= loss.max() - 1e-12].min()) == pytest.approx(0.25)


class Single(nn.Module):
    """Says in which precision it computes."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, x):
        return self.linear(x.float())


def test_networks_that_do_not_run_in_float64_are_refused_at_once(as_installed):
    landscape = isthmus.Landscape(isthmus.Network(Single()), domain=isthmus.Unbounded())
    x = torch.rand(6, 4)
    with pytest.raises(NetworkError, match=r"does not run in float64: .*isthmus\.profile"):
        exact_profile(landscape, isthmus.Polyline(x[:2]), 0)
    with pytest.raises(NetworkError, match="does not run"):
        isthmus.connect(landscape, x[:3], x[3:], torch.tensor([0, 1, 2]), verify=isthmus.AffinePieces())


def test_what_is_not_finite_is_refused():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    with torch.no_grad():
        model[0].weight.fill_(3e38)
        model[2].weight.fill_(3e38)
    landscape = isthmus.Landscape(isthmus.Network(model, check=False), domain=isthmus.Unbounded())
    with pytest.raises(NetworkError, match="off by"):
        exact_profile(landscape, isthmus.Polyline(torch.tensor([[1.0, 1.0], [2.0, 5.0]])), 0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"target": None}, "class indices"), ({"target": "eleven"}, "eleven"), ({"target": 1.0}, "class indices"),
        ({"target": 7}, "7"), ({"max_batch": 0}, "whole number >= 1"), ({"max_batch": 2.5}, "whole number"),
        ({"dtype": torch.float16}, "float32 or torch.float64"), ({"dtype": torch.int64}, "float32 or torch.float64"),
    ],
)  # fmt: skip
def test_arguments_that_cannot_be_used(settings, says, as_installed):
    landscape = landscape_of(network().model)
    with pytest.raises(isthmus.IsthmusError, match=says):
        exact_profile(landscape, segment(1, 8, 8), **({"target": 0} | settings))


def test_inside_inference_mode():
    landscape = landscape_of(network().model)
    path = segment(1, 8, 8)
    expected = exact_profile(landscape, path, 0)
    with torch.inference_mode():
        assert exact_profile(landscape, path, 0).max_loss == expected.max_loss


def test_memory_is_bounded_in_float64_too(monkeypatch):
    landscape = isthmus.Landscape(network(), domain=isthmus.Unbounded(), max_batch=16)
    follow, seen = segments.traced, set()

    def watched(landscape, ends, begin, finish, run):
        seen.add((landscape.network.dtype, run.most))
        return follow(landscape, ends, begin, finish, run)

    monkeypatch.setattr(segments, "traced", watched)
    path = isthmus.Polyline(segment(1, 8, 8).vertices.float())
    exact_profile(landscape, path, 0, max_batch=70)
    assert seen == {(torch.float32, 70), (torch.float64, 70)}
    seen.clear()
    exact_profile(landscape, path, 0)
    assert seen == {(torch.float32, 64), (torch.float64, 64)}


def test_a_rule_that_is_wrong_is_noticed(monkeypatch):
    """Were ReLU taken for affine, its knots would be missing: the pieces do not agree with the network."""
    monkeypatch.setitem(table.RULES, torch.ops.aten.relu, affine)
    with pytest.raises(NetworkError, match="pieces of the network are off by"):
        exact_profile(landscape_of(network().model), segment(1, 8, 8), 0)


class Together(nn.Module):
    """Neurons that all break about 0.3, so far apart; what they make is about |x - 0.3|, and 0."""

    def __init__(self, neurons: int, apart: float) -> None:
        super().__init__()
        self.register_buffer("places", 0.3 + apart * torch.arange(neurons, dtype=torch.float64)[None])

    def forward(self, x):
        above = torch.relu(x - self.places).sum(1, keepdim=True) / self.places.shape[1]
        return torch.cat([2 * above - (x - 0.3), 0 * x], dim=1)


LINE = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)


def test_knots_that_cannot_be_told_apart_are_counted():
    landscape = landscape_of(Together(400, 1e-15))
    found = exact_profile(landscape, isthmus.Polyline(LINE), 1, max_batch=64)
    assert 1 <= found.unresolved <= 8 and len(found) < 1000
    assert found.max_loss == pytest.approx(1.5410085, abs=1e-7)  # log(1 + e^1.3), at the left end
    assert float(found.loss.min()) == pytest.approx(0.6931472, abs=1e-7)  # log 2, at the bottom
    whole = exact_profile(landscape, isthmus.Polyline(LINE), 1, max_batch=1000)
    assert whole.unresolved == 0 and whole.max_loss == pytest.approx(found.max_loss, rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_neurons_that_break_in_one_place_are_one_knot_or_a_few(dtype):
    model = Together(400, 0.0).to(dtype)
    landscape = isthmus.Landscape(isthmus.Network(model, check=False), domain=isthmus.Unbounded())
    found = exact_profile(landscape, isthmus.Polyline(LINE.to(dtype)), 1, max_batch=64)
    assert found.unresolved == 0 and found.pieces[0] < 100
    assert float(found.loss.min()) == pytest.approx(0.6931472, abs=1e-6)


def test_less_is_held_when_memory_runs_out(monkeypatch, caplog):
    landscape = landscape_of(network().model)
    path = segment(1, 8, 8, seed=5)
    expected = exact_profile(landscape, path, 0)
    follow, seen = segments.traced, []

    def hungry(landscape, ends, begin, finish, run):
        seen.append(run.most)
        if run.most > 100:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return follow(landscape, ends, begin, finish, run)

    monkeypatch.setattr(segments, "traced", hungry)
    found = exact_profile(landscape, path, 0, max_batch=400)
    assert seen[:3] == [400, 200, 100]
    assert "holding 100 knots" in caplog.text
    assert found.max_loss == pytest.approx(expected.max_loss, rel=1e-12)

    def broken(*_):
        raise RuntimeError("something else")

    monkeypatch.setattr(segments, "traced", broken)
    with pytest.raises(RuntimeError, match="something else"):
        exact_profile(landscape, path, 0)


def test_paths_of_no_length():
    landscape = landscape_of(network().model)
    x = segment(1, 8, 8).vertices[:1]
    found = exact_profile(landscape, isthmus.Polyline(torch.cat([x, x])), 0)
    assert found.pieces == (1,) and found.max_loss == pytest.approx(float(landscape.loss(x, torch.tensor([0]))))
    bent = exact_profile(landscape, isthmus.Polyline(torch.cat([x, x, 0 * x])), 0)
    assert bent.pieces[0] == 1 and bent.pieces[1] > 3 and bool(bent.t.isfinite().all())
