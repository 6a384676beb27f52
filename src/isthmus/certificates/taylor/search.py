"""The search: intervals of a path, or cells of a surface, are cut until each is decided, at the cheapest order."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from isthmus._core.progress import OnProgress, Progress
from isthmus._core.shapes import Logits, Losses
from isthmus.certificates.taylor.boxes import Boxes, halves
from isthmus.certificates.taylor.ground import Ground
from isthmus.certificates.taylor.interval import Bounds, bounds
from isthmus.certificates.taylor.monomials import Monomials
from isthmus.certificates.taylor.weights import Norms
from isthmus.landscapes import Landscape

FIRST = 4  # boxes that are tried at first, of all pieces together
WORTH = 150.0  # forward-equivalents that must be ahead before other orders are tried out
NARROWEST = 1e-9  # share of a piece below which nothing is cut
BY_RANGE = 0.5  # the room where polynomials alone are too high
SMALL = 0.1  # of a logit: a remainder that is not to blame
STUCK = 0.8  # of the radius of a wider box: what is left may be rounding, which no cut makes smaller
MOST_CUTS = 64  # of a box at a time
ROOM = 0.9  # of the width at which a box would just be decided
FAR = 0.3  # a room below that says little: one box is then tried out
TRUSTED = 2.0  # times the width of a box that is decided: so far the next one may be wider
WIDER = 1.5  # times the width of one order, the next may be tried at
FUTILE = 20.0  # times as many boxes as may be looked at: where one piece alone takes more, there is no use in going on
TRIES = 12  # widths at which an order is tried


@dataclasses.dataclass(frozen=True, eq=False)
class Decided:
    """Boxes (n,), and what no loss on each is below and above (n,); infinite where nothing was shown."""

    boxes: Boxes
    lower: Losses
    upper: Losses


@dataclasses.dataclass(frozen=True, eq=False)
class Above:
    """A point above the threshold: the middle of a box, with its loss (1,) and logits (1, classes)."""

    box: Boxes
    loss: Losses
    logits: Logits


class Search:
    """One path or surface, and what is known of its boxes: intervals, or cells.

    Attributes:
        cost: forward-equivalents so far: one for each coefficient of each box, one for the remainder, and one for
            each point that was evaluated by itself (`evaluated`).
        undecided: boxes that were left.
        above: a point above the threshold, if one was met; nothing is looked at after it.
    """

    def __init__(
        self,
        landscape: Landscape,
        ground: Ground,
        target: int,
        threshold: float,
        order: int | None,
        most: int,
        on_progress: OnProgress | None,
    ) -> None:
        self.landscape, self.ground, self.target, self.threshold = landscape, ground, target, threshold
        self.order, self.fixed = order or ground.first_order, order is not None
        self.most, self.on_progress = most, on_progress
        self.norms = Norms.of(landscape.network.model)
        # All pieces are in one batch of a size that the first input allows.
        one = ground.middles(Boxes.whole(1, ground.variables, 1))[0]
        self.at_once = max(1, landscape.batch_size_for(one) // (2 * self.price(self.order)))
        self.cost = self.evaluated = self.looked = self.undecided = 0
        self.width = 1.0
        self.found: list[Decided] = []
        self.above: Above | None = None

    def price(self, order: int) -> int:
        """Forward-equivalents of one box: of its coefficients and its remainder."""
        return Monomials(self.ground.variables, order).up_to(order) + 1

    def run(self) -> None:
        """Decides box after box, until all are, one is above, or too many were looked at."""
        pieces, variables = len(self.ground), self.ground.variables
        ahead = Boxes.whole(pieces, variables, max(1, round((FIRST / pieces) ** (1 / variables))))
        tried = self.fixed
        while len(ahead):
            now, ahead = ahead[: self.at_once], ahead[self.at_once :]
            found = self.look(now, self.order)
            if self.above is not None:
                self.keep(now, found, torch.ones(len(now), dtype=torch.bool))
                self.leave(ahead)
                return
            done = (found.upper <= self.threshold).cpu()
            self.keep(now, found, done)
            self.tell()
            if bool(done.all()):
                continue
            left = found.radius.amax(1).cpu()
            room = self.room(found, self.order)
            stuck = ~done & (room != BY_RANGE) & (left > STUCK * now.before)
            hopeless = bool(stuck.any()) and self.is_hopeless(now[stuck.nonzero()[:1, 0]])
            if self.looked >= self.most or hopeless or float(now.width[~done].min()) < NARROWEST:
                self.undecided += int((~done).sum())
                self.keep(now, found, ~done)
                self.leave(ahead)
                return
            room = room[~done]
            now = dataclasses.replace(now, before=left)[~done]
            if not tried and float(room.median()) < FAR:
                tried = True
                self.width = self.choose(now[room.argsort()[len(room) // 2][None]])
                if self.width**-variables > FUTILE * self.most:
                    self.leave(Boxes.joined([now, ahead]))
                    return
            by_width = now.width / self.width
            cuts = torch.where(room < FAR, by_width, 1 / (ROOM * room).clamp_min(FAR)).ceil()
            ahead = Boxes.joined([now.cut(cuts.clamp(2, MOST_CUTS ** (1 / variables)).int()), ahead])

    def is_hopeless(self, box: Boxes) -> bool:
        """Whether rounding alone is too much: a radius that no cut makes smaller is that of a point as well."""
        return float(self.room(self.look(box.about_middle(2 * NARROWEST), 1), 1)[0]) < 1

    def look(self, boxes: Boxes, order: int) -> Bounds:
        """What is known of the loss on some boxes."""
        try:
            found = bounds(self.landscape, self.ground.inputs(boxes, order), self.target, self.norms)
        except (RuntimeError, MemoryError) as error:
            parts = halves(boxes, error)
            self.at_once = len(parts[0])
            return _joined([self.look(part, order) for part in parts])
        self.looked += len(boxes)
        self.cost += len(boxes) * self.price(order)
        self.notice(boxes, found)
        return found

    def notice(self, boxes: Boxes, found: Bounds) -> None:
        """Remembers the highest point above the threshold, if a middle is: by an evaluation of its own."""
        target = torch.full((len(boxes),), self.target, device=found.logits.device)
        middle = self.landscape.loss_function(found.logits, target)
        if not bool((middle > self.threshold).any()):
            return
        box = boxes[middle.argmax().cpu()[None]]
        seen = self.landscape.evaluate(self.ground.middles(box), target[:1], validated=True)
        self.cost, self.evaluated = self.cost + 1, self.evaluated + 1
        if float(seen.loss[0]) > self.threshold:
            self.above = Above(box, seen.loss, seen.logits)

    def room(self, found: Bounds, order: int) -> Tensor:
        """How wide boxes might be, as a share of what they are; 0 where nothing is known."""
        share = found.allowed(self.threshold, self.landscape.loss_function, self.target)
        power = share.clamp(1e-12, 1e6) ** (1 / (order + 1))
        # Nothing is known where remainders are as large as they can be: even then the polynomials may be too high.
        by_range = (share < 0) & (found.radius.amax(1).cpu() < SMALL)
        return torch.where(share > 0, power, torch.where(by_range, BY_RANGE, 0.0))

    def choose(self, box: Boxes) -> float:
        """Finds out on one box how wide all may be, and, where many are ahead, at which order that is cheapest."""
        best, width = self.rate(box, self.order, float(box.width[0]) / 2)
        if self.fixed or best * len(self.ground) < WORTH:
            return width
        orders = self.ground.orders
        for step in (1, -1):
            place, better = orders.index(self.order), False
            while 0 <= place + step < len(orders):
                place += step
                rate, wide = self.rate(box, orders[place], width * WIDER if step > 0 else width)
                if rate >= best:
                    break
                best, width, self.order, better = rate, wide, orders[place], True
            if better:
                break
        return width

    def rate(self, box: Boxes, order: int, width: float) -> tuple[float, float]:
        """Forward-equivalents for a whole piece that an order would take about a place, and the width of boxes.

        How remainders grow with the width is a power only where they are small: nothing is believed from far away.
        """
        widest = float(box.width[0])
        decided, open_ = 0.0, float("inf")
        for _ in range(TRIES):
            room = float(self.room(self.look(box.about_middle(width), order), order)[0])
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
        return (self.price(order) / decided**self.ground.variables if decided else float("inf")), decided or width

    def keep(self, boxes: Boxes, found: Bounds, done: Tensor) -> None:
        """Files what is known of some of the boxes."""
        self.found.append(Decided(boxes[done], found.lower.cpu()[done], found.upper.cpu()[done]))

    def leave(self, boxes: Boxes) -> None:
        """Files boxes of which nothing was shown."""
        self.undecided += len(boxes)
        nothing = torch.full((len(boxes),), torch.inf, dtype=torch.float64)
        self.found.append(Decided(boxes, -nothing, nothing))

    def tell(self) -> None:
        """Says how far it is."""
        if self.on_progress is not None:
            done = sum(each.boxes.volume for each in self.found) / len(self.ground)
            self.on_progress(Progress(round(1000 * done), 1000, self.cost))

    def all_found(self) -> Decided:
        """What is known, of all boxes."""
        lower, upper = (torch.cat([getattr(each, name) for each in self.found]) for name in ("lower", "upper"))
        return Decided(Boxes.joined([each.boxes for each in self.found]), lower, upper)


def _joined(parts: list[Bounds]) -> Bounds:
    names = [field.name for field in dataclasses.fields(Bounds)]
    return Bounds(**{name: torch.cat([getattr(part, name) for part in parts]) for name in names})
