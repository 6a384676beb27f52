"""Direct max losses of the paper's own pairs, beside the column behind its Figure 6 (another network: GoogLeNet).

python -m benchmarks.paper_pairs
"""

from __future__ import annotations

import csv

import torch
from scipy.stats import spearmanr

from benchmarks import assets
from isthmus import Landscape, Preprocessing, StraightLine, connect, load_images


def main() -> None:
    place = assets.need()
    with (place / "paper" / "paper_pairs_in_imagenet20.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    files = {file.stem: file for file in (place / "imagenet20").rglob("*.JPEG")}

    def load(column: str) -> torch.Tensor:
        images = [files[row[column]] for row in rows]
        return load_images(images, preprocessing=Preprocessing(size=(224, 224)), strict=True).x

    target = torch.tensor([int(row["Class"]) for row in rows])
    published = [float(row["MaxInterpolatedLoss"]) for row in rows]
    for name in ("resnet18", "squeezenet1_0"):
        landscape = Landscape(assets.imagenet_network(name))
        found = connect(landscape, load("Image1"), load("Image2"), target, method=StraightLine())
        ours = [pair.direct.max_loss for pair in found]
        if name == "resnet18":
            for row, mine, theirs in zip(rows, ours, published, strict=True):
                print(f"class {row['Class']:>3}: direct max loss {mine:8.4f}, published {theirs:8.4f}")
        correlation = spearmanr(ours, published)
        print(f"{name}: Spearman correlation {correlation.statistic:.3f} over {len(ours)} pairs")


if __name__ == "__main__":
    main()
