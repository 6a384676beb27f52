"""UniformSamples: what random points say, at which confidence."""

from __future__ import annotations

import math

import pytest
import torch

import isthmus
from isthmus.errors import InputError


class Spike(isthmus.AbstractLandscape):
    """High on a share of [0, 1], along the first coordinate."""

    def __init__(self, share: float) -> None:
        super().__init__(domain=isthmus.Box(0, 1), max_batch=4096)
        self.share = share

    def forward(self, x, target):
        from isthmus.landscapes.base import Evaluation

        loss = ((x[:, 0] > 0.31) & (x[:, 0] < 0.31 + self.share)).to(x)
        return Evaluation(loss, torch.stack([loss, -loss], 1))


PATH = isthmus.Polyline(torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=torch.float64))


def shown(above: float, seed: int, **settings):
    landscape = Spike(above)
    seen = isthmus.profile(landscape, PATH, 0, sampling=isthmus.Sampling.even(3))
    return isthmus.UniformSamples(seed=seed, **settings).certify(landscape, PATH, seen, 0.5)


def test_as_many_points_as_the_confidence_asks_for():
    for confidence, share in ((0.999, 0.01), (0.9, 0.2), (0.99, 0.001)):
        points = isthmus.UniformSamples(confidence=confidence, share=share).points
        assert (1 - share) ** points <= 1 - confidence < (1 - share) ** (points - 1)


def test_paths_are_found_out_as_often_as_promised():
    """Of paths of which just the share lies above, all but 1 - confidence are found out, within 4 deviations."""
    tries, confidence = 600, 0.9
    missed = sum(shown(0.05, seed, confidence=confidence, share=0.05).certificate.holds for seed in range(tries))
    expected = tries * 0.95 ** isthmus.UniformSamples(confidence=confidence, share=0.05).points
    assert abs(missed - expected) < 4 * math.sqrt(expected)


def test_a_narrower_spike_may_be_missed_and_that_is_said():
    held = [shown(0.0005, seed) for seed in range(5)]
    good = [each for each in held if each.certificate.holds]
    assert good
    certificate = good[0].certificate
    assert not certificate.whole and certificate.covers == 0.99
    assert "99.00%" in certificate.claim and "confidence of 99.90%" in certificate.subject_to
    assert len(good[0].profile) == 3 + certificate.parts and bool((good[0].profile.t.diff() >= 0).all())


def test_a_point_above_is_in_the_profile():
    found = shown(0.2, 0)
    assert not found.certificate.holds and found.profile.max_loss == 1.0


def test_a_path_that_was_moved_is_tested_elsewhere():
    other = isthmus.Polyline(torch.tensor([[0.0, 0.0], [1.0, 0.1]], dtype=torch.float64))
    samples = isthmus.UniformSamples()
    landscape = Spike(1e-9)
    drawn = [
        samples.certify(landscape, path, isthmus.profile(landscape, path, 0), 0.5).profile.t for path in (PATH, other)
    ]
    assert not torch.equal(drawn[0], drawn[1])
    again = samples.certify(landscape, PATH, isthmus.profile(landscape, PATH, 0), 0.5).profile.t
    assert torch.equal(drawn[0], again)


def test_connections_say_what_they_are(digits, digit_pairs):
    found = isthmus.connect(digits, *(part[:1] for part in digit_pairs), verify=isthmus.UniformSamples())
    assert found[0].connected and not found[0].certified and found[0].certificate.holds
    assert found.table().to_pylist()[0]["covers"] == 0.99


@pytest.mark.parametrize("wrong", [{"confidence": 1.0}, {"confidence": 0}, {"share": 0.0}, {"share": float("nan")}])
def test_settings_are_checked(wrong):
    with pytest.raises(InputError, match=r"between 0 and 1|must be a number"):
        isthmus.UniformSamples(**wrong)
