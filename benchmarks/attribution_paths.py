"""Is a path of low loss a better one to attribute along? Insertion and deletion curves on ImageNet, ResNet-18.

    python -m benchmarks.attribution_paths [--images 50] [--gradients 32] [--steps 25]

Squares of 8 x 8 pixels are put into a blurred image, or blurred in the image, in the order of what is due to them
(Petsiuk et al. 2018, but for black: after 4 % of black pixels the class is gone, whichever they are); the area is that
below the probability of the class: high for insertion and low for deletion is good. Every attribution has the same
number of gradients; a random order is the control. Intervals: bootstrap over images, of the paired difference to
integrated gradients from black.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict

import torch
from scipy.stats import bootstrap
from torch import Tensor
from torch.nn.functional import conv2d

import isthmus
from benchmarks import assets
from benchmarks.surfaces import inputs
from isthmus import Landscape, Polyline, attribute, connect

BLUR, SIGMA = 51, 10.0
SQUARE = 8  # pixels a side
REFERENCE = "straight from black"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--gradients", type=int, default=32)
    parser.add_argument("--steps", type=int, default=25)
    options = parser.parse_args()
    landscape = Landscape(assets.imagenet_network())
    x, target = inputs("imagenet", landscape)
    random = torch.Generator().manual_seed(0)
    chosen = torch.randperm(len(x), generator=random)[: options.images].tolist()
    areas: dict[str, list[tuple[float, float]]] = defaultdict(list)
    moved = 0
    for count, row in enumerate(chosen, 1):
        others = ((target == target[row]) & (torch.arange(len(x)) != row)).nonzero()[:, 0]
        other = x[others[torch.randint(len(others), (), generator=random)]]
        noise = torch.rand(x[row].shape, generator=random)
        found = connect(landscape, other[None], x[row][None], int(target[row]), progress=False)[0]
        moved += found.moved
        for name, due in attributions(landscape, x[row], int(target[row]), other, noise, found.path, options).items():
            areas[name].append(curves(landscape, x[row], int(target[row]), due, options.steps))
        areas["random order"].append(
            curves(landscape, x[row], int(target[row]), torch.rand(x.shape[2:], generator=random), options.steps)
        )
        if count in (2, 5, 10, options.images):
            report(areas, count, moved)


def attributions(landscape, x, target, other, noise, path, options) -> dict[str, Tensor]:  # type: ignore[no-untyped-def]
    """What is due to each pixel (height, width), summed over channels, by each way of attributing."""
    black = torch.zeros_like(x)
    paths = {
        REFERENCE: Polyline(torch.stack([black, x])),
        "straight from noise": Polyline(torch.stack([noise, x])),
        "straight from another of the class": Polyline(torch.stack([other, x])),
        "found from another of the class": path,
    }
    due = {
        name: attribute(landscape, way, target, exact=False, most=options.gradients, progress=False).values.float()
        for name, way in paths.items()
    }
    from captum.attr import IntegratedGradients

    integrated = IntegratedGradients(landscape.network.logits)
    for name, baseline in (("captum from black", black), ("captum from noise", noise)):
        with landscape.fixed():
            due[name] = integrated.attribute(
                x[None], baseline[None], target=target, n_steps=options.gradients, internal_batch_size=8
            )[0].detach()
    due["gradient times input"] = -landscape.gradient(x[None], target).gradient[0] * x
    return {name: values.sum(0) for name, values in due.items()}


def curves(landscape: Landscape, x: Tensor, target: int, due: Tensor, steps: int) -> tuple[float, float]:
    """Areas below the probability of the class: while pixels are put in, and while they are taken out."""
    squares = torch.nn.functional.avg_pool2d(due[None], SQUARE)[0]
    order = squares.flatten().argsort(descending=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order))
    shares = (torch.linspace(0, 1, steps + 1) * len(order)).round()
    known = rank.reshape(squares.shape)[None] < shares[:, None, None]
    known = known.repeat_interleave(SQUARE, 1).repeat_interleave(SQUARE, 2)[:, None]
    soft = blurred(x)
    shown = torch.cat([torch.where(known, x, soft), torch.where(known, soft, x)])
    likely = landscape.logits(shown).softmax(1)[:, target].double()
    put_in, taken_out = likely[: steps + 1], likely[steps + 1 :]
    return float(torch.trapezoid(put_in) / steps), float(torch.trapezoid(taken_out) / steps)


def blurred(x: Tensor) -> Tensor:
    away = torch.arange(BLUR) - BLUR // 2
    weights = torch.exp(-(away**2) / (2 * SIGMA**2))
    weights = weights / weights.sum()
    padded = torch.nn.functional.pad(x[:, None], [BLUR // 2] * 4, mode="reflect")
    return conv2d(conv2d(padded, weights[None, None, None]), weights[None, None, :, None])[:, 0]


def report(areas: dict[str, list[tuple[float, float]]], count: int, moved: int) -> None:
    print(f"\n== {count} images, {moved} paths were led around a barrier; isthmus {isthmus.__version__}")
    print(f"| along | insertion | deletion | difference | more than {REFERENCE} (95 %) |")
    print("|---|---|---|---|---|")
    base = [one - other for one, other in areas[REFERENCE]]
    for name, pairs in areas.items():
        difference = [one - other for one, other in pairs]
        paired = [one - other for one, other in zip(difference, base, strict=True)]
        interval = ""
        if name != REFERENCE and count > 2:
            low, high = bootstrap((paired,), statistics.fmean, vectorized=False, random_state=0).confidence_interval
            interval = f"{statistics.fmean(paired):+.3f} ({low:+.3f} to {high:+.3f})"
        means = [statistics.fmean(pair[place] for pair in pairs) for place in (0, 1)]
        print(
            f"| {name} | {means[0]:.3f} | {means[1]:.3f} | {statistics.fmean(difference):.3f} | {interval} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
