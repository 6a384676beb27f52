"""Certified connections: `connect(..., verify=isthmus.AffinePieces())`, and the program's `--exact`."""

from __future__ import annotations

import json

import pytest
import torch
from certificates.affine_pieces.common import landscape_of
from torch import nn

import isthmus
from isthmus.certificates import Certificate, Shown
from isthmus.certificates.affine_pieces import certifier, exact_profile
from isthmus.connecting.connection import Outcome
from isthmus.connecting.loop import Interrupted
from isthmus.connecting.pair import PairWork, Span
from isthmus.connecting.shown import lay_out
from isthmus.errors import NetworkError
from isthmus.reports import summarize
from isthmus.reports.profile_figure import looked_along, profile_figure


def test_connections_are_certified(digits, digit_pairs):
    a, c, y = (part[:10] for part in digit_pairs)
    plain, found = isthmus.connect(digits, a, c, y), isthmus.connect(digits, a, c, y, verify=isthmus.AffinePieces())
    assert found.description["verify"] == "AffinePieces()" and plain.description["verify"] is None
    for one, other in zip(found, plain, strict=True):
        assert one.certified and other.certificate is None
        assert one.profile.max_loss <= one.threshold and one.profile.max_loss >= other.profile.max_loss - 1e-4
        assert one.row()["parts"] == len(one.profile) - 1 > 100 and other.row()["parts"] is None
        assert one.max_loss_after[-1] == one.profile.max_loss == one.certificate.bound
        # A path is certified again by nobody's word but its own.
        again = exact_profile(digits, one.path, one.target, dtype=torch.float64)
        assert again.max_loss <= one.threshold + 1e-4


def test_a_peak_that_samples_missed_is_bypassed(digits, digit_pairs):
    """With hardly any samples, paths look connected that are not: certifying sees it, and goes on from the peak."""
    a, c, y = (part[:8] for part in digit_pairs)
    blind = isthmus.Sampling(intervals=1, per_segment=1, resolution=1.0)
    believed = isthmus.connect(digits, a, c, y, sampling=blind)
    wrong = [exact_profile(digits, pair.path, pair.target).max_loss > pair.threshold + 1e-6 for pair in believed]
    assert all(pair.connected for pair in believed) and sum(wrong) >= 6
    found = isthmus.connect(
        digits, a, c, y, sampling=blind, verify=isthmus.AffinePieces(), method=isthmus.BarrierBypass(rounds=8)
    )
    assert sum(pair.connected for pair in found) >= 6
    for pair in found:
        if pair.connected:
            assert exact_profile(digits, pair.path, pair.target).max_loss <= pair.threshold + 1e-6
        assert pair.rounds >= 1


def test_certified_connections_are_saved_and_read_back(digits, digit_pairs, tmp_path):
    a, c, y = (part[:2] for part in digit_pairs)
    found = isthmus.connect(digits, a, c, y, verify=isthmus.AffinePieces())
    found.save(tmp_path / "saved")
    again = isthmus.Connections.load(tmp_path / "saved")
    assert [pair.row() for pair in again] == [pair.row() for pair in found]


def test_the_way_in_which_version_0_1_asked(digits, digit_pairs):
    with pytest.warns(DeprecationWarning, match="AffinePieces"):
        (found,) = isthmus.connect(digits, *(part[:1] for part in digit_pairs), verify="exact")
    assert found.certificate is not None and found.certificate.kind == "pieces"


def test_unknown_ways_to_verify(digits, digit_pairs, as_installed):
    with pytest.raises(isthmus.IsthmusError, match="known are auto, pieces, taylor, samples"):
        isthmus.connect(digits, *(part[:1] for part in digit_pairs), verify="quickly")
    with pytest.raises(isthmus.IsthmusError, match="verify must be a Certifier, a text or None"):
        isthmus.connect(digits, *(part[:1] for part in digit_pairs), verify=3)


def test_the_program_certifies(program, two, tmp_path):
    ran = program("connect", *two, "--out", tmp_path / "out", "--exact")
    assert ran.code == 0, ran.err
    (row,) = json.loads((tmp_path / "out" / "result.json").read_text())["rows"]
    assert row["certificate"] == "pieces" and row["parts"] > 100 and row["bound"] == row["max_loss"]
    page = (tmp_path / "out" / "index.html").read_text()
    assert f"in {row['parts']:,} parts; rounding" in page


def test_a_network_that_cannot_be_followed_is_refused_before_anything_is_solved(as_installed):
    model = nn.Sequential(nn.Flatten(), nn.Linear(9, 8), nn.GELU(), nn.Linear(8, 3))
    landscape = landscape_of(model)
    x = torch.rand((40, 1, 3, 3), dtype=torch.float64)
    with pytest.raises(NetworkError, match=r"in module '2' gelu .*isthmus\.profile"):
        isthmus.connect(landscape, x[:20], x[20:], torch.zeros(20, dtype=torch.long), verify=isthmus.AffinePieces())
    assert landscape.forward_equivalents < 10
    seen = landscape.logits(x[:2]).argmax(1)
    assert len(isthmus.connect(landscape, x[:2], x[2:4], seen, threshold=9.0)) == 2


def test_progress_is_told_while_paths_are_certified(digits, digit_pairs):
    a, c, y = (part[-3:] for part in digit_pairs)
    told = []
    isthmus.connect(digits, a, c, y, verify=isthmus.AffinePieces(), on_progress=told.append)
    assert len(told) > 3 and [each.done for each in told] == sorted(each.done for each in told)
    before_the_first = [each.forward_equivalents for each in told if each.done == 0]
    assert len(set(before_the_first)) > 1  # it moves


def test_one_path_that_cannot_be_certified_stops_only_itself(digits, digit_pairs, monkeypatch, caplog):
    a, c, y = (part[-4:] for part in digit_pairs)
    calls = []

    def sometimes(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise NetworkError("The pieces of the network are off by 3.")
        return exact_profile(*args, **kwargs)

    monkeypatch.setattr(certifier, "exact_profile", sometimes)
    found = isthmus.connect(digits, a, c, y, verify=isthmus.AffinePieces())
    assert [pair.outcome is Outcome.NOT_CERTIFIED for pair in found] == [False, True, False, False]
    assert not found[1].connected and not found[1].direct_connected and found[1].certificate is None
    assert found.table()["outcome"].to_pylist()[1] == "not_certified" and "off by 3" in caplog.text
    assert all(found[number].certified for number in (0, 2, 3))
    summary = summarize(found)
    assert (summary.connected, summary.certified, summary.connected_after[0]) == (3, 3, 3)


def test_a_network_of_grey_images_is_told_the_true_reason(as_installed):
    class Grey(nn.Module):
        def forward(self, x):
            return nn.functional.gelu(x.expand(-1, 3, -1, -1)).flatten(1)[:, :3]

    landscape = landscape_of(Grey(), check=False)
    with pytest.raises(NetworkError, match="gelu"):
        exact_profile(landscape, isthmus.Polyline(torch.rand(2, 1, 6, 6)), 0)


def profile_with(*loss: float) -> isthmus.Profile:
    losses = torch.tensor(loss, dtype=torch.float64)
    t = torch.linspace(0, 1, len(loss), dtype=torch.float64)
    return isthmus.Profile(t=t, loss=losses, logits=torch.zeros(len(loss), 2), target=0, coarse_max_loss=max(loss))


def shown(*loss: float) -> Shown:
    certificate = Certificate(kind="pieces", bound=max(loss), threshold=0.2, parts=len(loss) - 1, subject_to="rounding")
    return Shown(certificate, profile_with(*loss))


def test_a_path_that_certifying_finds_worse_is_not_given_back():
    """Samples praise a path, and there is a wall on it, higher than the barrier of the direct path."""
    ends = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    work = PairWork(isthmus.Polyline(ends), profile_with(0.1, 1.3, 0.1), 0.2, 3, unconditional=False)
    work.rounds = 1
    work.put(Span(0, 1, 0.5, 1.3), torch.tensor([[0.5, 0.5]]))
    lay_out([work])
    work.judge(profile_with(0.1, 0.15, 0.1))
    assert work.outcome is Outcome.CONNECTED and not work.is_done(certified=True) and work.is_done(certified=False)
    work.certify(shown(0.1, 0.15, 9.0, 0.1))
    assert work.outcome is None and work.profile.max_loss == 9.0  # the next round starts from the wall
    assert work.best.profile.max_loss == 1.3 and work.max_loss_after == [1.3, 1.3] and len(work.best.path.vertices) == 2
    work.rounds = 2
    work.judge(profile_with(0.1, 0.15, 0.18, 0.1))
    work.certify(shown(0.1, 0.15, 0.19, 0.1))
    assert work.outcome is Outcome.CONNECTED and work.max_loss_after == [1.3, 1.3, 0.19]


def test_an_end_that_is_too_high_by_rounding_is_said_at_once(digits, digit_pairs):
    a, c, y = (part[-6:] for part in digit_pairs)
    ends = torch.maximum(digits.loss(a, y), digits.loss(c, y)).double() - 2e-8
    found = isthmus.connect(digits, a, c, y, threshold=ends + 1e-12, verify=isthmus.AffinePieces())
    assert all(pair.rounds == 0 for pair in found if pair.outcome is Outcome.END_ABOVE_THRESHOLD)
    assert all(pair.profile.max_loss <= pair.threshold for pair in found if pair.connected)


def test_ctrl_c_keeps_no_connection_that_is_not_certified_yet(digits, digit_pairs):
    a, c, y = (part[-6:] for part in digit_pairs)
    blind = isthmus.Sampling(intervals=1, per_segment=1, resolution=1.0)  # all of them look connected at once
    told = []

    def stop(progress):
        told.append(progress)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as stopped:
        isthmus.connect(digits, a, c, y, sampling=blind, verify=isthmus.AffinePieces(), on_progress=stop)
    finished = stopped.value.finished
    assert 0 < len(finished) < 6 and len(stopped.value.numbers) == len(finished)
    assert all(pair.certified for pair in finished if pair.connected)


def test_exact_and_too_high_is_not_certified(digits, digit_pairs):
    """The samples see nothing of the barrier, certifying does, and no round is left to go around it."""
    a, c, y = (part[:3] for part in digit_pairs)
    blind = isthmus.Sampling(intervals=1, per_segment=1, resolution=1.0)
    found = isthmus.connect(
        digits, a, c, y, sampling=blind, verify=isthmus.AffinePieces(), method=isthmus.StraightLine()
    )
    assert all(
        pair.certificate.kind == "pieces" and not pair.certificate.holds and not pair.connected for pair in found
    )
    assert summarize(found).certified == summarize(found).connected == 0
    titles = [axes.get_title(loc="left") for axes in profile_figure(found[0]).axes]
    assert titles[2].startswith("shown (pieces): no loss above")


def test_the_figure_shows_where_the_pieces_are(digits, digit_pairs):
    a, c, y = (part[-1:] for part in digit_pairs)
    (certified,) = isthmus.connect(digits, a, c, y, verify=isthmus.AffinePieces())
    (plain,) = isthmus.connect(digits, a, c, y)
    assert int(looked_along(certified, 10).sum()) == len(certified.profile) - 1
    titles = [axes.get_title(loc="left") for axes in profile_figure(certified).axes]
    assert len(titles) == 3 and titles[2] == (
        f"certified (pieces): no loss above {certified.profile.max_loss:.4g}, in {len(certified.profile) - 1:,} parts"
    )
    assert len(profile_figure(plain).axes) == 2


@pytest.mark.parametrize("leave", [lambda x: torch.tensor(x.tolist()), lambda x: torch.as_tensor(x.numpy())])
def test_a_network_that_leaves_pytorch_is_refused_by_name(leave):
    class Leaving(nn.Module):
        def forward(self, x):
            return leave(x).to(x.dtype)

    with pytest.raises(NetworkError, match="leaves PyTorch"):
        isthmus.exact_profile(landscape_of(Leaving()), isthmus.Polyline(torch.rand((2, 3), dtype=torch.float64)), 0)
