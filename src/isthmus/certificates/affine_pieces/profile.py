"""exact_profile: the loss along a path at every point where it could be highest."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import final

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.progress import OnProgress, Progress
from isthmus._core.shapes import AnyTargets, Input, Losses
from isthmus.certificates.affine_pieces.envelope import changes_of_the_largest
from isthmus.certificates.affine_pieces.pieces import between
from isthmus.certificates.affine_pieces.precision import in_precision, largest_difference, lost_too_much, sharpened
from isthmus.certificates.affine_pieces.segment import Cut, cut_segment
from isthmus.errors import InputError, NetworkError
from isthmus.landscapes import AbstractLandscape, Landscape
from isthmus.landscapes.arguments import targets_of
from isthmus.landscapes.losses import Margin
from isthmus.landscapes.validation import check_target_range
from isthmus.paths import Polyline
from isthmus.profiles import Profile


@final
@dataclass(frozen=True, eq=False, repr=False)
class ExactProfile(Profile):
    """A profile at every knot of a network of affine pieces.

    Between two knots the logits are affine in t, so cross-entropy is convex and the margin concave: the highest loss
    and the smallest margin of the whole path are among those listed.

    Attributes:
        pieces: number of affine pieces of every segment of the path.
        unresolved: intervals so short (1e-9 of a segment; 1e-13 in float64) that they are not cut further, although
            there are more knots inside than may be held at once; normally 0.
        difference: the largest difference of logits from what the network says in float64, at places between knots.
    """

    pieces: tuple[int, ...]
    unresolved: int
    difference: float

    @property
    def margins(self) -> Losses:
        """Logit of the target minus the highest other one, at every knot (m,)."""
        return -Margin()(self.logits, torch.full((len(self.logits),), self.target))

    @property
    def min_margin(self) -> float:
        """Smallest margin of the whole path; positive where the target is predicted everywhere."""
        return float(self.margins.min())

    def class_intervals(self) -> list[tuple[float, float, int]]:
        """Begin, end and predicted class of every stretch of the path, also where the class changes inside a piece."""
        logits = self.logits
        every = torch.arange(logits.shape[1])
        changes = changes_of_the_largest(
            self.t, logits, logits.argmax(1, keepdim=True), lambda groups: every.expand(len(groups), -1)
        )
        t = torch.unique(torch.cat([self.t, changes]))
        at = between(self.t, logits, t)
        middle = (at[1:] + at[:-1]).argmax(1).tolist()
        found: list[tuple[float, float, int]] = []
        for begin, end, index in zip(t[:-1].tolist(), t[1:].tolist(), middle, strict=True):
            if found and found[-1][2] == index:
                found[-1] = (found[-1][0], end, index)
            elif end > begin:
                found.append((begin, end, index))
        return found


@renamed
@as_annotated
def exact_profile(
    landscape: AbstractLandscape,
    path: Polyline,
    target: AnyTargets,
    *,
    dtype: torch.dtype | None = None,
    max_batch: int | None = None,
    progress: Tell = None,
) -> ExactProfile:
    """The loss along a path with no peak between what is listed: for networks of affine pieces.

    Losses are in float64. All is computed in the network's own precision, compared with the network in float64 at some
    places, and whatever could be the highest after that is computed again in float64. Where large terms cancel, and
    float32 keeps too little of what is left, all is computed in float64.

    Args:
        landscape: on such a network, with a loss that is convex in the logits, as cross-entropy and the margin are.
        path: the path.
        target: the class that the loss is about, by number or name; "predicted" is what the network sees in both ends.
        dtype: torch.float64 computes everything in double precision, on a copy of the network.
        max_batch: knots held at once; it bounds the memory. By default four times the landscape's batch.
        progress: as `isthmus.connect` takes it; it tells of thousandths of the path.

    Raises:
        NetworkError: an operator of the network is not affine on pieces; it is named. Another landscape than one on a
            network.
        InputError: target out of range, or vertices that cannot be used.
    """
    landscape = of_pieces(landscape)
    _check(dtype, max_batch)
    if not bool(path.vertices.isfinite().all()):
        raise InputError("exact_profile needs finite vertices, got NaN or infinity.")
    index = int(targets_of(landscape, target, 1, list(path.ends[:, None])))
    with telling(progress, "following the path", "thousandths") as tell, landscape.fixed():
        landscape.try_out(path.vertices)
        some = path.vertices[0]
        work = landscape if dtype is None else in_precision(landscape, dtype, some)
        precise = work if work.network.dtype == torch.float64 else in_precision(landscape, torch.float64, some)
        cuts = _cuts(work, path, max_batch, tell)
        if work is not precise and lost_too_much(cuts, work.network.dtype):
            work = precise
            cuts = _cuts(work, path, max_batch, None)
        if lost_too_much(cuts, work.network.dtype):
            raise NetworkError(
                "In the network large terms cancel, and what is left is rounding, even in float64: an exact profile "
                "cannot follow it. Use a sampled profile instead: isthmus.profile."
            )
        check_target_range(torch.tensor([index]), cuts[0].logits.shape[1])
        with precise.fixed():
            difference = largest_difference(precise, path.vertices, cuts)
            if precise is not work:
                cuts = sharpened(precise, path.vertices, cuts, index, difference, most=max_batch)
    for other in {work, precise} - {landscape}:
        landscape.forward_equivalents += other.forward_equivalents
    return _joined(landscape, path, cuts, index, difference)


def _cuts(landscape: Landscape, path: Polyline, most: int | None, on_progress: OnProgress | None) -> list[Cut]:
    """Every segment of a path, cut."""
    before = landscape.forward_equivalents
    cuts = []
    for number, (begin, end) in enumerate(itertools.pairwise(path.t.tolist())):

        def tell(share: float, begin: float = begin, width: float = end - begin) -> None:
            if on_progress is not None:
                cost = landscape.forward_equivalents - before
                on_progress(Progress(round(1000 * (begin + share * width)), 1000, cost))

        start, finish = path.vertices[number], path.vertices[number + 1]
        cuts.append(cut_segment(landscape, start, finish, most=most, on_progress=tell))
    return cuts


def _check(dtype: torch.dtype | None, max_batch: int | None) -> None:
    if dtype not in (None, torch.float32, torch.float64):
        raise InputError(f"exact_profile computes in torch.float32 or torch.float64, got dtype {dtype!r}.")
    if max_batch is not None and max_batch < 1:
        raise InputError(f"max_batch must be a whole number >= 1, got {max_batch!r}.")


def try_pieces(landscape: AbstractLandscape, x: Input) -> None:
    """Finds out, at the price of a few evaluations, whether the pieces of a network can be told apart.

    Raises:
        NetworkError: it cannot; the operator and the module are named. Or it does not run in float64.
    """
    cut_segment(of_pieces(landscape), x, x)
    in_precision(of_pieces(landscape), torch.float64, x)


def of_pieces(landscape: AbstractLandscape) -> Landscape:
    """The landscape, if its loss is highest at knots.

    Raises:
        NetworkError: it is not.
    """
    if not isinstance(landscape, Landscape) or not landscape.loss_function.convex:
        raise NetworkError(
            "An exact profile needs a Landscape on a network, with a loss that is convex in the logits, such as "
            "cross-entropy or the margin."
        )
    if landscape.network.dtype not in (torch.float32, torch.float64):
        raise NetworkError(
            f"An exact profile follows float32 or float64, and the network computes in {landscape.network.dtype}: its "
            "own rounding is too coarse to be told from its loss. Convert it: model.float()."
        )
    if landscape.autocast is not None:
        raise NetworkError("An exact profile follows float32 or float64; make the landscape without autocast.")
    return landscape


def _joined(landscape: Landscape, path: Polyline, cuts: list[Cut], target: int, difference: float) -> ExactProfile:
    ends = path.t
    skip = [int(number > 0) for number in range(len(cuts))]  # a segment begins where the last one ended
    places = zip(ends[:-1], ends[1:], cuts, skip, strict=True)
    logits = torch.cat([cut.logits[after:] for cut, after in zip(cuts, skip, strict=True)]).double()
    losses = landscape.loss_function(logits, torch.full((len(logits),), target))
    return ExactProfile(
        t=torch.cat([(begin + cut.t * (end - begin))[after:] for begin, end, cut, after in places]),
        loss=losses,
        logits=logits,
        target=target,
        coarse_max_loss=float(losses.max()),
        pieces=tuple(cut.pieces for cut in cuts),
        unresolved=sum(cut.unresolved for cut in cuts),
        difference=difference,
    )
