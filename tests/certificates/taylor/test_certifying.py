"""Taylor models along whole paths: what they show, what they refuse, and what comes of it."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

import isthmus
from isthmus.certificates import Cheapest
from isthmus.certificates.open_parts import closed
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.interval import in_parts
from isthmus.certificates.taylor.walk import pieces_of, stretches
from isthmus.errors import InputError, NetworkError
from isthmus.networks import small
from isthmus.reports import profile_figure, summarize
from isthmus.reports.shown_pairs import show_pairs


@pytest.fixture(scope="module")
def vit() -> isthmus.Landscape:
    torch.manual_seed(0)
    return isthmus.Landscape(small.vit())


@pytest.fixture(scope="module")
def ends() -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.rand((6, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    return x[:3], x[3:]


@pytest.fixture(scope="module")
def found(vit, ends) -> isthmus.Connections:
    target = vit.logits(ends[0]).argmax(1)
    return isthmus.connect(vit, *ends, target, verify=isthmus.TaylorModels())


def dense(landscape, path, target):
    return isthmus.profile(landscape, path, target, sampling=isthmus.Sampling.even(4001))


def test_attention_is_certified(vit, found):
    for pair in found:
        assert pair.connected and pair.certified and pair.certificate.kind == "taylor"
        high = dense(vit, pair.path, pair.target).max_loss
        assert high <= pair.certificate.bound + 1e-6 and pair.certificate.bound <= pair.threshold
        assert pair.forward_equivalents > len(pair.profile)
    assert "rounding included" in found[0].certificate.subject_to and "Taylor" in found.description["verify"]


def test_bezier_curves_are_followed_as_they_are(vit, ends):
    control = torch.cat([ends[0][:1], torch.full((1, 1, 8, 8), 0.4), ends[1][:1]])
    curve = isthmus.Bezier(control)
    target = int(vit.logits(control[:1]).argmax(1))
    seen = isthmus.profile(vit, curve, target)
    high = dense(vit, curve, target).max_loss
    shown = isthmus.TaylorModels().certify(vit, curve, seen, high + 0.05).certificate
    assert shown.holds and shown.bound >= high - 1e-6
    assert not isthmus.TaylorModels().certify(vit, curve, seen, high - 0.01).certificate.holds
    # Its own parameter does not run at even speed: the stretches are those of the curve nevertheless.
    (piece,) = pieces_of(curve)
    begin, end = torch.tensor([0.2], dtype=torch.float64), torch.tensor([0.5], dtype=torch.float64)
    for order in (1, 2, 3):  # of order 1, what is cut off is in the radius
        made = stretches([piece], torch.zeros(1, dtype=torch.long), begin, end, order)
        for s in (-1.0, -0.3, 1.0):
            there = curve.of_parameter(torch.tensor([0.35 + 0.15 * s], dtype=torch.float64))
            here = sum(made.coefficients[power] * s**power for power in range(order + 1))
            assert bool(((there - here).abs() <= made.radius + 1e-12).all())


def test_a_peak_between_samples_is_found(vit, ends):
    """A threshold just below the highest loss, which no sample of a coarse profile is above."""
    target = int(vit.logits(ends[0][:1]).argmax(1))
    path = isthmus.Polyline(torch.cat([ends[0][:1], ends[1][:1]]))
    coarse = isthmus.profile(vit, path, target, sampling=isthmus.Sampling.even(3))
    fine = dense(vit, path, target)
    between = (coarse.max_loss + fine.max_loss) / 2
    if not coarse.max_loss < fine.max_loss - 1e-5:
        pytest.skip("this network has its peak at an end or in the middle")
    shown = isthmus.TaylorModels().certify(vit, path, coarse, between)
    assert not shown.certificate.holds and shown.profile.max_loss > between
    assert len(shown.profile) == len(coarse) + 1 and bool((shown.profile.t.diff() > 0).all())


def test_what_was_shown_is_kept_and_drawn(found, tmp_path):
    found.save(tmp_path)
    again = isthmus.Connections.load(tmp_path)
    for one, other in zip(found, again, strict=True):
        assert one.certificate == other.certificate
        for name in ("begin", "end", "lower", "upper"):
            assert torch.equal(getattr(one.certificate.band, name), getattr(other.certificate.band, name))
    row = again.table().to_pylist()[0]
    assert row["certificate"] == "taylor" and row["covers"] == 1 and row["parts"] == found[0].certificate.parts
    assert summarize(again).certified == 3
    labels = [text.get_text() for text in profile_figure(again[0]).axes[0].get_legend().get_texts()]
    assert "proven band" in labels
    (shown,) = show_pairs(again[:1], [("a", "c")], [None], pictures_limit=10**7)["pairs"]
    assert shown["certified"] and shown["band"][0][0] == 0 and shown["band"][-1][1] == 1
    assert all(low <= high for _, _, low, high in shown["band"]) and sum(shown["density"]) == row["parts"]


def test_rounding_is_part_of_the_bound():
    """1e5 is added and taken away: float64 keeps eleven digits, and the radius knows it; float32 keeps two."""

    class Lossy(nn.Module):
        def __init__(self, size: float) -> None:
            super().__init__()
            self.layer, self.size = nn.Linear(4, 3), size

        def forward(self, x):
            return torch.tanh(self.layer(x) + self.size) if not self.size else self.layer(x) + self.size - self.size

    ends = torch.rand((2, 4), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    bands = {}
    for size in (1.0, 1e5, 1e9):
        torch.manual_seed(0)
        landscape = isthmus.Landscape(isthmus.Network(Lossy(size).double(), input_shape=(4,)))
        path = isthmus.Polyline(ends)
        seen = isthmus.profile(landscape, path, 0)
        found = isthmus.TaylorModels(order=2).certify(landscape, path, seen, seen.max_loss + 0.05).certificate
        assert found.holds and found.bound >= dense(landscape, path, 0).max_loss
        bands[size] = found.bound
    landscape = isthmus.Landscape(isthmus.Network(Lossy(1e7), input_shape=(4,)))
    path = isthmus.Polyline(ends.float())
    with pytest.raises(NetworkError, match="large terms"):
        isthmus.TaylorModels().certify(landscape, path, isthmus.profile(landscape, path, 0), 10.0)


def test_what_cannot_be_decided_is_said():
    """Far too few intervals for a steep network."""
    torch.manual_seed(0)
    model = nn.Sequential(*(layer for _ in range(6) for layer in (nn.Linear(8, 8), nn.GELU())), nn.Linear(8, 3))
    for weight in model.parameters():
        weight.data *= 4
    landscape = isthmus.Landscape(isthmus.Network(model, input_shape=(8,)))
    ends = torch.rand((2, 8), generator=torch.Generator().manual_seed(1))
    path = isthmus.Polyline(ends)
    target = int(landscape.logits(ends[:1]).argmax(1))
    seen = isthmus.profile(landscape, path, target)
    high = dense(landscape, path, target).max_loss
    found = isthmus.TaylorModels(order=1, most=6).certify(landscape, path, seen, high + 1e-4)
    assert not found.certificate.holds and "left undecided" in found.certificate.subject_to
    assert found.profile is seen and "could only show" in str(found.certificate)


def test_networks_are_left_as_they_were(vit, ends):
    before = copy.deepcopy(vit.network.model.state_dict())
    vit.network.model.train()
    isthmus.TaylorModels().check(vit, ends[0][0])
    assert vit.network.model.training and vit.network.dtype == torch.float32
    vit.network.model.eval()
    assert all(torch.equal(before[name], value) for name, value in vit.network.model.state_dict().items())


def test_batch_equals_loop(vit, ends, found):
    for number in range(3):
        one = slice(number, number + 1)
        target = torch.tensor([found[number].target])
        (alone,) = isthmus.connect(vit, ends[0][one], ends[1][one], target, verify=isthmus.TaylorModels())
        assert math.isclose(alone.certificate.bound, found[number].certificate.bound, rel_tol=1e-3)
        assert alone.certificate.parts == found[number].certificate.parts


@pytest.mark.parametrize("wrong", [{"order": 0}, {"order": 21}, {"order": True}, {"most": 0}])
def test_settings_are_checked(wrong):
    with pytest.raises(InputError):
        isthmus.TaylorModels(**wrong)


def test_losses_of_ones_own_are_refused(vit, ends):
    class Square(isthmus.Loss):
        unit = "nats"

        def __call__(self, logits, target):
            return (logits**2).sum(1)

    landscape = isthmus.Landscape(vit.network, loss=Square())
    with pytest.raises(NetworkError, match="function of differences of logits"):
        isthmus.TaylorModels().check(landscape, ends[0][0])


def test_the_margin_has_a_certificate(vit, ends):
    landscape = isthmus.Landscape(vit.network, loss=isthmus.Margin())
    target = landscape.logits(ends[0]).argmax(1)
    found = isthmus.connect(landscape, *ends, target, verify=isthmus.TaylorModels())
    for pair in found:
        assert pair.certified and dense(landscape, pair.path, pair.target).max_loss <= pair.certificate.bound + 1e-6


def test_the_range_of_polynomials_in_parts():
    random = torch.Generator().manual_seed(0)
    coefficients = torch.randn((6, 3, 2), generator=random, dtype=torch.float64)
    low, high = in_parts(Enclosure(coefficients, torch.zeros(3, 2).double()), 16)
    s = torch.linspace(-1, 1, 16 * 50 + 1, dtype=torch.float64)
    values = sum(coefficients[power, :, None] * s[:, None] ** power for power in range(6))
    for part in range(16):
        some = values[:, 50 * part : 50 * part + 51]
        assert bool((some.amax(1) <= high[:, part]).all() & (some.amin(1) >= low[:, part]).all())
        assert bool((high[:, part] - some.amax(1) < 0.6).all())


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cells, self.head = nn.GRU(4, 6, batch_first=True), nn.Linear(6, 3)

    def forward(self, x):
        return self.head(self.cells(x)[0][:, -1])


def test_the_cheapest_says_which_it_was(digits, digit_pairs, vit, ends):
    a, c, y = (part[:3] for part in digit_pairs)
    kinds = {pair.certificate.kind for pair in isthmus.connect(digits, a, c, y, verify=Cheapest())}
    assert kinds <= {"taylor", "pieces"}
    target = vit.logits(ends[0]).argmax(1)
    assert {pair.certificate.kind for pair in isthmus.connect(vit, *ends, target, verify=Cheapest())} == {"taylor"}
    torch.manual_seed(0)
    odd = isthmus.Landscape(isthmus.Network(Recurrent(), input_shape=(5, 4)))
    x = torch.rand((2, 5, 4))
    (pair,) = isthmus.connect(odd, x[:1], x[1:], odd.logits(x[:1]).argmax(1), verify=Cheapest())
    assert pair.connected and pair.certificate.kind == "samples" and not pair.certified


def test_pieces_take_over_where_taylor_models_give_up(digits, digit_pairs):
    a, c, y = (part[:1] for part in digit_pairs)
    few = Cheapest(taylor=isthmus.TaylorModels(order=1, most=1))
    (pair,) = isthmus.connect(digits, a, c, y, verify=few)
    assert pair.certified and pair.certificate.kind == "pieces"


def test_certifiers_may_be_named(digits, digit_pairs):
    pair = [part[:1] for part in digit_pairs]
    kinds = [
        isthmus.connect(digits, *pair, verify=name)[0].certificate.kind for name in ("taylor", "pieces", "samples")
    ]
    assert kinds == ["taylor", "pieces", "samples"]
    with pytest.raises(isthmus.IsthmusError, match="did you mean taylor"):
        isthmus.connect(digits, *pair, verify="talor")


def test_pieces_look_only_at_what_enclosures_leave_open(digits, digit_pairs):
    a, c, y = digit_pairs
    both = 0
    for pair in isthmus.connect(digits, a, c, y):
        if not pair.connected:
            continue
        exact = isthmus.AffinePieces().certify(digits, pair.path, pair.profile, pair.threshold).certificate
        tight = exact.bound + 1e-5 * (1 + exact.bound)  # enclosures of a few intervals say little near it
        few = Cheapest(taylor=isthmus.TaylorModels(most=60))
        shown = few.certify(digits, pair.path, pair.profile, tight)
        assert shown.certificate.holds and shown.certificate.whole
        if shown.certificate.kind == "taylor and pieces":
            both += 1
            assert exact.bound <= shown.certificate.bound <= tight + 1e-6
            assert shown.certificate.parts < exact.parts and "of the path" in shown.certificate.subject_to
            assert "undecided" not in shown.certificate.subject_to
            assert float(shown.certificate.band.upper.max()) == shown.certificate.bound
            assert float(shown.certificate.band.begin[0]) == 0 and float(shown.certificate.band.end[-1]) == 1
    assert both >= 2


def test_what_pieces_find_above_is_in_the_profile(digits, digit_pairs):
    """A peak that samples and enclosures did not see."""
    a, c, y = (part[:3] for part in digit_pairs)
    for pair in isthmus.connect(digits, a, c, y):
        highest = isthmus.AffinePieces().certify(digits, pair.path, pair.profile, pair.threshold).certificate.bound
        below = highest - 1e-4 * (1 + highest)
        shown = isthmus.TaylorModels().certify(digits, pair.path, pair.profile, pair.threshold)
        found = closed(digits, pair.path, pair.profile, below, shown, isthmus.AffinePieces())
        assert not found.certificate.holds and found.certificate.bound >= highest - 1e-9
        assert below < found.profile.max_loss <= highest + 1e-6
        seen = digits.loss(pair.path.at(torch.tensor([found.profile.argmax_t])), torch.tensor([pair.target]))
        assert float(seen) == pytest.approx(found.profile.max_loss, abs=1e-5)
        # Nothing open is nothing to do, and everything open is the whole path.
        assert closed(digits, pair.path, pair.profile, 1e9, shown, isthmus.AffinePieces()) is None
        assert closed(digits, pair.path, pair.profile, -1.0, shown, isthmus.AffinePieces()) is None
