"""connect: the one loop. A connector proposes vertices, a profile judges the path, and a pair that is done leaves."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from isthmus import registries
from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.progress import OnProgress, Progress
from isthmus._core.random import generator
from isthmus._core.shapes import AnyInputs, AnyLosses, AnyTargets, Index, Inputs, Targets
from isthmus._core.versions import versions
from isthmus._core.warned import warn
from isthmus.certificates import Certifier
from isthmus.certificates.given import certifier_of
from isthmus.connecting.connection import Connection, Outcome
from isthmus.connecting.connections import Connections
from isthmus.connecting.connectors import AnyConnector, BarrierBypass, PathConnector
from isthmus.connecting.pair import PairWork, Span
from isthmus.connecting.request import checked
from isthmus.connecting.shown import check_ends, lay_out, segments_of
from isthmus.connecting.suspects import mark_suspects
from isthmus.descents import leaving
from isthmus.errors import NetworkError, OutOfMemoryError
from isthmus.landscapes import AbstractLandscape, Evaluation
from isthmus.paths import Polyline, on_cpu
from isthmus.profiles import Sampling, Seen, profile_many

logger = logging.getLogger("isthmus")

SLACK = 0.01  # the default threshold is this much above the higher end
ROUGHLY = 0.05  # how well, as a share, the max loss of a path is known that will be moved on


@renamed
@as_annotated
def connect(
    landscape: AbstractLandscape,
    a: AnyInputs,
    c: AnyInputs,
    target: AnyTargets,
    *,
    method: AnyConnector | str | None = None,
    threshold: AnyLosses | None = None,
    seed: int = 0,
    sampling: Sampling | None = None,
    verify: Certifier | str | None = None,
    progress: Tell = None,
) -> Connections:
    """Looks for a low-loss path between a[i] and c[i] for every i, many pairs at once.

    Args:
        landscape: the landscape.
        a, c: the ends (n, *input), in data units, inside the domain; tensors or NumPy arrays.
        target: class of each pair (n,), or one for all: indices or names; "predicted" is the class that the network
            sees in both ends.
        method: how to lead a path around a barrier, or its name, as "string"; `BarrierBypass()` by default.
        threshold: the loss that a connected path may reach, for all pairs or for each (n,); by default the higher loss
            of the two ends + 0.01.
        seed: of the random numbers that a method may use.
        sampling: how densely paths are looked at; by default as the method says, or else `Sampling()`.
        verify: certifies every connection, as `AffinePieces()` does, or a name: "auto", "pieces", "taylor", "samples".
            The whole of its path is looked at, and where a peak is above the threshold that samples had missed, the
            work goes on from there.
        progress: called with a Progress after every step. True shows a bar, False none; None shows one where somebody
            looks on: in a notebook or on a terminal, for work of more than a second.

    Returns:
        One Connection a pair, in order. A pair that fails stops only itself.

    Raises:
        InputError: shapes, types, targets or values that cannot be used; DomainError where ends lie outside.
        NetworkError: with `verify`, paths of this network cannot be certified so.
        Interrupted: a KeyboardInterrupt that carries what was finished before Ctrl-C was pressed.
    """
    method = BarrierBypass() if method is None else registries.METHODS.given(method)
    certifier = certifier_of(verify)
    sampling = sampling or method.sampling or Sampling()
    a, c, target, thresholds = checked(landscape, a, c, target, threshold)
    if certifier is not None:
        certifier.check(landscape, a[0])
    random = generator(seed)
    description = {
        **landscape.describe(),
        "method": repr(method),
        "sampling": repr(sampling),
        "threshold": f"higher end + {SLACK}" if threshold is None else "given",
        "seed": seed,
        "verify": None if certifier is None else repr(certifier),
        "unit": landscape.unit,
        "versions": versions(),
    }
    found: list[Connection] = []
    work: list[PairWork] = []
    try:
        with telling(progress, "connecting", "pairs") as tell, landscape.fixed():
            report = _Report(landscape, len(a), tell)
            while len(found) < len(a):
                group = slice(len(found), len(found) + _group_size(landscape))
                limits = None if thresholds is None else thresholds[group]
                work = _start(landscape, method, a[group], c[group], target[group], limits, sampling)
                _certify(landscape, work, report, certifier)
                report(sum(pair.outcome is not None for pair in work))
                _solve(landscape, method, work, sampling, random, report, certifier)
                paths = on_cpu([pair.best.path for pair in work])  # only a group is on the device
                found += [pair.connection(landscape, path) for pair, path in zip(work, paths, strict=True)]
                work = []
    except KeyboardInterrupt as interrupt:
        done = {len(found) + place: pair for place, pair in enumerate(work) if pair.is_done(certifier is not None)}
        numbers = (*range(len(found)), *done)
        finished = Connections(
            (*found, *(pair.connection(landscape, pair.best.path.to("cpu")) for pair in done.values())), description
        )
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

    def __init__(self, landscape: AbstractLandscape, total: int, call: OnProgress) -> None:
        self.landscape, self.total, self.call = landscape, total, call
        self.before = landscape.forward_equivalents
        self.done = 0

    def __call__(self, finished: int = 0) -> None:
        self.done += finished
        self.call(Progress(self.done, self.total, self.landscape.forward_equivalents - self.before))


def _group_size(landscape: AbstractLandscape) -> int:
    """Pairs worked on at a time: enough to fill batches, few enough that memory does not grow with all pairs."""
    return 4 * (landscape.batch_size or 32)


def _start(
    landscape: AbstractLandscape,
    method: AnyConnector,
    a: Inputs,
    c: Inputs,
    target: Targets,
    thresholds: Tensor | None,
    sampling: Sampling,
) -> list[PairWork]:
    # Never in less than float32, whatever the network computes in: a step may be smaller than half precision shows.
    dtype = torch.promote_types(a.dtype, torch.float32)
    ends = torch.stack([end.detach().to(landscape.device, dtype) for end in (a, c)], dim=1)
    paths = [Polyline(pair) for pair in ends]
    at_ends = landscape.evaluate(ends.flatten(0, 1), target.repeat_interleave(2), validated=True).cpu()
    loss, logits = at_ends.loss.reshape(-1, 2), at_ends.logits.reshape(-1, 2, at_ends.logits.shape[1])
    limits = loss.double().amax(1) + SLACK if thresholds is None else thresholds
    t = torch.tensor([0.0, 1.0], dtype=torch.float64)
    seen = [Seen(t, *each) for each in zip(loss, logits, strict=True)]
    profiles = profile_many(landscape, paths, target, sampling=sampling, seen=seen, ceiling=limits)
    _warn_of_targets(target.cpu(), logits[:, 0].argmax(1), logits[:, 1].argmax(1), landscape.class_names)
    return [
        PairWork(path, direct, limit, len(direct), method.unconditional)
        for path, direct, limit in zip(paths, profiles, limits.tolist(), strict=True)
    ]


def _warn_of_targets(target: Targets, at_a: Index, at_c: Index, names: Sequence[str] | None) -> None:
    """Says it where the network, which sees these classes in the ends, sees the target in neither: labels that are
    shifted look so.
    """
    strange = (at_a != target) & (at_c != target)
    if bool(strange.any()):
        first = int(strange.nonzero()[0])
        aim = int(target[first])
        called = [
            names[index] if names is not None and index < len(names) else str(index)
            for index in (aim, *dict.fromkeys([int(at_a[first]), int(at_c[first])]))
        ]
        seen = " and ".join(called[1:])
        warn(
            f"In {int(strange.sum())} of {len(strange)} pairs the network sees the target in neither end (first: "
            f"target {called[0]}, seen {seen}): are these the right classes, counted from 0?",
        )


def _solve(
    landscape: AbstractLandscape,
    method: AnyConnector,
    work: list[PairWork],
    sampling: Sampling,
    random: torch.Generator,
    report: _Report,
    certifier: Certifier | None,
) -> None:
    for number in range(1, method.max_rounds + 1):
        active = [pair for pair in work if pair.outcome is None]
        if not active:
            break
        for pair in active:
            pair.rounds = number
        if not _move(landscape, method, active, random, report):
            break  # a method that works on every pair has met ends above their thresholds
        targets = torch.tensor([pair.direct.target for pair in active])
        paths = lay_out(active)
        seen = [pair.seen() for pair in active]
        profiles = profile_many(
            landscape,
            paths,
            targets,
            sampling=sampling,
            seen=seen,
            ceiling=torch.tensor([pair.threshold for pair in active], dtype=torch.float64),
            roughly=ROUGHLY if number < method.max_rounds else None,
        )
        for pair, profile, known in zip(active, profiles, seen, strict=True):
            pair.cost += len(profile) - len(known.t)
            pair.judge(profile)
        _certify(landscape, active, report, certifier)
        report(sum(pair.outcome is not None for pair in active))
    above = [pair for pair in work if pair.outcome is None]
    _look_again(landscape, [pair for pair in above if pair.best.path is not pair.path], sampling)
    for pair in above:
        pair.outcome = Outcome.ABOVE_THRESHOLD
    mark_suspects(landscape, [pair for pair in above if pair.steps], len(work))
    report(len(above))


def _look_again(landscape: AbstractLandscape, work: list[PairWork], sampling: Sampling) -> None:
    """Looks well at the best paths of pairs, of which an earlier round knew the max loss roughly."""
    if not work:
        return
    targets = torch.tensor([pair.direct.target for pair in work])
    seen = [Seen(pair.best.profile.t, pair.best.profile.loss, pair.best.profile.logits) for pair in work]
    profiles = profile_many(landscape, [pair.best.path for pair in work], targets, sampling=sampling, seen=seen)
    for pair, profile, known in zip(work, profiles, seen, strict=True):
        pair.cost += len(profile) - len(known.t)
        pair.look_again(profile)


def _certify(landscape: AbstractLandscape, work: list[PairWork], report: _Report, certifier: Certifier | None) -> None:
    """Has the whole paths of pairs looked at that are connected as far as samples go."""
    if certifier is None:
        return
    for pair in work:
        if pair.outcome in (Outcome.DIRECT, Outcome.CONNECTED):
            before = landscape.forward_equivalents
            try:
                shown = certifier.certify(
                    landscape, pair.path, pair.profile, pair.threshold, on_progress=lambda _: report()
                )
            except (NetworkError, OutOfMemoryError, torch.OutOfMemoryError) as error:
                # The network can be looked at so, but not along this path, or not with this memory.
                logger.warning("a path could not be certified: %s", error)
                pair.outcome = Outcome.NOT_CERTIFIED
            else:
                pair.certify(shown)
            pair.cost += landscape.forward_equivalents - before


def _move(
    landscape: AbstractLandscape,
    method: AnyConnector,
    active: list[PairWork],
    random: torch.Generator,
    report: _Report,
) -> bool:
    """Shows the method what is too high, and puts what it proposes into the pairs. False where nothing is shown."""
    whole = isinstance(method, PathConnector)
    spans: list[tuple[PairWork, Span | None]] = [
        (pair, span) for pair in active for span in ([None] if whole else pair.spans())
    ]
    if not spans:
        return False
    segments = segments_of(spans)

    def count(rows: Index, cost: int) -> None:
        for row in rows.tolist():
            spans[row][0].steps += 1
            spans[row][0].cost += 0 if own else cost // len(rows)
        report()

    state = method.init(landscape, segments, random)
    own = method.spent(state) is not None
    proposed: dict[int, Any] = {}
    looked_at: dict[int, Evaluation] = {}
    step = partial(method.step, landscape)
    for left in leaving(landscape, segments, state, step=step, done=method.terminate, on_step=count):
        found = method.paths if isinstance(method, PathConnector) else method.vertices
        rows = left.rows.tolist()
        spent = method.spent(left.state)
        for row, cost in [] if spent is None else zip(rows, spent.cpu().tolist(), strict=True):
            spans[row][0].cost += cost
        proposed |= dict(zip(rows, found(left.problem, left.state), strict=True))
        seen = None if isinstance(method, PathConnector) else method.looked_at(left.problem, left.state)
        if seen is not None:
            looked_at |= {row: Evaluation(*each) for row, *each in zip(rows, *seen.cpu(), strict=True)}
    if isinstance(method, PathConnector):
        check_ends([pair.path for pair, _ in spans], [proposed[row] for row in range(len(spans))])
    for row, (pair, span) in reversed(list(enumerate(spans))):  # vertex numbers stay valid
        if span is None:
            pair.replace(proposed[row])
        else:
            pair.put(span, proposed[row], looked_at.get(row))
    return True
