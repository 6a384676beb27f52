from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus.detection.baselines import BASELINES, see
from isthmus.estimates import separation


@pytest.fixture(scope="module")
def seen(digits, recognised):
    return see(digits, recognised[0])


def named(name):
    return next(made for made in (make() for make in BASELINES) if made.name == name)


def test_scores_of_logits_by_hand(digits, seen):
    logits = torch.tensor(seen.logits)
    assert named("maximum softmax").score(digits, seen) == pytest.approx(-logits.log_softmax(1).amax(1).numpy())
    assert named("low loss of the end").score(digits, seen) == pytest.approx(logits.log_softmax(1).amax(1).numpy())
    assert named("energy").score(digits, seen) == pytest.approx(-logits.logsumexp(1).numpy())


def test_the_hidden_layer_is_what_the_last_linear_layer_sees(digits, seen):
    last = [module for module in digits.network.model.modules() if isinstance(module, torch.nn.Linear)][-1]
    with torch.no_grad():
        again = last(torch.tensor(seen.hidden).float())
    assert torch.allclose(again, torch.tensor(seen.logits).float(), atol=1e-4)
    assert not last._forward_hooks


def test_mahalanobis_by_hand(digits, seen):
    """Two classes far apart on one axis: an input between them is farther from both than their own members."""
    random = np.random.default_rng(0)
    hidden = np.concatenate([random.normal(0, 1, (200, 3)), random.normal(0, 1, (200, 3)) + np.array([9, 0, 0])])
    logits = np.zeros((400, 10))
    logits[200:, 1], logits[:200, 0] = 1, 1
    clean = type(seen)(torch.zeros(400, 1), logits, hidden)
    scoring = named("Mahalanobis")
    scoring.fit(clean)
    odd = type(seen)(torch.zeros(2, 1), logits[:2], np.array([[4.5, 0, 0], [9.0, 0, 0]]))
    between, inside = scoring.score(digits, odd)
    assert between == pytest.approx(4.5**2, rel=0.2) and inside < 0.5


def test_local_dimension_counts_dimensions(digits, seen):
    random = np.random.default_rng(1)
    found = []
    for dimension in (2, 8):
        hidden = np.zeros((3000, 10))
        hidden[:, :dimension] = random.uniform(-1, 1, (3000, dimension))
        cloud = type(seen)(torch.zeros(3000, 1), np.zeros((3000, 10)), hidden)
        scoring = named("LID")
        scoring.fit(cloud)
        inside = np.zeros((200, 10))
        inside[:, :dimension] = random.uniform(-0.5, 0.5, (200, dimension))
        found.append(np.median(scoring.score(digits, type(seen)(torch.zeros(200, 1), np.zeros((200, 10)), inside))))
    assert found[0] == pytest.approx(2, rel=0.25) and found[1] == pytest.approx(8, rel=0.35)


def test_squeezing_changes_nothing_where_there_is_nothing_to_squeeze(digits):
    flat = torch.tensor([0.0, 16 / 31, 1.0])[:, None, None, None].expand(3, 1, 8, 8).contiguous()
    scoring = named("feature squeezing")
    assert scoring.score(digits, see(digits, flat)) == pytest.approx([0, 0, 0], abs=1e-5)


@pytest.mark.parametrize("make", BASELINES)
def test_every_baseline_tells_noise_from_digits_or_says_the_opposite(make, digits, seen, recognised):
    scoring = make()
    scoring.fit(seen.at(np.arange(len(seen.x)) % 2 == 0))
    clean = scoring.score(digits, seen.at(np.arange(len(seen.x)) % 2 == 1))
    noise = torch.rand(100, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    odd = scoring.score(digits, see(digits, noise))
    assert np.isfinite(clean).all() and np.isfinite(odd).all()
    scores, positive = np.r_[clean, odd], np.r_[np.zeros(len(clean), bool), np.ones(len(odd), bool)]
    auroc = separation(scores, positive, np.zeros(len(scores), int), np.random.default_rng(0)).auroc.value
    assert auroc < 0.3 if scoring.name == "low loss of the end" else auroc > 0.7
