"""AffinePieces: certifies paths of networks that are affine on pieces, by looking at every piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from isthmus._core.progress import OnProgress
from isthmus._core.shapes import Input
from isthmus.certificates.affine_pieces.profile import ExactProfile, exact_profile, try_pieces
from isthmus.certificates.base import Certificate, Certifier, Shown
from isthmus.errors import NetworkError
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import AbstractPath, Polyline
from isthmus.profiles import Profile


@final
@dataclass(frozen=True, kw_only=True)
class AffinePieces(Certifier):
    """The loss at every knot of the network along a polyline. Between knots the logits are affine, so a loss that is
    convex in them, as cross-entropy and the margin are, is highest at a knot.

    For networks of affine operators, ReLU and its relatives, and max-pooling.
    """

    kind: ClassVar[str] = "pieces"

    def check(self, landscape: AbstractLandscape, x: Input) -> None:
        try_pieces(landscape, x)

    def certify(
        self,
        landscape: AbstractLandscape,
        path: AbstractPath,
        profile: Profile,
        threshold: float,
        *,
        on_progress: OnProgress | None = None,
    ) -> Shown:
        if not isinstance(path, Polyline):
            raise NetworkError(
                f"Affine pieces are those of straight segments, got a {type(path).__name__}; "
                "use a method that finds polylines, or path.to_polyline()."
            )
        exact = exact_profile(landscape, path, profile.target, progress=on_progress or False)
        return Shown(_certificate(exact, threshold), exact)


def _certificate(exact: ExactProfile, threshold: float) -> Certificate:
    left = f", {exact.unresolved} intervals of the shortest length kept whole" if exact.unresolved else ""
    return Certificate(
        kind=AffinePieces.kind,
        bound=exact.max_loss,
        threshold=threshold,
        parts=sum(exact.pieces),
        subject_to=f"rounding (logits are off by {exact.difference:.1g} where float64 was asked){left}",
    )
