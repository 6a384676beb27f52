"""isthmus demo: the whole of it in a few seconds, on real handwritten digits."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.cli.options import NetworkOptions, OutputOptions, at_least, claimed_for_run, landscape_of

if TYPE_CHECKING:
    from torch import Tensor

    from isthmus import Landscape
    from isthmus.cli.pairing import Pairs


def demo(*, pairs: int = 8, seed: int = 0, device: str = "auto", output: OutputOptions = OutputOptions()) -> None:
    """Connect pairs of handwritten digits on the network that ships with Isthmus; needs no files and no internet.

    Parameters
    ----------
    pairs
        How many pairs: those whose direct paths have the highest barriers among the digits held out in training.
    seed
        Seed of the draw.
    device
        auto (a CUDA device where there is one), cpu, cuda, cuda:1.
    """
    at_least("--pairs", pairs, 1)
    place = claimed_for_run(output, "isthmus-demo")

    from isthmus import BarrierBypass
    from isthmus.cli.solving import Task, solve_and_write

    landscape = landscape_of(NetworkOptions(device=device))
    chosen, images, example = _digit_pairs(landscape, pairs, seed)
    task = Task(method=BarrierBypass(), seed=seed)
    title = "Handwritten digits on the embedded network"
    solve_and_write(landscape, chosen, task, place, pictures=output.pictures, title=title)
    folder = place.path
    _write_images(folder, images)
    program = Path(sys.argv[0]).name
    print("Next, two images of your own choice (image files hold 8 bits, so that numbers differ in the third digit):")
    print(f"  {program} connect {' '.join(str(folder / 'images' / name) for name in example)} --out one-pair")
    print("and a network of torchvision, with any two photographs of one class:")
    print(f"  {program} connect A.jpg C.jpg --network torchvision:resnet18 --out photographs")


def _digit_pairs(landscape: Landscape, count: int, seed: int) -> tuple[Pairs, dict[str, Tensor], tuple[str, str]]:
    """The pairs, their digits by file name, and the file names of the pair with the highest barrier."""
    import torch
    from sklearn.datasets import load_digits

    from isthmus.cli.pairing import Pairs
    from isthmus.inputs.pairs import pairs_within
    from isthmus.paths import Polyline
    from isthmus.profiles import Sampling, profile_many

    data = load_digits()
    numbers = torch.arange(0, len(data.target), 5)  # those held out by scripts/train_digits.py
    x = torch.tensor(data.images).float()[numbers, None] / 16
    target = torch.tensor(data.target)[numbers]
    loss, logits = (part.cpu() for part in landscape.evaluate(x, target))
    groups = torch.where(logits.argmax(1) == target, target, -1).tolist()
    index = pairs_within(groups, loss, per_group=40, seed=seed)
    ends = [Polyline(pair) for pair in torch.stack([x[index[:, 0]], x[index[:, 1]]], dim=1)]
    profiles = profile_many(landscape, ends, target[index[:, 0]], sampling=Sampling(intervals=10, resolution=1.0))
    # Most pairs are connected by the direct path already; the demonstration is about the others.
    order = torch.tensor([profile.gap for profile in profiles]).argsort(descending=True)[:count]
    first = index[order[0]].tolist()
    index = index[order.sort().values]
    names = [(f"digit {numbers[i]}", f"digit {numbers[j]}") for i, j in index.tolist()]
    files = {k: f"{int(target[k])}/{int(numbers[k]):04d}.png" for k in sorted(set(index.flatten().tolist()))}
    pairs = Pairs(x[index[:, 0]], x[index[:, 1]], target[index[:, 0]], names)
    return pairs, {name: x[k] for k, name in files.items()}, (files[first[0]], files[first[1]])


def _write_images(folder: Path, images: dict[str, Tensor]) -> None:
    """The digits as image files, one sub-folder a class, so that there is something to try `connect` on."""
    from PIL import Image

    from isthmus._core.files import write_whole

    for name, x in images.items():
        file = folder / "images" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, Image.fromarray((x[0] * 255).round().byte().cpu().numpy()).save)
