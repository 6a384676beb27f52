"""The experiment over tables, sound and text: its sets, its networks, and a quick run."""

from __future__ import annotations

import csv

import pytest
import torch

from isthmus.experiments import Setting, run_experiment
from isthmus.experiments.kinds import Kinds
from isthmus.experiments.kinds.sets import HELD, SETS, parts
from isthmus.experiments.kinds.training import examples_of
from isthmus.inputs.collection import open_collection
from isthmus.networks.specs import load_network

EASY = ("wine", "docstrings")


def lines(file):
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))[1:]


@pytest.mark.parametrize("name", EASY)
def test_parts_share_no_input_and_shuffling_keeps_the_counts(name, tmp_path):
    places = parts(name, tmp_path)
    train, held, shuffled, bare = (lines(places[part]) for part in ("train", "held-out", "shuffled", "unlabelled"))
    assert len(held) == pytest.approx((len(train) + len(held)) / HELD, abs=1)
    assert not {tuple(row[:-1]) for row in train} & {tuple(row[:-1]) for row in held}
    assert [row[:-1] for row in shuffled] == [row[:-1] for row in train] and bare == [row[:-1] for row in held]
    assert sorted(row[-1] for row in shuffled) == sorted(row[-1] for row in train)
    assert sum(a[-1] != b[-1] for a, b in zip(train, shuffled, strict=True)) > len(train) / 4
    again = places["train"].stat().st_mtime_ns
    assert parts(name, tmp_path)["train"].stat().st_mtime_ns == again  # what is there is kept


def test_names_of_languages_are_of_one_language(tmp_path):
    pytest.importorskip("babel")
    places = parts("languages", tmp_path)
    rows = lines(places["train"]) + lines(places["held-out"])
    texts = [text for text, _ in rows]
    assert len(texts) == len(set(texts)) > 3000 and ["frankreich", "de"] in rows


def test_speech(tmp_path):
    pytest.importorskip("espeakng_loader")
    from isthmus.experiments.kinds.speech import DIGITS, SAMPLES, Voices

    voices = Voices()
    one, other = (voices.say(word, "en+f2", 50, 200) for word in ("one", "two"))
    assert one.shape == (SAMPLES,) and 0.4 < float(one.abs().max()) <= 0.51
    assert float((one - other).abs().max()) > 0.1 and len(DIGITS) == 10


@pytest.mark.parametrize("name", EASY)
def test_every_network_takes_its_set(name, tmp_path):
    for spec in SETS[name].networks.values():
        network = load_network(f"untrained:{spec}?seed=0")
        collection = open_collection(parts(name, tmp_path)["held-out"], kind=network.input_kind)
        examples = examples_of(collection, network)
        assert len(examples.x) == len(collection) and int(examples.y.min()) == 0
        x = torch.stack([collection.read(k, network.input_kind) for k in range(4)])
        # Texts are trained on as numbers of tokens, and looked at as vectors: both give the same.
        assert torch.allclose(network.model.eval()(examples.x[:4]), network.logits(x), atol=1e-5)


def test_a_quick_run(tmp_path):
    findings, study = run_experiment(Kinds(sets=("wine",), sample=2), Setting(per_class=2), tmp_path / "run")
    assert study is not None
    table, samples = findings.tables
    ways = {(row["network"], row["way"], row["pairs_of"]) for row in table.rows}
    assert ("mlp", "shuffled", "within") in ways and ("gelu", "trained", "across") in ways
    trained = [row for row in table.rows if row["way"] == "trained" and row["pairs_of"] == "within"]
    assert all(row["end"].value == 1 for row in trained)
    assert [row["certificate"] for row in samples.rows] == ["pieces", "taylor"]
    assert all(row["certified"] == row["connected"] == 2 for row in samples.rows)
    assert findings.found[0].startswith("Tables, 2 trained networks: ")
    again, _ = run_experiment(Kinds(sets=("wine",), sample=2), Setting(per_class=2), tmp_path / "run", resume=True)
    assert [row["pairs"] for row in again.tables[0].rows] == [row["pairs"] for row in table.rows]
