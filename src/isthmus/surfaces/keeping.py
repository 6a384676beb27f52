"""keeping: surfaces are stored as soon as they are there, so that interrupted work goes on from there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from isthmus._core.bars import Tell, telling
from isthmus._core.files import as_read
from isthmus._core.progress import Progress
from isthmus._core.shapes import AnyTargets
from isthmus._core.versions import versions
from isthmus.landscapes import AbstractLandscape
from isthmus.results import Kept
from isthmus.results.kept import content_of
from isthmus.surfaces.building import SURFACES, fill
from isthmus.surfaces.fillings import Fillings

NUMBERS = 2**18  # of the corners' inputs that make a part: one loop of photographs, all of some digits
ROWS = "rows_as_json"


def request_of(
    landscape: AbstractLandscape, corners: torch.Tensor, target: torch.Tensor, **settings: Any
) -> dict[str, Any]:
    """What must be the same for interrupted work to go on, ready for JSON."""
    asked = {name: repr(value) for name, value in sorted(settings.items())}
    return as_read(landscape.describe_anywhere() | asked) | {
        "loops": content_of({"corners": corners, "target": target})
    }


def fill_kept(
    landscape: AbstractLandscape,
    corners: torch.Tensor,
    target: torch.Tensor,
    folder: Path,
    *,
    progress: Tell = None,
    **settings: Any,
) -> Fillings:
    """What `fill` gives, part by part; each is kept in a folder as soon as it is there, and taken from there again.

    Args:
        landscape, corners, target: as `fill` takes them: corners (n, 4, *input) and classes (n,), at least one.
        folder: where to. What was made for other corners, another network or other settings is made again.
        progress: as `fill` takes it.
        settings: the rest of what `fill` takes.
    """
    request = request_of(landscape, corners, target, **settings)
    kept = Kept(folder, f"{request!r} {versions()!r}")
    size = max(1, min(SURFACES, NUMBERS // corners[0, 0].numel()))
    parts: list[Fillings] = []
    before = landscape.forward_equivalents
    description: dict[str, Any] = {}
    with telling(progress, "filling", "loops") as tell:
        for first in range(0, len(corners), size):
            some, aims = corners[first : first + size], target[first : first + size]

            def told(now: Progress, first: int = first) -> None:
                tell(Progress(first + now.done, len(corners), landscape.forward_equivalents - before))

            def make(some: torch.Tensor = some, aims: AnyTargets = aims) -> dict[str, torch.Tensor]:
                found = fill(landscape, some, aims, progress=told, **settings)
                text = json.dumps([found.table().to_pylist(), found.description])
                return {**found.tensors(), ROWS: torch.tensor(list(text.encode()), dtype=torch.uint8)}

            tensors = kept.get(f"{first:06d}", make)
            rows, description = json.loads(bytes(tensors.pop(ROWS).tolist()).decode())
            parts.append(Fillings.restore(rows, tensors, description))
            told(Progress(len(some), len(some), 0))
    found = (replace(each, input_kind=landscape.input_kind) for part in parts for each in part)
    return Fillings(tuple(found), description | {"request": request})
