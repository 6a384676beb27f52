"""Checking: random points, which no method chose, tell whether a surface is what it seems to be."""

from __future__ import annotations

import math

import torch

from isthmus.certificates import Certificate, UniformSamples
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.domains import Box, Domain
from isthmus.surfaces.evaluating import evaluate
from isthmus.surfaces.filling import Outcome, SeenPoints
from isthmus.surfaces.work import Work

MORE = 4  # times as many points after every failure


def check(landscape: AbstractLandscape, work: list[Work], verify: UniformSamples, *, last: bool) -> None:
    """Looks at random points of every surface that is low as far as it was looked at.

    A surface that failed before, and was mended, has to pass more of them each time: else it would be tried until luck
    lets it pass.
    """
    if not work:
        return
    counts = torch.tensor([verify.points * MORE ** min(each.failed, 3) for each in work])
    number = torch.arange(len(work)).repeat_interleave(counts)
    drawn = [
        torch.rand((2, count), generator=each.random, dtype=torch.float64)
        for each, count in zip(work, counts.tolist(), strict=True)
    ]
    place = torch.cat(drawn, 1)
    seen = evaluate(landscape, work, number, *place)
    parts = [torch.split(rows, counts.tolist()) for rows in (seen.loss.double(), seen.logits.argmax(1), *place)]
    passed = []
    for each, loss, predicted, u, v in zip(work, *parts, strict=True):
        each.cost += len(loss)
        each.checked = SeenPoints(u.numpy(), v.numpy(), loss.nan_to_num(torch.inf).numpy())
        each.class_kept = bool((predicted == each.target).all())
        above = loss > each.threshold
        if not bool(loss.isfinite().all()):
            each.outcome = Outcome.NOT_FINITE
        elif not bool(above.any()):
            each.outcome = Outcome.FLAT if each.surface.flat else Outcome.FILLED
            each.certificate = _certificate(verify, each.threshold, loss)
            passed.append((each, u, v))
        elif last:
            each.outcome = Outcome.ABOVE_THRESHOLD
        else:
            each.failed += 1
            each.mesh.points = list(zip(u[above].tolist(), v[above].tolist(), strict=True))
    if passed and _pixels(landscape.domain):
        _look_at_eight_bits(landscape, passed)


def _certificate(verify: UniformSamples, threshold: float, loss: torch.Tensor) -> Certificate:
    """What so many points say: the largest share that they would all have missed at that confidence."""
    share = -math.expm1(math.log1p(-verify.confidence) / len(loss)) if len(loss) > verify.points else verify.share
    return Certificate(
        kind=verify.kind,
        bound=float(loss.max()),
        threshold=threshold,
        parts=len(loss),
        covers=1 - share,
        subject_to=f"chance: a surface of which {share:.2%} of the square or more lay above would have been found out "
        f"at a confidence of {verify.confidence:.2%}",
    )


def _look_at_eight_bits(landscape: AbstractLandscape, passed: list[tuple[Work, torch.Tensor, torch.Tensor]]) -> None:
    """The same points, rounded to 8 bits a number."""
    work = [each for each, _, _ in passed]
    counts = torch.tensor([len(u) for _, u, _ in passed])
    number = torch.arange(len(work)).repeat_interleave(counts)
    u, v = torch.cat([u for _, u, _ in passed]), torch.cat([v for _, _, v in passed])
    loss = evaluate(landscape, work, number, u, v, rounded=True).loss
    for each, part in zip(work, torch.split(loss, counts.tolist()), strict=True):
        each.cost += len(part)
        each.eight_bits = float(part.max())


def _pixels(domain: Domain) -> bool:
    """Whether numbers are pixels between 0 and 1."""
    bounds = (domain.low, domain.high) if isinstance(domain, Box) else (None, None)
    return not any(isinstance(bound, torch.Tensor) for bound in bounds) and bounds == (0, 1)
