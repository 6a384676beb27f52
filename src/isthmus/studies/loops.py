"""Loops that are filled by workers of a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from isthmus.loading import NetworkChoice
from isthmus.studies.engines.on_ray import OnRay, landscape_of_worker, settle
from isthmus.surfaces import fill
from isthmus.surfaces.keeping import Elsewhere, Part, packed


def spread_loops(engine: OnRay, choice: NetworkChoice, settings: dict[str, Any]) -> Elsewhere:
    """Fills loops on all workers of a cluster at a time, a part each.

    Args:
        engine: the cluster.
        choice: the network, as workers load it.
        settings: what `fill` takes beside corners and classes.
    """

    def working(parts: Sequence[Part]) -> Iterator[tuple[int, dict[str, Tensor]]]:
        tasks = [(choice, part.corners.numpy(), part.target.numpy(), settings, *engine.settled) for part in parts]
        yield from engine.each(_fill, tasks)

    return working


def _fill(
    choice: NetworkChoice, corners: Any, target: Any, settings: dict[str, Any], path: str, threads: int
) -> dict[str, Tensor]:
    """What a worker runs. Arrays in the cluster's store cannot be written to: they are copied."""
    settle(path, threads)
    landscape = landscape_of_worker(choice)
    return packed(fill(landscape, torch.from_numpy(corners.copy()), torch.from_numpy(target.copy()), **settings))
