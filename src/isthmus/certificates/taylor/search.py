"""The search: intervals of a path are cut until each is decided, at the order that is cheapest."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from isthmus._core.batching import is_out_of_memory
from isthmus._core.progress import OnProgress, Progress
from isthmus.certificates.taylor.interval import Bounds, bounds
from isthmus.certificates.taylor.walk import pieces_of, stretches
from isthmus.certificates.taylor.weights import Norms
from isthmus.landscapes import Landscape
from isthmus.paths import AbstractPath
from isthmus.profiles import Profile

FIRST = 4  # intervals of a path that are tried at first
ORDER = 4  # and the order
ORDERS = (2, 4, 7, 10, 14)
WORTH = 150.0  # forward-equivalents that must be ahead before other orders are tried out
NARROWEST = 1e-9  # share of a piece below which nothing is cut
BY_RANGE = 0.5  # the room where polynomials alone are too high
SMALL = 0.1  # of a logit: a remainder that is not to blame
STUCK = 0.8  # of the radius of a wider interval: what is left may be rounding, which no cut makes smaller
MOST_CUTS = 64  # of an interval at a time
ROOM = 0.9  # of the width at which an interval would just be decided
FAR = 0.3  # a room below that says little: one interval is then tried out
TRUSTED = 2.0  # times the width of an interval that is decided: so far the next one may be wider
WIDER = 1.5  # times the width of one order, the next may be tried at
TRIES = 12  # widths at which an order is tried


class Search:
    """One path, and what is known of its intervals.

    Attributes:
        cost: forward-equivalents so far: one for each coefficient of each interval, and one for the remainder.
        parts: intervals that were decided, or left undecided.
        bound: what no loss of the path exceeds.
        undecided: intervals that were left.
        band: begin, end, and lower and upper bound of the loss of every interval, in the order of t.
    """

    def __init__(
        self,
        landscape: Landscape,
        path: AbstractPath,
        target: int,
        threshold: float,
        order: int | None,
        most: int,
        on_progress: OnProgress | None,
    ) -> None:
        self.landscape, self.path, self.target, self.threshold = landscape, path, target, threshold
        self.order, self.fixed, self.most, self.on_progress = order or ORDER, order is not None, most, on_progress
        self.pieces = pieces_of(path)
        self.norms = Norms.of(landscape.network.model)
        self.at_once = max(1, landscape.batch_size_for(self.pieces[0].points[0]) // (2 * (self.order + 2)))
        self.cost = self.looked = self.undecided = 0
        self.width = 1.0
        self.rows: list[Tensor] = []  # piece, begin, end, lower, upper
        self.above: tuple[Tensor, Tensor, Tensor] | None = None  # t (1,), loss and logits

    def run(self) -> None:
        """Decides interval after interval, until all are, one is above, or too many were looked at."""
        each = max(1, round(FIRST / len(self.pieces)))
        edges = torch.linspace(0, 1, each + 1, dtype=torch.float64)
        numbers = torch.arange(len(self.pieces)).repeat_interleave(each).double()
        ahead = torch.stack([numbers, *(edge.repeat(len(self.pieces)) for edge in (edges[:-1], edges[1:]))], 1)
        ahead = torch.cat([ahead, torch.full((len(ahead), 1), torch.inf, dtype=torch.float64)], 1)
        tried = self.fixed
        while len(ahead):
            now, ahead = ahead[: self.at_once], ahead[self.at_once :]
            found = self.look(now, self.order)
            if self.above is not None:
                self.keep(now, found, torch.ones(len(now), dtype=torch.bool))
                self.leave(ahead)
                return
            done = found.upper <= self.threshold
            self.keep(now, found, done)
            self.tell()
            if bool(done.all()):
                continue
            left = found.radius.amax(1).cpu()
            room = self.room(found, self.order)
            stuck = ~done & (room != BY_RANGE) & (left > STUCK * now[:, 3])
            hopeless = bool(stuck.any()) and self.is_hopeless(now[stuck][0])
            if self.looked >= self.most or hopeless or float((now[:, 2] - now[:, 1])[~done].min()) < NARROWEST:
                self.undecided += int((~done).sum())
                self.keep(now, found, ~done)
                self.leave(ahead)
                return
            room = room[~done]
            now = torch.cat([now[:, :3], left[:, None]], 1)[~done]
            if not tried and float(room.median()) < FAR:
                tried = True
                self.width = self.choose(now[int(room.argsort()[len(room) // 2])])
            by_width = (now[:, 2] - now[:, 1]) / self.width
            cuts = torch.where(room < FAR, by_width, 1 / (ROOM * room).clamp_min(FAR)).ceil()
            ahead = torch.cat([_cut(now, cuts.clamp(2, MOST_CUTS)), ahead])

    def is_hopeless(self, row: Tensor) -> bool:
        """Whether rounding alone is too much: a radius that no cut makes smaller is that of a point as well."""
        middle = (row[1] + row[2]) / 2
        probe = torch.stack([row[0], middle - NARROWEST, middle + NARROWEST])[None]
        return float(self.room(self.look(probe, 1), 1)[0]) < 1

    def look(self, rows: Tensor, order: int) -> Bounds:
        """What is known of the loss on intervals (n, 3)."""
        try:
            inputs = stretches(self.pieces, rows[:, 0].long(), rows[:, 1], rows[:, 2], order)
            found = bounds(self.landscape, inputs, self.target, self.norms)
        except (RuntimeError, MemoryError) as error:
            if len(rows) == 1 or not is_out_of_memory(error):
                raise
            self.at_once = max(1, len(rows) // 2)
            return _joined([self.look(part, order) for part in torch.split(rows, self.at_once)])
        self.looked += len(rows)
        self.cost += len(rows) * (order + 2)
        self.notice(rows, found)
        return found

    def notice(self, rows: Tensor, found: Bounds) -> None:
        """Remembers the highest point above the threshold, if a middle is: by an evaluation of its own."""
        target = torch.full((len(rows),), self.target, device=found.logits.device)
        middle = self.landscape.loss_function(found.logits, target)
        if not bool((middle > self.threshold).any()):
            return
        which = int(middle.argmax())
        number, u = int(rows[which, 0]), (rows[which, 1] + rows[which, 2]) / 2
        t = self.pieces[number].position(u[None])
        seen = self.landscape.evaluate(self.path.at(t).double(), target[:1], validated=True)
        self.cost += 1
        if float(seen.loss[0]) > self.threshold:
            self.above = (t, seen.loss, seen.logits)

    def room(self, found: Bounds, order: int) -> Tensor:
        """How wide intervals might be, as a share of what they are; 0 where nothing is known."""
        share = found.allowed(self.threshold, self.landscape.loss_function, self.target)
        power = share.clamp(1e-12, 1e6) ** (1 / (order + 1))
        # Nothing is known where remainders are as large as they can be: even then the polynomials may be too high.
        by_range = (share < 0) & (found.radius.amax(1).cpu() < SMALL)
        return torch.where(share > 0, power, torch.where(by_range, BY_RANGE, 0.0))

    def choose(self, row: Tensor) -> float:
        """Finds out on one interval how wide all may be, and, where many are ahead, at which order that is cheapest."""
        best, width = self.rate(row, self.order, float(row[2] - row[1]) / 2)
        if self.fixed or best * len(self.pieces) < WORTH:
            return width
        for step in (1, -1):
            place, better = ORDERS.index(self.order), False
            while 0 <= place + step < len(ORDERS):
                place += step
                rate, wide = self.rate(row, ORDERS[place], width * WIDER if step > 0 else width)
                if rate >= best:
                    break
                best, width, self.order, better = rate, wide, ORDERS[place], True
            if better:
                break
        return width

    def rate(self, row: Tensor, order: int, width: float) -> tuple[float, float]:
        """Forward-equivalents for each unit of u that an order would take about a place, and the width of intervals.

        How remainders grow with the width is a power only where they are small: nothing is believed from far away.
        """
        middle, widest = float((row[1] + row[2]) / 2), float(row[2] - row[1])
        decided, open_ = 0.0, float("inf")
        for _ in range(TRIES):
            half = width / 2
            probe = torch.stack([row[0], row.new_tensor(middle - half), row.new_tensor(middle + half)])[None]
            room = float(self.room(self.look(probe, order), order)[0])
            if room >= 1:
                decided = width
                wider = min(width * min(ROOM * room, TRUSTED), widest, (width + open_) / 2)
                if wider < 1.2 * width:
                    break
                width = wider
            elif decided:
                break
            else:
                open_ = width
                width *= max(ROOM * room, 0.4) if room > 0 else 0.25
            if width < NARROWEST:
                break
        return ((order + 2) / decided if decided else float("inf")), decided or width

    def keep(self, rows: Tensor, found: Bounds, done: Tensor) -> None:
        """Files what is known of intervals."""
        values = torch.stack([found.lower.cpu(), found.upper.cpu()], 1)
        self.rows.append(torch.cat([rows[:, :3], values], 1)[done])

    def leave(self, rows: Tensor) -> None:
        """Files intervals of which nothing was shown."""
        self.undecided += len(rows)
        nothing = rows.new_tensor([-torch.inf, torch.inf]).expand(len(rows), 2)
        self.rows.append(torch.cat([rows[:, :3], nothing], 1))

    def tell(self) -> None:
        """Says how far it is."""
        if self.on_progress is not None:
            done = sum(float((row[:, 2] - row[:, 1]).sum()) for row in self.rows) / len(self.pieces)
            self.on_progress(Progress(round(1000 * done), 1000, self.cost))

    @property
    def parts(self) -> int:
        return sum(len(row) for row in self.rows)

    @property
    def bound(self) -> float:
        return max(float(row[:, 4].max()) for row in self.rows if len(row))

    @property
    def band(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        every = torch.cat(self.rows)
        places = [torch.stack([self.pieces[int(row[0])].position(row[1:3])[side] for row in every]) for side in (0, 1)]
        order = places[0].argsort()
        return places[0][order], places[1][order], every[order, 3], every[order, 4]

    def profile(self, seen: Profile) -> Profile:
        """The samples, and the point above the threshold if one was found."""
        if self.above is None:
            return seen
        return seen.with_points(*self.above)


def _cut(rows: Tensor, cuts: Tensor) -> Tensor:
    """Intervals (n, 4), each cut into so many equal ones, which share their edges, and remember its radius."""
    made = []
    for (number, begin, end, radius), count in zip(rows.tolist(), cuts.int().tolist(), strict=True):
        edges = torch.linspace(begin, end, count + 1, dtype=torch.float64)
        edges[0], edges[-1] = begin, end
        same = [torch.full((count,), value, dtype=torch.float64) for value in (number, radius)]
        made.append(torch.stack([same[0], edges[:-1], edges[1:], same[1]], 1))
    return torch.cat(made)


def _joined(parts: list[Bounds]) -> Bounds:
    names = [field.name for field in dataclasses.fields(Bounds)]
    return Bounds(**{name: torch.cat([getattr(part, name) for part in parts]) for name in names})
