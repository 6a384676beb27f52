"""The widget: what it holds, and what it says of itself."""

from __future__ import annotations

import json
import sys

import pytest

import isthmus
from isthmus.errors import InputError, MissingLibraryError

pytest.importorskip("anywidget", reason="anywidget is not installed (extra: notebook)")


@pytest.fixture(scope="module")
def found(digits, digit_pairs):
    return isthmus.connect(digits, *digit_pairs)


def test_it_opens_on_the_highest_barrier(found):
    made = found.widget()
    assert found[made.pair].direct.gap == max(pair.direct.gap for pair in found)
    assert made.t == pytest.approx(found[made.pair].direct.argmax_t)
    assert (made.input() == found[made.pair].path.at(made.t)).all()
    made.pair, made.t = 1, 1.0
    assert (made.input() == found[1].path.ends[1]).all()


def test_what_a_front_end_gets_is_plain_json(found):
    made = found[:3].widget()
    assert json.loads(json.dumps(made.data, allow_nan=False)) == made.data
    assert len(made.data["pairs"]) == 3 and made.data["unit"] == "nats"


def test_one_connection_has_one_too(found):
    assert len(found[0].widget().data["pairs"]) == 1 and found[0].widget().data["unit"] == "nats"


def test_no_pairs_and_too_many_are_refused(found):
    with pytest.raises(InputError, match="got 0"):
        found[:0].widget()
    with pytest.raises(InputError, match=r"found\[:20\]"):
        type(found)(found.pairs * 20, {}).widget()


def test_without_the_library_it_says_what_to_install(found, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(MissingLibraryError, match=r"isthmus\[notebook\]"):
        found.widget()


def test_without_its_kernel_a_notebook_shows_a_still_picture(found):
    shown, _ = found.widget()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown
    still = shown["text/html"]
    assert still.startswith("<div") and "<img" in still and "<script" not in still
