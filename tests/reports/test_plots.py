"""`.plot()` of results: on given axes, or on those of a new figure."""

from __future__ import annotations

import matplotlib
import pytest
import torch

import isthmus

matplotlib.use("agg")


@pytest.fixture
def axes():
    import matplotlib.pyplot as plt

    made = plt.subplots()[1]
    yield made
    plt.close("all")


def test_connections_draw_both_paths(digits, digit_pairs, axes):
    (pair,) = isthmus.connect(digits, *(part[:1] for part in digit_pairs), verify=isthmus.TaylorModels())
    assert pair.plot(axes) is axes and axes.get_xlabel() == "arc length / |AC|" and axes.get_ylabel() == "loss (nats)"
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "direct path" in labels and "proven band" in labels
    assert pair.plot(unit="logits").get_ylabel() == "loss (logits)"


def test_attributions_draw_a_map(digits, digit_pairs, axes):
    a = digit_pairs[0][0]
    found = isthmus.attribute(digits, isthmus.Polyline(torch.stack([torch.zeros_like(a), a])), 8)
    assert found.plot(axes) is axes
    (shown,) = axes.images
    assert shown.get_array().shape == (8, 8) and shown.get_clim()[0] == -shown.get_clim()[1]
    assert found.plot() is not axes


def test_everything_with_a_picture_draws_it(digits, digit_images, digit_pairs):
    import matplotlib.pyplot as plt

    from isthmus.paths import Flat
    from isthmus.profiles import grid_map

    x, y = digit_images
    eights = x[y == 8][:16]
    found = isthmus.connect(digits, *digit_pairs)
    filled = isthmus.fill(digits, eights[None, :4], 8)
    area = grid_map(digits, Flat.through(eights[:3]), 8, [torch.linspace(0, 1, 5)] * 2)
    for value in (
        found, found[0], found[0].path, found[0].profile, isthmus.barrier_graph(digits, eights, 8), filled[0],
        filled[0].surface, area, isthmus.attack(digits, eights[:2], 3), isthmus.synthesize(digits, [3, 5]),
    ):  # fmt: skip
        given = plt.subplots()[1]
        assert value.plot(given) is given
        own = value.plot(unit="logits")
        assert own.figure is not given.figure and own.has_data()
        plt.close("all")


def test_connections_stand_where_their_losses_are(digits, digit_pairs, axes):
    found = isthmus.connect(digits, *digit_pairs, threshold=1e-3)
    found.plot(axes)
    shown = {line.get_label(): line.get_xydata() for line in axes.get_lines()}
    good = [pair for pair in found if pair.connected]
    bad = [pair for pair in found if not pair.connected]
    assert good and bad and axes.get_title() == f"{len(good)} of {len(found)} connected"
    for label, pairs in (("connected", good), ("not connected", bad)):
        expected = [(pair.direct.max_loss, pair.profile.max_loss) for pair in pairs]
        assert shown[label].tolist() == [pytest.approx(each, rel=1e-6, abs=1.1e-6) for each in expected]


def test_a_map_of_other_than_two_axes_has_no_picture(digits, digit_images):
    from isthmus.errors import InputError
    from isthmus.paths import Flat
    from isthmus.profiles import grid_map

    line = grid_map(digits, Flat.through(digit_images[0][:2]), 8, [torch.linspace(0, 1, 5)])
    with pytest.raises(InputError, match="two axes"):
        line.plot()


def test_figures_show_themselves_without_pyplot(digits, digit_pairs):
    from isthmus.reports import profile_figure, strip_figure

    (pair,) = isthmus.connect(digits, *(part[:1] for part in digit_pairs))
    for figure in (profile_figure(pair), strip_figure(pair)):
        assert figure._repr_png_().startswith(b"\x89PNG")


def test_the_unit_is_that_of_the_loss(digits, digit_pairs, tmp_path):
    import matplotlib.pyplot as plt

    from isthmus.reports import page, profile_figure

    margin = isthmus.Landscape(digits.network, loss=isthmus.Margin())
    found = isthmus.connect(margin, *(part[:2] for part in digit_pairs), threshold=50.0)
    again = isthmus.Connections.load(found.save(tmp_path / "run"))
    for pairs in (found, again):
        assert pairs[0].unit == "logits" and pairs[0].plot().get_ylabel() == "loss (logits)"
        assert profile_figure(pairs[0]).axes[0].get_ylabel() == "loss (logits)"
        assert '"unit":"logits"' in page(pairs) and pairs.plot().get_xlabel().endswith("(logits)")
    plt.close("all")
