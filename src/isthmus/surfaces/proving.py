"""Proving: whether no point at all of a surface is above the threshold, where random points found none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from isthmus.certificates import TaylorModels
from isthmus.landscapes import AbstractLandscape
from isthmus.surfaces.filling import Outcome, SeenPoints
from isthmus.surfaces.patching import patches_of
from isthmus.surfaces.work import Work


def prove(landscape: AbstractLandscape, work: list[Work], certifier: TaylorModels, *, last: bool) -> None:
    """Looks at the whole of every surface that is filled as far as random points tell.

    A point that turns out to be above is mended like one that they found. Where something is left undecided, the
    certificate is about the rest of the surface.
    """
    for each in work:
        if each.outcome not in (Outcome.FLAT, Outcome.FILLED):
            continue
        before = landscape.forward_equivalents
        shown = certifier.certify_surface(landscape, patches_of(each.surface), each.target, each.threshold)
        each.cost += landscape.forward_equivalents - before
        if shown.above is not None:
            _taken_back(each, *shown.above, last=last)
            continue
        found, samples = shown.certificate, each.certificate
        if not found.whole and samples is not None:
            found = replace(
                found,
                subject_to=f"{found.subject_to}; {samples.parts:,} random points were all at or below the threshold",
            )
        each.certificate = found


def _taken_back(work: Work, u: float, v: float, loss: float, *, last: bool) -> None:
    """A surface that is above the threshold in a point is not filled yet."""
    assert work.checked is not None
    columns = zip((work.checked.u, work.checked.v, work.checked.loss), (u, v, loss), strict=True)
    work.checked = SeenPoints(*(np.append(column, value) for column, value in columns))
    work.outcome = Outcome.ABOVE_THRESHOLD if last else None
    work.failed += 1
    work.mesh.points = [(u, v)]
