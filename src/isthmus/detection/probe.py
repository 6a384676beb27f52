"""Probe: where an input is looked at from, what that costs, and the features that come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.progress import Progress
from isthmus._core.shapes import CurveValues, FeatureRows, Inputs, Logits, Targets
from isthmus.detection.curve_features import curve_features
from isthmus.detection.curves import Curves
from isthmus.detection.effort import EFFORT_NAMES, effort
from isthmus.detection.references import References
from isthmus.detection.views import View
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape


class Look(NamedTuple):
    """Inputs as a probe sees them, on the CPU.

    Attributes:
        rows: features (n, f), in float64.
        judged: the class that each is judged as (n,).
        to_references: loss along the segments to references (n, s, m).
        to_views: loss along the segments to views (n, v, k); v = 0 where there are none.
    """

    rows: FeatureRows
    judged: Targets
    to_references: CurveValues
    to_views: CurveValues


Answer = Callable[[Inputs], Logits]
HELD = 2**26  # numbers of the inputs held at once


@as_annotated
@dataclass(frozen=True, kw_only=True)
class Probe:
    """Segments from an input to references of its predicted class, and to views of itself.

    Attributes:
        references: references of the predicted class.
        points: positions on each of these segments, both ends among them.
        views: views of the input itself.
        view_points: positions on each of these segments, both ends among them.
        bypassed: references, at most `references`, to which a path of low loss is looked for, for what that takes: tens
            or hundreds of forward-equivalents each, and no slope.
    """

    references: int = 5
    points: int = 9
    views: tuple[View, ...] = ()
    view_points: int = 4
    bypassed: int = 0

    def __post_init__(self) -> None:
        if self.references < 1 or self.points < 3 or self.view_points < 2:
            raise InputError(
                "A probe needs at least one reference, 3 points on its segments and 2 on those to views, got "
                f"{self.references}, {self.points} and {self.view_points}."
            )
        if not 0 <= self.bypassed <= self.references:
            raise InputError(f"bypassed must lie in 0 ... {self.references}, got {self.bypassed}.")

    @property
    def cost(self) -> int:
        """Forward-equivalents an input, without bypasses: what the network says of references is known already."""
        return 1 + self.references * (self.points - 2) + len(self.views) * (self.view_points - 1)

    @property
    def names(self) -> list[str]:
        """Names of the features, in order."""
        empty = [torch.zeros(1, 1, points, 2) for points in (self.points, self.view_points)]
        target = torch.zeros(1, dtype=torch.long)
        names = curve_features(Curves(_positions(self.points), empty[0], target), "reference")[1]
        if self.views:
            names += curve_features(Curves(_positions(self.view_points), empty[1], target), "view")[1]
        return [*names, *EFFORT_NAMES] if self.bypassed else names

    def curves(
        self, answer: Answer, x: Inputs, predicted: Targets | None, references: References
    ) -> tuple[Curves, Curves | None]:
        """Curves to references and to views; differentiable in x where `answer` is.

        Args:
            answer: logits (n, classes) of inputs (n, *input).
            x: inputs (n, *input).
            predicted: the class each is judged as; by default the one that the network sees.
            references: reference inputs.
        """
        count = len(x)
        views = [view.of(x) for view in self.views]
        own = answer(x)
        seen = own.argmax(1) if predicted is None else predicted.to(own.device)
        number = references.partners(x, seen, self.references)
        shape = (count, self.references, *x.shape[1:])
        inside = _between(x, references.x[number].to(x).reshape(shape), _positions(self.points)[1:-1])
        parts = [inside.flatten(0, 2)]
        if views:
            parts.append(_between(x, torch.stack(views, 1), _positions(self.view_points)[1:]).flatten(0, 2))
        said = answer(torch.cat(parts))
        classes = own.shape[1]
        split = len(parts[0])
        middle = said[:split].reshape(count, self.references, self.points - 2, classes)
        start = own[:, None, None].expand(-1, self.references, -1, -1)
        ends = references.logits[number].to(said).reshape(count, self.references, 1, classes)
        to_references = Curves(_positions(self.points), torch.cat([start, middle, ends], 2), seen)
        if not views:
            return to_references, None
        rest = said[split:].reshape(count, len(views), self.view_points - 1, classes)
        start = own[:, None, None].expand(-1, len(views), -1, -1)
        return to_references, Curves(_positions(self.view_points), torch.cat([start, rest], 2), seen)

    def read(self, to_references: Curves, to_views: Curves | None) -> FeatureRows:
        """The features (n, f) of curves, the first of `names`; differentiable where the curves are."""
        rows = curve_features(to_references, "reference")[0]
        return rows if to_views is None else torch.cat([rows, curve_features(to_views, "view")[0]], 1)

    @renamed
    def look(
        self,
        landscape: AbstractLandscape,
        x: Inputs,
        references: References,
        *,
        predicted: Targets | None = None,
        progress: Tell = None,
    ) -> Look:
        """Looks at inputs (n, *input), so many at a time as memory is meant for.

        Args:
            landscape: of the network.
            x: the inputs.
            references: what they are connected with.
            predicted: the class that each is judged by (n,); by default what the network sees.
            progress: as `isthmus.connect` takes it, with inputs.
        """
        before, looks = landscape.forward_equivalents, []
        step = max(1, HELD // (self.cost * x[0].numel()))
        with landscape.fixed(), telling(progress, "looking", "inputs") as tell:
            for begin in range(0, len(x), step):
                part = slice(begin, begin + step)
                judged = None if predicted is None else predicted[part]
                curves = self.curves(_answer(landscape), x[part], judged, references)
                rows = self.read(*curves).double().cpu()
                if self.bypassed:
                    seen = curves[0].predicted
                    rows = torch.cat([rows, effort(landscape, x[part], seen, references, self.bypassed)], 1)
                looks.append(_look(rows, *curves))
                done = min(len(x), begin + step)
                tell(Progress(done, len(x), landscape.forward_equivalents - before))
        return Look(*(torch.cat(parts) for parts in zip(*looks, strict=True)))

    def features(
        self, landscape: AbstractLandscape, x: Inputs, references: References, *, predicted: Targets | None = None
    ) -> FeatureRows:
        """The features (n, f) of inputs, in float64 on the CPU."""
        return self.look(landscape, x, references, predicted=predicted).rows

    def describe(self) -> dict[str, Any]:
        """The settings, ready for JSON."""
        return {
            "references": self.references,
            "points": self.points,
            "views": [vars(view) | {"shift": list(view.shift)} for view in self.views],
            "view_points": self.view_points,
            "bypassed": self.bypassed,
        }

    @classmethod
    def of(cls, described: dict[str, Any]) -> Probe:
        """The probe that `describe` described."""
        views = tuple(View(**{**view, "shift": tuple(view["shift"])}) for view in described["views"])
        return cls(**{**described, "views": views})


def _positions(points: int) -> Tensor:
    return torch.linspace(0, 1, points)


def _between(x: Tensor, ends: Tensor, t: Tensor) -> Tensor:
    """Points (n, s, m, *input) at t (m,) on the way from x (n, *input) to ends (n, s, *input)."""
    t = t.to(x).reshape(-1, *(1,) * (x.ndim - 1))
    return torch.lerp(x[:, None, None], ends[:, :, None], t)


def _answer(landscape: AbstractLandscape) -> Answer:
    def answer(x: Inputs) -> Logits:
        target = torch.zeros(len(x), dtype=torch.long)
        return landscape.evaluate(x, target, validated=True).logits.cpu()

    return answer


def _look(rows: FeatureRows, to_references: Curves, to_views: Curves | None) -> Look:
    nothing = rows.new_zeros((len(rows), 0, 0), dtype=to_references.logits.dtype)
    views = nothing if to_views is None else to_views.loss
    return Look(rows, to_references.predicted.cpu(), to_references.loss.cpu(), views.cpu())
