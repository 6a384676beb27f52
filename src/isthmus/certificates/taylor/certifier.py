"""TaylorModels: certifies paths of smooth networks, by enclosing the network on every interval of the path."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.progress import OnProgress
from isthmus._core.shapes import Input
from isthmus.certificates.base import Band, Certificate, Certifier, Shown
from isthmus.certificates.following import as_written, named_operators
from isthmus.certificates.following.precision import in_precision
from isthmus.certificates.taylor.interval import bounds
from isthmus.certificates.taylor.search import Search
from isthmus.certificates.taylor.walk import pieces_of, stretches
from isthmus.certificates.taylor.weights import Norms
from isthmus.errors import InputError, NetworkError
from isthmus.landscapes import AbstractLandscape, Landscape
from isthmus.paths import AbstractPath, Polyline
from isthmus.profiles import Profile

# What is said around the place and the reason why an operator cannot be followed.
AROUND = (
    "Taylor models need a network of layers, smooth functions and ReLU and its relatives, in float64",
    "Use isthmus.UniformSamples(), or a sampled profile: isthmus.profile.",
)
CHECKS = 8  # points at which the network is compared with itself in float64
WRONG = 1e-2  # of the largest logit there: no rounding does that


@final
@as_annotated
@dataclass(frozen=True, kw_only=True)
class TaylorModels(Certifier):
    """Taylor models of a network along a path (Makino and Berz 2003, in one variable): on an interval every neuron is a
    polynomial of t and a bound of how far it may be off; intervals are cut until the loss is decided on each.

    For networks of layers, smooth functions (GELU, SiLU, sigmoid, softmax, layer norm, attention, ...), and, by two
    lines between which they lie, ReLU and its relatives. The loss must be one of differences of logits, as
    cross-entropy and the margin are. Along polylines and Bezier curves.

    Attributes:
        order: of the polynomials; by default the one that is cheapest for each path, found on the way.
        most: intervals that may be looked at for one path.
    """

    kind: ClassVar[str] = "taylor"

    order: int | None = None
    most: int = 2_000

    def __post_init__(self) -> None:
        if self.order is not None and not 1 <= self.order <= 20:
            raise InputError(f"order must be a whole number from 1 to 20, or None, got {self.order!r}.")
        if self.most < 1:
            raise InputError(f"most must be a whole number >= 1, got {self.most!r}.")

    def check(self, landscape: AbstractLandscape, x: Input) -> None:
        work = _in_float64(landscape, x)
        with torch.inference_mode(False), work.fixed(), as_written(), named_operators(work.network.model, *AROUND):
            point = pieces_of(Polyline(torch.stack([x, x])))
            where = torch.zeros(1, dtype=torch.long), torch.zeros(1), torch.ones(1)
            bounds(work, stretches(point, *where, 1), 0, Norms.of(work.network.model))

    def certify(
        self,
        landscape: AbstractLandscape,
        path: AbstractPath,
        profile: Profile,
        threshold: float,
        *,
        on_progress: OnProgress | None = None,
    ) -> Shown:
        work = _in_float64(landscape, path.at(0.0))
        with torch.inference_mode(False), work.fixed(), as_written(), named_operators(work.network.model, *AROUND):
            search = Search(work, path, profile.target, threshold, self.order, self.most, on_progress)
            with torch.no_grad():
                search.run()
            difference = _difference(landscape, work, path, profile)
        if work is not landscape:
            landscape.forward_equivalents += search.cost
        return Shown(_certificate(search, threshold, difference), search.profile(profile))


def _certificate(search: Search, threshold: float, difference: float) -> Certificate:
    left = f"; {search.undecided:,} intervals were left undecided" if search.undecided else ""
    return Certificate(
        kind=TaylorModels.kind,
        bound=search.bound,
        threshold=threshold,
        parts=search.parts,
        subject_to=f"float64, its rounding included (logits as they are computed are off by {difference:.1g}), and "
        f"exp, erf and their like being right to 8 units in the last place{left}",
        band=Band(*search.band),
    )


def _in_float64(landscape: AbstractLandscape, x: Input) -> Landscape:
    """The landscape on a copy of its network in float64.

    Raises:
        NetworkError: there is none, or its loss is no function of differences of logits.
    """
    if not isinstance(landscape, Landscape) or not landscape.loss_function.monotone:
        raise NetworkError(
            "Taylor models need a Landscape on a network, with a loss that is a function of differences of logits, as "
            "cross-entropy and the margin are."
        )
    return in_precision(landscape, torch.float64, x)


def _difference(landscape: AbstractLandscape, work: Landscape, path: AbstractPath, profile: Profile) -> float:
    """By how much logits as they are computed differ from those in float64, at some points.

    Raises:
        NetworkError: by more than rounding can explain.
    """
    t = torch.linspace(0, 1, CHECKS, dtype=torch.float64)
    target = torch.full((CHECKS,), profile.target)
    x = path.at(t)
    there = landscape.evaluate(x, target, validated=True).logits.cpu().double()
    exact = work.evaluate(x, target, validated=True).logits.cpu()
    apart = float((there - exact).abs().max())
    if not apart <= WRONG * max(1.0, float(exact.abs().max())) or not math.isfinite(apart):
        raise NetworkError(
            f"The network in float64 differs from itself as it is computed by {apart:.3g} in its logits: large terms "
            "cancel in it, or it computes in half precision, and a certificate would be one of another network."
        )
    return apart
