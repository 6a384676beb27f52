"""Proving: whether no point at all of a surface is above the threshold, where random points found none."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch

from isthmus.certificates import Certificate, TaylorModels
from isthmus.certificates.taylor.certifier import ShownOfSurface
from isthmus.errors import NetworkError, OutOfMemoryError
from isthmus.landscapes import AbstractLandscape
from isthmus.surfaces.filling import Outcome, SeenPoints
from isthmus.surfaces.patching import patches_of
from isthmus.surfaces.work import Work

logger = logging.getLogger("isthmus")

TRUSTED = 8.0  # times what logits were seen to be off by: losses by twice that, and where nobody looked by more
SLACK = 1e-6  # of a loss


def prove(landscape: AbstractLandscape, work: list[Work], certifier: TaylorModels, *, last: bool) -> Iterator[None]:
    """Looks at the whole of every surface that is filled as far as random points tell, one at a time.

    A point that turns out to be above is mended like one that they found. Where something is left undecided, the
    certificate is about the rest of the surface; where everything is, it stays that of the random points.
    """
    for each in work:
        if each.outcome not in (Outcome.FLAT, Outcome.FILLED):
            continue
        yield
        assert each.certificate is not None
        before = landscape.forward_equivalents
        try:
            shown = certifier.certify_surface(landscape, patches_of(each.surface), each.target, each.threshold)
        except (NetworkError, OutOfMemoryError, torch.OutOfMemoryError) as error:
            # The network can be looked at so, but not on this surface, or not with this memory.
            logger.warning("a surface could not be proven: %s", error)
            each.certificate = _noted(each.certificate, f"nothing could be proven: {str(error).splitlines()[0]}")
        else:
            if shown.above is not None:
                _taken_back(each, *shown.above, last=last)
            else:
                each.certificate = _together(shown, each.certificate, each.highest)
        each.cost += landscape.forward_equivalents - before


def _together(shown: ShownOfSurface, samples: Certificate, highest: float) -> Certificate:
    """What is known of a surface: the proof, with what random points add to one that is not whole.

    A loss that was computed above the bound, by more than logits were seen to be off, speaks against the proof.
    """
    proof = shown.certificate
    if proof.covers == 0:
        return _noted(samples, "Taylor models could prove nothing of it")
    if proof.whole and highest > proof.bound + TRUSTED * shown.off + SLACK:
        return _noted(
            samples,
            f"nothing is proven of the network as it is computed: in float64 no loss is above {proof.bound:.4g}, but "
            f"{highest:.4g} was computed",
        )
    if proof.whole:
        return proof
    return _noted(proof, f"{samples.parts:,} random points were all at or below the threshold")


def _noted(certificate: Certificate, note: str) -> Certificate:
    return replace(certificate, subject_to=f"{certificate.subject_to}; {note}")


def _taken_back(work: Work, u: float, v: float, loss: float, *, last: bool) -> None:
    """A surface that is above the threshold in a point is not filled yet."""
    assert work.checked is not None
    columns = zip((work.checked.u, work.checked.v, work.checked.loss), (u, v, loss), strict=True)
    work.checked = SeenPoints(*(np.append(column, value) for column, value in columns))
    work.outcome = Outcome.ABOVE_THRESHOLD if last else None
    work.failed += 1
    work.mesh.points = [(u, v)]
