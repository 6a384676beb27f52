"""PlaneMap: loss and predicted class over a piece of a plane: a picture of the landscape and of decision boundaries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from isthmus._shapes import Field, FieldIndex, FieldMask, GridColumns, GridRows
from isthmus.errors import InputError
from isthmus.landscape import AbstractLandscape
from isthmus.paths import Plane
from isthmus.progress import Progress

ROWS = 4096  # points made at a time


@dataclass(frozen=True, eq=False)
class PlaneMap:
    """Loss and class at every (u, v) of a grid, v upwards.

    Attributes:
        u, v: coordinates of columns (w,) and rows (h,).
        loss: loss for the target (h, w).
        predicted: the class predicted (h, w).
        inside: whether the point lies in the landscape's domain (h, w); the network says something outside too.
        target: the class that the loss is about.
    """

    u: GridColumns
    v: GridRows
    loss: Field
    predicted: FieldIndex
    inside: FieldMask
    target: int


def plane_map(
    landscape: AbstractLandscape,
    plane: Plane,
    target: int,
    u: GridColumns,
    v: GridRows,
    *,
    on_progress: Callable[[Progress], None] | None = None,
) -> PlaneMap:
    """Evaluates the landscape on the grid of all (u, v).

    Raises:
        InputError: no coordinates.
    """
    if not len(u) or not len(v):
        raise InputError("A map needs at least one coordinate in each direction.")
    rows, columns = torch.meshgrid(v, u, indexing="ij")
    flat_u, flat_v = columns.reshape(-1), rows.reshape(-1)
    step = max(1, min(ROWS, 2**26 // plane.origin.numel()))
    losses, classes, inside = [], [], []
    before = landscape.forward_equivalents
    landscape.try_out(landscape.prepare(plane.at(u[:1], v[:1])))
    for begin in range(0, len(flat_u), step):
        x = plane.at(flat_u[begin : begin + step], flat_v[begin : begin + step])
        loss, logits = landscape.evaluate(x, torch.full((len(x),), target), validated=True)
        losses.append(loss.double().cpu())
        classes.append(logits.argmax(1).cpu())
        inside.append(landscape.domain.contains(x))
        if on_progress is not None:
            on_progress(Progress(begin + len(x), len(flat_u), landscape.forward_equivalents - before))
    shape = (len(v), len(u))
    return PlaneMap(
        u=u,
        v=v,
        loss=torch.cat(losses).reshape(shape),
        predicted=torch.cat(classes).reshape(shape),
        inside=torch.cat(inside).reshape(shape),
        target=target,
    )
