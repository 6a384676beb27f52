"""attribute: the integral of an output's gradient along a path, exact where the network is affine on pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

import torch
from torch import Tensor

from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.progress import Progress
from isthmus._core.shapes import AnyTargets, Inputs, Vertices
from isthmus._core.warned import warn
from isthmus.attributions.attribution import Attribution
from isthmus.attributions.curve import at, pieces_of
from isthmus.attributions.logit import Logit
from isthmus.attributions.proving import proven, prover_of
from isthmus.attributions.quadrature import Integral, Slopes, integrated
from isthmus.certificates import TaylorModels
from isthmus.certificates.affine_pieces.segment import cut_segment
from isthmus.certificates.following.precision import in_precision
from isthmus.errors import DomainError, InputError, NetworkError
from isthmus.landscapes import AbstractLandscape, Landscape
from isthmus.landscapes.arguments import PREDICTED, targets_of
from isthmus.landscapes.validation import check_inputs
from isthmus.paths import AbstractPath, Polyline

MOST = 20_000  # gradients
ENOUGH = 0.05  # of the gradients that may be evaluated: after so many pieces it may be guessed how many there are
FAR = 3.0  # times as many: no need to go on
TOLERANCE = 1e-3  # of the change of the output
SINGLE = 1e-4  # tolerances from which on gradients need no more digits than the network has; twice as fast and more


class _TooMany(Exception):  # noqa: N818 (a signal to go on otherwise, never seen by callers)
    """There are more pieces than gradients may be evaluated."""


@overload
def attribute(
    landscape: AbstractLandscape,
    path: AbstractPath,
    output: AnyTargets,
    *,
    exact: bool | None = None,
    tolerance: float = TOLERANCE,
    most: int = MOST,
    verify: TaylorModels | str | None = None,
    progress: Tell = None,
) -> Attribution: ...
@overload
def attribute(
    landscape: AbstractLandscape,
    path: Sequence[AbstractPath],
    output: AnyTargets,
    *,
    exact: bool | None = None,
    tolerance: float = TOLERANCE,
    most: int = MOST,
    verify: TaylorModels | str | None = None,
    progress: Tell = None,
) -> tuple[Attribution, ...]: ...
@renamed
@as_annotated
def attribute(
    landscape: AbstractLandscape,
    path: AbstractPath | Sequence[AbstractPath],
    output: AnyTargets,
    *,
    exact: bool | None = None,
    tolerance: float = TOLERANCE,
    most: int = MOST,
    verify: TaylorModels | str | None = None,
    progress: Tell = None,
) -> Attribution | tuple[Attribution, ...]:
    """How much each number of the input has to do with what happens to a logit along a path.

    On affine pieces the gradient is constant, and the integral a finite sum; elsewhere it is taken by nested rules,
    Romberg's and Simpson's, on intervals, of which those are cut that are worst. Pieces, proofs, and intervals at
    tolerances below 1e-4 are computed in float64, on a copy of the network; other intervals in float32, where that is
    the network's own precision.

    Args:
        landscape: on a network.
        path: from the baseline to the input that is to be explained: `Polyline(torch.stack([baseline, x]))` for
            integrated gradients, or any other, found, shortened, smooth; or many paths.
        output: the class whose logit it is, by number or name; of many paths one for all, or one each. "predicted" is
            what the network sees at the end of the path.
        exact: True asks for affine pieces, False for intervals; by default pieces where the network has them, and no
            more than `most`.
        tolerance: of intervals, how far the sum may be from the change of the output, as a share of that change.
        most: gradients for one path, and at least one for each of its segments; where they do not suffice,
            `completeness_error` says what is left.
        verify: `TaylorModels()`, or "taylor": on networks of smooth functions the values come with a proof of how far
            each is off at most (`error_bound`); together they are proven to `tolerance`, if that can be had.
        progress: as `isthmus.connect` takes it.

    Raises:
        NetworkError: another landscape than one on a network; with `exact`, a network without pieces, or with more than
            `most`; with `verify`, a network whose gradient cannot be followed.
        InputError: no such class, or settings that cannot be used.
    """
    if not isinstance(landscape, Landscape):
        raise NetworkError(f"attribute needs a Landscape on a network, got a {type(landscape).__name__}.")
    if not tolerance > 0 or most < 1:
        raise InputError(f"attribute needs a tolerance > 0 and most >= 1, got {tolerance} and {most}.")
    prover = prover_of(verify, exact)
    paths = [path] if isinstance(path, AbstractPath) else list(path)
    if not paths:
        return ()
    before = landscape.forward_equivalents
    predicted = isinstance(output, str) and output == PREDICTED
    if predicted:
        each = [targets_of(landscape, output, 1, [one.at(1.0)[None]], name="output") for one in paths]
    classes = torch.cat(each) if predicted else targets_of(landscape, output, len(paths), [], name="output")
    found = []
    with telling(progress, "attributing", "paths") as tell, landscape.fixed():
        for number, (one, index) in enumerate(zip(paths, classes.tolist(), strict=True)):

            def beat(spent: int, number: int = number) -> None:
                tell(Progress(number, len(paths), landscape.forward_equivalents - before + spent))

            found.append(_attributed(landscape, one, index, exact, tolerance, most, prover, beat))
            tell(Progress(number + 1, len(paths), landscape.forward_equivalents - before))
    _warn_of_paths(landscape, paths)
    return found[0] if isinstance(path, AbstractPath) else tuple(found)


def _warn_of_paths(landscape: AbstractLandscape, paths: Sequence[AbstractPath]) -> None:
    """A baseline may lie anywhere; inputs of a wrong scale look as if it did."""
    for number, path in enumerate(paths):
        try:
            check_inputs("The ends of a path", path.ends, landscape.domain, landscape.input_kind)
        except DomainError as error:
            warn(f"Path {number} was attributed as it is, although it leaves the domain: {error}")
            return


def _attributed(
    landscape: Landscape,
    path: AbstractPath,
    index: int,
    exact: bool | None,
    tolerance: float,
    most: int,
    prover: TaylorModels | None,
    beat: Callable[[int], None],
) -> Attribution:
    landscape.try_out(path.ends)
    work = in_precision(landscape, torch.float64, path.at(0.0), loss=Logit())
    pieces = [points.to(work.device) for points in pieces_of(path)]
    at_ends = work.evaluate(
        torch.stack([pieces[0][0], pieces[-1][-1]]), torch.zeros(2, dtype=torch.long), validated=True
    )
    if not 0 <= index < at_ends.logits.shape[1]:
        raise InputError(f"output must be a class from 0 to {at_ends.logits.shape[1] - 1}, got {index}.")
    ends = at_ends.logits[:, index].tolist()

    def slopes_on(on: Landscape) -> Slopes:
        def slope(x: Inputs) -> tuple[Tensor, Inputs]:
            beat(spent + on.forward_equivalents)
            given = x.to(on.network.dtype)
            found = on.gradient(given, torch.full((len(x),), index), validated=True, followed=False)
            return found.loss.double(), found.gradient.double()

        return slope

    spent = 0  # before, on another copy of the network

    limit = tolerance * max(abs(ends[1] - ends[0]), 1e-12)
    proof = None if prover is None else proven(landscape, path, index, prover, limit, ends, beat)
    integral = None if proof is None else Integral(proof.values, proof.gradients, proof.parts)
    if exact is not False and prover is None and isinstance(path, Polyline):
        try:
            integral = _on_pieces(work, pieces, slopes_on(work), most, beat, guess=exact is None)
        except (NetworkError, _TooMany) as error:
            if exact:
                reason = str(error) or f"the path has more than {most:,} affine pieces"
                raise NetworkError(f"No exact attribution: {reason}") from error
    elif exact:
        raise NetworkError(f"Affine pieces are those of straight segments, got a {type(path).__name__}.")
    is_exact = integral is not None and proof is None
    if integral is None:
        spent, on = work.forward_equivalents, work
        if tolerance >= SINGLE and landscape.network.dtype == torch.float32:
            on = in_precision(landscape, landscape.network.dtype, path.at(0.0), loss=Logit())
        integral = integrated(pieces, slopes_on(on), limit, most)
        landscape.forward_equivalents += 0 if on is work else on.forward_equivalents
    landscape.forward_equivalents += work.forward_equivalents
    values = integral.values.cpu()
    return Attribution(
        input_kind=landscape.input_kind,
        explained=path.at(1.0).detach().cpu(),
        values=values,
        start=ends[0],
        end=ends[1],
        completeness_error=abs(float(values.sum()) - (ends[1] - ends[0])),
        gradients=integral.gradients,
        parts=integral.parts,
        exact=is_exact,
        error_bound=None if proof is None else proof.error_bound.cpu(),
        subject_to=None if proof is None else proof.subject_to,
    )


def _on_pieces(
    work: Landscape,
    pieces: list[Vertices],
    slope: Slopes,
    most: int,
    beat: Callable[[int], None],
    *,
    guess: bool,
) -> Integral:
    """The sum over affine pieces: the gradient in the middle of each, times how far it goes.

    With `guess` it is given up as soon as the pieces seen so far say that there are far more than `most`.

    Raises:
        NetworkError: the network is not affine on pieces.
    """
    total = torch.zeros_like(pieces[0][0])
    count = walked = 0
    before = work.forward_equivalents

    def stop(share: float) -> None:
        spent = work.forward_equivalents - before
        beat(work.forward_equivalents)
        done = (walked + share) / len(pieces)
        if spent > most or (guess and spent > most * ENOUGH and spent > FAR * most * done):
            raise _TooMany

    for points in pieces:
        cut = cut_segment(work, points[0], points[1], on_progress=stop)
        width = cut.t.diff()
        middle = (cut.t[1:] + cut.t[:-1]) / 2
        real = width > 0
        middle, width = middle[real], width[real]
        count += len(width)
        mean = torch.zeros_like(total)
        for some, share in zip(torch.split(middle, 256), torch.split(width, 256), strict=True):
            slopes = slope(at(points, some))[1]
            mean = mean + torch.tensordot(share.to(slopes), slopes, dims=1)
        total = total + mean * (points[1] - points[0])
        walked += 1
    return Integral(total, count, count)
