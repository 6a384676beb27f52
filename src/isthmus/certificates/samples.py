"""UniformSamples: what points drawn at random say of all others, for any network at all."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.progress import OnProgress
from isthmus._core.random import generator
from isthmus._core.shapes import Input
from isthmus.certificates.base import Certificate, Certifier, Shown
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import AbstractPath
from isthmus.profiles import Profile


@final
@as_annotated
@dataclass(frozen=True, kw_only=True)
class UniformSamples(Certifier):
    """Points drawn evenly at random along a path: where a share s of its length lies above the threshold, n points all
    miss it with a chance of (1 - s)^n. If none is above, the share is below `share`, at that confidence; it says
    nothing of the rest, and nothing of how high the loss is there.

    Attributes:
        confidence: chance that a path of which more lies above is found out.
        share: of the length, which may remain above.
        seed: of the draw. Each path draws its own points, so that one that was moved is not tested where it was mended.
    """

    kind: ClassVar[str] = "samples"

    confidence: float = 0.999
    share: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("confidence", "share"):
            value = getattr(self, name)
            if not isinstance(value, float) or not 0 < value < 1:
                raise InputError(f"{name} must be a number between 0 and 1, both excluded, got {value!r}.")

    @property
    def points(self) -> int:
        """How many are drawn: the fewest with (1 - share)^n <= 1 - confidence."""
        return math.ceil(math.log1p(-self.confidence) / math.log1p(-self.share))

    def check(self, landscape: AbstractLandscape, x: Input) -> None:
        """Any landscape can be looked at so."""

    def certify(
        self,
        landscape: AbstractLandscape,
        path: AbstractPath,
        profile: Profile,
        threshold: float,
        *,
        on_progress: OnProgress | None = None,
    ) -> Shown:
        t = torch.rand(self.points, generator=generator(self._seed_of(path)), dtype=torch.float64).sort().values
        found = landscape.evaluate(path.at(t), torch.full((len(t),), profile.target), validated=True)
        loss = found.loss.cpu()
        certificate = Certificate(
            kind=self.kind,
            bound=float(loss.max()) if bool(loss.isfinite().all()) else math.inf,
            threshold=threshold,
            parts=self.points,
            covers=1 - self.share,
            subject_to=f"chance: a path of which {self.share:.2%} of the length or more lay above would have been "
            f"found out at a confidence of {self.confidence:.2%}",
        )
        return Shown(certificate, profile.with_points(t, loss, found.logits))

    def _seed_of(self, path: AbstractPath) -> int:
        digest = hashlib.sha256(str(self.seed).encode())
        for name, tensor in sorted(path.tensors().items()):
            digest.update(name.encode() + tensor.detach().cpu().double().numpy().tobytes())
        return int.from_bytes(digest.digest()[:6], "big")
