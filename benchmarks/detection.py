"""Speed of judging: inputs a minute, and how much of the time the network itself takes.

    python -m benchmarks.detection [--inputs 1000] [--repeats 5]

The baseline, measured alternately in the same run: the same number of points, evaluated by the landscape in one call.
Needs the networks and images of `benchmarks.assets`.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from benchmarks import assets
from isthmus import Landscape, load_images
from isthmus.detection import Probe, References, views_for
from isthmus.inputs.preprocessing import Preprocessing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    landscape = Landscape(assets.cifar_network())
    images = load_images(assets.need() / "cifar10" / "test", preprocessing=Preprocessing(size=(32, 32)))
    logits = landscape.logits(images.x)
    folders = [file.parent.name for file in images.files]
    classes = sorted(set(folders))
    y = torch.tensor([classes.index(folder) for folder in folders])
    references = References.draw(landscape, images.x[::2], y[::2], per_class=5)
    probe = Probe(views=views_for((3, 32, 32), mirror=True))
    x = images.x[1::2][: options.inputs]
    whole = time.perf_counter()
    probe.look(landscape, x, references)
    whole = time.perf_counter() - whole
    part = x[:100]
    points = torch.rand(len(part) * probe.cost, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    target = torch.zeros(len(points), dtype=torch.long)
    ratios = []
    for _ in range(options.repeats):
        began = time.perf_counter()
        landscape.evaluate(points, target, validated=True)
        bare = time.perf_counter() - began
        began = time.perf_counter()
        probe.look(landscape, part, references)
        ratios.append(bare / (time.perf_counter() - began))
    print(f"{len(x)} inputs, {probe.cost} forward-equivalents each, {len(logits)} images at hand")
    print(f"judged in {whole:.1f} s on {torch.get_num_threads()} threads: {60 * len(x) / whole:.0f} inputs a minute")
    print(
        f"speed relative to the network alone on as many points: median {statistics.median(ratios):.3f} "
        f"({min(ratios):.3f} to {max(ratios):.3f})"
    )


if __name__ == "__main__":
    main()
