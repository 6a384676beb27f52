"""connect: the one loop. A connector proposes vertices, a profile judges the path, and a pair that is done leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from isthmus._random import generator
from isthmus._shapes import Inputs, SomeVertices, Targets
from isthmus._versions import versions
from isthmus.connection import Connection, Outcome
from isthmus.connections import Connections
from isthmus.connectors.barrier_bypass import BarrierBypass
from isthmus.connectors.base import Batch, Connector, join, take
from isthmus.errors import InputError, NetworkError
from isthmus.exact import exact_profile, try_to_follow
from isthmus.landscape import AbstractLandscape
from isthmus.pair_work import PairWork, Span
from isthmus.paths import Polyline
from isthmus.profiles import Sampling, profile_many
from isthmus.progress import Progress
from isthmus.validation import check_inputs, check_target_range, check_targets

logger = logging.getLogger("isthmus")

SLACK = 0.01  # the default threshold is this much above the higher end


def connect(
    landscape: AbstractLandscape,
    a: Inputs,
    c: Inputs,
    target: Targets,
    *,
    method: Connector | None = None,
    threshold: float | Tensor | None = None,
    seed: int = 0,
    sampling: Sampling | None = None,
    verify: Literal["exact"] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Connections:
    """Looks for a low-loss path between a[i] and c[i] for every i, many pairs at once.

    Args:
        landscape: the landscape.
        a, c: the ends (n, *input), in data units, inside the domain.
        target: class of each pair (n,).
        method: how to lead a path around a barrier; `BarrierBypass()` by default.
        threshold: the loss that a connected path may reach, for all pairs or for each (n,); by default the higher loss
            of the two ends + 0.01.
        seed: of the random numbers that a method may use.
        sampling: how densely paths are looked at; by default as the method says, or else `Sampling()`.
        verify: "exact" certifies every connection: its path is looked at with `exact_profile`, and where that finds a
            peak above the threshold that samples had missed, the work goes on from there.
        on_progress: called after every step.

    Returns:
        One Connection a pair, in order. A pair that fails stops only itself.

    Raises:
        InputError: shapes, types, targets or values that cannot be used; DomainError where ends lie outside.
        NetworkError: with `verify`, the network is not made of affine pieces.
        Interrupted: a KeyboardInterrupt that carries what was finished before Ctrl-C was pressed.
    """
    method = BarrierBypass() if method is None else method
    sampling = sampling or method.sampling or Sampling()
    if verify not in (None, "exact"):
        raise InputError(f"verify must be 'exact' or None, got {verify!r}.")
    thresholds = _check(landscape, a, c, target, threshold)
    if verify:
        try_to_follow(landscape, a[0])
    random = generator(seed)
    report = _Report(landscape, len(a), on_progress)
    description = {
        **landscape.describe(),
        "method": repr(method),
        "sampling": repr(sampling),
        "threshold": f"higher end + {SLACK}" if threshold is None else "given",
        "seed": seed,
        "verify": verify,
        "unit": landscape.unit,
        "versions": versions(),
    }
    found: list[Connection] = []
    work: list[PairWork] = []
    try:
        with landscape.fixed():
            while len(found) < len(a):
                group = slice(len(found), len(found) + _group_size(landscape))
                limits = None if thresholds is None else thresholds[group]
                work = _start(landscape, method, a[group], c[group], target[group], limits, sampling)
                if verify:
                    _certify(landscape, work, report)
                report(sum(pair.outcome is not None for pair in work))
                _solve(landscape, method, work, sampling, random, report, verify=verify is not None)
                found += [pair.connection() for pair in work]  # on the CPU: only a group lies on the device
                work = []
    except KeyboardInterrupt as interrupt:
        done = {len(found) + place: pair for place, pair in enumerate(work) if pair.is_done(verify is not None)}
        numbers = (*range(len(found)), *done)
        finished = Connections((*found, *(pair.connection() for pair in done.values())), description)
        raise Interrupted(finished, numbers, len(a)) from interrupt
    return Connections(tuple(found), description)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with what was finished before.

    Attributes:
        finished: the connections of the pairs that were finished.
        numbers: the numbers of these pairs among all that were asked for.
    """

    def __init__(self, finished: Connections, numbers: tuple[int, ...], total: int) -> None:
        super().__init__(f"interrupted: {len(numbers)} of {total} pairs were finished")
        self.finished = finished
        self.numbers = numbers


class _Report:
    """Tells the caller how far the work is."""

    def __init__(self, landscape: AbstractLandscape, total: int, call: Callable[[Progress], None] | None) -> None:
        self.landscape, self.total, self.call = landscape, total, call
        self.before = landscape.forward_equivalents
        self.done = 0

    def __call__(self, finished: int = 0) -> None:
        self.done += finished
        if self.call is not None:
            self.call(Progress(self.done, self.total, self.landscape.forward_equivalents - self.before))


def _check(
    landscape: AbstractLandscape, a: Inputs, c: Inputs, target: Targets, threshold: float | Tensor | None
) -> Tensor | None:
    check_inputs("a", a, landscape.domain)
    check_inputs("c", c, landscape.domain)
    if a.shape != c.shape or a.dtype != c.dtype:
        raise InputError(
            f"a and c must have the same shape and type, got {tuple(a.shape)} {a.dtype} and {tuple(c.shape)} {c.dtype}."
        )
    check_targets(target, len(a))
    landscape.try_out(torch.cat([landscape.prepare(a[:2]), landscape.prepare(c[:1])]))
    if landscape.classes is None:
        with landscape.fixed():
            landscape.evaluate(a[:1], target[:1], validated=True)
    if landscape.classes is not None:
        check_target_range(target, landscape.classes)
    if threshold is None:
        return None
    limits = torch.as_tensor(threshold, dtype=torch.float64, device="cpu")
    if limits.ndim > 1 or limits.numel() not in (1, len(a)) or bool(limits.isnan().any()):
        raise InputError(f"threshold must be a number or one a pair ({len(a)},), got shape {tuple(limits.shape)}.")
    return limits.reshape(-1).expand(len(a)) if limits.numel() == 1 else limits


def _group_size(landscape: AbstractLandscape) -> int:
    """Pairs worked on at a time: enough to fill batches, few enough that memory does not grow with all pairs."""
    return 4 * (landscape.batch_size or 32)


def _start(
    landscape: AbstractLandscape,
    method: Connector,
    a: Inputs,
    c: Inputs,
    target: Targets,
    thresholds: Tensor | None,
    sampling: Sampling,
) -> list[PairWork]:
    # Never in less than float32, whatever the network computes in: a step may be smaller than half precision shows.
    dtype = torch.promote_types(a.dtype, torch.float32)
    ends = torch.stack([end.detach().to(landscape.device, dtype) for end in (a, c)], dim=1)
    profiles = profile_many(landscape, list(ends), target, sampling=sampling)
    work = []
    for number, direct in enumerate(profiles):
        limit = SLACK + float(torch.maximum(direct.loss[0], direct.loss[-1]))
        threshold = limit if thresholds is None else float(thresholds[number])
        work.append(PairWork(ends[number], [0, 0], direct, threshold, len(direct), method.unconditional))
    return work


def _solve(
    landscape: AbstractLandscape,
    method: Connector,
    work: list[PairWork],
    sampling: Sampling,
    random: torch.Generator,
    report: _Report,
    *,
    verify: bool,
) -> None:
    for number in range(1, method.max_rounds + 1):
        active = [pair for pair in work if pair.outcome is None]
        if not active:
            break
        for pair in active:
            pair.rounds = number
        spans = [(pair, span) for pair in active for span in pair.spans()]
        if not spans:  # a method that works on every pair has met ends above their thresholds
            break
        moved = _move(landscape, method, spans, random, report)
        for (pair, span), vertices in reversed(list(zip(spans, moved, strict=True))):  # vertex numbers stay valid
            pair.put(span, vertices)
        targets = torch.tensor([pair.direct.target for pair in active])
        profiles = profile_many(landscape, [pair.vertices for pair in active], targets, sampling=sampling)
        for pair, profile in zip(active, profiles, strict=True):
            pair.cost += len(profile)
            pair.judge(profile)
        if verify:
            _certify(landscape, active, report)
        report(sum(pair.outcome is not None for pair in active))
    above = [pair for pair in work if pair.outcome is None]
    for pair in above:
        pair.outcome = Outcome.ABOVE_THRESHOLD
    report(len(above))


def _certify(landscape: AbstractLandscape, work: list[PairWork], report: _Report) -> None:
    """Looks exactly at the paths of pairs that are connected as far as samples go."""
    for pair in work:
        if pair.outcome in (Outcome.DIRECT, Outcome.CONNECTED):
            before = landscape.forward_equivalents
            try:
                profile = exact_profile(
                    landscape, Polyline(pair.vertices), pair.direct.target, on_progress=lambda _: report()
                )
            except NetworkError as error:  # the network can be followed, but not along this path: rounding
                logger.warning("a path could not be certified: %s", error)
                pair.outcome = Outcome.NOT_CERTIFIED
            else:
                pair.certify(profile)
            pair.cost += landscape.forward_equivalents - before


def _move(
    landscape: AbstractLandscape,
    method: Connector,
    spans: list[tuple[PairWork, Span]],
    random: torch.Generator,
    report: _Report,
) -> list[SomeVertices]:
    """The new vertices of every span, in order. A span that is done leaves the batch at once."""
    segments = join([pair.segment(span) for pair, span in spans])
    state: Batch = method.init(landscape, segments, random)
    rows = list(range(len(spans)))
    result: dict[int, SomeVertices] = {}
    while rows:
        before = landscape.forward_equivalents
        state = method.step(landscape, segments, state)
        cost = (landscape.forward_equivalents - before) // len(rows)
        for row in rows:
            spans[row][0].steps += 1
            spans[row][0].cost += cost
        report()
        done = method.terminate(segments, state).cpu()
        if bool(done.any()):
            vertices = iter(method.vertices(take(segments, done), take(state, done)))
            result |= {row: next(vertices) for row, ends in zip(rows, done.tolist(), strict=True) if ends}
            rows = [row for row, ends in zip(rows, done.tolist(), strict=True) if not ends]
            segments, state = take(segments, ~done), take(state, ~done)
    return [result[row] for row in range(len(spans))]
