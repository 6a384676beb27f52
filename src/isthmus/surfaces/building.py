"""fill: looks for a surface of low loss in every loop, many loops at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.given import tensor_of
from isthmus._core.progress import Progress
from isthmus._core.random import generator
from isthmus._core.shapes import AnyCorners, AnyTargets
from isthmus._core.versions import versions
from isthmus.certificates import Certifier, TaylorModels, UniformSamples
from isthmus.certificates.given import certifier_of
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.arguments import targets_of
from isthmus.landscapes.validation import check_inputs, check_target_range
from isthmus.paths import AbstractPath
from isthmus.results.kept import content_of
from isthmus.surfaces.adaptive_mesh import AdaptiveMesh
from isthmus.surfaces.checking import check
from isthmus.surfaces.evaluating import look_at
from isthmus.surfaces.filling import Filling, Outcome
from isthmus.surfaces.fillings import Fillings
from isthmus.surfaces.loops import Cone, Loop, Quadrilateral
from isthmus.surfaces.proving import prove
from isthmus.surfaces.sweeping import SLACK, begin, sweep
from isthmus.surfaces.work import Work

GROUP = 2**20  # numbers of the inputs whose surfaces are worked on together; each holds some hundred inputs
SURFACES = 128  # that are worked on together at most: each has lattices of its own


@renamed
@as_annotated
def fill(
    landscape: AbstractLandscape,
    corners: AnyCorners | None,
    target: AnyTargets,
    *,
    sides: Sequence[Sequence[AbstractPath]] | None = None,
    threshold: float | None = None,
    method: AdaptiveMesh | None = None,
    verify: Certifier | str | None = None,
    seed: int = 0,
    progress: Tell = None,
) -> Fillings:
    """Whether loops can be filled: is there a surface of low loss with the loop as its boundary?

    Args:
        landscape: the landscape.
        corners: of quadrilaterals (n, 4, *input), at (u, v) = (0, 0), (1, 0), (0, 1), (1, 1), in data units, inside the
            domain. Their sides begin straight and are moved with the rest.
        target: class of all loops, or of each (n,), by number or name; "predicted" is what the network sees in all
            corners.
        sides: in the place of corners, four paths for each loop, which are held: from corner 0 to 1, 1 to 3, 2 to 3 and
            0 to 2.
        threshold: the loss that a filled surface may reach; by default the highest loss of the corners + 0.05.
        method: how surfaces are looked at and moved.
        verify: how many random points, which the method did not choose, must be below the threshold at the end;
            `UniformSamples()` by default, or "samples". With `TaylorModels()`, or "taylor", it is proven, after these,
            of every point at all, of surfaces between four corners on networks that it is for.
        seed: of these points.
        progress: as `connect` takes it.

    Returns:
        One Filling a loop, in order. A loop that fails stops only itself.

    Raises:
        InputError: shapes, types, targets or values that cannot be used; DomainError where corners lie outside.
    """
    loops = _loops(landscape, corners, sides)
    method, verify = method or AdaptiveMesh(), certifier_of(verify) or UniformSamples()
    if not isinstance(verify, UniformSamples | TaylorModels):
        raise InputError(f"Surfaces are verified by UniformSamples() or TaylorModels(), got {verify!r}.")
    if isinstance(verify, TaylorModels):
        if sides is not None:
            raise InputError("TaylorModels proves surfaces between four corners; with sides, give UniformSamples().")
        verify.check(landscape, loops[0].corners[0])
    four = torch.stack([loop.corners for loop in loops], 1)
    targets = targets_of(landscape, target, len(loops), list(four))
    landscape.try_out(loops[0].corners)
    if landscape.classes is None:
        landscape.evaluate(loops[0].corners[:1], targets[:1], validated=True)
    if landscape.classes is not None:
        check_target_range(targets, landscape.classes)
    description = landscape.describe() | {
        "unit": landscape.unit,
        "method": repr(method),
        "verify": repr(verify),
        "threshold": f"highest corner + {SLACK}" if threshold is None else "given",
        "seed": seed,
        "versions": versions(),
    }
    group = max(1, min(SURFACES, GROUP // loops[0].corners[0].numel()))
    done: list[Filling] = []
    before = landscape.forward_equivalents
    with telling(progress, "filling", "loops") as tell, landscape.fixed():
        for first in range(0, len(loops), group):
            some = zip(loops[first : first + group], targets[first : first + group].tolist(), strict=True)
            work = [Work(loop, aim, method, _random(seed, loop, aim)) for loop, aim in some]
            for ready in _fill_group(landscape, work, threshold, method, verify):
                spent = landscape.forward_equivalents - before
                tell(Progress(first + ready, len(loops), spent))
            done += [replace(each.filling(), input_kind=landscape.input_kind) for each in work]
    return Fillings(tuple(done), description)


def _loops(
    landscape: AbstractLandscape, corners: AnyCorners | None, sides: Sequence[Sequence[AbstractPath]] | None
) -> list[Loop]:
    if (corners is None) == (sides is None):
        raise InputError("fill takes corners, or sides and None for the corners: exactly one of the two.")
    if corners is not None:
        corners = tensor_of("corners", corners)
        if corners.ndim < 3 or corners.shape[1] != 4:
            raise InputError(f"corners must have the shape (n, 4, *input), got {tuple(corners.shape)}.")
        check_inputs("corners", corners.flatten(0, 1), landscape.domain, landscape.input_kind)
        corners = corners.detach().cpu()
        corners = corners.to(torch.promote_types(corners.dtype, torch.float32))
        return [Quadrilateral(each) for each in corners]
    assert sides is not None
    loops: list[Loop] = []
    for four in sides:
        if len(four) != 4 or not all(isinstance(path, AbstractPath) for path in four):
            raise InputError("sides must hold four paths for each loop: 0 to 1, 1 to 3, 2 to 3 and 0 to 2.")
        lines = [path.to("cpu").in_float().to_polyline() for path in four]
        for line in lines:
            check_inputs("sides", line.vertices, landscape.domain, landscape.input_kind)
        loops.append(Cone(*lines))
    if not loops:
        raise InputError("fill needs at least one loop, got none.")
    return loops


def _random(seed: int, loop: Loop, target: int) -> torch.Generator:
    """Random numbers that are the same for a loop whichever others it is filled with, and when."""
    generator(seed)  # refuses what is no seed
    digest = hashlib.sha256(f"{seed} {target} {content_of(loop.tensors())}".encode()).digest()
    return generator(int.from_bytes(digest[:7], "big"))


def _fill_group(
    landscape: AbstractLandscape,
    work: list[Work],
    threshold: float | None,
    method: AdaptiveMesh,
    verify: UniformSamples | TaylorModels,
) -> Iterator[int]:
    """Works on some loops until all are done; gives how many are, now and then."""
    begin(landscape, work, threshold, method)
    for number in range(method.rounds):
        active = [each for each in work if each.outcome is None]
        if not active:
            break
        yield len(work) - len(active)
        for each in active:
            each.checked = None  # those points are of the surface as it was before it is mended
        sweep(landscape, active, method)
        _lift(landscape, active, method)
        active = [each for each in active if each.outcome is None]
        last = number + 1 == method.rounds
        check(landscape, active, verify if isinstance(verify, UniformSamples) else UniformSamples(), last=last)
        if isinstance(verify, TaylorModels):
            ready = len(work) - sum(each.outcome in (None, Outcome.FLAT, Outcome.FILLED) for each in active)
            for proven, _ in enumerate(prove(landscape, active, verify, last=last)):
                yield ready + proven
    yield len(work)


def _lift(landscape: AbstractLandscape, work: list[Work], method: AdaptiveMesh) -> None:
    """Tries what tears again from other surfaces; what tears whatever is tried ends as it was before."""
    for _ in range(method.lifts):
        torn = [each for each in work if each.outcome is Outcome.TORN and each.lifts < method.lifts]
        if not torn:
            return
        for each in torn:
            each.lift(landscape.domain)
        look_at(landscape, torn, method.first)
        sweep(landscape, [each for each in torn if each.outcome is None], method)
