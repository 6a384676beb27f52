"""Counterfactuals: the nearest row that a network sees as another class, by paths and by the methods of DiCE.

    python -m benchmarks.counterfactuals --rows 60

Set: breast cancer (scikit-learn), a ReLU network of two hidden layers trained here; rows are held out and recognised.
Ours: `path` is where the straight path to the nearest training row of the other class crosses over, found by halving;
`attack` the nearest point of the other class that projected gradient steps find; `sparse` undoes, feature by feature
from the smallest change on, what the answer of `attack` does not need. DiCE (Mothilal, Sharma and Tan 2020) is measured
where `dice_ml` is installed: its methods random, genetic and kdtree.

Distances are in standard deviations of the features (L2, and L1 as DiCE counts), `changed` is how many of 30 features
differ by more than 1e-3 of theirs, `to a real row` how far the answer is from the nearest training row of its class.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

import isthmus
from isthmus.experiments.kinds.networks import breast_cancer_mlp
from isthmus.experiments.kinds.sets import labelled_rows
from isthmus.inputs import Table
from isthmus.loading.fitting import Examples, fit

CROSSED = 0.01  # of the way: so far beyond the border an answer lies


def main() -> None:
    """Prints one line a method."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60)
    chosen = parser.parse_args()
    columns, labels = labelled_rows("breast-cancer")
    network = breast_cancer_mlp()
    table = network.input_kind
    assert isinstance(table, Table)
    x, y = table.encode(columns), torch.tensor([network.class_names.index(label) for label in labels])
    train = torch.arange(len(x)) % 3 != 0
    state = fit(network, Examples(x[train], y[train]), batches=600, keep=(600,))[600]
    network.model.load_state_dict(state)
    landscape = isthmus.Landscape(network)
    seen = landscape.logits(x).argmax(1)
    rows = (~train & (seen == y)).nonzero()[:, 0][: chosen.rows]
    known = x[train & (seen == y)], y[train & (seen == y)]
    ask, target = x[rows], 1 - y[rows]
    print(f"{len(ask)} rows, {network.name}, accuracy held out {float((seen == y)[~train].float().mean()):.3f}")
    ways: dict[str, Callable[[], Tensor]] = {
        "path": lambda: crossing(landscape, ask, target, *known),
        "attack": lambda: nearest(landscape, ask, target, *known),
        "sparse": lambda: sparse(landscape, ask, target, nearest(landscape, ask, target, *known)),
    }
    try:
        import dice_ml  # noqa: F401
    except ImportError as error:
        print(f"DiCE is not measured: {error}")
    else:
        for name in ("random", "genetic", "kdtree"):
            ways[f"DiCE, {name}"] = lambda name=name: dice(name, network, x[train], y[train], ask, target)
    print("method           valid   L2 median   L1 median   changed   to a real row   seconds a row")
    for name, way in ways.items():
        begun = time.perf_counter()
        report(name, way(), landscape, ask, target, known, time.perf_counter() - begun)


def crossing(landscape: isthmus.Landscape, x: Tensor, target: Tensor, real: Tensor, of: Tensor) -> Tensor:
    """Where the straight path to the nearest real row of the target becomes the target's, and a little beyond."""
    ends = torch.stack(
        [real[of == t][(real[of == t] - row).norm(dim=1).argmin()] for row, t in zip(x, target, strict=True)]
    )
    return border(landscape, x, ends, target)


def border(landscape: isthmus.Landscape, x: Tensor, ends: Tensor, target: Tensor) -> Tensor:
    """The first crossing on 200 points, halved 20 times."""
    t = torch.linspace(0, 1, 201)
    points = x[:, None] + t[None, :, None] * (ends - x)[:, None]
    there = (landscape.logits(points.flatten(0, 1)).argmax(1).reshape(len(x), -1) == target[:, None]).float()
    first = there.argmax(1)
    low, high = t[(first - 1).clamp_min(0)], t[first]
    for _ in range(20):
        middle = (low + high) / 2
        across = landscape.logits(x + middle[:, None] * (ends - x)).argmax(1) == target
        low, high = torch.where(across, low, middle), torch.where(across, middle, high)
    return x + (high + CROSSED * (1 - high))[:, None] * (ends - x)


def nearest(landscape: isthmus.Landscape, x: Tensor, target: Tensor, real: Tensor, of: Tensor) -> Tensor:
    """PGD within balls that halve while it succeeds, begun at the crossing; then back to the border."""
    best = crossing(landscape, x, target, real, of)
    for share in (0.9, 0.7, 0.5, 0.35, 0.25, 0.18, 0.12):
        radius = share * (crossing(landscape, x, target, real, of) - x).norm(dim=1)
        for number in range(len(x)):
            method = isthmus.making.PGD.l2(epsilon=float(radius[number]), steps=20, toward=True)
            found = isthmus.attack(
                landscape, x[number : number + 1], target[number : number + 1], method=method, progress=False
            )
            if bool(found.success[0]):
                edge = border(landscape, x[number : number + 1], found.x, target[number : number + 1])
                if float((edge - x[number]).norm()) < float((best[number] - x[number]).norm()):
                    best[number] = edge[0]
    return best


def sparse(landscape: isthmus.Landscape, x: Tensor, target: Tensor, answer: Tensor) -> Tensor:
    """Features go back to what they were, the smallest change first; what is left is stretched until it is across."""
    found = answer.clone()
    for number in range(len(x)):
        for feature in (answer[number] - x[number]).abs().argsort():
            tried = found[number].clone()
            tried[feature] = x[number, feature]
            far = landscape.domain.project((x[number] + 4 * (tried - x[number]))[None])
            if bool(landscape.logits(far).argmax() == target[number]):
                found[number] = tried
        far = landscape.domain.project((x[number] + 4 * (found[number] - x[number]))[None])
        found[number] = border(landscape, x[number : number + 1], far, target[number : number + 1])[0]
    return found


def dice(name: str, network: isthmus.Network, real: Tensor, of: Tensor, x: Tensor, target: Tensor) -> Tensor:
    """One answer a row; a row of NaN where it finds none."""
    import dice_ml
    import pandas

    names = [f"f{k}" for k in range(x.shape[1])]
    frame = pandas.DataFrame(real.double().numpy(), columns=names)
    frame["outcome"] = of.numpy()

    class Model:
        def predict_proba(self, rows: object) -> np.ndarray:
            values = torch.tensor(np.asarray(rows, dtype=np.float64)).float()
            with torch.no_grad():
                return network.logits(values).softmax(1).double().numpy()

        def predict(self, rows: object) -> np.ndarray:
            return self.predict_proba(rows).argmax(1)

    data = dice_ml.Data(dataframe=frame, continuous_features=names, outcome_name="outcome")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explainer = dice_ml.Dice(data, dice_ml.Model(model=Model(), backend="sklearn"), method=name)
        found = []
        for row, wanted in zip(x, target.tolist(), strict=True):
            query = pandas.DataFrame(row.double().numpy()[None], columns=names)
            settings = {"random_seed": 0} if name == "random" else {}
            try:
                made = explainer.generate_counterfactuals(
                    query, total_CFs=1, desired_class=wanted, verbose=False, **settings
                )
                answer = made.cf_examples_list[0].final_cfs_df
                found.append(torch.tensor(answer[names].to_numpy(dtype=np.float64)[0]).float())
            except Exception as error:  # noqa: BLE001 (it raises its own kinds where there is none)
                print(f"  DiCE, {name}: {type(error).__name__}: {str(error)[:80]}")
                found.append(torch.full_like(row, torch.nan))
    return torch.stack(found)


def report(
    name: str,
    answer: Tensor,
    landscape: isthmus.Landscape,
    x: Tensor,
    target: Tensor,
    known: tuple[Tensor, Tensor],
    seconds: float,
) -> None:
    """One line."""
    there = answer.isfinite().all(1)
    valid = torch.zeros(len(x), dtype=torch.bool)
    valid[there] = landscape.logits_of(answer[there]).argmax(1) == target[there]
    change = (answer - x)[valid]
    real = torch.stack(
        [(known[0][known[1] == t] - row).norm(dim=1).min() for row, t in zip(answer[valid], target[valid], strict=True)]
    )
    print(
        f"{name:16} {float(valid.float().mean()):5.0%}   {float(change.norm(dim=1).median()):9.2f}   "
        f"{float(change.abs().sum(1).median()):9.2f}   {float((change.abs() > 1e-3).sum(1).float().median()):7.0f}   "
        f"{float(real.median()):13.2f}   {seconds / len(x):13.3f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
