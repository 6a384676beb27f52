"""Sweeping: level by level, what is too high is moved, and what may be is looked at closer."""

from __future__ import annotations

import numpy as np
import torch

from isthmus.connecting.connectors.stopping import Stopping
from isthmus.landscapes import AbstractLandscape
from isthmus.surfaces.adaptive_mesh import AdaptiveMesh
from isthmus.surfaces.evaluating import look_at, on_scale, values_of
from isthmus.surfaces.filling import Outcome, SeenPoints
from isthmus.surfaces.mesh import Flags
from isthmus.surfaces.moving import move_down
from isthmus.surfaces.surface import together
from isthmus.surfaces.work import Work

SLACK = 0.05  # the default threshold is this much above the highest corner
HELD = 2**26  # numbers of inputs that are held at once


def begin(landscape: AbstractLandscape, work: list[Work], threshold: float | None, method: AdaptiveMesh) -> None:
    """Looks at the first lattice, and at the corners."""
    look_at(landscape, work, method.first)
    for each in work:
        step = each.mesh.stride(method.first)
        loss = each.mesh.loss
        corners = loss[np.ix_([0, -1], [0, -1])]
        each.threshold = float(corners.max()) + SLACK if threshold is None else float(threshold)
        u, v, seen = each.mesh.seen()
        each.flat = SeenPoints(u, v, seen)
        if each.outcome is not None:
            continue
        held = each.mesh.held[::step, ::step]
        if not (corners <= each.threshold).all():
            each.outcome = Outcome.CORNER_ABOVE_THRESHOLD
        elif not (loss[::step, ::step][held] <= each.threshold).all():
            each.outcome = Outcome.SIDE_ABOVE_THRESHOLD


def sweep(landscape: AbstractLandscape, work: list[Work], method: AdaptiveMesh) -> None:
    """Level by level: looks, moves what is too high, and finds where to look closer."""
    for level in range(method.first, method.finest + 2):
        if level > method.first:
            look_at(landscape, work, level)
        work = [each for each in work if each.outcome is None]
        if level > method.finest:
            for each in work:
                high = ~(each.mesh.loss <= each.threshold) & ~np.isnan(each.mesh.loss)
                if high.any():
                    each.outcome = _why(each, high)
            return
        touched = _move(landscape, work, level, method)
        closer = []
        for each, nodes in zip(work, touched, strict=True):
            if each.mesh.look_closer(level, on_scale(landscape, each.threshold), nodes) or each.mesh.stale.any():
                closer.append(each)
            elif (high := ~(each.mesh.loss <= each.threshold) & ~np.isnan(each.mesh.loss)).any():
                each.outcome = _why(each, high)
        work = closer


def _why(each: Work, high: Flags) -> Outcome:
    """Of nodes above the threshold at the end: whether they could be moved at all, or only their neighbours could."""
    if each.mesh.held[high].any():
        return Outcome.SIDE_ABOVE_THRESHOLD
    step = each.mesh.stride(each.method.finest)
    return Outcome.ABOVE_THRESHOLD if high[::step, ::step].any() else Outcome.TORN


def _move(landscape: AbstractLandscape, work: list[Work], level: int, method: AdaptiveMesh) -> list[Flags]:
    """Moves the nodes of a level that are too high, of all surfaces together; which were moved, of each."""
    size = 2**level + 1
    touched = [np.zeros((size, size), bool) for _ in work]
    nodes = [(number, a, b) for number, each in enumerate(work) for a, b in zip(*_high(each, level), strict=True)]
    stopping = Stopping(max_steps=method.max_steps, goal=method.goal)
    step = max(1, HELD // (8 * work[0].loop.corners[0].numel())) if work else 1
    for begin in range(0, len(nodes), step):
        part = nodes[begin : begin + step]
        number = torch.tensor([each for each, _, _ in part])
        u, v = (torch.tensor([node[side] for node in part]).double() / 2**level for side in (1, 2))
        x = together([each.surface for each in work], number, u, v)
        stride = [each.mesh.stride(level) for each in work]
        loss = torch.tensor([work[k].mesh.loss[a * stride[k], b * stride[k]] for k, a, b in part]).double()
        limit = torch.tensor([work[k].threshold for k, _, _ in part]).double()
        moved = move_down(
            landscape,
            x,
            torch.tensor([work[k].target for k, _, _ in part]),
            loss,
            stopping.aim(limit, loss),
            max_steps=method.max_steps,
            relax=method.relax,
            longest=method.longest,
        )
        value = values_of(landscape, moved.loss)
        for row, (k, a, b) in enumerate(part):
            each = work[k]
            each.steps += int(moved.steps[row])
            each.cost += 4 * int(moved.steps[row])
            if moved.loss[row] < loss[row]:
                each.surface.move(level, a, b, moved.x[row] - x[row])
                at, strange = slice(row, row + 1), moved.predicted[row : row + 1].numpy() != each.target
                each.mesh.set(level, np.array([a]), np.array([b]), moved.loss[at].numpy(), value[at], strange)
                each.mesh.moved(level, a, b)
                touched[k][a, b] = True
    return touched


def _high(each: Work, level: int) -> tuple[list[int], list[int]]:
    i, j = each.mesh.high(level, each.threshold)
    return i.tolist(), j.tolist()
