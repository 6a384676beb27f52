"""PairWork: one pair while `connect` works on it: its path so far, what is known of it, and where it is too high."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from isthmus._core.shapes import Parameters, Vertices
from isthmus.certificates import Certificate, Shown
from isthmus.connecting.connection import Connection, Outcome, seen_classes
from isthmus.landscapes import AbstractLandscape, Evaluation
from isthmus.paths import AbstractPath, Polyline
from isthmus.profiles import Profile, Seen

Corners: TypeAlias = NDArray[np.float64]  # positions, from 0 to 1


class Span(NamedTuple):
    """The vertices at both ends of a stretch of the path, and t and loss of the peak between them."""

    left: int
    right: int
    peak: float
    loss: float


class Found(NamedTuple):
    """A path of the pair with what is known of it."""

    path: AbstractPath
    rounds_of: tuple[int, ...]
    profile: Profile
    certificate: Certificate | None


@dataclass
class PairWork:
    """One pair while it is worked on.

    Attributes:
        path: the present one, on the landscape's device.
        rounds_of: the round in which each vertex of it was placed.
        profile: of the present path.
        best: the best path so far.
        earlier: the best before the present path was judged: what samples praise, a certifier may not.
        corners: positions of the corners of the present path; those of a new one are not known before `lay_out`.
        looked_at: positions of the corners of the path that `profile` is of.
        origin: which corner of it each corner of the present path is; of one that is new, what was seen there, or None;
            nothing where the two share nothing but their ends.
    """

    path: AbstractPath
    direct: Profile
    threshold: float
    cost: int
    unconditional: bool
    rounds_of: tuple[int, ...] = (0, 0)
    outcome: Outcome | None = None
    rounds: int = 0
    steps: int = 0
    suspect: bool = False
    profile: Profile = field(init=False)
    best: Found = field(init=False)
    max_loss_after: list[float] = field(default_factory=list)
    earlier: Found | None = None
    origin: tuple[int | Evaluation | None, ...] = field(init=False)
    corners: Corners = field(init=False)
    looked_at: Corners = field(init=False)

    def __post_init__(self) -> None:
        ends = (float(self.direct.loss[0]), float(self.direct.loss[-1]))
        self.best = Found(self.path, self.rounds_of, self.direct, None)
        self.corners = np.array([0.0, 1.0])
        self.judge(self.direct)
        if self.outcome is None and max(ends) > self.threshold and not self.unconditional:
            self.outcome = Outcome.END_ABOVE_THRESHOLD

    def judge(self, profile: Profile) -> None:
        """Takes the profile of the present path, and says whether the pair is done."""
        self.profile, self.looked_at = profile, self.corners
        self.origin = tuple(range(len(self.corners)))
        self.earlier = self.best if self.max_loss_after else None
        finite, highest = profile.finite, profile.max_loss
        lowest = self.max_loss_after[-1] if self.max_loss_after else highest
        if finite and (self.unconditional or highest <= lowest):
            self.best = Found(self.path, self.rounds_of, profile, None)
            lowest = highest
        self.max_loss_after.append(lowest)
        if not finite:
            self.outcome = Outcome.NOT_FINITE
            return
        if highest <= self.threshold and (self.rounds or not self.unconditional):
            self.outcome = Outcome.CONNECTED if self.rounds else Outcome.DIRECT

    def replace(self, path: AbstractPath) -> None:
        """Takes a path that shares nothing with the one before but its ends."""
        self.path, self.rounds_of, self.origin = path, (), ()

    def seen(self) -> Seen:
        """What is known of the present path already: its old corners, and whatever lies between neighbours of them."""
        if not self.origin:
            return self._at(np.array([0.0, 1.0]), np.array([0, len(self.profile) - 1]))
        old, new, t = self.looked_at, self.corners, self.profile.t.numpy()
        parts: list[Seen] = []
        for number, (corner, origin) in enumerate(zip(new, self.origin, strict=True)):
            if isinstance(origin, Evaluation):
                parts.append(Seen(torch.tensor([corner]), origin.loss[None], origin.logits[None]))
            if not isinstance(origin, int):
                continue
            here = (t == old[origin]).nonzero()[0][:1]
            parts.append(self._at(np.full(len(here), corner), here))
            if number + 1 < len(new) and self.origin[number + 1] == origin + 1 and old[origin + 1] > old[origin]:
                inside = ((t > old[origin]) & (t < old[origin + 1])).nonzero()[0]
                share = (t[inside] - old[origin]) / (old[origin + 1] - old[origin])
                parts.append(self._at(corner + share * (new[number + 1] - corner), inside))
        return Seen(*(torch.cat(part) for part in zip(*parts, strict=True)))

    def _at(self, t: NDArray[np.float64], rows: NDArray[np.int64]) -> Seen:
        """Rows of the profile, which lie at t on the present path."""
        which = torch.from_numpy(rows)
        return Seen(torch.from_numpy(t), self.profile.loss[which], self.profile.logits[which])

    def certify(self, shown: Shown) -> None:
        """Takes what was shown of the whole present path; what samples missed is seen now."""
        certificate, profile = shown
        if self.profile is self.direct:
            self.direct = profile
        self.profile = profile
        before = self.earlier
        if profile.max_loss <= self.threshold or before is None or profile.max_loss <= before.profile.max_loss:
            self.best = Found(self.path, self.rounds_of, profile, certificate)
        else:
            self.best = before
        self.max_loss_after[-1] = self.best.profile.max_loss
        if profile.max_loss > self.threshold:
            at_end = max(float(profile.loss[0]), float(profile.loss[-1])) > self.threshold
            self.outcome = Outcome.END_ABOVE_THRESHOLD if at_end and not self.unconditional else None
        elif not certificate.holds:  # nothing too high was seen, and nothing was shown
            self.outcome = Outcome.NOT_CERTIFIED

    def look_again(self, profile: Profile) -> None:
        """Takes a better look at the best path; the last path takes its place where that is lower after all."""
        if profile.max_loss <= self.profile.max_loss or self.unconditional:
            if self.best.profile is self.direct:  # it is no other path because it is known better
                self.direct = profile
            self.best = self.best._replace(profile=profile)
        else:
            self.best = Found(self.path, self.rounds_of, self.profile, None)
        self.max_loss_after[-1] = self.best.profile.max_loss

    def is_done(self, certified: bool) -> bool:
        """Whether nothing is left to do; where connections are certified, one that is not yet is not done."""
        connected = self.outcome in (Outcome.DIRECT, Outcome.CONNECTED)
        return self.outcome is not None and not (certified and connected and self.best.certificate is None)

    def connection(self, landscape: AbstractLandscape, path: AbstractPath) -> Connection:
        """What was found, once there is an outcome, with the unit of the losses and the names of the classes in it.

        Args:
            landscape: the landscape.
            path: the best one, on the CPU.
        """
        assert self.outcome is not None
        _, rounds_of, profile, certificate = self.best
        names = landscape.class_names
        seen = () if names is None else seen_classes(self.direct, profile)
        return Connection(
            direct=self.direct,
            profile=profile,
            path=path,
            vertex_rounds=rounds_of if isinstance(path, Polyline) else (),
            outcome=self.outcome,
            threshold=self.threshold,
            rounds=self.rounds,
            steps=self.steps,
            forward_equivalents=self.cost,
            max_loss_after=tuple(self.max_loss_after),
            certificate=certificate,
            suspect=self.suspect,
            class_names={} if names is None else {index: names[index] for index in seen if index < len(names)},
            unit=landscape.unit,
            input_kind=landscape.input_kind,
        )

    @property
    def vertices(self) -> Vertices:
        """Vertices (k, *input) of the present path, which is a polyline as long as segments are bypassed."""
        assert isinstance(self.path, Polyline)
        return self.path.vertices

    def put(self, span: Span, vertices: Vertices, looked_at: Evaluation | None = None) -> None:
        """Replaces what lies inside a span by new vertices, placed in the present round, with what was seen there."""
        left, right = span.left, span.right
        self.path = Polyline(torch.cat([self.vertices[: left + 1], vertices, self.vertices[right:]]))
        self.rounds_of = (*self.rounds_of[: left + 1], *[self.rounds] * len(vertices), *self.rounds_of[right:])
        self.origin = (*self.origin[: left + 1], *_known(vertices, looked_at), *self.origin[right:])

    def spans(self) -> list[Span]:
        """Stretches of the path above the threshold, in order.

        A vertex that is itself too high is moved on, between its two neighbours; other segments keep their ends.
        """
        t, loss, corners = self.profile.t.numpy(), self.profile.loss.double().numpy(), self.corners
        last = len(corners) - 1
        if self.unconditional and self.rounds == 1:
            return [self._span(0, last, int(loss.argmax()))]
        at_vertex = np.searchsorted(t, corners)
        too_high = loss > self.threshold
        found: list[Span] = []
        free = [True] * last
        for vertex in sorted(range(1, last), key=lambda vertex: -loss[at_vertex[vertex]]):
            if too_high[at_vertex[vertex]] and free[vertex - 1] and free[vertex]:
                free[vertex - 1] = free[vertex] = False
                found.append(self._span(vertex - 1, vertex + 1, int(at_vertex[vertex])))
        for left in range(last):
            inside = ((t > corners[left]) & (t < corners[left + 1]) & too_high).nonzero()[0]
            if free[left] and len(inside):
                found.append(self._span(left, left + 1, int(inside[loss[inside].argmax()])))
        return sorted(found)

    def _span(self, left: int, right: int, place: int) -> Span:
        """Between two vertices, with the peak at a place of the profile."""
        return Span(left, right, float(self.profile.t[place]), float(self.profile.loss[place]))

    def too_high(self, most: int) -> Parameters:
        """Up to so many positions on the best path that are above the threshold, spread over all of these."""
        profile = self.best.profile
        above = profile.t[profile.loss > self.threshold]
        return above[torch.linspace(0, len(above) - 1, min(most, len(above))).long()]


def _known(vertices: Vertices, looked_at: Evaluation | None) -> list[Evaluation | None]:
    """What was seen at each vertex."""
    if looked_at is None:
        return [None] * len(vertices)
    loss, logits = looked_at
    whole = loss.isfinite() & logits.isfinite().all(-1) & (logits.shape[-1] > 0)
    return [Evaluation(*each) if known else None for *each, known in zip(loss, logits, whole.tolist(), strict=True)]
