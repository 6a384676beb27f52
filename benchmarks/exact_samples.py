"""What samples miss: exact barriers beside sampled ones, of direct paths and of the paths that `connect` found.

    python -m benchmarks.exact_samples [mnist] [robust] [resnet20] [--pairs 200] [--rows FOLDER]

`--rows` keeps what was measured, a line a path, and goes on from there the next time.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.exact import network_of, pairs_of
from isthmus import Landscape, Polyline, Sampling, connect, exact_profile
from isthmus.connecting.loop import SLACK
from isthmus.profiles import profile_many

SAMPLINGS = {
    "33 points": Sampling.even(33),
    "101 points": Sampling.even(101),
    "257 points": Sampling.even(257),
    "1000 points": Sampling.even(1000),
    "adaptive (default)": Sampling(),
}
PAIRS = {"mnist": 200, "robust": 200, "resnet20": 50}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", choices=[*PAIRS, []])
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--rows", type=Path, help="folder of what was measured so far")
    options = parser.parse_args()
    print(f"torch {torch.__version__} with {torch.get_num_threads()} threads")
    for name in options.networks or PAIRS:
        rows = measure(name, options.pairs or PAIRS[name], options.rows and options.rows / f"{name}.jsonl")
        for kind in ("direct", "found"):
            show(name, kind, [row for row in rows if row["kind"] == kind])


def measure(name: str, count: int, kept: Path | None) -> list[dict[str, Any]]:
    """A row a path: its exact maximum, and the highest of each kind of samples."""
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept and kept.exists() else []
    landscape = Landscape(network_of(name))
    a, c, target = pairs_of(name, landscape, count)
    found = connect(landscape, a, c, target)
    for number, pair in enumerate(found):
        paths = {"direct": pair.direct_path}
        if pair.connected and pair.first_bypass is not None:
            paths["found"] = pair.path
        for kind, path in paths.items():
            if any(row["pair"] == number and row["kind"] == kind for row in rows):
                continue
            rows.append({"pair": number, "kind": kind, **measured(landscape, path, int(target[number]))})
            if kept:
                kept.parent.mkdir(parents=True, exist_ok=True)
                with kept.open("a") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
    return rows


def measured(landscape: Landscape, path: Polyline, target: int) -> dict[str, Any]:
    began = time.perf_counter()
    exact = exact_profile(landscape, path, target)
    seconds = time.perf_counter() - began
    samples = {}
    for label, sampling in SAMPLINGS.items():
        (seen,) = profile_many(landscape, [path.vertices], torch.tensor([target]), sampling=sampling)
        samples[label] = {"points": len(seen), "max_loss": seen.max_loss}
    return {
        "max_loss": exact.max_loss,
        "threshold": SLACK + float(max(exact.loss[0], exact.loss[-1])),
        "pieces": sum(exact.pieces),
        "unresolved": exact.unresolved,
        "seconds": seconds,
        "samples": samples,
    }


def show(name: str, kind: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    pieces = np.array([row["pieces"] for row in rows])
    seconds = np.mean([row["seconds"] for row in rows])
    print(
        f"\n{name}, {kind} paths of {len(rows)} pairs of one class, {np.median(pieces):.0f} pieces in the median "
        f"({pieces.min()} to {pieces.max()}), {seconds:.2f} s a path, "
        f"{sum(row['unresolved'] for row in rows)} unresolved"
    )
    highest = np.array([row["max_loss"] for row in rows])
    thresholds = np.array([row["threshold"] for row in rows])
    print(
        "| sampling | points | too low by: median | 95 % | most | by more than 0.001 | wrongly connected | at +0.001 |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for label in SAMPLINGS:
        seen = np.array([row["samples"][label]["max_loss"] for row in rows])
        points = np.mean([row["samples"][label]["points"] for row in rows])
        low = highest - seen
        wrong = [
            f"{((seen <= limit) & (highest > limit)).sum()} of {(seen <= limit).sum()}"
            for limit in (thresholds, thresholds - SLACK + 0.001)
        ]
        print(
            f"| {label} | {points:.0f} | {np.median(low):.2g} | {np.quantile(low, 0.95):.2g} | {low.max():.2g} | "
            f"{100 * np.mean(low > 0.001):.1f} % | {wrong[0]} | {wrong[1]} |"
        )


if __name__ == "__main__":
    main()
