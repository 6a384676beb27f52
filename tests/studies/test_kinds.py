from __future__ import annotations

import pytest

from isthmus.inputs.collection import digits as digits_of_the_study
from isthmus.studies import Study
from isthmus.studies.pair_kinds import AttackedAcross

TEXT = """
seed = 2
[images.digits]
source = "digits"
[networks.digits]
spec = "digits"
[[pairs]]
kind = "within"
per_class = 1
[[pairs]]
kind = "attacked"
per_class = 1
stop = {stop}
max_steps = 200
[[pairs]]
kind = "synthesized"
per_class = 2
classes = [1, 7]
[shards]
pairs = {pairs}
"""


def rows(folder, stop: str, pairs: int = 7) -> dict[str, list[dict]]:
    study = Study.create(folder, TEXT.format(stop=stop, pairs=pairs))
    assert study.run(device="cpu").complete
    found: dict[str, list[dict]] = {}
    for row in study.results.table().to_pylist():
        found.setdefault(row["kind"], []).append(row)
    return found


@pytest.mark.slow
def test_made_ends(tmp_path):
    real = rows(tmp_path / "real", '"real"')
    assert {kind: len(part) for kind, part in real.items()} == {"within": 10, "attacked": 10, "synthesized": 4}
    assert [row["target"] for row in real["synthesized"]] == [1, 1, 7, 7]
    names = [row[end] for row in real["synthesized"] for end in ("a", "c")]
    assert len(set(names)) == 8 and all(name.startswith("seed ") for name in names)
    assert all(max(row["a_loss"], row["c_loss"]) < 2e-3 for row in real["synthesized"])
    # Without the rule, the loss goes as far down as it gets; and the ids say that these are other pairs.
    on = rows(tmp_path / "never", '"never"')
    assert {row["pair_id"] for row in on["within"]} == {row["pair_id"] for row in real["within"]}
    assert not {row["pair_id"] for row in on["attacked"]} & {row["pair_id"] for row in real["attacked"]}
    pairs = list(zip(on["attacked"], real["attacked"], strict=True))
    assert all(one["a"] == other["a"] and one["c"] == other["c"] for one, other in pairs)
    both = [(one, other) for one, other in pairs if "not_made" not in (one["outcome"], other["outcome"])]
    assert len(both) >= 7 and all(one["c_loss"] < other["c_loss"] + 1e-6 for one, other in both)
    given = rows(tmp_path / "given", "0.5")
    assert sum(0.3 < row["c_loss"] <= 0.5 for row in given["attacked"] if row["c_loss"] is not None) >= 6


def test_what_was_not_made_is_counted_and_kept_out_of_the_shares(tmp_path):
    text = TEXT.format(stop='"real"', pairs=7).replace("max_steps = 200", "max_steps = 1")
    study = Study.create(tmp_path / "study", text)
    assert study.run(device="cpu").complete
    found = [row for row in study.results.table().to_pylist() if row["kind"] == "attacked"]
    lost = [row for row in found if row["outcome"] == "not_made"]
    assert len(lost) >= 8 and all(row["max_loss"] is None and "was attacked" in row["reason"] for row in lost)
    group = next(group for group in study.results.summary().groups if group.kind == "attacked")
    assert group.not_made == len(lost) and group.pairs == 10 and group.counted == 10 - len(lost)


@pytest.mark.slow
def test_ends_are_made_the_same_however_the_study_is_cut(tmp_path):
    one, other = rows(tmp_path / "one", '"real"', pairs=3), rows(tmp_path / "other", '"real"', pairs=44)
    for kind, part in one.items():
        for row, same in zip(part, other[kind], strict=True):
            assert row["pair_id"] == same["pair_id"]
            assert row["outcome"] == same["outcome"]
            if row["outcome"] != "not_made":
                assert row["c_loss"] == pytest.approx(same["c_loss"], abs=1e-4)
                assert row["max_loss"] == pytest.approx(same["max_loss"], abs=1e-3)


def test_the_published_rule_gives_the_attacked_end_the_lower_loss(digits, digit_images):
    x, y = digit_images
    y0 = y[:8]
    a = 0.5 * x[:8] + 0.5 * x[20:28]  # of some loss, so that the attack can get below it
    real = digits.loss(a, y0)
    kind = AttackedAcross(stop="real", max_steps=400)
    ends = [{"a_number": 0, "c_number": 0, "stop": None}] * 8
    made = kind.make(digits, a, x[40:48], y0, ends)
    assert made.a is a
    low = digits.loss(made.c, y0)
    reached = low <= real
    assert reached.sum() >= 3
    on = AttackedAcross(stop="never", max_steps=400).make(digits, a, x[40:48], y0, ends).c
    # It stops there: without the rule, the attack goes on to lower losses.
    assert (digits.loss(on, y0)[reached] < low[reached] + 1e-6).all() and (low[reached] > 0.3 * real[reached]).any()


def test_attacked_images_of_the_class_itself_stop_at_losses_of_real_ones(tmp_path):
    text = TEXT.format(stop='"matched"', pairs=7).replace(
        'kind = "attacked"', 'kind = "attacked_within"\nname = "same class"'
    )
    study = Study.create(tmp_path / "study", text.replace("max_steps = 200", "max_steps = 600"))
    assert study.run(device="cpu").complete
    found = [row for row in study.results.table().to_pylist() if row["kind"] == "same class"]
    plan = study.plan()
    planned = [row for row in plan.rows(0, plan.pairs) if row["kind"] == "same class"]
    assert all(row["stop"] is not None for row in planned) and len(found) == 10
    assert {row["stop"] for row in plan.rows(0, plan.pairs) if row["kind"] != "same class"} == {None}
    reached = [row["c_loss"] <= stop["stop"] + 1e-6 for row, stop in zip(found, planned, strict=True)]
    assert sum(reached) >= 6
    # Which end has the lower loss is left to chance.
    assert 1 <= sum(row["c_loss"] > row["a_loss"] for row in found) <= 9
    collection = digits_of_the_study()
    label = dict(zip(collection.names, collection.labels, strict=True))
    assert all(label[row["a"]] == label[row["c"]] == str(row["target"]) for row in found)


def test_two_kinds_of_one_name_are_refused():
    from isthmus.errors import StudyError
    from isthmus.studies import parse_config

    base = {"images": {"d": {"source": "digits"}}, "networks": {"n": {"spec": "digits"}}}
    twice = [{"kind": "attacked", "stop": "real"}, {"kind": "attacked", "stop": "never"}]
    with pytest.raises(StudyError, match=r"both called 'attacked'.*name of its own"):
        parse_config(base | {"pairs": twice})
    twice[1]["name"] = "run on"
    assert [kind.label for kind in parse_config(base | {"pairs": twice}).pairs] == ["attacked", "run on"]


def test_pairs_of_real_inputs_are_called_alike_on_every_network_and_others_are_not(tmp_path):
    text = TEXT.format(stop='"real"', pairs=7).replace("max_steps = 512", "max_steps = 1")
    text += '[networks.again]\nspec = "untrained:digits?seed=1&classes=10"\n'
    study = Study.create(tmp_path / "study", text)
    plan = study.prepare(device="cpu")
    by = {}
    for row in plan.rows(0, plan.pairs):
        by.setdefault((row["kind"], row["a"], row["c"], row["target"]), set()).add((row["network"], row["pair_id"]))
    shared = [(key, found) for key, found in by.items() if len({network for network, _ in found}) > 1]
    for (kind, *_), found in shared:
        assert (len({pair_id for _, pair_id in found}) == 1) == (kind == "within"), kind
    from isthmus.studies.pair_kinds.attacked import AttackedAcross, AttackedWithin
    from isthmus.studies.pair_kinds.drawn import Across, Within

    assert [kind.real for kind in (Within, Across, AttackedAcross, AttackedWithin)] == [True, True, False, False]
