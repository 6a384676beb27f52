"""Exact profiles against brute force, and what they refuse."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
import torch
from certificates.affine_pieces.common import DENSE, agrees, landscape_of, segment
from torch import nn
from torch.nn import functional

import isthmus
from isthmus.certificates.affine_pieces import exact_profile
from isthmus.certificates.affine_pieces.pieces import between
from isthmus.errors import NetworkError


class Residual(nn.Module):
    """Everything that is allowed, written in many ways: modules, functions, in place, reused, views, sums, joins."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.norm.running_mean.normal_(0, 0.3)
        self.norm.running_var.uniform_(0.5, 2)
        self.relu = nn.ReLU(inplace=True)  # used twice
        self.second = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.third = nn.Conv2d(12, 8, 1)
        self.prelu = nn.PReLU(8, init=0.1)
        self.head = nn.Linear(8 * 9, 12)
        self.out = nn.Linear(12, 4)

    def forward(self, x):
        h = self.relu(self.norm(self.first(x)))
        h = functional.max_pool2d(h, 3, stride=2, padding=1, ceil_mode=True)
        shortcut = h[:, :, ::1]
        h = self.relu(self.second(h))
        h = h + shortcut
        h = torch.cat([h, functional.leaky_relu(-h, 0.2)], dim=1)
        h = self.prelu(self.third(h)).clamp(-0.5, 1.5)
        h = functional.avg_pool2d(functional.pad(h, (1, 0, 1, 0)), 2)
        h = functional.relu6(self.head(h.view(x.size(0), -1)) * 2 - 0.1)
        return self.out(functional.hardtanh(h, -1, 4)) / 0.5


def mlp() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(9, 14), nn.ReLU(), nn.Linear(14, 10), nn.ReLU(), nn.Linear(10, 4))


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 2), nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(5, 3),
    )  # fmt: skip


CASES = {"mlp": (mlp, (1, 3, 3)), "cnn": (cnn, (1, 8, 8)), "residual": (Residual, (2, 8, 8))}


@pytest.fixture(params=list(CASES))
def case(request):
    make, shape = CASES[request.param]
    torch.manual_seed(5)
    return landscape_of(make()), shape


@pytest.mark.parametrize("seed", range(3))
def test_pieces_are_affine_and_nothing_is_missed(case, seed):
    landscape, shape = case
    path = segment(*shape, seed=seed)
    found = exact_profile(landscape, path, 1)
    assert found.unresolved == 0 and found.pieces[0] > 3
    assert found.t[0] == 0 and found.t[-1] == 1 and bool((found.t.diff() > 0).all())
    logits = landscape.logits(path.at(DENSE))
    torch.testing.assert_close(between(found.t, found.logits, DENSE), logits, atol=1e-10, rtol=1e-9)
    loss = landscape.loss(path.at(DENSE), torch.ones(len(DENSE), dtype=torch.long))
    assert found.max_loss >= float(loss.max()) - 1e-10
    # and it is reached
    there = landscape.loss(path.at(found.argmax_t)[None], torch.tensor([1]))
    assert found.max_loss == pytest.approx(float(there), rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_every_knot_of_a_relu_network_is_a_change_of_pattern(seed):
    torch.manual_seed(seed)
    model = mlp()
    landscape, path = landscape_of(model), segment(1, 3, 3, seed=seed)
    found = exact_profile(landscape, path, 0)
    patterns: list[torch.Tensor] = []
    for part in model:
        if isinstance(part, nn.ReLU):
            part.register_forward_pre_hook(lambda _, inputs: patterns.append(inputs[0] > 0))
    middle = (found.t[1:] + found.t[:-1]) / 2
    landscape.logits(path.at(middle))
    pattern = torch.cat(patterns[-2:], dim=1)
    assert bool((pattern[1:] != pattern[:-1]).any(1).all())  # no knot is in vain


def test_knots_in_rational_arithmetic():
    """A walk along the segment in fractions: from where it stands, to the nearest place where a neuron changes."""
    random = torch.Generator().manual_seed(3)

    def fractions(*shape: int) -> list:
        whole = torch.randint(-8, 9, shape, generator=random)
        return (
            [[Fraction(int(v), 8) for v in row] for row in whole]
            if len(shape) > 1
            else [Fraction(int(v), 8) for v in whole]
        )

    sizes = (3, 6, 5, 2)
    weights = [(fractions(b, a), fractions(b)) for a, b in itertools.pairwise(sizes)]
    p, q = fractions(3), fractions(3)

    def line(t: Fraction) -> list[tuple[Fraction, Fraction]]:
        """Value and slope of every hidden neuron just after t."""
        values, slopes, seen = (
            [a + t * (b - a) for a, b in zip(p, q, strict=True)],
            [b - a for a, b in zip(p, q, strict=True)],
            [],
        )
        for matrix, bias in weights[:-1]:
            z = [sum(w * v for w, v in zip(row, values, strict=True)) + b for row, b in zip(matrix, bias, strict=True)]
            dz = [sum(w * v for w, v in zip(row, slopes, strict=True)) for row in matrix]
            seen += list(zip(z, dz, strict=True))
            on = [v > 0 or (v == 0 and d > 0) for v, d in zip(z, dz, strict=True)]
            values = [v if o else Fraction(0) for v, o in zip(z, on, strict=True)]
            slopes = [d if o else Fraction(0) for d, o in zip(dz, on, strict=True)]
        return seen

    knots, t = [Fraction(0)], Fraction(0)
    while t < 1:
        steps = [-v / d for v, d in line(t) if d and -v / d > 0]
        t = min([Fraction(1), *(t + step for step in steps)])
        knots.append(t)
    model = nn.Sequential(*[layer for a, b in itertools.pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())][:-1])
    with torch.no_grad():
        for layer, (matrix, bias) in zip([m for m in model if isinstance(m, nn.Linear)], weights, strict=True):
            layer.weight.copy_(torch.tensor([[float(v) for v in row] for row in matrix]))
            layer.bias.copy_(torch.tensor([float(v) for v in bias]))
    path = isthmus.Polyline(torch.tensor([[float(v) for v in end] for end in (p, q)], dtype=torch.float64))
    found = exact_profile(landscape_of(model), path, 0)
    assert len(knots) > 5
    assert found.t.tolist() == pytest.approx([float(knot) for knot in knots], abs=1e-12)


def test_the_same_however_much_is_held_at_once(case):
    landscape, shape = case
    path = segment(*shape, seed=9)
    whole = exact_profile(landscape, path, 2)
    little = exact_profile(landscape, path, 2, max_batch=24)
    torch.testing.assert_close(between(little.t, little.logits, DENSE), between(whole.t, whole.logits, DENSE))
    assert little.max_loss == pytest.approx(whole.max_loss, rel=1e-9)
    assert 0 <= little.pieces[0] - whole.pieces[0] < 60  # stretches begin and end at knots of their own


def test_classes_and_margins(case):
    landscape, shape = case
    path = segment(*shape, seed=4, scale=4)
    found = exact_profile(landscape, path, 0)
    intervals = found.class_intervals()
    assert intervals[0][0] == 0 and intervals[-1][1] == 1
    assert all(one[1] == other[0] and one[2] != other[2] for one, other in itertools.pairwise(intervals))
    predicted = landscape.logits(path.at(DENSE)).argmax(1)
    for t, index in zip(DENSE.tolist()[1:-1], predicted.tolist()[1:-1], strict=True):
        inside = [each for each in intervals if each[0] - 1e-9 <= t <= each[1] + 1e-9]
        assert index in [each[2] for each in inside]
    others = landscape.logits(path.at(DENSE))
    margin = others[:, 0] - others[:, 1:].amax(1)
    assert found.min_margin <= float(margin.min()) + 1e-10


def test_a_spike_that_sampling_misses():
    """A hat function of width 2e-4: the adaptive profile passes beside it, the exact one does not."""

    class Hat(nn.Module):
        def forward(self, x):
            h = functional.relu(1 - (x[:, :1] - 0.30303).abs() * 1e4)
            return torch.cat([-20 * h, 0 * x[:, :1]], dim=1) + torch.tensor([[5.0, 0.0]], dtype=x.dtype)

    landscape = landscape_of(Hat())
    path = isthmus.Polyline(torch.tensor([[0.0], [1.0]], dtype=torch.float64))
    assert isthmus.profile(landscape, path, 0).max_loss < 0.01
    found = exact_profile(landscape, path, 0)
    assert found.max_loss == pytest.approx(15, abs=1e-4) and found.argmax_t == pytest.approx(0.30303, abs=1e-6)


def test_paths_of_several_segments(digits, digit_pairs):
    a, c, y = digit_pairs
    pair = next(pair for pair in isthmus.connect(digits, a, c, y) if pair.first_bypass is not None)
    told = []
    found = exact_profile(digits, pair.path, pair.target, on_progress=told.append)
    assert len(found.pieces) == len(pair.path.vertices) - 1 and sum(found.pieces) == len(found) - 1
    assert found.max_loss >= pair.profile.max_loss - 1e-5
    assert told[-1].done == told[-1].total == 1000
    precise = exact_profile(digits, pair.path, pair.target, dtype=torch.float64)
    assert precise.logits.dtype == torch.float64 and found.max_loss == pytest.approx(precise.max_loss, rel=1e-9)
    assert next(digits.network.model.parameters()).dtype == torch.float32
    scan = isthmus.profile(digits, pair.path, pair.target, sampling=isthmus.Sampling.even(2001))
    assert precise.max_loss >= scan.max_loss - 1e-5


@pytest.mark.parametrize(
    ("part", "operator"),
    [(nn.GELU(), "gelu"), (nn.Sigmoid(), "sigmoid"), (nn.Softmax(1), "softmax"), (nn.LayerNorm(7), "layer_norm")],
)
def test_other_operators_are_named_with_their_place(part, operator):
    model = nn.Sequential()
    model.add_module("body", nn.Sequential(nn.Linear(5, 7), part))
    model.add_module("head", nn.Linear(7, 3))
    with pytest.raises(NetworkError, match=rf"in module 'body\.1' .*{operator}.*isthmus\.profile"):
        exact_profile(landscape_of(model), segment(5), 0)
    landscape_of(model).logits(torch.zeros(2, 5, dtype=torch.float64))  # and the hooks are gone


def test_products_of_the_input_and_mixed_batches_are_refused():
    class Square(nn.Module):
        def forward(self, x):
            return x * x

    class Mixed(nn.Module):
        def forward(self, x):
            return x.transpose(0, 1).reshape(-1, 4) if x.shape[0] == 1 else x

    with pytest.raises(NetworkError, match="mul multiplies or divides by something that depends"):
        exact_profile(landscape_of(Square()), segment(4), 0)
    with pytest.raises(NetworkError, match="batch"):
        exact_profile(landscape_of(Mixed(), check=False), segment(4), 0)


class BaseAfterView(nn.Module):
    def forward(self, x):
        h = 2 * x
        h[:, :2].relu_()
        return h


class ViewAfterBase(nn.Module):
    def forward(self, x):
        h = 2 * x
        part = h[:, :2]
        h.relu_()
        return part + 1


class Detached(nn.Module):
    def forward(self, x):
        h = 2 * x
        h.detach().clamp_(min=0)
        return h - 1


class Contiguous(nn.Module):
    """Whether it is a copy depends on a layout that a network does not choose."""

    def forward(self, x):
        h = 2 * x
        h.contiguous().clamp_(min=0)
        return h - 1


class ContiguousImage(nn.Module):
    def forward(self, x):
        h = 2 * x[:, :, None, None]
        h.contiguous(memory_format=torch.channels_last).clamp_(min=0)
        return (h - 1).flatten(1)


@pytest.mark.parametrize("make", [BaseAfterView, ViewAfterBase, Detached, Contiguous, ContiguousImage])
def test_shared_memory_changed_in_place_is_not_read_again(make):
    with pytest.raises(NetworkError, match="through a view"):
        exact_profile(landscape_of(make()), segment(4), 0)


class Jump(nn.Module):
    def forward(self, x):
        return functional.threshold(x, 0.5, -3.0)


class Steps(nn.Module):
    def forward(self, x):
        return x.long().double() + x


class Mismatched(nn.Module):
    def forward(self, x):
        return x + x.sum(1)


@pytest.mark.parametrize(("make", "says"), [(Jump, "jumps"), (Steps, "whole numbers"), (Mismatched, "numbers of axes")])
def test_what_would_be_wrong_without_a_word_is_refused(make, says):
    with pytest.raises(NetworkError, match=says):
        exact_profile(landscape_of(make(), check=False), segment(4), 0)


class Accumulates(nn.Module):
    def forward(self, x):
        total = torch.zeros(x.shape[0], 4, dtype=x.dtype)
        total += x
        return total


def test_sums_into_a_plain_tensor_are_refused():
    with pytest.raises(NetworkError, match="into a tensor that does not"):
        exact_profile(landscape_of(Accumulates()), segment(4), 0)


def test_axes_of_length_one_and_expanded_ones():
    class Axes(nn.Module):
        def forward(self, x):
            h = functional.relu(x)[:, :, None, None].expand(-1, -1, 2, 3)
            return (h.unsqueeze(-1).squeeze(-1) * torch.arange(6.0).reshape(2, 3).to(x)).mean((2, 3))

    landscape, path = landscape_of(Axes()), segment(4)
    agrees(landscape, path, exact_profile(landscape, path, 0), atol=1e-5)


def test_the_smallest_batches_do(case):
    landscape, shape = case
    path = segment(*shape, seed=1)
    one, other = exact_profile(landscape, path, 0, max_batch=1), exact_profile(landscape, path, 0)
    assert one.max_loss == pytest.approx(other.max_loss, rel=1e-9)


def test_mixed_precision_is_refused(digits, digit_pairs):
    landscape = isthmus.Landscape(digits.network, autocast=torch.bfloat16)
    with pytest.raises(NetworkError, match="without autocast"):
        exact_profile(landscape, isthmus.Polyline(torch.stack([digit_pairs[0][0], digit_pairs[1][0]])), 0)


def test_in_place_operators_that_share_nothing_are_fine():
    class Inplace(nn.Module):
        def forward(self, x):
            h = (x * 3).add_(0.1).relu_()
            h += x
            h.mul_(2).clamp_(-1, 2)
            return functional.threshold(h, 0.5, 0.5)

    landscape, path = landscape_of(Inplace()), segment(4)
    agrees(landscape, path, exact_profile(landscape, path, 0), atol=1e-5)


def test_what_goes_into_an_operator_may_be_read_again():
    class Again(nn.Module):
        def forward(self, x):
            return x + functional.relu(x) + functional.leaky_relu(x) + functional.softshrink(x) + x.clamp(-1, 1)

    landscape, path = landscape_of(Again()), segment(4)
    short = isthmus.Polyline(torch.stack([path.at(0.5), path.at(0.5 + 1e-6)]))
    assert exact_profile(landscape, short, 0).pieces == (1,)
    for each in (path, short):
        agrees(landscape, each, exact_profile(landscape, each, 0), atol=1e-6)


@pytest.mark.parametrize("place", ["all", "part", "in place"])
def test_compiled_models_are_followed_as_they_were_written(place):
    model = nn.Sequential(nn.Sequential(nn.Linear(4, 12), nn.ReLU()), nn.Linear(12, 3)).double()
    path = segment(4)
    plain = exact_profile(landscape_of(model), path, 0)
    if place == "in place":
        model.compile(backend="eager")
        compiled = model
    elif place == "part":
        compiled = nn.Sequential(torch.compile(model[0], backend="eager"), model[1])
    else:
        compiled = torch.compile(model, backend="eager")
    found = exact_profile(landscape_of(compiled), path, 0)
    assert torch.equal(found.t, plain.t) and torch.equal(found.loss, plain.loss)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_scripted_models_may_need_stretches_and_are_refused_by_name():
    model = nn.Sequential(nn.Linear(4, 90), nn.ReLU(), nn.Linear(90, 3))
    path = segment(4)
    landscape = landscape_of(torch.jit.trace(model.double(), path.vertices))
    assert exact_profile(landscape, path, 0, max_batch=1).pieces[0] > 20
    agrees(landscape, path, exact_profile(landscape, path, 0, max_batch=1))
    scripted = torch.jit.script(nn.Sequential(nn.Linear(4, 3), nn.Tanh()).double())
    with pytest.raises(NetworkError, match="tanh is not affine"):
        exact_profile(landscape_of(scripted), path, 0)


@pytest.mark.parametrize("shape", [(10,), (1, 4, 4), (3, 4, 4)])
def test_models_that_change_their_input_leave_the_path_alone(shape):
    class Changes(nn.Module):
        def forward(self, x):
            return x.sub_(0.3).relu_().flatten(1)[:, :3]

    path = segment(*shape)
    before = path.vertices.clone()
    landscape = landscape_of(Changes())
    found = exact_profile(landscape, path, 0)
    assert torch.equal(path.vertices, before)
    agrees(landscape, path, found, atol=1e-6)
    x = before.clone()
    landscape.logits(x)
    landscape.gradient(x, torch.zeros(2, dtype=torch.long))
    assert torch.equal(x, before)


def test_toys_are_refused():
    from isthmus.testing.landscapes import Ring

    ring = Ring()
    with pytest.raises(NetworkError, match="on a network"):
        exact_profile(ring, isthmus.Polyline(torch.cat([ring.a, ring.c])), 0)
