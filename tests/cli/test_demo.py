from __future__ import annotations

import json
import sys

from isthmus import Connections


def test_demo_connects_digits_and_says_what_next(program, tmp_path):
    ran = program("demo", "--out", tmp_path / "demo", "--pairs", 3)
    assert ran.code == 0 and "Next, two images" in ran.out and "torchvision:resnet18" in ran.out
    result = json.loads((tmp_path / "demo" / "result.json").read_text())
    assert result["summary"]["pairs"] == 3 and result["summary"]["connected_directly"] == 0
    assert result["summary"]["connected"] >= 2
    assert all(pair.direct.gap > 0.01 for pair in Connections.load(tmp_path / "demo"))
    # What it proposes to try next works as printed.
    proposed = next(line.split() for line in ran.out.splitlines() if "one-pair" in line)
    assert program(*proposed[1:-1], tmp_path / "one-pair", "--pictures", 0).code == 0
    # It gives the numbers of the demo, but for the 8 bits of a file, as it says.
    highest = max(pair.direct.max_loss for pair in Connections.load(tmp_path / "demo"))
    again = Connections.load(tmp_path / "one-pair")[0].direct.max_loss
    assert "8 bits" in ran.out and again != highest and abs(again - highest) < 0.02 * highest


def test_doctor(program):
    ran = program("doctor")
    assert ran.code == 0 and "digits network" in ran.out and "works" in ran.out and "cpu" in ran.out


def test_doctor_tells_of_a_library_that_cannot_be_imported(program, monkeypatch):
    monkeypatch.setitem(sys.modules, "foolbox", None)
    ran = program("doctor")
    assert ran.code == 0 and "but cannot be imported" in " ".join(ran.out.replace("│", " ").split())
