"""Attributions with a proof: how many, at which price, and how far their bounds are from the truth.

    python -m benchmarks.proven_attributions [NAME ...] [--images 20] [--tolerance 1e-3]

Names as benchmarks.certificates has them, of smooth networks. From black to a recognised image, the logit of its class.
Proven is what is known to `tolerance` of the change, all values together. The truth is an adaptive rule at 1e-10.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings

import torch

import isthmus
from benchmarks.certificates import SETTINGS
from isthmus import Landscape, Polyline, attribute

SMOOTH = [name for name in SETTINGS if not name.startswith("relu")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=[name for name in SMOOTH if name not in ("vit-6", "vit-12")])
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    options = parser.parse_args()
    print(f"{torch.get_num_threads()} threads, PyTorch {torch.__version__}, isthmus {isthmus.__version__}")
    print("| network | proven | intervals | gradients | seconds | bounds together, of the change | errors | outside |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for name in options.names:
        network, (x, _, target) = SETTINGS[name](options.images)
        landscape = Landscape(network)
        rows = []
        for image, index in zip(x, target.tolist(), strict=True):
            rows.append(measured(landscape, image, index, options.tolerance))
        known = [row for row in rows if row is not None]
        proven = sum(row["bound"] <= options.tolerance for row in known)
        medians = {key: statistics.median(row[key] for row in known) for key in known[0]} if known else {}
        print(
            f"| {network.name} | {proven} of {len(rows)} | "
            + (
                f"{medians['parts']:g} | {medians['gradients']:g} | {medians['seconds']:.2f} | {medians['bound']:.1e} "
                f"| {medians['error']:.1e} | {sum(row['outside'] for row in known)} |"
                if known
                else "| | | | | |"
            ),
            flush=True,
        )


def measured(landscape: Landscape, image: torch.Tensor, index: int, tolerance: float) -> dict[str, float] | None:
    path = Polyline(torch.stack([torch.zeros_like(image), image]))
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = attribute(landscape, path, index, verify="taylor", tolerance=tolerance, progress=False)
    seconds = time.perf_counter() - began
    if found.error_bound is None:
        return None
    truth = attribute(landscape, path, index, exact=False, tolerance=1e-10, progress=False)
    off, change = (found.values - truth.values).abs(), abs(found.change)
    return {
        "parts": found.parts,
        "gradients": found.gradients,
        "seconds": seconds,
        "bound": float(found.error_bound.sum()) / change,
        "error": float(off.sum()) / change,
        "outside": int((off > found.error_bound + truth.completeness_error).sum()),
    }


if __name__ == "__main__":
    main()
