"""keeping: surfaces are stored as soon as they are there, so that interrupted work goes on from there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from isthmus._core.bars import Tell, telling
from isthmus._core.files import as_read
from isthmus._core.progress import OnProgress, Progress
from isthmus._core.versions import versions
from isthmus.certificates import TaylorModels
from isthmus.landscapes import AbstractLandscape
from isthmus.results import Kept
from isthmus.results.kept import content_of
from isthmus.surfaces.building import SURFACES, fill
from isthmus.surfaces.fillings import Fillings

EACH = 4  # loops of a part at most, where a loop takes long or several parts are worked on at a time
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


class Part(NamedTuple):
    """Some of the loops: corners (n, 4, *input) and classes (n,)."""

    name: str
    corners: torch.Tensor
    target: torch.Tensor


Elsewhere = Callable[[Sequence[Part]], Iterator[tuple[int, dict[str, torch.Tensor]]]]


def fill_kept(
    landscape: AbstractLandscape,
    corners: torch.Tensor,
    target: torch.Tensor,
    folder: Path,
    *,
    elsewhere: Elsewhere | None = None,
    progress: Tell = None,
    **settings: Any,
) -> Fillings:
    """What `fill` gives, part by part; each is kept in a folder as soon as it is there, and taken from there again.

    Args:
        landscape, corners, target: as `fill` takes them: corners (n, 4, *input) and classes (n,), at least one.
        folder: where to. What was made for other corners, another network or other settings is made again.
        elsewhere: has parts worked on by others, several at a time; gives the number of each and what `packed` gave, as
            they come. By default they are worked on here, one after another.
        progress: as `fill` takes it.
        settings: the rest of what `fill` takes.
    """
    request = request_of(landscape, corners, target, **settings)
    kept = Kept(folder, f"{request!r} {versions()!r}")
    size = max(1, min(SURFACES, NUMBERS // corners[0, 0].numel()))
    proven = isinstance(settings.get("verify"), TaylorModels)
    size = min(size, EACH) if proven or elsewhere is not None else size
    parts = [
        Part(f"{first:06d} {size}", corners[first : first + size], target[first : first + size])
        for first in range(0, len(corners), size)
    ]
    made: list[Fillings] = []
    before = landscape.forward_equivalents
    with telling(progress, "filling", "loops") as tell:
        if elsewhere is not None:
            _worked_on(parts, kept, elsewhere, tell)
        done = 0
        for part in parts:

            def told(now: Progress, done: int = done) -> None:
                tell(Progress(done + now.done, len(corners), landscape.forward_equivalents - before))

            def make(part: Part = part, told: Tell = told) -> dict[str, torch.Tensor]:
                return packed(fill(landscape, part.corners, part.target, progress=told, **settings))

            made.append(unpacked(kept.get(part.name, make)))
            told(Progress(len(part.target), len(part.target), 0))
            done += len(part.target)
    found = (replace(each, input_kind=landscape.input_kind) for part in made for each in part)
    return Fillings(tuple(found), made[-1].description | {"request": request})


def _worked_on(parts: Sequence[Part], kept: Kept, elsewhere: Elsewhere, tell: OnProgress) -> None:
    """Has the parts that are not there yet worked on by others."""
    missing = [part for part in parts if not kept.has(part.name)]
    total = sum(len(part.target) for part in parts)
    done, cost = total - sum(len(part.target) for part in missing), 0
    for number, tensors in elsewhere(missing):
        kept.get(missing[number].name, lambda tensors=tensors: tensors)  # type: ignore[misc]
        done += len(missing[number].target)
        cost += sum(each.forward_equivalents for each in unpacked(dict(tensors)))
        tell(Progress(done, total, cost))


def packed(found: Fillings) -> dict[str, torch.Tensor]:
    """Surfaces as tensors alone."""
    text = json.dumps([found.table().to_pylist(), found.description])
    return {**found.tensors(), ROWS: torch.tensor(list(text.encode()), dtype=torch.uint8)}


def unpacked(tensors: dict[str, torch.Tensor]) -> Fillings:
    """What `packed` made tensors of."""
    rows, description = json.loads(bytes(tensors.pop(ROWS).tolist()).decode())
    return Fillings.restore(rows, tensors, description)
