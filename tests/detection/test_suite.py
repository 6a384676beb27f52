from __future__ import annotations

import pytest
import torch

from isthmus import IsthmusError
from isthmus.detection import References
from isthmus.detection.suite import choose, suite


def test_every_attack_is_verified_and_does_what_its_name_says(digits, recognised, references):
    x, y = recognised[0][:30], recognised[1][:30]
    found = {named.name: (named, named.run(digits, x, y, references, seed=0)) for named in choose("own", 0.15, 0.3)}
    assert len(found) == 8
    for name, (named, made) in found.items():
        assert made.valid.all(), name
        if named.method.targeted:
            assert (made.target != y).all()
            assert torch.equal(made.success, made.predicted == made.target)
        else:
            assert torch.equal(made.target, y)
        radius = named.method.radius
        if radius is not None:
            assert made.linf.max() <= radius[0] + 1e-6
        assert made.success.float().mean() > 0.2, name
    low, high = found["PGD 0.3, low confidence"][1], found["PGD 0.3"][1]
    assert low.loss[low.success].median() < 0.5 * high.loss[high.success].median()


def test_the_published_rule_stops_below_the_loss_of_a_real_input(digits, recognised, references):
    x, y = recognised[0][:30], recognised[1][:30]
    unsure = References(references.x, references.target, 0.2 * references.logits)
    loss = torch.nn.functional.cross_entropy(unsure.logits, unsure.target, reduction="none")
    named = suite(0.15, 0.3)["paper's"]
    stopped, on = (named.run(digits, x, y, given, seed=0) for given in (unsure, references))
    assert stopped.steps.float().mean() < 0.8 * on.steps.float().mean()
    for target, reached, steps in zip(stopped.target.tolist(), stopped.loss, stopped.steps, strict=True):
        if steps < named.method.max_steps:
            assert reached <= loss[unsure.target == target].max() + 1e-4
    assert torch.equal(named.run(digits, x, y, unsure, seed=0).x, stopped.x)
    assert not torch.equal(named.run(digits, x, y, unsure, seed=1).target, stopped.target)


def test_attacks_by_name():
    assert [named.name for named in choose("PGD 2/255; FGSM 8/255", 2 / 255, 8 / 255)] == ["PGD 2/255", "FGSM 8/255"]
    with pytest.raises(IsthmusError, match=r"There is no attack 'PGD 9'; known are own, all, FGSM 0\.3;"):
        choose("PGD 9", 0.1, 0.3)


def test_attacks_of_other_libraries(digits, recognised, references):
    pytest.importorskip("foolbox")
    pytest.importorskip("art")
    x, y = recognised[0][:6], recognised[1][:6]
    for name in ("DeepFool", "FMN", "CW", "Square 0.3", "AutoAttack 0.3"):
        (named,) = choose(name, 0.1, 0.3)
        made = named.run(digits, x, y, references, seed=0)
        assert made.valid.all() and made.success.float().mean() > 0.5, name
    assert len(choose("all", 0.1, 0.3)) == 13
