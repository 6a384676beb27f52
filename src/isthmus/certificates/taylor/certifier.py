"""TaylorModels: certifies paths and surfaces, by enclosing the network on every interval or cell of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.progress import OnProgress
from isthmus._core.shapes import Input, Inputs
from isthmus._core.text import amount, upwards
from isthmus.certificates.base import Band, Cells, Certificate, Certifier, Shown
from isthmus.certificates.following import CannotFollowError, as_written, named_operators
from isthmus.certificates.taylor.boxes import Boxes
from isthmus.certificates.taylor.float64 import CHECKS, difference, in_float64
from isthmus.certificates.taylor.ground import Ground
from isthmus.certificates.taylor.integrals import ORDER, PASSES, Integration, ProvenIntegral
from isthmus.certificates.taylor.interval import bounds
from isthmus.certificates.taylor.patches import Patch, Patches
from isthmus.certificates.taylor.search import Search
from isthmus.certificates.taylor.slopes import Slopes
from isthmus.certificates.taylor.walk import Walk
from isthmus.certificates.taylor.weights import Norms
from isthmus.errors import InputError, NetworkError
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import AbstractPath, Polyline
from isthmus.profiles import Profile

# What is said around the place and the reason why an operator cannot be followed.
AROUND = (
    "Taylor models need a network of layers, smooth functions and ReLU and its relatives, in float64",
    "Use isthmus.UniformSamples(), or a sampled profile: isthmus.profile.",
)
OF_SLOPES = "Taylor models of a gradient need a network of layers and smooth functions, in float64"
INSTEAD = "Of networks of ReLU and its relatives attributions are exact without (exact=True)."
CELLS = 10  # of a surface for each interval of a path that may be looked at


@final
@as_annotated
@dataclass(frozen=True, kw_only=True)
class TaylorModels(Certifier):
    """Taylor models of a network along a path, or over a surface (Makino and Berz 2003, in one variable or two): on an
    interval every neuron is a polynomial of t and a bound of how far it may be off; intervals, or cells, are cut until
    the loss is decided on each.

    For networks of layers, smooth functions (GELU, SiLU, sigmoid, softmax, layer norm, attention, ...), and, by two
    lines between which they lie, ReLU and its relatives. The loss must be one of differences of logits, as
    cross-entropy and the margin are. Along polylines and Bezier curves, and over surfaces between four corners.

    Attributes:
        order: of the polynomials; by default the one that is cheapest for each path or surface, found on the way.
        most: intervals that may be looked at for one path; for one surface, ten times as many cells. Where one place
            alone would take far more, nothing is looked at further.
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
        work = in_float64(landscape, x)
        with torch.inference_mode(False), work.fixed(), as_written(), named_operators(work.network.model, *AROUND):
            point = Walk(Polyline(torch.stack([x, x])))
            bounds(work, point.inputs(Boxes.whole(1, 1, 1), 1), 0, Norms.of(work.network.model))

    def certify(
        self,
        landscape: AbstractLandscape,
        path: AbstractPath,
        profile: Profile,
        threshold: float,
        *,
        on_progress: OnProgress | None = None,
    ) -> Shown:
        walk = Walk(path)
        x = path.at(torch.linspace(0, 1, CHECKS, dtype=torch.float64))
        search, off = self._searched(landscape, walk, x, profile.target, threshold, on_progress)
        seen = profile
        if search.above is not None:
            box = search.above.box
            seen = profile.with_points(walk.positions(box, box.middle), search.above.loss, search.above.logits)
        return Shown(_certificate(search, walk, threshold, off), seen)

    def certify_surface(
        self,
        landscape: AbstractLandscape,
        patches: Sequence[Patch],
        target: int,
        threshold: float,
        *,
        on_progress: OnProgress | None = None,
    ) -> ShownOfSurface:
        """Looks at a whole surface that is low as far as samples go, with polynomials of two variables.

        Args:
            landscape: the landscape, held fixed.
            patches: what the surface is made of.
            target: the class that the loss is about.
            threshold: the loss that the surface is to stay at or below.
            on_progress: called on the way.

        Raises:
            NetworkError: nothing can be shown on this network; it says why.
        """
        ground = Patches(patches)
        search, off = self._searched(landscape, ground, ground.spread(), target, threshold, on_progress)
        found = search.all_found()
        side = torch.tensor([each.side for each in patches], dtype=torch.float64)[found.boxes.number]
        areas = (found.boxes.high - found.boxes.low).prod(1) * side**2
        known = found.upper <= threshold
        left = int((~known).sum())
        # Undecided cells may be so small that the share of the others would be rounded to 1.
        share = 1.0 if not left else min(float(areas[known].sum() / areas.sum()) * (1 - 1e-12), math.nextafter(1, 0))
        certificate = Certificate(
            kind=self.kind,
            bound=float(found.upper[known].max()) if bool(known.any()) else math.inf,
            threshold=threshold,
            parts=len(found.boxes),
            covers=share,
            subject_to=_subject_to(off, left, "cell"),
            cells=Cells(
                ground.places(found.boxes, found.boxes.low),
                ground.places(found.boxes, found.boxes.high),
                found.lower,
                found.upper,
            ),
        )
        if search.above is None:
            return ShownOfSurface(certificate, off)
        box = search.above.box
        return ShownOfSurface(
            certificate, off, (*ground.places(box, box.middle)[0].tolist(), float(search.above.loss[0]))
        )

    def integrate(
        self,
        landscape: AbstractLandscape,
        path: AbstractPath,
        index: int,
        tolerance: float,
        *,
        on_progress: Callable[[int], None] | None = None,
    ) -> ProvenIntegral:
        """The integral of the gradient of a logit along a path, number by number, and how far each may be off.

        Args:
            landscape: on a network, held fixed.
            path: a polyline, or a Bezier curve.
            index: of the logit.
            tolerance: what all numbers together may be off by, in logits.
            on_progress: called on the way, with the forward-equivalents so far.

        Raises:
            NetworkError: the gradient cannot be followed on this network; it says why.
        """
        walk = Walk(path)
        x = path.at(torch.linspace(0, 1, CHECKS, dtype=torch.float64))
        work = in_float64(landscape, x[0])
        with torch.inference_mode(False), work.fixed(), as_written():
            slopes = Slopes.of(work, index, walk.middles(Boxes.whole(1, 1, 1)))
            search = Integration(slopes, walk, self.order or ORDER, self.most, on_progress)
            try:
                search.run(tolerance)
            except CannotFollowError as error:
                raise NetworkError(f"{OF_SLOPES}; {error}. {INSTEAD}") from error
            off = difference(landscape, work, x, index)
        landscape.forward_equivalents += search.cost
        values, bound = search.total()
        return ProvenIntegral(values, bound, search.cost // PASSES, len(search.done), _subject_to(off, 0, "interval"))

    def _searched(
        self,
        landscape: AbstractLandscape,
        ground: Ground,
        x: Inputs,
        target: int,
        threshold: float,
        on_progress: OnProgress | None,
    ) -> tuple[Search, float]:
        """What was found on a ground, some of whose inputs are x, and what logits are off by there."""
        work = in_float64(landscape, x[0])
        with torch.inference_mode(False), work.fixed(), as_written(), named_operators(work.network.model, *AROUND):
            most = self.most * (1 if ground.variables == 1 else CELLS)
            search = Search(work, ground, target, threshold, self.order, most, on_progress)
            with torch.no_grad():
                search.run()
            off = difference(landscape, work, x, target)
        # Points that were evaluated on the way are counted already where there is no copy.
        landscape.forward_equivalents += search.cost - (search.evaluated if work is landscape else 0)
        return search, off


class ShownOfSurface(NamedTuple):
    """A certificate of a surface, by how much logits as they are computed were off, and a point above the threshold, if
    one was met: u, v and loss.
    """

    certificate: Certificate
    off: float
    above: tuple[float, float, float] | None = None


def _certificate(search: Search, walk: Walk, threshold: float, off: float) -> Certificate:
    found = search.all_found()
    begin, end = (walk.positions(found.boxes, places) for places in (found.boxes.low, found.boxes.high))
    order = begin.argsort()
    return Certificate(
        kind=TaylorModels.kind,
        bound=float(found.upper.max()),
        threshold=threshold,
        parts=len(found.boxes),
        subject_to=_subject_to(off, search.undecided, "interval"),
        band=Band(begin[order], end[order], found.lower[order], found.upper[order]),
    )


def _subject_to(off: float, left: int, part: str) -> str:
    """What a bound rests on, and how many parts were left undecided."""
    undecided = f"; {amount(left, part)} {'was' if left == 1 else 'were'} left undecided"
    seen = f"logits as they are computed are off by {upwards(off)} at {CHECKS} points"
    return (
        f"float64, its rounding included ({seen}; numbers that it computes of its weights alone as they are), and exp, "
        f"erf and their like being right to 8 units in the last place{undecided if left else ''}"
    )
