"""The page of surfaces: each as loss over (u, v), before and after, and under two sliders the input at (u, v)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from isthmus._core.files import plain
from isthmus.certificates import Certificate, UniformSamples
from isthmus.reports import style
from isthmus.reports.rendering import render
from isthmus.reports.stored_pictures import LIMIT, Pictures
from isthmus.surfaces import Filling, Fillings, Surface
from isthmus.surfaces.filling import SeenPoints

SIZES = ((224, 9), (160, 7), (112, 5), (80, 5))  # pixels of a picture, pictures a side: the first that stays small
GRID = 33  # losses a side
MOST_CELLS = 3000  # of a surface; more would be seen as a grey veil


def fill_page(
    found: Fillings,
    *,
    names: Sequence[Sequence[str]],
    class_names: Sequence[str] | None = None,
    title: str = "Filled surfaces",
    made: Mapping[str, Any] | None = None,
    skipped: Mapping[str, str] | None = None,
) -> str:
    """The page as HTML text.

    Args:
        found: the surfaces.
        names: what the four corners of each are called.
        class_names: names of the classes.
        title: the headline.
        made: how it was made, shown at the foot.
        skipped: inputs that could not be used, with the reason.
    """
    for size, side in SIZES:
        store = Pictures(size)
        shown = [_one(each, names[k], class_names, store, side) for k, each in enumerate(found)]
        if store.characters <= LIMIT:
            break
    costs = [each.forward_equivalents for each in found]
    return render(
        "fill.html",
        ("common.js", "axes.js", "fill.js"),
        {"unit": str(found.description.get("unit", "loss")), "surfaces": shown, "pictures": store.urls},
        title=title,
        cards={
            "surfaces": len(found),
            "flat": sum(each.surface.flat and each.filled for each in found),
            "filled": sum(each.filled for each in found),
            "proven": _proven(found),
            "class_kept": sum(each.class_kept for each in found),
            "cost": int(np.median(costs)) if costs else 0,
        },
        skipped=skipped or {},
        made=made or {},
    )


def _one(
    found: Filling, names: Sequence[str], class_names: Sequence[str] | None, store: Pictures, side: int
) -> dict[str, Any]:
    """One surface, ready for JSON; rows of grids and of pictures have the same v."""
    places = np.linspace(0, 1, side)
    flat = Surface(found.surface.loop)
    row = found.row()
    return {
        "names": list(names),
        "class": style.class_name(found.target, class_names),
        "outcome": str(found.outcome),
        "filled": found.filled,
        "proven": found.proven,
        "threshold": plain(found.threshold),
        "flatMax": plain(found.flat_max_loss),
        "max": plain(found.max_loss),
        "flatAbove": found.flat_above,
        "classKept": found.class_kept,
        "moved": found.moved,
        "cost": found.forward_equivalents,
        "area": plain(row["area_ratio"]),
        "peak": list(found.peak),
        "certificate": None if found.certificate is None else _in_words(found.certificate),
        "cells": _cells(found),
        "parts": _parts(found),
        "eightBits": plain(found.eight_bits),
        "before": _grid(found.flat),
        "after": _grid(found.seen),
        "side": side,
        "plain": [[store.add(flat.at(float(u), float(v)), found.input_kind) for u in places] for v in places],
        "found": [[store.add(found.surface.at(float(u), float(v)), found.input_kind) for u in places] for v in places],
    }


def _in_words(certificate: Certificate) -> str:
    """What was shown of a surface, and on what it rests."""
    if certificate.kind == UniformSamples.kind:
        shown = f"No loss above {certificate.bound:.3g} at {certificate.parts:,} random points"
    else:
        where = " at any point" if certificate.whole else ""
        shown = f"Proven: {certificate.claim}{where}, in {certificate.parts:,} cells"
    return f"{shown}; subject to {certificate.subject_to}"


def _proven(found: Fillings) -> int | None:
    """How many are proven at every point; None where nobody asked."""
    asked = str(found.description.get("verify", "")).startswith("TaylorModels")
    return sum(each.proven for each in found) if asked else None


def _parts(found: Filling) -> int:
    """Cells of the proof."""
    return 0 if found.cells is None else len(found.cells.upper)


def _cells(found: Filling) -> list[list[float | bool | None]]:
    """U and v where each cell begins and ends, what is proven to be the most loss there, and whether that decides."""
    cells = found.cells
    if cells is None or len(cells.upper) > MOST_CELLS:
        return []
    places = torch.cat([cells.low, cells.high], 1).tolist()
    uppers = cells.upper.tolist()
    return [
        [*map(plain, place), plain(upper), upper <= found.threshold]
        for place, upper in zip(places, uppers, strict=True)
    ]


def _grid(seen: SeenPoints) -> list[list[float | None]]:
    """Losses on an even lattice, between the points that were seen."""
    from matplotlib.tri import LinearTriInterpolator, Triangulation

    places = np.linspace(0, 1, GRID)
    u, v = np.meshgrid(places, places)
    finite = np.isfinite(seen.loss)
    loss = np.where(finite, seen.loss, seen.loss[finite].max() if finite.any() else 0.0)
    values = LinearTriInterpolator(Triangulation(seen.u, seen.v), loss)(u, v)
    return [[plain(value) for value in row.tolist()] for row in np.ma.filled(values, np.nan)]
