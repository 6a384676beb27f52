"""Planted label noise: does lying apart in the barrier graph find wrong labels better than scores that need no paths?

    python -m benchmarks.label_noise [digits] [cifar] [--noise 0.05 0.2] [--folds 4]

Labels are flipped to another class at random; a small network is trained on all folds but one, with the flipped labels,
and everything is judged on the fold held out. Scores: the loss for the given label; the logit margin; those of cleanlab
(`pip install cleanlab`; left out where it is absent); and of the barrier graph of each class as labelled: the lowest
edge of an input, how much of it lies above its own loss, and the median edge to random inputs of the class.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from torch import Tensor, nn
from torch.nn import functional

from benchmarks import assets
from isthmus import Landscape, Network, Preprocessing, StraightLine, barrier_graph, load_images
from isthmus.graphs.segments import look_at

PARTNERS = 5  # random inputs of the class for the median edge


def inputs(part: str) -> tuple[Tensor, Tensor]:
    """All inputs and their true classes."""
    if part == "digits":
        data = load_digits()
        return torch.tensor(data.images).float()[:, None] / 16, torch.tensor(data.target)
    images = [
        load_images(assets.need() / "cifar10" / split, preprocessing=Preprocessing(size=(32, 32)))
        for split in ("train", "test")
    ]
    names = sorted(set(images[0].folders))
    target = torch.tensor([names.index(name) for each in images for name in each.folders])
    return torch.cat([each.x for each in images]), target


def model_for(x: Tensor) -> nn.Module:
    channels, size = x.shape[1], x.shape[2]
    small = size // 4
    return nn.Sequential(
        nn.Conv2d(channels, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(64 * small * small, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def train(x: Tensor, y: Tensor, seed: int, epochs: int) -> nn.Module:
    torch.manual_seed(seed)
    model = model_for(x)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=epochs * -(-len(x) // 64))
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            batch = x[rows]
            if x.shape[1] == 3 and torch.rand(()) < 0.5:
                batch = batch.flip(3)
            optimiser.zero_grad()
            functional.cross_entropy(model(batch), y[rows]).backward()
            optimiser.step()
            schedule.step()
    return model.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=["digits", "cifar"])
    parser.add_argument("--noise", type=float, nargs="*", default=[0.05, 0.2])
    parser.add_argument("--folds", type=int, default=4)
    options = parser.parse_args()
    print("| data | flipped | accuracy | score | AUROC | wrong labels missed when as many are looked at as are wrong |")
    print("|---|---|---|---|---|---|", flush=True)
    for part in options.parts:
        for noise in options.noise:
            measure(part, noise, options.folds)


def measure(part: str, noise: float, folds: int) -> None:
    x, true = inputs(part)
    random = np.random.default_rng(0)
    wrong = random.random(len(x)) < noise
    given = true.clone()
    given[wrong] = (true[wrong] + torch.from_numpy(random.integers(1, 10, wrong.sum()))) % 10
    logits = torch.zeros(len(x), 10, dtype=torch.float64)
    scores: dict[str, np.ndarray] = {
        name: np.zeros(len(x)) for name in ("lowest edge", "lowest edge above own loss", "median edge")
    }
    began = time.perf_counter()
    for number, (teach, test) in enumerate(StratifiedKFold(folds, shuffle=True, random_state=0).split(x, given)):
        model = train(x[teach], given[teach], number, 40 if part == "digits" else 15)
        landscape = Landscape(Network(model, class_names=None, input_shape=tuple(x.shape[1:])))
        own, labels = x[test], given[test]
        logits[test] = landscape.logits(own).double()
        graph = barrier_graph(landscape, own, labels, method=StraightLine(), drawn=0)
        scores["lowest edge"][test] = graph.lowest_edge
        scores["lowest edge above own loss"][test] = graph.lowest_edge - graph.loss
        scores["median edge"][test] = median_edge(landscape, own, labels, random)
    spent = time.perf_counter() - began
    scores["loss alone"] = functional.cross_entropy(logits, given, reduction="none").numpy()
    others = logits.clone().scatter_(1, given[:, None], -torch.inf)
    scores["logit margin"] = (others.amax(1) - logits.gather(1, given[:, None])[:, 0]).numpy()
    scores |= of_cleanlab(given.numpy(), logits.softmax(1).numpy())
    accuracy = float((logits.argmax(1) == true).double().mean())
    for name, score in scores.items():
        found = np.argsort(-score, kind="stable")[: wrong.sum()]
        missed = 1 - wrong[found].mean()
        print(
            f"| {part} | {noise:.0%} | {accuracy:.1%} | {name} | {roc_auc_score(wrong, score):.3f} | {missed:.0%} |",
            flush=True,
        )
    print(f"    {spent:.0f} s with training")


def median_edge(landscape: Landscape, x: Tensor, target: Tensor, random: np.random.Generator) -> np.ndarray:
    """Median max loss of the segments from each input to random ones of its class."""
    numbers = np.arange(len(x))
    edges = []
    for _ in range(PARTNERS):
        partner = numbers.copy()
        for index in torch.unique(target).tolist():
            members = np.flatnonzero(target.numpy() == index)
            partner[members] = random.permutation(members)
        found = look_at(landscape, x, target, numbers, partner)
        edges.append(found.direct)
    return np.median(edges, axis=0)


def of_cleanlab(given: np.ndarray, probabilities: np.ndarray) -> dict[str, np.ndarray]:
    try:
        from cleanlab.rank import get_label_quality_scores
    except ImportError:
        print("    cleanlab is not installed; its scores are left out")
        return {}
    return {
        f"cleanlab, {method.replace('_', ' ')}": -get_label_quality_scores(given, probabilities, method=method)
        for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
    }


if __name__ == "__main__":
    main()
