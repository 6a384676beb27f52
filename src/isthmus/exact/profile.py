"""exact_profile: the loss along a path at every point where it could be highest."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from isthmus._shapes import Losses
from isthmus.errors import InputError, NetworkError
from isthmus.exact.breaking import at_changes_of_the_largest
from isthmus.exact.pieces import Pieces, Run
from isthmus.exact.segment import cut_segment
from isthmus.landscape import AbstractLandscape, Landscape
from isthmus.losses import CrossEntropy, Margin
from isthmus.networks.network import Network
from isthmus.paths import Polyline
from isthmus.profiles import Profile
from isthmus.progress import Progress


@final
@dataclass(frozen=True, eq=False)
class ExactProfile(Profile):
    """A profile at every knot of a network of affine pieces.

    Between two knots the logits are affine in t, so cross-entropy is convex and the margin concave: the highest loss
    and the smallest margin of the whole path are among those listed.

    Attributes:
        pieces: number of affine pieces of every segment of the path.
        unresolved: places of max-pooling whose knots could not be told apart; normally 0.
    """

    pieces: tuple[int, ...]
    unresolved: int

    @property
    def margins(self) -> Losses:
        """Logit of the target minus the highest other one, at every knot (m,)."""
        others = self.logits.clone()
        others[:, self.target] = -torch.inf
        return self.logits[:, self.target] - others.amax(1)

    @property
    def min_margin(self) -> float:
        """Smallest margin of the whole path; positive where the target is predicted everywhere."""
        return float(self.margins.min())

    def class_intervals(self) -> list[tuple[float, float, int]]:
        """Begin, end and predicted class of every stretch of the path, also where the class changes inside a piece."""
        groups = torch.arange(self.logits.shape[1])[None]
        whole, _ = at_changes_of_the_largest(Pieces(self.t, self.logits.double(), Run(most=2**62)), groups)
        middle = (whole.numbers[1:] + whole.numbers[:-1]).argmax(1).tolist()
        found: list[tuple[float, float, int]] = []
        for begin, end, index in zip(whole.knots[:-1].tolist(), whole.knots[1:].tolist(), middle, strict=True):
            if found and found[-1][2] == index:
                found[-1] = (found[-1][0], end, index)
            elif end > begin:
                found.append((begin, end, index))
        return found


def exact_profile(
    landscape: AbstractLandscape,
    path: Polyline,
    target: int | Tensor,
    *,
    dtype: torch.dtype | None = None,
    max_batch: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> ExactProfile:
    """The loss along a path with no peak between what is listed: for networks of affine pieces.

    Args:
        landscape: on such a network, with cross-entropy or the margin.
        path: the path.
        target: the class that the loss is about.
        dtype: torch.float64 computes in double precision, on a copy of the network; by default the network's own.
        max_batch: knots held at once; it bounds the memory.
        on_progress: called after every stretch, with thousandths of the path.

    Raises:
        NetworkError: an operator of the network is not affine on pieces; it is named. Another landscape than one on a
            network.
        InputError: target out of range, or vertices that cannot be used.
    """
    if not isinstance(landscape, Landscape) or not isinstance(landscape.loss_function, CrossEntropy | Margin):
        raise NetworkError("An exact profile needs a Landscape on a network, with cross-entropy or the margin.")
    if landscape.autocast is not None:
        raise NetworkError("An exact profile follows float32 or float64; make the landscape without autocast.")
    targets = torch.as_tensor(target).reshape(-1)
    if len(targets) != 1 or targets.is_floating_point():
        raise InputError(f"exact_profile takes one path and one whole number as its target, got target {target}.")
    if not bool(path.vertices.isfinite().all()):
        raise InputError("exact_profile needs finite vertices, got NaN or infinity.")
    landscape.try_out(landscape.prepare(path.vertices))
    work = landscape if dtype is None else _in_precision(landscape, dtype)
    before = work.forward_equivalents
    ends = path.t
    t: list[Tensor] = []
    logits: list[Tensor] = []
    pieces: list[int] = []
    unresolved = 0
    for number in range(len(ends) - 1):
        begin, end = ends[number], ends[number + 1]

        def tell(share: float, begin: float = float(begin), width: float = float(end - begin)) -> None:
            if on_progress is not None:
                cost = work.forward_equivalents - before
                on_progress(Progress(round(1000 * (begin + share * width)), 1000, cost))

        cut = cut_segment(work, path.vertices[number], path.vertices[number + 1], most=max_batch, on_progress=tell)
        skip = 1 if number else 0
        t.append((begin + cut.t * (end - begin))[skip:])
        logits.append(cut.logits[skip:])
        pieces.append(cut.pieces)
        unresolved += cut.unresolved
    if work is not landscape:
        landscape.forward_equivalents += work.forward_equivalents - before
    everywhere = torch.cat(logits)
    losses = landscape.loss_function(everywhere, targets.expand(len(everywhere)))
    return ExactProfile(
        t=torch.cat(t),
        loss=losses,
        logits=everywhere,
        target=int(targets),
        exact=True,
        coarse_max_loss=float(losses.max()),
        pieces=tuple(pieces),
        unresolved=unresolved,
    )


def _in_precision(landscape: Landscape, dtype: torch.dtype) -> Landscape:
    """A landscape on a copy of the network in another precision."""
    network = landscape.network
    model = copy.deepcopy(network.model).to(dtype)
    other = Network(
        model,
        mean=None if network.mean is None else network.mean.tolist(),
        std=None if network.std is None else network.std.tolist(),
        input_shape=network.input_shape,
        name=network.name,
        check=False,
    )
    return Landscape(other, loss=landscape.loss_function, domain=landscape.domain)
