"""shorten: paths pulled tight, as far as they stay at or below their thresholds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.geometry import expand_to
from isthmus._core.progress import Progress
from isthmus._core.shapes import Inputs
from isthmus.connecting.connection import Connection
from isthmus.connecting.connections import Connections
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.metrics import L2, AbstractMetric
from isthmus.paths import Polyline
from isthmus.profiles import Profile, Sampling, profile_many

LEAST = 1 / 64  # shorter pulls, as a share of the way to the chord, are not tried
SPARE = 0.2  # of what lies between the higher end and the threshold
IDLE = 2  # so many pulls in a row that save next to nothing are enough
GAIN = 0.01  # of what a path is longer than straight: a pull that saves less saves next to nothing
SHORTER = 1e-9  # what is shorter by a smaller share is as long
STRAIGHT = 1e-7  # so much longer than straight is straight


@renamed
@as_annotated
def shorten(
    landscape: AbstractLandscape,
    found: Connections | Connection,
    *,
    metric: AbstractMetric | None = None,
    segments: int = 8,
    max_steps: int = 100,
    sampling: Sampling | None = None,
    progress: Tell = None,
) -> Connections:
    """The same pairs with shorter paths, none of them above its threshold: how near to straight a class allows.

    Every vertex is pulled towards the chord between vertices on its two sides, far ones first, then its neighbours
    (discrete curve shortening). A pull counts where the profile of the whole path stays low; where it does not, the
    vertices beside what is too high are pulled less. Low is a fifth of the way from the threshold to the higher end:
    paths that are pulled against a level touch it in many places, where a peak between samples would be above.

    What comes out is looked at once more, four times as densely, and eased back towards the path before where that is
    above the threshold. Pairs that are not connected, and straight ones, stay as they are. A path is a local minimum:
    that no shorter one exists is not shown.

    In a metric that bends space (`Fisher`, `Features`) the straight way need not be the shortest: vertices are moved
    down the gradient of the length there, and straight paths are made shorter too.

    Args:
        landscape: the landscape on which the paths were found.
        found: the connections. Paths that are no polylines become ones, to within a thousandth of their length.
        metric: what length is; by default Euclidean, in data units.
        segments: segments that a path is divided into at least; more follow the level more closely.
        max_steps: pulls at most.
        sampling: how densely paths are looked at.
        progress: as `connect` takes it.

    Returns:
        Connections with the new `path`, `profile` and `forward_equivalents`, the cost added. `certificate` is None
        where the path has changed: it was of the old one. What was measured of the old ones is left out.

    Raises:
        InputError: found is something else, segments or max_steps is below 1, or inputs have no such distances.
    """
    metric = L2() if metric is None else metric
    metric.check(landscape)
    if isinstance(found, Connection):
        found = Connections((found,), {})
    if segments < 1 or max_steps < 1:
        raise InputError(f"shorten needs segments >= 1 and max_steps >= 1, got {segments} and {max_steps}.")
    sampling, before = sampling or Sampling(), landscape.forward_equivalents
    found = found.unmeasured()
    work = [
        _Rope.of(number, pair, segments)
        for number, pair in enumerate(found)
        if pair.connected and (metric.curved or pair.path.length_ratio > 1 + STRAIGHT)
    ]
    with telling(progress, "shortening", "paths") as tell, landscape.fixed():
        _measure(landscape, metric, work)
        work = [rope for rope in work if rope.length > (1 + STRAIGHT) * rope.least]
        for _ in range(max_steps):
            active = [rope for rope in work if not rope.tight]
            if not active:
                break
            spent = landscape.forward_equivalents
            tried = _pulled(landscape, metric, active)
            lengths = metric.lengths(landscape, tried).tolist()
            each = (landscape.forward_equivalents - spent) // len(active)
            limits = [rope.limit for rope in active]
            profiles = _profiles(landscape, active, tried, limits, sampling)
            for rope, path, length, profile in zip(active, tried, lengths, profiles, strict=True):
                rope.judge(path, length, profile)
                rope.cost += each
            done = sum(rope.tight for rope in work)
            tell(Progress(done, len(work), landscape.forward_equivalents - before))
        _confirm(landscape, work, sampling)
        _only_shorter(landscape, metric, work)
    shorter = {rope.number: rope.connection() for rope in work}
    pairs = tuple(shorter.get(number, pair) for number, pair in enumerate(found))
    return Connections(
        pairs,
        {**found.description, "shortened": {"metric": repr(metric), "segments": segments, "max_steps": max_steps}},
        found.extra,
    )


def _measure(landscape: AbstractLandscape, metric: AbstractMetric, work: list[_Rope]) -> None:
    """How long the ropes are at first, and could be at least."""
    if not work:
        return
    ends = torch.stack([rope.path.ends for rope in work])
    least = metric.distance(landscape, ends[:, 0], ends[:, 1])
    for rope, length, most in zip(
        work, metric.lengths(landscape, [rope.path for rope in work]).tolist(), least.tolist(), strict=True
    ):
        rope.length = rope.begun = length
        rope.least = most


def _only_shorter(landscape: AbstractLandscape, metric: AbstractMetric, work: list[_Rope]) -> None:
    """Gives back paths that are no shorter after all: those that were eased back in a metric that bends space."""
    changed = [rope for rope in work if rope.profile is not None]
    for rope, length in zip(changed, metric.lengths(landscape, [rope.path for rope in changed]).tolist(), strict=True):
        if not length < rope.begun * (1 - SHORTER):
            rope.profile = None


def _pulled(landscape: AbstractLandscape, metric: AbstractMetric, work: list[_Rope]) -> list[Polyline]:
    """Every inner vertex of each path nearer to where the metric would have it, between vertices on its two sides."""
    x, left, right, pull = (torch.cat(part) for part in zip(*(rope.around() for rope in work), strict=True))
    feet = metric.feet(landscape, x, left, right).to(x)
    moved = landscape.domain.project(torch.lerp(x, feet, expand_to(pull.to(x), x)))
    parts = torch.split(moved, [len(rope.pull) for rope in work])
    ends = [rope.path.vertices for rope in work]
    return [Polyline(torch.cat([end[:1], part, end[-1:]])) for end, part in zip(ends, parts, strict=True)]


def _profiles(
    landscape: AbstractLandscape, ropes: list[_Rope], paths: list[Polyline], limits: list[float], sampling: Sampling
) -> list[Profile]:
    """Profiles of paths, of which only matters whether they stay at or below their limits."""
    return profile_many(
        landscape,
        [path.vertices.to(landscape.device) for path in paths],
        torch.tensor([rope.pair.direct.target for rope in ropes]),
        sampling=sampling,
        ceiling=torch.tensor(limits, dtype=torch.float64),
        roughly=1.0,
    )


def _confirm(landscape: AbstractLandscape, work: list[_Rope], sampling: Sampling) -> None:
    """A second, denser look at what was found; where it is above the threshold, a path nearer to the one before."""
    intervals, per_segment = sampling.counts(landscape.on_even_scale(torch.ones(1)) is not None)
    finer = replace(sampling, intervals=4 * intervals, per_segment=4 * per_segment)
    open_ = [rope for rope in work if rope.profile is not None]
    for share in (0.0, 0.25, 0.5, 0.75):
        if not open_:
            return
        paths = [Polyline(torch.lerp(rope.path.vertices, rope.first.vertices, share)) for rope in open_]
        profiles = _profiles(landscape, open_, paths, [rope.pair.threshold for rope in open_], finer)
        left = []
        for rope, path, profile in zip(open_, paths, profiles, strict=True):
            rope.cost += len(profile)
            if profile.finite and profile.max_loss <= rope.pair.threshold:
                rope.path, rope.profile = path, profile
            else:
                left.append(rope)
        open_ = left
    for rope in open_:
        rope.profile = None


@dataclass
class _Rope:
    """One path while it is pulled tight.

    Attributes:
        number, pair: whose it is.
        first: its path before, divided into segments.
        path, profile: the shortest so far that was seen to be low; no profile before the first.
        pull: the share of the way to the chord that each inner vertex is pulled next (k - 2,).
        reach: how many vertices away the ends of the chord are: long waves go first, and 0 is the end.
        idle: pulls in a row that saved next to nothing.
        length, begun, least: of the path in the metric, of the path before, and of the shortest that there could be.
    """

    number: int
    pair: Connection
    first: Polyline
    path: Polyline
    pull: Tensor
    reach: int
    profile: Profile | None = None
    cost: int = 0
    idle: int = 0
    length: float = math.inf
    begun: float = math.inf
    least: float = 0.0

    @staticmethod
    def of(number: int, pair: Connection, segments: int) -> _Rope:
        path = pair.path if isinstance(pair.path, Polyline) else pair.path.to_polyline()
        # Positions on the same polyline: its own vertices, and more where they are far apart.
        even = torch.linspace(0, 1, segments + 1, dtype=torch.float64)[1:-1]
        own = path.corners.double()
        free = [float(t) for t in even if float((own - t).abs().min()) > 0.25 / segments]
        t = torch.cat([own, torch.tensor(free, dtype=torch.float64)]).sort().values
        pull = torch.ones(len(t) - 2, dtype=torch.float64)
        rope = Polyline(path.at(t))
        return _Rope(number, pair, rope, rope, pull, reach=max(1, len(pull) // 2))

    def around(self) -> tuple[Inputs, Inputs, Inputs, Tensor]:
        """The inner vertices, those on their two sides, and how far each is pulled."""
        x, inner = self.path.vertices, torch.arange(1, len(self.path.vertices) - 1)
        left, right = x[(inner - self.reach).clamp_min(0)], x[(inner + self.reach).clamp_max(len(x) - 1)]
        # Neighbours pulled at once would overtake one another: half of the way together is the way of one alone.
        return x[1:-1], left, right, torch.where(self.pull < LEAST, 0.0, self.pull / 2)

    def judge(self, path: Polyline, length: float, profile: Profile) -> None:
        """Takes the pull where it is low and shorter, and pulls less beside what is not."""
        self.cost += len(profile)
        if profile.finite and profile.max_loss <= self.limit and length <= self.length:
            saved = (self.length - length) / max(self.length - self.least, STRAIGHT * self.length)
            self.path, self.length, self.profile = path, length, profile
            self.pull = (2 * self.pull.clamp_min(LEAST / 2)).clamp_max(1.0)
            self.idle = self.idle + 1 if saved < GAIN else 0
        else:
            high = ~(profile.loss <= self.limit)
            segment = torch.searchsorted(path.corners.double(), profile.t[high], right=True)
            beside = torch.cat([segment - 2, segment - 1]).clamp(0, len(self.pull) - 1)  # vertices at both its ends
            self.pull[beside if len(beside) else slice(None)] /= 4
        if self.idle >= IDLE or not bool((self.pull >= LEAST).any()):
            self.reach, self.idle = self.reach // 2, 0
            self.pull = torch.ones_like(self.pull)

    @property
    def limit(self) -> float:
        """The loss that the path may reach."""
        higher = float(self.pair.profile.loss[[0, -1]].max())
        return self.pair.threshold - SPARE * max(0.0, self.pair.threshold - higher)

    @property
    def tight(self) -> bool:
        """Whether nothing is left to pull."""
        return self.reach == 0

    def connection(self) -> Connection:
        """The pair with the path that was found; as it was where none was any shorter."""
        if self.profile is None:
            return replace(self.pair, forward_equivalents=self.pair.forward_equivalents + self.cost)
        return replace(
            self.pair,
            path=self.path,
            profile=self.profile,
            vertex_rounds=(),
            certificate=None,
            forward_equivalents=self.pair.forward_equivalents + self.cost,
        )
