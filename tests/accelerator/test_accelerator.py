"""The core on an accelerator, or on what stands in for one: the results of the CPU, and few transfers and waits.

In processes of their own: the device "card" stays until its process ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from isthmus.testing import stand_in

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not stand_in.available(), reason="this PyTorch has no Python backends")

USED = """
import torch
from isthmus.testing import stand_in

with stand_in.accelerator() as counts:
    card = torch.rand(3, 4, generator=torch.Generator().manual_seed(0)).to("card")
    print(card.device, counts.to_card, (2 * card + card.new_ones(4)).device)
    for mixed in (
        lambda: card + torch.rand(4),
        lambda: torch.cat([card, torch.rand(3, 4)]),
        lambda: torch.rand(3)[torch.arange(2).to("card")],
        lambda: card @ torch.rand(4, 2),
    ):
        try:
            mixed()
        except RuntimeError as error:
            print("refused", "cpu" in str(error))
    counts.reset()
    card.sum().item(), card.cpu(), card[card > 0.5], bool((card > 2).any()), card[torch.arange(2)]
    print(counts.to_card, counts.to_cpu, counts.waits)
    model = stand_in.put(torch.nn.Linear(4, 2))
    x = card.clone().requires_grad_()
    (slope,) = torch.autograd.grad(model(x).sum(), x)
    print(slope.device, bool((slope.cpu() == model.weight.cpu().sum(0)).all()))
    print(model.double()(card.double()).dtype)
"""


def test_the_stand_in_refuses_what_a_device_refuses_and_counts():
    ran = subprocess.run([sys.executable, "-c", USED], capture_output=True, text=True, check=True)
    assert ran.stdout.split("\n")[:-1] == [
        "card:0 1 card:0",
        *["refused True"] * 4,
        "1 1 3",
        "card:0 True",
        "torch.float64",
    ]


@pytest.mark.slow
def test_the_core_gives_the_results_of_the_cpu_and_waits_no_more_for_more_pairs(tmp_path):
    out = tmp_path / "card.json"
    command = [sys.executable, "-m", "benchmarks.accelerator", "--device", "card", "--parts", "equal", "counts"]
    ran = subprocess.run([*command, "--out", str(out)], capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr[-2000:]
    done = json.loads(out.read_text())
    assert done["equal"]["equal"] and done["equal"]["largest difference"] <= 1e-4
    counts = done["counts"]
    assert counts["Adam's steps"]["a step"] <= 3
    for name in ("gradient", "connect", "connect, bypasses", "connect, string", "connect, curve", "exact profile"):
        few, many = (counts[name][f"{pairs} pairs"]["total"] for pairs in (100, 400))
        assert many <= few + 6 and many < 100, name
    for name, steps in (("attack, PGD", 20), ("attack, Adam", 64), ("synthesize", 512)):
        for each in ("100 pairs", "400 pairs"):
            assert counts[name][each]["total"] <= 3 * steps + 40, name
