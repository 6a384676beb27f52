from __future__ import annotations

from itertools import pairwise

import matplotlib
import pytest
import torch

from isthmus import BarrierBypass, Landscape, Margin, StraightLine, connect
from isthmus.reports import profile_figure, strip_figure, style, summarize
from isthmus.reports.pictures import difference, to_pixels
from isthmus.reports.profile_figure import class_bands
from isthmus.testing import DoubleWell


@pytest.fixture(scope="module")
def found(digits, digit_pairs):
    return connect(digits, *digit_pairs)


def colors(axes) -> set[str]:
    return {str(line.get_color()) for line in axes.lines}


def test_profile_shows_both_paths_the_threshold_the_peak_and_the_bypass(found):
    pair = next(pair for pair in found if pair.rounds == 1)
    axes, bands = profile_figure(pair, class_names="0123456789", unit="nats").axes
    labels = {line.get_label() for line in axes.lines}
    assert {"direct path", "path found", "threshold", "peak B", "B′ (its round)"} <= labels
    assert {style.DIRECT, style.FOUND, style.PEAK, style.BYPASS} <= colors(axes)
    assert axes.get_ylabel() == "loss (nats)" and "arc length" in bands.get_xlabel()
    peak = next(line for line in axes.lines if line.get_label() == "peak B")
    assert peak.get_ydata()[0] == pytest.approx(pair.direct.max_loss)
    assert f"{pair.profile.max_loss:.3g}" in axes.get_title(loc="left")


def test_a_direct_connection_says_so_and_has_one_curve(found):
    pair = next(pair for pair in found if pair.rounds == 0)
    axes, bands = profile_figure(pair).axes
    assert "connected already" in axes.get_title(loc="left") and style.FOUND not in colors(axes)
    assert [text.get_text() for text in bands.get_yticklabels()] == ["direct"]


def test_losses_over_many_decades_get_a_logarithmic_axis(found, digits, digit_pairs):
    wide = max(found, key=lambda pair: pair.direct.max_loss / max(1e-9, float(pair.direct.loss.min())))
    assert profile_figure(wide).axes[0].get_yscale() == "log"
    margins = Landscape(digits.network, loss=Margin())
    (pair,) = connect(margins, *(part[:1] for part in digit_pairs), method=StraightLine())
    assert profile_figure(pair, unit="logits").axes[0].get_yscale() == "linear"


def test_names_are_drawn_as_they_stand(found, tmp_path):
    names = [r"$\frac{1}{0}$ <b> & ünï"] * 10
    for figure in (profile_figure(found[0], class_names=names, note="$x"), strip_figure(found[0], class_names=names)):
        figure.savefig(tmp_path / "a.png")


def test_class_bands_cover_the_path_without_overlap(found):
    for pair in found:
        bands = class_bands(pair.direct)
        assert bands[0][0] == 0 and bands[-1][1] == 1
        assert all(one[1] == other[0] and one[2] != other[2] for one, other in pairwise(bands))


def test_strip_shows_both_paths_and_what_changed(found):
    pair = next(pair for pair in found if pair.rounds == 1)
    figure = strip_figure(pair)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert sum("t = " in text for text in texts) == 14
    assert any("B′ − B, × " in text for text in texts) and any("B, the peak" in text for text in texts)


@pytest.mark.parametrize("shape", [(1, 6, 5), (3, 6, 5), (4, 6, 5), (2, 6, 5), (7,), (6, 5)])
def test_inputs_of_any_shape_are_pictures(shape):
    pixels = to_pixels(torch.rand(shape))
    assert pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == "uint8"


def test_difference_is_magnified_by_a_round_factor_and_centred_on_grey():
    base = torch.full((3, 4, 4), 0.5)
    pixels, caption = difference(base + 0.02, base)
    assert caption == "× 20" and set(pixels.flatten().tolist()) <= {229, 230}
    assert difference(base, base)[1] == "× 1"


def test_rows_of_a_table_have_figures_too(tmp_path):
    well = DoubleWell(dimensions=6)
    (pair,) = connect(well, well.a, well.c, well.target, method=BarrierBypass(lr=0.05), threshold=1.5)
    for figure in (profile_figure(pair), strip_figure(pair)):
        figure.savefig(tmp_path / "a.png")


def test_the_users_settings_of_matplotlib_are_left_alone(found):
    before = dict(matplotlib.rcParams)
    profile_figure(found[0])
    strip_figure(found[0])
    assert dict(matplotlib.rcParams) == before


def test_summary_counts(found, digits, digit_pairs):
    summary = summarize(found)
    assert summary.pairs == 16 and summary.connected == sum(pair.connected for pair in found)
    assert summary.connected_after[0] == summary.connected_directly
    assert summary.connected_after[-1] == summary.connected
    assert list(summary.connected_after) == sorted(summary.connected_after)
    assert sum(summary.outcomes.values()) == 16
    always = connect(digits, *digit_pairs, method=BarrierBypass(always=True, rounds=1))
    assert summarize(always).connected_directly == summary.connected_directly > 0
    empty = summarize([])
    assert empty.pairs == 0 and empty.median_gap is None


@pytest.mark.parametrize("threshold", [1e30, 1e308])
def test_a_threshold_far_above_the_curves_is_a_word(digits, digit_pairs, threshold, tmp_path):
    (pair,) = connect(digits, *(part[:1] for part in digit_pairs), threshold=threshold)
    figure = profile_figure(pair)
    assert any("far above" in str(line.get_label()) for line in figure.axes[0].lines)
    style.save_figure(figure, tmp_path / "a.svg")
    assert figure.axes[0].get_ylim()[1] < 1e3 * float(pair.direct.loss.max())
