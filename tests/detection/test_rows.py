"""Detectors of inputs that are no images: rows outside the unit box."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from kinds_of_inputs import row_network, rows

import isthmus
from isthmus.detection.baselines import BASELINES, FeatureSqueezing


@pytest.mark.usefixtures("as_installed")
def test_squeezed_rows_stay_where_rows_may_lie():
    network = row_network()
    landscape = isthmus.Landscape(network)
    x = network.input_kind.encode(rows())
    assert FeatureSqueezing in BASELINES

    class Seen:
        pass

    seen = Seen()
    seen.x, seen.logits = x, landscape.logits(x).double().numpy()
    score = FeatureSqueezing().score(landscape, seen)
    assert score.shape == (60,) and bool(np.isfinite(score).all()) and float(score.max()) > 0
    assert bool(landscape.domain.contains(landscape.domain.project(torch.round(x * 31) / 31)).all())
