from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from isthmus import IsthmusError
from isthmus.detection import judge
from isthmus.detection.adaptive import Adaptive
from isthmus.detection.evaluation import Evaluated, EvaluationPlan, Kept, Row, evaluate
from isthmus.detection.evaluation.material import material
from isthmus.detection.labelled import read_labelled
from isthmus.detection.suite import choose
from isthmus.findings.detection import detection_findings
from isthmus.findings.detection.verdict import overall, verdict
from isthmus.inputs.collection import ArrayCollection
from isthmus.inputs.collection import digits as collection

ATTACKS = "PGD 0.15; PGD 0.3, low confidence; FGSM 0.3"


@pytest.fixture(scope="module")
def setting(probe) -> Evaluation:
    return EvaluationPlan(
        attacks=choose(ATTACKS, 0.15, 0.3, steps=10),
        probe=probe,
        adaptive=[Adaptive(aim="joint", epsilon=0.3, steps=8, relative_step=0.1)],
        adaptive_most=6,
        shifted_most=60,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def evaluated(digits, digit_images, pool, setting, folder) -> Evaluated:
    return evaluate(digits, *digit_images, setting, pool=pool, kept=Kept(folder, "the digits"))


def test_every_score_meets_every_attack_on_inputs_that_taught_none(evaluated, digit_images):
    attacks = [each["attack"] for each in evaluated.tried]
    assert attacks == ATTACKS.split("; ")
    names = {(row.role, row.name) for row in evaluated.rows if row.attack in attacks}
    assert {role for role, _ in names} == {"detector", "baseline", "control"}
    for name in (
        "curves",
        "curves, boosted trees",
        "curves, novelty",
        "curves, family left out",
        "gap to references",
        "max loss to references",
        "maximum softmax",
        "energy",
        "Mahalanobis",
        "LID",
        "kernel density",
        "feature squeezing",
        "end alone, learned",
        "distance to references, learned",
        "a coin",
        "low loss of the end",
    ):
        mine = [row for row in evaluated.rows if row.name == name and row.attack in attacks]
        assert len(mine) == 3 and all(row.left_out and not row.adaptive for row in mine), name
    for row in evaluated.rows:
        assert row.found.n_clean <= 180 and row.found.unknown == 0
        assert 0 <= row.found.auroc.low <= row.found.auroc.value <= row.found.auroc.high <= 1
    adaptive = [row for row in evaluated.rows if row.adaptive]
    assert adaptive and not any(row.left_out for row in adaptive)
    assert any(row.attack.startswith("nothing: clean, judged") for row in evaluated.rows)


def test_what_is_told_apart_and_what_is_not(evaluated):
    scores = {each.name: each for each in overall(evaluated.rows, [each["attack"] for each in evaluated.tried])}
    assert scores["curves"].mean > 0.7
    assert scores["a coin"].mean == pytest.approx(0.5, abs=0.1)
    assert scores["curves"].lowest <= scores["curves"].mean


def test_success_under_attack_counts_what_failed_too(evaluated):
    """SR@5 = share of the attacks tried that succeeded x share of these that is not flagged."""
    tried = {each["attack"]: each for each in evaluated.tried}
    for row in evaluated.rows:
        if row.attack in tried and "same losses" not in row.name:
            assert row.found.sr_at_5 <= 1 - row.found.tpr_at_5.value + 1e-9
    rows = {row.attack: row.found for row in evaluated.rows if row.name == "curves"}
    name = "PGD 0.15"
    share = rows[name].sr_at_5 / (1 - rows[name].tpr_at_5.value)
    assert share == pytest.approx(tried[name]["succeeded"] / tried[name]["tried"], abs=0.1) and share < 1


def test_shifts_and_adaptive_attacks_are_told(evaluated):
    assert {each["shift"] for each in evaluated.shifted} == {"noise", "blur", "JPEG", "brightness"}
    assert all(each["n"] == 60 and 0 <= each["false_positives"] <= 1 for each in evaluated.shifted)
    steps = [each for each in evaluated.adaptive if each["name"] == "curves"]
    assert [each["steps"] for each in steps] == [5, 8] and all(each["n"] == 6 for each in steps)
    assert steps[0]["sr_at_5"] <= steps[1]["sr_at_5"] <= steps[1]["misled"]


def test_what_is_kept_is_not_made_again(digits, digit_images, pool, setting, folder, evaluated, monkeypatch):
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert {"attacked-by-pgd-0-15.safetensors", "features-of-clean-inputs.safetensors"} <= set(before)

    def never(*_args, **_more):
        raise AssertionError("made again")

    monkeypatch.setattr("isthmus.detection.suite.attack", never)
    monkeypatch.setattr("isthmus.detection.probe.Probe.look", never)
    monkeypatch.setattr("isthmus.detection.evaluation.knowing.evade", never)
    again = evaluate(digits, *digit_images, setting, pool=pool, kept=Kept(folder, "the digits"))
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == before
    assert [row.plain() for row in again.rows] == [row.plain() for row in evaluated.rows]
    with pytest.raises(AssertionError, match="made again"):
        evaluate(digits, *digit_images, setting, pool=pool, kept=Kept(folder, "other digits"))
    (folder / "features-of-clean-inputs.safetensors").write_bytes(b"half")
    with pytest.raises(AssertionError, match="made again"):
        evaluate(digits, *digit_images, setting, pool=pool, kept=Kept(folder, "the digits"))


def test_what_is_judged_taught_nothing(digits, digit_images, pool, setting, folder, evaluated, monkeypatch):
    """Every fit sees the teaching half of the clean inputs, and of the attacks all but the one that is left out."""
    from isthmus.detection.evaluation.learned import CURVES, Learned

    seen = []
    fit = Learned.fit

    def spy(self, clean, attacked, names, seed):
        if self is CURVES:
            seen.append((clean, list(attacked)))
        return fit(self, clean, attacked, names, seed)

    monkeypatch.setattr(Learned, "fit", spy)
    evaluate(digits, *digit_images, setting, pool=pool, kept=Kept(folder, "the digits"))
    given = material(digits, *digit_images, pool=pool, references=2, per_class=None, seed=0)
    made = {
        named.name: Kept(folder, "the digits").get(f"attacked by {named.name}", dict, detail=named)["good"]
        for named in setting.attacks
    }
    taught = {name: int(good.numpy()[given.teach].sum()) for name, good in made.items()}
    assert all(0 < taught[name] < int(good.sum()) for name, good in made.items())
    names = list(taught)
    sets = []
    for name in names:
        sets.append(tuple(other for other in names if other != name))
        sets.append(tuple(other for other in names if other.split()[0] != name.split()[0]))
    expected = [[taught[other] for other in each] for each in dict.fromkeys(sets)]
    found = [[len(rows) for rows in attacked] for _, attacked in seen]
    assert found[: len(expected)] == expected
    assert found[len(expected) :] and all(lengths == list(taught.values()) for lengths in found[len(expected) :])
    assert all(len(clean) == given.teach.sum() for clean, _ in seen)


def test_rows_as_they_stand_in_the_result(evaluated):
    wanted = {
        "role",
        "name",
        "attack",
        "left_out",
        "adaptive",
        "auroc",
        "auroc_low",
        "auroc_high",
        "tpr_at_5",
        "sr_at_5",
        "n_clean",
        "n_attacked",
    }
    for row in evaluated.rows:
        plain = json.loads(json.dumps(row.plain()))
        assert wanted <= set(plain) and isinstance(plain["left_out"], bool)


def test_no_attack_succeeds(digits, digit_images, pool, probe):
    weak = EvaluationPlan(attacks=choose("PGD 1e-06", 1e-6, 2e-6, steps=1), probe=probe)
    with pytest.raises(IsthmusError, match="No attack led the network astray"):
        evaluate(digits, *digit_images, weak, pool=pool)


class TestMaterial:
    def test_nobody_is_in_two_parts(self, digits, digit_images):
        found = material(digits, *digit_images, pool=None, references=3, per_class=None, seed=0)
        parts = [found.x[found.teach], found.x[found.test], found.references.x, found.mistaken]
        seen = {tuple(one.flatten().tolist()) for part in parts for one in part}
        assert len(seen) == sum(map(len, parts))
        assert torch.equal(digits.logits(found.x).argmax(1), found.y)
        assert abs(int(found.teach.sum()) - int(found.test.sum())) <= 10

    def test_references_are_set_aside_until_there_are_enough(self, digits, digit_images):
        """A third of a class may hold too few that are recognised: here, half of the digits are noise."""
        x, y = digit_images[0].clone(), digit_images[1]
        noise = torch.rand(len(x), generator=torch.Generator().manual_seed(1)) < 0.5
        x[noise] = torch.rand(x[noise].shape, generator=torch.Generator().manual_seed(0))
        found = material(digits, x, y, pool=None, references=8, per_class=None, seed=0)
        assert found.references.per_class == 9 and len(found.x) > 40

    def test_too_few(self, digits, digit_images):
        x, y = digit_images
        few = torch.cat([(y == group).nonzero()[:2, 0] for group in range(10)])
        with pytest.raises(IsthmusError, match=r"Class \d has"):
            material(digits, x, y, pool=(x[few], y[few]), references=3, per_class=None, seed=0)
        with pytest.raises(IsthmusError, match="20 to learn from"):
            material(digits, x[:30], y[:30], pool=digit_images, references=2, per_class=None, seed=0)

    def test_a_class_that_attacked_inputs_may_come_out_as_needs_references(self, digits, digit_images):
        x, y = digit_images
        with pytest.raises(IsthmusError, match="tells 10 classes apart, and there are no references of 2 of them"):
            material(digits, x[y < 8], y[y < 8], pool=None, references=2, per_class=None, seed=0)


def planted(role, name, attack, clean, attacked, seed=0):
    random = np.random.default_rng(seed)
    classes = np.arange(len(clean)) % 20
    found = judge(clean, attacked, classes, classes[: len(attacked)], random)
    return Row(role=role, name=name, attack=attack, left_out=True, adaptive=False, found=found)


def test_a_useless_detector_is_called_useless():
    random = np.random.default_rng(1)
    rows = [planted("detector", "curves", attack, random.normal(size=300), random.normal(size=300)) for attack in "ABC"]
    rows += [
        planted("control", "end alone, learned", each, random.normal(size=300), random.normal(size=300))
        for each in "ABC"
    ]
    _, agrees, differs = verdict(of(rows))
    assert any("'curves' tells nothing" in each for each in differs)
    assert any("Curves do not tell attacked inputs" in each for each in differs) and not agrees


def test_a_signal_that_a_control_explains_is_reported_as_such():
    random = np.random.default_rng(2)

    def scores(shift):
        return random.normal(size=400), shift + random.normal(size=400)

    rows = [planted("detector", "curves", attack, *scores(2.0)) for attack in "ABC"]
    rows += [planted("control", "end alone, learned", attack, *scores(2.0)) for attack in "ABC"]
    _, _, differs = verdict(of(rows))
    assert any("explains the signal" in each for each in differs)
    rows[3:] = [planted("control", "end alone, learned", attack, *scores(0.2)) for attack in "ABC"]
    _, agrees, differs = verdict(of(rows))
    assert any("is clearly ahead on 3 of 3" in each for each in agrees)
    assert not any("explains" in each for each in differs)


def of(rows) -> Evaluated:
    return Evaluated(
        rows=rows,
        shifted=[],
        adaptive=[],
        cost=1,
        recognised=1,
        mistaken=0,
        tried=[{"attack": attack, "family": attack, "tried": 1, "succeeded": 1} for attack in "ABC"],
    )


def test_findings_hold_together(evaluated):
    findings = detection_findings(evaluated, "the embedded network, digits")
    assert findings.found and findings.agrees and findings.differs
    assert [table.name for table in findings.tables] == ["scores", "attacks", "rows", "shifts", "adaptive"]
    assert all("positive: attacked" in table.title for table in findings.tables if table.name in ("scores", "rows"))
    labels = [panel.x.label for panel in findings.chart.panels]
    assert labels == ["AUROC (positive: attacked)", "steps of the attack"]


def test_labels_that_are_missing_or_unreadable(digits):
    given = read_labelled(collection(), digits)
    assert len(given.x) == 360 and len(given.digest) == 64 and not given.skipped
    nameless = ArrayCollection("x", np.zeros((3, 1, 8, 8), np.float32), None)
    with pytest.raises(IsthmusError, match="has no class"):
        read_labelled(nameless, digits)
    assert not math.isnan(float(given.x.sum()))
