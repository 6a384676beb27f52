from __future__ import annotations

import math
import warnings

import pytest
import torch
from torch import nn

from isthmus import (
    BarrierBypass,
    Box,
    Connections,
    Landscape,
    Margin,
    Network,
    Outcome,
    StraightLine,
    Unbounded,
    connect,
)
from isthmus.connecting.loop import Interrupted
from isthmus.errors import DomainError, InputError, IsthmusWarning, NetworkError
from isthmus.testing import Disconnected, DoubleWell, ToyLandscape


def test_digits_are_connected_and_the_claim_holds_on_a_dense_scan(digits, digit_pairs):
    from isthmus import Sampling
    from isthmus.profiles import profile_many

    a, c, target = digit_pairs
    found = connect(digits, a, c, target)
    assert sum(pair.outcome is Outcome.DIRECT for pair in found) >= 8
    assert sum(pair.outcome is Outcome.CONNECTED for pair in found) >= 6
    scans = profile_many(digits, [p.path.vertices for p in found], target, sampling=Sampling.even(2001))
    for pair, scan in zip(found, scans, strict=True):
        assert pair.connected == (pair.profile.max_loss <= pair.threshold)
        if pair.connected:
            assert scan.max_loss <= pair.threshold + 0.002


def test_default_threshold_is_the_higher_end_plus_a_hundredth(digits, digit_pairs):
    a, c, target = digit_pairs
    loss_a, loss_c = digits.loss(a, target), digits.loss(c, target)
    for pair, one, other in zip(connect(digits, a, c, target, method=StraightLine()), loss_a, loss_c, strict=True):
        assert math.isclose(pair.threshold, max(float(one), float(other)) + 0.01, abs_tol=1e-5)


def test_batch_equals_loop(digits, digit_pairs):
    a, c, target = digit_pairs
    together = connect(digits, a, c, target)
    for number, pair in enumerate(together):
        one = slice(number, number + 1)
        (alone,) = connect(digits, a[one], c[one], target[one])
        assert abs(alone.profile.max_loss - pair.profile.max_loss) < 1e-4
        assert alone.outcome is pair.outcome and alone.steps == pair.steps


def test_groups_do_not_show(digits, digit_pairs):
    """More pairs than are worked on at a time: the same result, in the same order."""
    a, c, target = digit_pairs
    small, large = (connect(Landscape(digits.network, max_batch=size), a, c, target) for size in (1, 512))
    for one, other in zip(small, large, strict=True):
        assert abs(one.profile.max_loss - other.profile.max_loss) < 1e-4 and one.outcome is other.outcome


def test_what_is_not_connected_is_reported_as_such():
    wall = Disconnected(wall=2.0)
    (pair,) = connect(wall, wall.a, wall.c, wall.target, method=BarrierBypass(lr=0.05, rounds=4))
    assert pair.outcome is Outcome.ABOVE_THRESHOLD and not pair.connected
    assert pair.rounds == 4 and pair.profile.max_loss >= wall.barrier - 1e-6
    assert pair.profile.max_loss <= pair.direct.max_loss


def test_an_end_above_the_threshold_is_said_and_costs_nothing_more(digits, digit_pairs):
    a, c, target = digit_pairs
    found = connect(digits, a, c, target, threshold=1e-9)
    assert {pair.outcome for pair in found} == {Outcome.END_ABOVE_THRESHOLD}
    assert all(pair.steps == 0 and pair.profile is pair.direct for pair in found)


def test_a_threshold_for_each_pair(digits, digit_pairs):
    a, c, target = (part[:3] for part in digit_pairs)
    found = connect(digits, a, c, target, threshold=torch.tensor([100.0, 1e-9, 50.0]))
    assert [pair.outcome for pair in found] == [Outcome.DIRECT, Outcome.END_ABOVE_THRESHOLD, Outcome.DIRECT]
    assert [pair.threshold for pair in found] == pytest.approx([100.0, 1e-9, 50.0])


class NanBeyond(nn.Module):
    """Not a number where the first pixel is above a level."""

    def __init__(self, model: nn.Module, level: float) -> None:
        super().__init__()
        self.model, self.level = model, level

    def forward(self, x):
        return torch.where(x[:, :1].flatten(1).amax(1, keepdim=True) > self.level, torch.nan, self.model(x))


def test_a_pair_that_is_not_finite_stops_only_itself():
    torch.manual_seed(0)
    model = NanBeyond(nn.Linear(6, 3), 0.9)
    landscape = Landscape(Network(model, check=False))
    a, c = torch.rand(5, 6) * 0.5, torch.rand(5, 6) * 0.5
    c[2, 0] = 1.0
    target = landscape.logits(a[:1]).argmax(1).expand(5).clone()
    found = connect(landscape, a, c, target)
    assert [pair.outcome is Outcome.NOT_FINITE for pair in found] == [False, False, True, False, False]
    alone = connect(landscape, a[:1], c[:1], target[:1])
    assert abs(alone[0].profile.max_loss - found[0].profile.max_loss) < 1e-6


class Landmine(ToyLandscape):
    """The double well on the line between its modes, and not finite beside it."""

    def __init__(self) -> None:
        super().__init__(domain=Box(-2, 2))
        self.well = DoubleWell()

    def height(self, x):
        return torch.where(x[:, 1].abs() > 0.01, torch.nan, self.well.height(x))


def test_where_no_finite_way_leads_off_the_direct_path_it_is_kept():
    well = DoubleWell()
    (pair,) = connect(Landmine(), well.a, well.c, well.target, method=BarrierBypass(lr=0.1))
    assert pair.outcome is Outcome.ABOVE_THRESHOLD and pair.profile.finite
    assert math.isclose(pair.profile.max_loss, pair.direct.max_loss)


def test_the_ends_come_back_bit_for_bit_in_their_own_precision(digits, digit_pairs):
    a, c, target = (part[:4] for part in digit_pairs)
    for dtype in (torch.float32, torch.float64):
        x, y = a.to(dtype) * 0.987654321, c.to(dtype) * 0.987654321
        for pair, start, end in zip(connect(digits, x, y, target), x, y, strict=True):
            assert torch.equal(pair.path.vertices[0], start) and torch.equal(pair.path.vertices[-1], end)


def test_identical_ends_are_connected_by_the_direct_path(digits, digit_pairs):
    a, _, target = (part[:2] for part in digit_pairs)
    for pair in connect(digits, a, a.clone(), target):
        assert pair.outcome is Outcome.DIRECT and pair.path.deviation == 0 and pair.path.length_ratio == 1


def test_progress_is_told_and_never_falls(digits, digit_pairs):
    told = []
    connect(digits, *digit_pairs, on_progress=told.append)
    assert told[-1].done == told[-1].total == 16
    assert [p.done for p in told] == sorted(p.done for p in told)
    assert [p.forward_equivalents for p in told] == sorted(p.forward_equivalents for p in told)


def test_ctrl_c_keeps_what_is_finished(digits, digit_pairs):
    def interrupt(progress) -> None:
        if progress.done >= 8:
            raise KeyboardInterrupt

    training = [module.training for module in digits.network.model.modules()]
    with pytest.raises(KeyboardInterrupt) as stopped:
        connect(digits, *digit_pairs, on_progress=interrupt)
    assert isinstance(stopped.value, Interrupted)
    assert 8 <= len(stopped.value.finished) < 16 and "of 16 pairs" in str(stopped.value)
    whole = connect(digits, *digit_pairs)
    for number, pair in zip(stopped.value.numbers, stopped.value.finished, strict=True):
        assert abs(pair.profile.max_loss - whole[number].profile.max_loss) < 1e-4
    assert [module.training for module in digits.network.model.modules()] == training


def test_a_failure_on_the_way_leaves_the_model_as_it_was(digits, digit_pairs):
    model = digits.network.model
    model.train()
    calls = []

    def fail(*_) -> None:
        calls.append(1)
        if len(calls) > 6:
            raise ZeroDivisionError

    hook = model.register_forward_hook(fail)
    try:
        with pytest.raises(ZeroDivisionError):
            connect(digits, *digit_pairs)
        assert all(module.training for module in model.modules())
        assert all(parameter.requires_grad for parameter in model.parameters())
    finally:
        hook.remove()
        model.eval()


def test_result_is_a_sequence_with_a_description(digits, digit_pairs):
    found = connect(digits, *digit_pairs)
    assert len(found) == 16 and len(found[2:5]) == 3 and found[-1] is found[15]
    assert found.description["network"]["weights_sha256"] == digits.network.weights_hash
    assert {"method", "seed", "versions", "threshold"} <= set(found.description)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("change", "expected", "kind"),
    [
        (lambda a, c, t: (a, c[:3], t), "same shape", InputError),
        (lambda a, c, t: (a, c.double(), t), "same shape and type", InputError),
        (lambda a, c, t: (a, c * 255, t), "divide by 255", DomainError),
        (lambda a, c, t: (a * torch.nan, c, t), "NaN", InputError),
        (lambda a, c, t: (a, c, t + 10), "0 ... 9", InputError),
        (lambda a, c, t: (a, c, t[:2]), r"shape \(16,\)", InputError),
        (lambda a, c, t: (a, c, t.float()), "int64", InputError),
        (lambda a, c, t: (a[0], c[0], t), r"shape \(1,\)", InputError),
    ],
)
def test_unusable_pairs_get_their_own_message(digits, digit_pairs, change, expected, kind):
    with pytest.raises(kind, match=expected):
        connect(digits, *change(*digit_pairs))


@pytest.mark.usefixtures("as_installed")
def test_unusable_thresholds(digits, digit_pairs):
    for threshold in (torch.zeros(3), float("nan"), torch.zeros(4, 4)):
        with pytest.raises(InputError, match="threshold"):
            connect(digits, *digit_pairs, threshold=threshold)


def test_inputs_that_ask_for_gradients_are_fine(digits, digit_pairs):
    a, c, target = (part[:2] for part in digit_pairs)
    found = connect(digits, a.clone().requires_grad_(), c, target)
    assert not found[0].path.vertices.requires_grad


def test_nothing_is_warned_of_in_a_plain_run(digits, digit_pairs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        connect(Landscape(digits.network, domain=Unbounded()), *digit_pairs)


def test_margins_are_bypassed_although_their_thresholds_are_negative(digits, digit_pairs):
    a, c, target = digit_pairs
    margins = Landscape(digits.network, loss=Margin())
    found = connect(margins, a, c, target, threshold=-1.0)
    high = [pair for pair in found if pair.outcome not in (Outcome.DIRECT, Outcome.END_ABOVE_THRESHOLD)]
    assert high and all(pair.connected and pair.class_connected and pair.steps >= 1 for pair in high)
    default = [pair for pair in connect(margins, a, c, target) if pair.outcome is not Outcome.DIRECT]
    assert default and sum(pair.connected for pair in default) > len(default) / 2
    assert all(pair.threshold < 0 for pair in default)


def test_a_method_for_every_pair_works_on_connected_and_on_high_ends_too(digits, digit_pairs):
    a, c, target = (part[-2:] for part in digit_pairs)
    method = BarrierBypass(always=True, rounds=1)
    found = connect(digits, a, c, target, method=method, threshold=torch.tensor([50.0, -1.0]))
    assert all(pair.steps > 0 and len(pair.path.vertices) == 3 for pair in found)
    assert found[0].direct_connected and found[0].outcome is Outcome.CONNECTED and not found[1].connected


def test_one_pair_alone_shows_that_outputs_depend_on_the_batch():
    class Odd(nn.Module):
        def forward(self, x):
            z = x.flatten(1)[:, :3]
            return z - z.mean(0)

    with pytest.raises(NetworkError, match="rest of the batch"):
        connect(Landscape(Network(Odd())), torch.rand(1, 2, 5), torch.rand(1, 2, 5), torch.tensor([0]))


class Rounded(torch.nn.Module):
    """A network whose inputs are rounded to steps of 1/16: its gradient is zero everywhere."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.model((x * 16).round() / 16)


def test_pairs_without_a_slope_to_follow_are_suspect(digits, digit_pairs, tmp_path):
    own = digits.network
    rounded = Network(Rounded(own.model), mean=own.mean.tolist(), std=own.std.tolist(), input_shape=own.input_shape)
    a, c, target = (part[:8] for part in digit_pairs)
    with pytest.warns(IsthmusWarning, match="gradients are zero"):
        found = connect(Landscape(rounded), a, c, target)
    above = [pair for pair in found if pair.outcome is Outcome.ABOVE_THRESHOLD]
    assert above and all(pair.suspect for pair in above)
    assert not any(pair.suspect for pair in found if pair not in above)
    assert "gradients say nothing" in above[0].verdict
    found.save(tmp_path / "kept")
    assert [pair.suspect for pair in Connections.load(tmp_path / "kept")] == [p.suspect for p in found]


def test_pairs_that_stay_too_high_on_an_ordinary_network_are_not_suspect(digits, digit_pairs):
    found = connect(digits, *digit_pairs, method=BarrierBypass(max_steps=1, rounds=1, longest=1e-3))
    above = [pair for pair in found if pair.outcome is Outcome.ABOVE_THRESHOLD]
    assert above and not any(pair.suspect for pair in above)
