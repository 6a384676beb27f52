"""Cheapest: the certifier that suits the network and the path, tried in the order of what they show and cost."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from dataclasses import dataclass, field
from typing import ClassVar, final

from isthmus._core.annotated import as_annotated
from isthmus._core.progress import OnProgress
from isthmus._core.shapes import Input
from isthmus.certificates.affine_pieces import AffinePieces
from isthmus.certificates.base import Certifier, Shown
from isthmus.certificates.open_parts import closed
from isthmus.certificates.samples import UniformSamples
from isthmus.certificates.taylor import TaylorModels
from isthmus.errors import NetworkError
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import AbstractPath, Polyline
from isthmus.profiles import Profile

logger = logging.getLogger("isthmus")

FEW = 200  # intervals after which Taylor models are given up for pieces


@final
@as_annotated
@dataclass(frozen=True, kw_only=True)
class Cheapest(Certifier):
    """Taylor models first, which take few intervals where a network is smooth or small; affine pieces for the intervals
    that they leave open, where the network has them; random points where neither says anything. The certificate names
    the one, or both.

    Attributes:
        taylor, pieces, samples: how each is asked.
    """

    kind: ClassVar[str] = "auto"

    taylor: TaylorModels = field(default_factory=lambda: TaylorModels(most=FEW))
    pieces: AffinePieces = field(default_factory=AffinePieces)
    samples: UniformSamples = field(default_factory=UniformSamples)

    def check(self, landscape: AbstractLandscape, x: Input) -> None:
        """Random points can always be drawn."""

    def certify(
        self,
        landscape: AbstractLandscape,
        path: AbstractPath,
        profile: Profile,
        threshold: float,
        *,
        on_progress: OnProgress | None = None,
    ) -> Shown:
        before: Shown | None = None
        for certifier in (self.taylor, self.pieces):
            try:
                shown = certifier.certify(landscape, path, profile, threshold, on_progress=on_progress)
            except NetworkError as error:
                logger.debug("%s says nothing of a path: %s", certifier.kind, error)
                continue
            if shown.certificate.holds or shown.profile.max_loss > threshold:
                return shown
            before = shown
            if certifier is self.taylor and isinstance(path, Polyline):
                with contextlib.suppress(NetworkError):
                    both = closed(landscape, path, profile, threshold, shown, self.pieces)
                    if both is not None:
                        return both
        drawn = self.samples.certify(landscape, path, profile, threshold, on_progress=on_progress)
        if before is not None and before.certificate.band is not None and drawn.certificate.holds:
            drawn = Shown(dataclasses.replace(drawn.certificate, band=before.certificate.band), drawn.profile)
        return drawn
