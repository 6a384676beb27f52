from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus import IsthmusError
from isthmus._core.geometry import without
from isthmus.detection import Detector, threshold
from isthmus.detection.adaptive import AIMS, Adaptive, evade


@pytest.fixture(scope="module")
def guarded(digits, references, recognised, attacked, probe):
    detector = Detector.fit(digits, references, recognised[0], attacked, probe=probe, seed=0)
    clean = detector.score.of(probe.features(digits, recognised[0], references).numpy())
    return detector, threshold(clean, 0.05)


def run(digits, recognised, references, probe, guarded, aim, **more):
    detector, limit = guarded
    x, y = recognised[0][:10], recognised[1][:10]
    target = (y + 1) % 10
    model = torch.stack(
        [recognised[0][10:][(recognised[1][10:] == group).nonzero()[0, 0]] for group in target.tolist()]
    )
    settings = {"epsilon": 0.3, "steps": 60, "relative_step": 0.05} | more
    result = evade(
        digits,
        x,
        target,
        Adaptive(aim=aim, **settings),
        score=detector.score,
        threshold=limit,
        probe=probe,
        references=references,
        model=model,
    )
    return x, target, result


@pytest.mark.parametrize("aim", AIMS)
def test_what_is_said_to_evade_does_evade(digits, recognised, references, probe, guarded, aim):
    detector, limit = guarded
    x, target, result = run(digits, recognised, references, probe, guarded, aim)
    assert (result.x - x).abs().max() <= 0.3 + 1e-6 and result.x.min() >= 0 and result.x.max() <= 1
    evaded = result.evaded_at >= 0
    assert (result.misled_at[evaded] >= 0).all() and (result.misled_at[evaded] <= result.evaded_at[evaded]).all()
    assert evaded.mean() > (0.05 if aim == "mimic" else 0.3)
    rows = probe.features(digits, result.x, references, predicted=target).numpy()
    assert (digits.logits(result.x).argmax(1) == target).numpy()[evaded].all()
    assert (detector.score.of(rows)[evaded] <= limit + 1e-3).all()
    assert result.share(60) == evaded.mean() and result.share(0) == 0


def test_knowing_the_detector_helps(digits, recognised, references, probe, guarded):
    """The same steps without the detector leave more inputs flagged."""
    blind = run(digits, recognised, references, probe, guarded, "joint", weight=0.0)[2]
    seeing = run(digits, recognised, references, probe, guarded, "joint", weight=1.0)[2]
    assert seeing.share(60) > blind.share(60)


def test_an_input_goes_its_own_way(digits, recognised, references, probe, guarded, monkeypatch):
    _, _, together = run(digits, recognised, references, probe, guarded, "selective", steps=15)
    monkeypatch.setattr("isthmus.detection.adaptive.NUMBERS", probe.cost * 64)
    _, _, alone = run(digits, recognised, references, probe, guarded, "selective", steps=15)
    assert (together.misled_at == alone.misled_at).mean() > 0.8
    assert torch.allclose(together.x, alone.x, atol=0.05)


def test_what_is_spent_is_counted(digits, recognised, references, probe, guarded):
    before = digits.forward_equivalents
    detector, _ = guarded
    evade(
        digits,
        recognised[0][:2],
        (recognised[1][:2] + 1) % 10,
        Adaptive(aim="joint", epsilon=0.01, steps=3),
        score=detector.score,
        threshold=-1e9,
        probe=probe,
        references=references,
    )
    assert digits.forward_equivalents - before == 4 * 2 * (3 * probe.cost + 2)


def test_orthogonal_means_orthogonal():
    one, other = torch.randn(2, 5, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    left = without(one, other)
    assert torch.allclose((left * other).sum((1, 2, 3)), torch.zeros(5), atol=1e-4)
    assert ((left * one).sum((1, 2, 3)) > 0).all()


def test_settings_that_cannot_be(digits, recognised, references, probe, guarded, as_installed):
    with pytest.raises(IsthmusError, match="an aim of joint"):
        Adaptive(aim="hope", epsilon=0.1)  # type: ignore[arg-type]
    detector, limit = guarded
    with pytest.raises(IsthmusError, match="a real input of each target class"):
        evade(
            digits,
            recognised[0][:1],
            recognised[1][:1],
            Adaptive(aim="mimic", epsilon=0.1),
            score=detector.score,
            threshold=limit,
            probe=probe,
            references=references,
        )
    assert np.isfinite(limit)
