"""keeping: what was looked at is stored as soon as it is there, so that interrupted work goes on from there.

Which segments come next follows from those before: interrupted work is simply begun again, and finds what it asks for.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch

from isthmus._core.shapes import Inputs, Targets
from isthmus.graphs.edges import TYPES, Edges, Numbers
from isthmus.graphs.search import Look
from isthmus.graphs.segments import look_at
from isthmus.landscapes import AbstractLandscape
from isthmus.profiles import Sampling
from isthmus.results import Kept
from isthmus.results.kept import content_of

PART = 512  # segments of a file


def keeping(
    landscape: AbstractLandscape,
    x: Inputs,
    target: Targets,
    folder: Path,
    *,
    sampling: Sampling | None = None,
    look: Look | None = None,
) -> Look:
    """Looks at segments between some inputs, and keeps in a folder what was seen.

    Args:
        landscape: the landscape.
        x, target: the inputs (n, *input) and their classes (n,).
        folder: where to. What was made for other inputs, another network or other settings is made again.
        sampling: how densely segments are looked at.
        look: looks at them elsewhere than here.
    """
    made_for = f"{landscape.describe_anywhere()!r} {sampling!r} {content_of({'x': x, 'target': target})}"
    kept = Kept(folder, made_for)
    count = 0

    def looking(i: Numbers, j: Numbers) -> Edges:
        nonlocal count
        parts = []
        for begin in range(0, len(i), PART):
            a, b = i[begin : begin + PART], j[begin : begin + PART]

            def make(a: Numbers = a, b: Numbers = b) -> dict[str, torch.Tensor]:
                seen = look_at(landscape, x, target, a, b, sampling=sampling) if look is None else look(a, b)
                return {name: torch.from_numpy(np.ascontiguousarray(getattr(seen, name))) for name in TYPES}

            detail = hashlib.sha256(np.stack([a, b]).tobytes()).hexdigest()
            found = kept.get(f"{count:06d}", make, detail=detail)
            parts.append(Edges(**{name: found[name].numpy() for name in TYPES}))
            count += 1
        return Edges.join(parts)

    return looking
