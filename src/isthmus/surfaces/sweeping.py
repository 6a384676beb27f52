"""Sweeping: level by level, what is too high is moved, and what may be is looked at closer."""

from __future__ import annotations

import numpy as np
import torch

from isthmus._core.warned import warn
from isthmus.connecting.connectors.stopping import Stopping
from isthmus.landscapes import AbstractLandscape
from isthmus.surfaces.adaptive_mesh import AdaptiveMesh
from isthmus.surfaces.evaluating import evaluate, look_at, on_scale, values_of
from isthmus.surfaces.filling import Outcome, SeenPoints
from isthmus.surfaces.mesh import Flags
from isthmus.surfaces.moving import move_down
from isthmus.surfaces.surface import together
from isthmus.surfaces.work import Work

SLACK = 0.05  # the default threshold is this much above the highest corner
PUSHES = 3  # times that nodes beside something too high are moved further down
INTO = 6  # points a side of a stretched cell
HELD = 2**26  # numbers of inputs that are held at once


def begin(landscape: AbstractLandscape, work: list[Work], threshold: float | None, method: AdaptiveMesh) -> None:
    """Looks at the first lattice, and at the corners."""
    look_at(landscape, work, method.first)
    _warn_of_targets(work)
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


def _warn_of_targets(work: list[Work]) -> None:
    """Says it where the network does not see the target in corners."""
    strange = [int(each.mesh.strange[np.ix_([0, -1], [0, -1])].sum()) for each in work]
    if any(strange):
        first = next(number for number, corners in enumerate(strange) if corners)
        warn(
            f"In {sum(map(bool, strange))} of {len(work)} loops the network does not see the target in all corners "
            f"(first: target {work[first].target}, not seen in {strange[first]} of 4): are these the right classes?"
        )


def sweep(landscape: AbstractLandscape, work: list[Work], method: AdaptiveMesh) -> None:
    """Level by level: looks, moves what is too high, and finds where to look closer."""
    for level in range(method.first, method.finest + 2):
        if level > method.first:
            look_at(landscape, work, level)
        work = [each for each in work if each.outcome is None]
        if level > method.finest:
            _finish(landscape, work, method)
            _look_into_stretched(landscape, work, method)
            return
        touched = _move(landscape, work, level, method)
        closer = []
        for each, nodes in zip(work, touched, strict=True):
            if each.mesh.look_closer(level, on_scale(landscape, each.threshold), nodes) or each.mesh.stale.any():
                closer.append(each)
            elif (high := _above(each)).any():
                each.outcome = _why(each, high)
        work = closer


def _finish(landscape: AbstractLandscape, work: list[Work], method: AdaptiveMesh) -> None:
    """What lies between the finest nodes is not moved: these are pushed further down where it is too high, a few times;
    of a tear that changes nothing.
    """
    for _ in range(PUSHES):
        above = [each for each in work if _above(each).any()]
        if not above:
            return
        for each in above:
            each.mesh.push_around(_above(each), method.finest)
        _move(landscape, above, method.finest, method)
        for each in above:
            each.mesh.pushed[:] = False
        look_at(landscape, above, method.finest + 1)
        work = [each for each in above if each.outcome is None]
    for each in work:
        if (high := _above(each)).any():
            each.outcome = _why(each, high)


def _look_into_stretched(landscape: AbstractLandscape, work: list[Work], method: AdaptiveMesh) -> None:
    """Looks at many points of the finest cells whose corners were moved: where a surface tears, its corners lie low on
    both sides, and the cell is stretched over what is high between them, which points of a lattice may just miss.
    """
    offsets = (np.arange(INTO) + 0.5) / INTO
    work, places = [each for each in work if each.outcome is None], []
    for each in work:
        i, j = each.mesh.beside(each.finest_moved)
        u = (i[:, None, None] + offsets[:, None] + 0 * offsets) / 2**method.finest
        v = (j[:, None, None] + 0 * offsets[:, None] + offsets) / 2**method.finest
        places.append((torch.from_numpy(u.ravel()), torch.from_numpy(v.ravel())))
    counts = torch.tensor([len(u) for u, _ in places])
    if not counts.sum():
        return
    number = torch.arange(len(work)).repeat_interleave(counts)
    seen = evaluate(landscape, work, number, torch.cat([u for u, _ in places]), torch.cat([v for _, v in places]))
    for each, loss, (u, v) in zip(work, torch.split(seen.loss.double(), counts.tolist()), places, strict=True):
        each.cost += len(loss)
        if bool((~(loss <= each.threshold)).any()):
            each.outcome = Outcome.TORN
            each.checked = SeenPoints(u.numpy(), v.numpy(), loss.nan_to_num(torch.inf).numpy())


def _above(each: Work) -> Flags:
    """The nodes that are known to be above the threshold."""
    return ~(each.mesh.loss <= each.threshold) & ~np.isnan(each.mesh.loss)


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
    nodes = [(number, *node) for number, each in enumerate(work) for node in _high(each, level)]
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
            torch.minimum(stopping.aim(limit, loss), loss - torch.where(loss > 0, 0.75 * loss, limit - loss)),
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
                if level == method.finest:
                    each.finest_moved[a, b] = True
                touched[k][a, b] = True
    return touched


def _high(each: Work, level: int) -> list[tuple[int, int]]:
    i, j = each.mesh.high(level, each.threshold)
    return list(zip(i.tolist(), j.tolist(), strict=True))
