"""The figure of docs/exact.md: what samples see of a direct path, what there is, and its affine pieces about the peak.

python -m benchmarks.exact_figure resnet20 --pair 3 --out FILE.png
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.exact import network_of, pairs_of
from benchmarks.exact_samples import PAIRS
from isthmus import Landscape, Polyline, Profile, Sampling, exact_profile
from isthmus.certificates.affine_pieces import ExactProfile
from isthmus.profiles import profile_many
from isthmus.reports import style
from isthmus.reports.profile_figure import pieces_along

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 33


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", choices=[*PAIRS])
    parser.add_argument("--pair", type=int, default=0, help="number of the pair in benchmarks.exact_samples")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    landscape = Landscape(network_of(options.network))
    a, c, target = pairs_of(options.network, landscape, PAIRS[options.network])
    path, y = Polyline(torch.stack([a[options.pair], c[options.pair]])), target[options.pair]
    exact = exact_profile(landscape, path, y)
    even, adaptive = (
        profile_many(landscape, [path.vertices], y[None], sampling=sampling)[0]
        for sampling in (Sampling.even(POINTS), Sampling())
    )
    draw(exact, even, adaptive, options.out)


def draw(exact: ExactProfile, even: Profile, adaptive: Profile, out: Path) -> None:
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(style.RC):
        figure = Figure(figsize=(11, 4.4), layout="constrained")
        (whole, near), (below, knots) = figure.subplots(2, 2, height_ratios=(6, 1), sharex="col")
        low, high = zoom(exact, even)
        curves(whole, exact, even, adaptive)
        whole.axvspan(low, high, color=style.PEAK, alpha=0.25, linewidth=0)
        whole.set_ylabel("loss (nats)")
        whole.set_title(f"{POINTS} samples say {even.max_loss:.3f}, and it is {exact.max_loss:.3f}")
        curves(near, exact, even, adaptive)
        inside = (exact.t >= low) & (exact.t <= high)
        near.set_xlim(low, high)
        near.set_ylim(float(exact.loss[inside].min()), exact.max_loss * 1.01)
        near.set_title("about the peak")
        near.legend(loc="lower center", fontsize=9)
        below.bar(np.arange(100) / 100, pieces_along(exact, 100), width=0.008, align="edge", color=style.FOUND)
        below.set_yticks([])
        below.set_xlabel("arc length / |AC|")
        below.set_title(f"{sum(exact.pieces):,} affine pieces", fontsize=10, fontweight="normal")
        knots.hist(exact.t[inside].numpy(), bins=200, range=(low, high), color=style.FOUND, linewidth=0)
        knots.set_yticks([])
        knots.set_xlabel("arc length / |AC|")
        knots.set_title(f"{int(inside.sum()):,} of them", fontsize=10, fontweight="normal")
        style.save_figure(figure, out)
    print(f"{out}: {low:.3f} to {high:.3f}")


def zoom(exact: Profile, even: Profile) -> tuple[float, float]:
    """The two samples beside the peak, and a little more."""
    peak = exact.argmax_t
    width = 1.6 * even.resolution
    return max(0.0, peak - width), min(1.0, peak + width)


def curves(axes: Axes, exact: Profile, even: Profile, adaptive: Profile) -> None:
    axes.plot(even.t, even.loss, color=style.DIRECT, marker="o", markersize=4, label=f"{POINTS} samples")
    axes.plot(exact.t, exact.loss, color=style.FOUND, linewidth=1.2, label="exact")
    label = f"the {len(adaptive)} samples of the default"
    axes.plot(adaptive.t, adaptive.loss, "x", color="black", markersize=6, label=label)
    axes.plot(exact.argmax_t, exact.max_loss, "o", color=style.PEAK, markersize=8, label="the exact maximum")


if __name__ == "__main__":
    main()
