"""PairWork: one pair while `connect` works on it: its path so far, what is known of it, and where it is too high."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from isthmus._shapes import Vertices
from isthmus.connection import Connection, Outcome
from isthmus.connectors.base import Segments
from isthmus.paths import Bundle, Polyline
from isthmus.profiles import Profile


class Span(NamedTuple):
    """The vertices at both ends of a stretch of the path, and t of the peak between them."""

    left: int
    right: int
    peak: float


@dataclass
class PairWork:
    """One pair while it is worked on.

    Attributes:
        best: vertices, their rounds, and the profile of the best path so far.
        earlier: the best before the present path was judged: what samples praise, certifying may not.
    """

    vertices: Vertices
    rounds_of: list[int]
    direct: Profile
    threshold: float
    cost: int
    unconditional: bool
    outcome: Outcome | None = None
    rounds: int = 0
    steps: int = 0
    profile: Profile = field(init=False)
    best: tuple[Vertices, list[int], Profile] = field(init=False)
    max_loss_after: list[float] = field(default_factory=list)
    earlier: tuple[Vertices, list[int], Profile] | None = None

    def __post_init__(self) -> None:
        ends = (float(self.direct.loss[0]), float(self.direct.loss[-1]))
        self.best = (self.vertices, self.rounds_of, self.direct)
        self.judge(self.direct)
        if self.outcome is None and max(ends) > self.threshold and not self.unconditional:
            self.outcome = Outcome.END_ABOVE_THRESHOLD

    def judge(self, profile: Profile) -> None:
        """Takes the profile of the present path, and says whether the pair is done."""
        self.profile = profile
        self.earlier = self.best if self.max_loss_after else None
        if profile.finite and (self.unconditional or profile.max_loss <= self.best[2].max_loss):
            self.best = (self.vertices, self.rounds_of, profile)
        self.max_loss_after.append(self.best[2].max_loss)
        if not profile.finite:
            self.outcome = Outcome.NOT_FINITE
            return
        if profile.max_loss <= self.threshold and (self.rounds or not self.unconditional):
            self.outcome = Outcome.CONNECTED if self.rounds else Outcome.DIRECT

    def certify(self, exact: Profile) -> None:
        """Puts an exact profile of the present path in the place of the samples; what they missed is seen now."""
        if self.profile is self.direct:
            self.direct = exact
        self.profile = exact
        before = self.earlier
        if exact.max_loss <= self.threshold or before is None or exact.max_loss <= before[2].max_loss:
            self.best = (self.vertices, self.rounds_of, exact)
        else:
            self.best = before
        self.max_loss_after[-1] = self.best[2].max_loss
        if exact.max_loss > self.threshold:
            at_end = max(float(exact.loss[0]), float(exact.loss[-1])) > self.threshold
            self.outcome = Outcome.END_ABOVE_THRESHOLD if at_end and not self.unconditional else None

    def is_done(self, certified: bool) -> bool:
        """Whether nothing is left to do; where connections are certified, one that is not yet is not done."""
        connected = self.outcome in (Outcome.DIRECT, Outcome.CONNECTED)
        return self.outcome is not None and not (certified and connected and not self.profile.exact)

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
            max_loss_after=tuple(self.max_loss_after),
        )

    def put(self, span: Span, vertices: Vertices) -> None:
        """Replaces what lies inside a span by new vertices, placed in the present round."""
        left, right = span.left, span.right
        self.vertices = torch.cat([self.vertices[: left + 1], vertices, self.vertices[right:]])
        self.rounds_of = [*self.rounds_of[: left + 1], *[self.rounds] * len(vertices), *self.rounds_of[right:]]

    def spans(self) -> list[Span]:
        """Stretches of the path above the threshold, in order.

        A vertex that is itself too high is moved on, between its two neighbours; other segments keep their ends.
        """
        profile = self.profile
        t = Bundle.of([self.vertices]).t
        last = len(t) - 1
        if self.unconditional and self.rounds == 1:
            return [Span(0, last, profile.argmax_t)]
        at_vertex = profile.loss[torch.searchsorted(profile.t, t)]
        found: list[Span] = []
        free = [True] * last
        for vertex in sorted(range(1, last), key=lambda vertex: -float(at_vertex[vertex])):
            if float(at_vertex[vertex]) > self.threshold and free[vertex - 1] and free[vertex]:
                free[vertex - 1] = free[vertex] = False
                found.append(Span(vertex - 1, vertex + 1, float(t[vertex])))
        for left in range(last):
            inside = (profile.t > t[left]) & (profile.t < t[left + 1])
            loss = torch.where(inside, profile.loss, -torch.inf)
            if free[left] and float(loss.max()) > self.threshold:
                found.append(Span(left, left + 1, float(profile.t[loss.argmax()])))
        return sorted(found)

    def segment(self, span: Span) -> Segments:
        """A span as the connector is shown it: a batch of one."""
        device = self.vertices.device
        peak = int((self.profile.t - span.peak).abs().argmin())
        return Segments(
            start=self.vertices[span.left : span.left + 1],
            end=self.vertices[span.right : span.right + 1],
            peak=Polyline(self.vertices).at(span.peak)[None],
            peak_loss=torch.tensor([float(self.profile.loss[peak])], device=device, dtype=torch.float64),
            target=torch.tensor([self.direct.target], device=device),
            threshold=torch.tensor([self.threshold], device=device, dtype=torch.float64),
        )
