"""Proving: whether no point at all of a surface is above the threshold, where random points found none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from isthmus.certificates import Certificate, TaylorModels
from isthmus.landscapes import AbstractLandscape
from isthmus.surfaces.filling import Outcome, SeenPoints
from isthmus.surfaces.patching import patches_of
from isthmus.surfaces.work import Work


def prove(landscape: AbstractLandscape, work: list[Work], certifier: TaylorModels, *, last: bool) -> Iterator[None]:
    """Looks at the whole of every surface that is filled as far as random points tell, one at a time.

    A point that turns out to be above is mended like one that they found. Where something is left undecided, the
    certificate is about the rest of the surface; where everything is, it stays that of the random points.
    """
    for each in work:
        if each.outcome not in (Outcome.FLAT, Outcome.FILLED):
            continue
        yield
        before = landscape.forward_equivalents
        shown = certifier.certify_surface(landscape, patches_of(each.surface), each.target, each.threshold)
        each.cost += landscape.forward_equivalents - before
        if shown.above is not None:
            _taken_back(each, *shown.above, last=last)
            continue
        assert each.certificate is not None
        each.certificate = _together(shown.certificate, each.certificate)


def _together(proof: Certificate, samples: Certificate) -> Certificate:
    """What is known of a surface: the proof, with what random points add to one that is not whole."""
    if proof.whole:
        return proof
    if proof.covers == 0:
        return replace(samples, subject_to=f"{samples.subject_to}; Taylor models could prove nothing of it")
    every = f"{samples.parts:,} random points were all at or below the threshold"
    return replace(proof, subject_to=f"{proof.subject_to}; {every}")


def _taken_back(work: Work, u: float, v: float, loss: float, *, last: bool) -> None:
    """A surface that is above the threshold in a point is not filled yet."""
    assert work.checked is not None
    columns = zip((work.checked.u, work.checked.v, work.checked.loss), (u, v, loss), strict=True)
    work.checked = SeenPoints(*(np.append(column, value) for column, value in columns))
    work.outcome = Outcome.ABOVE_THRESHOLD if last else None
    work.failed += 1
    work.mesh.points = [(u, v)]
