"""Open parts: what one certifier left undecided of a path, looked at by another."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from isthmus.certificates.base import Band, Certificate, Certifier, Shown
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import Polyline
from isthmus.profiles import Profile

APART = 1e-12  # of the path: parts reach so far into their neighbours, however their ends are rounded
UNDECIDED = "left undecided"  # how a certificate's words about what is open end


def closed(
    landscape: AbstractLandscape, path: Polyline, profile: Profile, threshold: float, shown: Shown, by: Certifier
) -> Shown | None:
    """A certificate of the whole path: the one that is there, and another certifier's for what it left open.

    Args:
        landscape: the landscape, held fixed.
        path: the path.
        profile: what samples said of it.
        threshold: the loss that it is to stay at or below.
        shown: a certificate with a band, which is above the threshold somewhere.
        by: who looks at the rest.

    Returns:
        None where nothing was decided, so that the rest is the whole.

    Raises:
        NetworkError: the other one can show nothing of it.
    """
    first, band = shown.certificate, shown.certificate.band
    if band is None:
        return None
    is_open = band.upper > threshold
    if not bool(is_open.any()) or bool(is_open.all()):
        return None
    upper, parts, said = band.upper.clone(), int((~is_open).sum()), ""
    seen = shown.profile
    for rows in _runs(is_open.tolist()):
        begin, end = float(band.begin[rows[0]]), float(band.end[rows[-1]])
        found = by.certify(landscape, _part(path, begin, end), profile, threshold)
        upper[list(rows)] = found.certificate.bound
        parts, said = parts + found.certificate.parts, found.certificate.subject_to
        if found.certificate.bound > threshold:
            high = found.profile.loss.argmax()[None]
            t = begin + found.profile.t[high] * (end - begin)
            seen = seen.with_points(t, found.profile.loss[high], found.profile.logits[high])
            break
    share = float((band.end - band.begin)[is_open].sum())
    certificate = Certificate(
        kind=f"{first.kind} and {by.kind}",
        bound=float(upper.max()),
        threshold=threshold,
        parts=parts,
        subject_to=f"{_of_the_decided(first.subject_to)}; on {_percent(share)} of the path: {said}",
        band=Band(band.begin, band.end, band.lower, upper),
    )
    return Shown(certificate, seen)


def _runs(is_open: Sequence[bool]) -> list[range]:
    """Open intervals that follow one another."""
    edges = [k for k, each in enumerate(is_open) if each != (is_open[k - 1] if k else False)] + [len(is_open)]
    return [range(first, last) for first, last in zip(edges[::2], edges[1::2], strict=False)]


def _part(path: Polyline, begin: float, end: float) -> Polyline:
    """The path from one position to another, and a little more, in float64."""
    t, vertices = path.t.double(), path.vertices.double()
    low, high = max(0.0, begin - APART), min(1.0, end + APART)

    def at(position: float) -> Tensor:
        number = int(torch.searchsorted(t, position, right=True).clamp(1, len(t) - 1)) - 1
        width = float(t[number + 1] - t[number])
        share = (position - float(t[number])) / width if width > 0 else 0.0
        return torch.lerp(vertices[number], vertices[number + 1], min(max(share, 0.0), 1.0))

    inside = (t > low) & (t < high)
    return Polyline(torch.cat([at(low)[None], vertices[inside], at(high)[None]]))


def _of_the_decided(words: str) -> str:
    return words.rpartition("; ")[0] if words.endswith(UNDECIDED) else words


def _percent(share: float) -> str:
    digits = max(0, 1 - math.floor(math.log10(100 * share))) if share > 0 else 0
    return f"{100 * share:.{digits}f} %"
