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
    assert pair.plot(axes) is axes and axes.get_xlabel() == "arc length / |AC|" and "nats" in axes.get_ylabel()
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
