"""connect: the one loop. A connector proposes vertices, a profile judges the path, and a pair that is done leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from isthmus._random import generator
from isthmus._shapes import Inputs, Targets, Vertices
from isthmus._versions import versions
from isthmus.connection import Connection, Outcome
from isthmus.connections import Connections
from isthmus.connectors.barrier_bypass import BarrierBypass
from isthmus.connectors.base import Batch, Connector, Segments, join, take
from isthmus.errors import InputError
from isthmus.landscape import AbstractLandscape
from isthmus.paths import Bundle, Polyline
from isthmus.profiles import Profile, Sampling, profile_many
from isthmus.validation import check_inputs, check_target_range, check_targets

SLACK = 0.01  # the default threshold is this much above the higher end


@dataclass(frozen=True)
class Progress:
    """How far `connect` has come."""

    done: int
    total: int
    forward_equivalents: int


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
        sampling: how densely paths are looked at.
        on_progress: called after every step.

    Returns:
        One Connection a pair, in order. A pair that fails stops only itself.

    Raises:
        InputError: shapes, types, targets or values that cannot be used; DomainError where ends lie outside.
        Interrupted: a KeyboardInterrupt that carries what was finished before Ctrl-C was pressed.
    """
    method = BarrierBypass() if method is None else method
    sampling = Sampling() if sampling is None else sampling
    thresholds = _check(landscape, a, c, target, threshold)
    random = generator(seed)
    report = _Report(landscape, len(a), on_progress)
    description = {
        **landscape.describe(),
        "method": repr(method),
        "sampling": repr(sampling),
        "threshold": f"higher end + {SLACK}" if threshold is None else "given",
        "seed": seed,
        "unit": landscape.unit,
        "versions": versions(),
    }
    work: list[_Pair] = []
    try:
        with landscape.fixed():
            while len(work) < len(a):
                group = slice(len(work), len(work) + _group_size(landscape))
                limits = None if thresholds is None else thresholds[group]
                work += _start(landscape, a[group], c[group], target[group], limits, sampling, report)
                _solve(landscape, method, work[group], sampling, random, report)
    except KeyboardInterrupt as interrupt:
        done = {number: pair.connection() for number, pair in enumerate(work) if pair.outcome is not None}
        raise Interrupted(Connections(tuple(done.values()), description), tuple(done), len(a)) from interrupt
    return Connections(tuple(pair.connection() for pair in work), description)


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


@dataclass
class _Pair:
    """One pair while it is worked on."""

    vertices: Vertices
    rounds_of: list[int]
    direct: Profile
    threshold: float
    cost: int
    outcome: Outcome | None = None
    rounds: int = 0
    steps: int = 0
    profile: Profile = field(init=False)
    best: tuple[Vertices, list[int], Profile] = field(init=False)

    def __post_init__(self) -> None:
        ends = (float(self.direct.loss[0]), float(self.direct.loss[-1]))
        self.best = (self.vertices, self.rounds_of, self.direct)
        self.judge(self.direct)
        if self.outcome is None and max(ends) > self.threshold:
            self.outcome = Outcome.END_ABOVE_THRESHOLD

    def judge(self, profile: Profile) -> None:
        """Takes the profile of the present path, and says whether the pair is done."""
        self.profile = profile
        if not profile.finite:
            self.outcome = Outcome.NOT_FINITE
            return
        if profile.max_loss <= self.best[2].max_loss:
            self.best = (self.vertices, self.rounds_of, profile)
        if profile.max_loss <= self.threshold:
            self.outcome = Outcome.CONNECTED if self.rounds else Outcome.DIRECT

    def connection(self) -> Connection:
        """What was found, once there is an outcome."""
        assert self.outcome is not None
        vertices, rounds_of, profile = self.best
        return Connection(
            direct=self.direct,
            profile=profile,
            path=Polyline(vertices.cpu()),
            vertex_rounds=tuple(rounds_of),
            outcome=self.outcome,
            threshold=self.threshold,
            rounds=self.rounds,
            steps=self.steps,
            forward_equivalents=self.cost,
        )


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
    landscape.try_out(landscape.prepare(a[:3]))
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
    a: Inputs,
    c: Inputs,
    target: Targets,
    thresholds: Tensor | None,
    sampling: Sampling,
    report: _Report,
) -> list[_Pair]:
    ends = landscape.prepare(torch.stack([a, c], dim=1).detach())
    profiles = profile_many(landscape, list(ends), target, sampling=sampling)
    work = []
    for number, direct in enumerate(profiles):
        limit = SLACK + float(torch.maximum(direct.loss[0], direct.loss[-1]))
        threshold = limit if thresholds is None else float(thresholds[number])
        work.append(_Pair(ends[number], [0, 0], direct, threshold, len(direct)))
    report(sum(pair.outcome is not None for pair in work))
    return work


def _solve(
    landscape: AbstractLandscape,
    method: Connector,
    work: list[_Pair],
    sampling: Sampling,
    random: torch.Generator,
    report: _Report,
) -> None:
    for number in range(1, method.max_rounds + 1):
        active = [pair for pair in work if pair.outcome is None]
        if not active:
            break
        spans = [(pair, *span) for pair in active for span in _spans(pair)]
        new = _move(landscape, method, [_segment(*span) for span in spans], spans, random, report)
        # From the last span to the first, so that vertex numbers stay valid.
        for (pair, left, right, _), vertices in reversed(list(zip(spans, new, strict=True))):
            pair.vertices = torch.cat([pair.vertices[: left + 1], vertices, pair.vertices[right:]])
            pair.rounds_of = pair.rounds_of[: left + 1] + [number] * len(vertices) + pair.rounds_of[right:]
        targets = torch.tensor([pair.direct.target for pair in active])
        for pair, profile in zip(
            active,
            profile_many(landscape, [pair.vertices for pair in active], targets, sampling=sampling),
            strict=True,
        ):
            pair.rounds = number
            pair.cost += len(profile)
            pair.judge(profile)
        report(sum(pair.outcome is not None for pair in active))
    left = [pair for pair in work if pair.outcome is None]
    for pair in left:
        pair.outcome = Outcome.ABOVE_THRESHOLD
    report(len(left))


def _spans(pair: _Pair) -> Iterator[tuple[int, int, float]]:
    """Stretches of a path above the threshold, in order: (left vertex, right vertex, t of the peak between them).

    A vertex that is itself too high is moved on, between its two neighbours; the other segments keep their ends.
    """
    profile = pair.profile
    t = Bundle.of([pair.vertices]).t
    last = len(t) - 1
    at_vertex = profile.loss[torch.searchsorted(profile.t, t)]
    taken: list[tuple[int, int, float]] = []
    free = [True] * last
    for vertex in sorted(range(1, last), key=lambda vertex: -float(at_vertex[vertex])):
        if float(at_vertex[vertex]) > pair.threshold and free[vertex - 1] and free[vertex]:
            free[vertex - 1] = free[vertex] = False
            taken.append((vertex - 1, vertex + 1, float(t[vertex])))
    for left in range(last):
        if free[left]:
            inside = (profile.t > t[left]) & (profile.t < t[left + 1])
            loss = torch.where(inside, profile.loss, -torch.inf)
            if float(loss.max()) > pair.threshold:
                taken.append((left, left + 1, float(profile.t[loss.argmax()])))
    return iter(sorted(taken))


def _segment(pair: _Pair, left: int, right: int, t: float) -> Segments:
    device = pair.vertices.device
    return Segments(
        start=pair.vertices[left : left + 1],
        end=pair.vertices[right : right + 1],
        peak=Polyline(pair.vertices).at(t)[None],
        target=torch.tensor([pair.direct.target], device=device),
        threshold=torch.tensor([pair.threshold], device=device, dtype=torch.float64),
    )


def _move(
    landscape: AbstractLandscape,
    method: Connector,
    parts: list[Segments],
    spans: list[tuple[_Pair, int, int, float]],
    random: torch.Generator,
    report: _Report,
) -> list[Vertices]:
    """The new vertices of every span, in order."""
    segments = join(parts)
    state: Batch = method.init(landscape, segments, random)
    rows = list(range(len(spans)))
    result: dict[int, Vertices] = {}
    while rows:
        before = landscape.forward_equivalents
        state = method.step(landscape, segments, state)
        cost = (landscape.forward_equivalents - before) // len(rows)
        for row in rows:
            spans[row][0].steps += 1
            spans[row][0].cost += cost
        report()
        done = method.terminate(segments, state).cpu()
        if not bool(done.any()):
            continue
        vertices = method.vertices(take(segments, done), take(state, done))
        result.update(zip([row for row, end in zip(rows, done.tolist(), strict=True) if end], vertices, strict=True))
        rows = [row for row, end in zip(rows, done.tolist(), strict=True) if not end]
        segments, state = take(segments, ~done), take(state, ~done)
    return [result[row] for row in range(len(spans))]
