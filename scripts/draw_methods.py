"""Draws docs/images/methods.png: one pair of digits, connected by every method.

python scripts/draw_methods.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits

import isthmus
from isthmus._core.geometry import norms, without

METHODS = {
    "BarrierBypass()": isthmus.BarrierBypass(),
    "BezierCurve()": isthmus.BezierCurve(),
    "StringMethod()": isthmus.StringMethod(),
    "NudgedElasticBand()": isthmus.NudgedElasticBand(),
    "LevelSetTraversal()": isthmus.LevelSetTraversal(),
}
COLOURS = ("#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")  # Okabe and Ito


def main() -> None:
    landscape = isthmus.Landscape(isthmus.load_network("digits"))
    digits = load_digits()
    eights = (torch.tensor(digits.images).float() / 16)[torch.tensor(digits.target) == 8][:32, None]
    a, c, target = eights[12:13], eights[28:29], torch.tensor([8])
    t = torch.linspace(0, 1, 401, dtype=torch.float64)
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(7, 5.6), sharex=True, constrained_layout=True)
    found = {name: isthmus.connect(landscape, a, c, target, method=method)[0] for name, method in METHODS.items()}
    found["shortened"] = isthmus.shorten(landscape, found["BarrierBypass()"])[0]
    first = next(iter(found.values()))
    straight = first.direct_path.at(t)
    top.plot(t, landscape.loss(straight, target.expand(401)), color="0.6", lw=1.5, label="direct path")
    for (name, pair), colour in zip(found.items(), COLOURS, strict=True):
        x = pair.path.at(t)
        across = without(x - a, (c - a).expand_as(x))
        top.plot(t, landscape.loss(x, target.expand(401)), color=colour, lw=1.5, label=name)
        bottom.plot(t, 100 * norms(across) / float(norms(c - a)), color=colour, lw=1.5)
    top.axhline(first.threshold, color="0.3", ls="--", lw=1)
    top.annotate("threshold", (0.0, first.threshold), xytext=(2, 3), textcoords="offset points", fontsize=8)
    top.set(yscale="log", ylabel="loss (nats)")
    bottom.set(
        xlabel="t, share of the path's length", ylabel="distance from the direct\npath (% of its length)", xlim=(0, 1)
    )
    figure.legend(loc="outside upper center", ncols=4, frameon=False, fontsize=8)
    place = Path(__file__).parents[1] / "docs" / "images" / "methods.png"
    figure.savefig(place, dpi=160)
    print(place.name, {name: (pair.connected, round(pair.path.deviation, 3)) for name, pair in found.items()})


if __name__ == "__main__":
    main()
