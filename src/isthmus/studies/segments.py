"""Segments of a graph, looked at by workers of a Ray cluster."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from isthmus._core.shapes import Inputs, Targets
from isthmus.graphs.edges import Edges, Numbers
from isthmus.graphs.search import Look
from isthmus.graphs.segments import look_at
from isthmus.loading import NetworkChoice
from isthmus.studies.engines.on_ray import OnRay, landscape_of_worker, settle

PART = 64  # segments of a task


def spread(engine: OnRay, choice: NetworkChoice, x: Inputs, target: Targets) -> Look:
    """Looks at segments between some inputs, on all workers of a cluster at a time.

    The cluster must be there while it is used (`OnRay.cluster`); the inputs lie in its store once.

    Args:
        engine: the cluster.
        choice: the network, as workers load it.
        x, target: the inputs (n, *input) and their classes (n,).
    """
    stored: list[Any] = []

    def looking(i: Numbers, j: Numbers) -> Edges:
        with engine.cluster() as ray:
            if not stored:
                stored.append(ray.put((x.cpu().numpy(), target.cpu().numpy())))
            tasks = [
                (choice, stored[0], i[begin : begin + PART], j[begin : begin + PART], *engine.settled)
                for begin in range(0, len(i), PART)
            ]
            parts = dict(engine.each(_look, tasks))
        return Edges.join([parts[number] for number in range(len(tasks))])

    return looking


def _look(choice: NetworkChoice, inputs: tuple[Any, Any], i: Numbers, j: Numbers, path: str, threads: int) -> Edges:
    """What a worker runs. Arrays in the cluster's store cannot be written to: what is used of them is copied."""
    settle(path, threads)
    x, target = inputs
    used, place = np.unique(np.concatenate([i, j]), return_inverse=True)
    own, aims = torch.from_numpy(x[used].copy()), torch.from_numpy(target[used].copy())
    found = look_at(
        landscape_of_worker(choice), own, aims, place[: len(i)].astype(np.int64), place[len(i) :].astype(np.int64)
    )
    return replace(found, i=used[found.i], j=used[found.j])
