"""Reading many images says how far it is, also where there is no terminal."""

from __future__ import annotations

from isthmus._core import bars
from isthmus.cli import reading
from isthmus.inputs.arrays import digits as digit_collection


def test_reading_is_told(digits, capsys, monkeypatch):
    monkeypatch.setattr(bars, "PLAIN_EVERY", 0.0)
    monkeypatch.setattr(reading, "progress_bar", lambda what, unit, after: bars.progress_bar(what, unit))
    found = reading.read(digit_collection(), digits)
    lines = capsys.readouterr().err.splitlines()
    assert (
        lines[0].startswith(f"reading: 1/{len(found.names)} images") and len(lines) >= len(found.names) - 1
    )  # the last says little more


def test_short_reading_says_nothing(digits, capsys, monkeypatch):
    monkeypatch.setattr(bars.time, "monotonic", lambda: 0.0)  # on however busy a machine
    reading.read(digit_collection(), digits)
    assert capsys.readouterr().err == ""
