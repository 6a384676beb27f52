"""Points: every point of many paths that was evaluated so far, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from isthmus._core.shapes import Logits, Losses, Parameters, Targets
from isthmus.landscapes import AbstractLandscape, Evaluation
from isthmus.paths import Bundle
from isthmus.profiles.looking import look
from isthmus.profiles.profile import Profile

Array = NDArray[np.float64]


class Seen(NamedTuple):
    """Points of a path that were evaluated before: positions (k,), losses (k,) and logits (k, classes)."""

    t: Parameters
    loss: Losses
    logits: Logits


class Points:
    """A row a path in ascending t, padded with t = inf and value = -inf.

    Attributes:
        t: positions (n, w).
        value: losses on the landscape's even scale, or by themselves; -inf where a loss is no finite number (n, w).
        fine: whether each came after the coarse scan (n, w).
    """

    def __init__(self, landscape: AbstractLandscape, bundle: Bundle, targets: Targets) -> None:
        self.landscape, self.bundle, self.targets = landscape, bundle, targets.cpu()
        empty = (len(bundle), 0)
        self.t, self.value, self.fine = np.full(empty, np.inf), np.full(empty, -np.inf), np.full(empty, False)
        self.place = np.full(empty, -1)  # where loss and logits of a point lie in `parts`
        self.parts: list[Evaluation] = []
        self.count = 0
        self.top = np.full(len(bundle), -np.inf)  # highest finite loss of each path
        self.highest = self.top.copy()  # highest loss of each path; NaN where one is NaN
        self.coarse = self.highest

    def take(self, seen: Sequence[Seen]) -> None:
        """Points that were evaluated before, of each path."""
        if seen:
            counts = [len(each.t) for each in seen]
            path, t = np.repeat(np.arange(len(seen)), counts), torch.cat([each.t for each in seen]).numpy()
            self._insert(path, t, torch.cat([each.loss for each in seen]), torch.cat([each.logits for each in seen]))

    def add(self, path: NDArray[np.int64], t: Array) -> None:
        """Evaluates points t (m,) of paths (m,), sorted by path."""
        if not len(path):
            return
        numbers, places = torch.from_numpy(path), torch.from_numpy(t)
        blocks = [
            seen.cpu()
            for _, _, seen in look(
                self.landscape,
                lambda rows: self.bundle.at(numbers[rows], places[rows]),
                self.targets[numbers],
                most=lambda: self.landscape.batch_size or 64,
            )
        ]
        loss, logits = torch.cat([block.loss for block in blocks]), torch.cat([block.logits for block in blocks])
        self._insert(path, t, loss, logits)

    def settle(self) -> None:
        """What comes from now on is finer than the coarse scan."""
        self.coarse = self.highest.copy()
        self.fine[:] = False

    def has(self, path: NDArray[np.int64], t: Array) -> NDArray[np.bool_]:
        """Which points t (m,) of paths (m,) are here."""
        if not self.t.shape[1]:
            return np.zeros(len(path), dtype=bool)
        return np.asarray((self.t[path] == t[:, None]).any(1))

    def seen_between(self, path: NDArray[np.int64], left: Array, right: Array) -> NDArray[np.bool_]:
        """Of which stretches (m,) of paths (m,) a point inside is here."""
        if not self.t.shape[1]:
            return np.zeros(len(path), dtype=bool)
        t = self.t[path]
        return np.asarray(((t > left[:, None]) & (t < right[:, None])).any(1))

    def high(self, rise: float, share: float, ceiling: Losses | None, roughly: float | None) -> Array:
        """The value (n,) above which a maximum of each path would be worth a look; see `profile_many`."""
        loss = self.top + np.maximum(rise, share * self.top)
        if ceiling is not None:
            limit = ceiling.double().cpu().numpy()
            loss = np.where(self.top <= limit, np.minimum(loss, limit), loss)
            if roughly is not None:
                loss = np.where(self.top > limit, self.top + roughly * np.abs(self.top), loss)
        return self._values(torch.from_numpy(loss))

    def profiles(self) -> list[Profile]:
        """Every path's points, in order."""
        real = self.place >= 0
        rows, counts = torch.from_numpy(self.place[real]), real.sum(1).tolist()
        t = torch.split(torch.from_numpy(self.t[real]), counts)
        loss = torch.split(torch.cat([part.loss for part in self.parts])[rows], counts)
        logits = torch.split(torch.cat([part.logits for part in self.parts])[rows], counts)
        # Clones: a part of a tensor would hold, and save, the whole of it.
        return [
            Profile(where.clone(), losses.clone(), said.clone(), target, coarse)
            for where, losses, said, target, coarse in zip(
                t, loss, logits, self.targets.tolist(), self.coarse.tolist(), strict=True
            )
        ]

    def _values(self, loss: Losses) -> Array:
        even = self.landscape.on_even_scale(loss)
        return np.asarray((loss.double() if even is None else even.value).numpy())

    def _exact(self, path: NDArray[np.int64], loss: Losses, logits: Logits) -> Losses:
        """The losses, in float64 where they are looked at on an even scale: near 0 it stretches every rounding."""
        if self.landscape.on_even_scale(loss) is None:
            return loss
        return self.landscape.in_float64(Evaluation(loss, logits), self.targets[torch.from_numpy(path)])

    def _insert(self, path: NDArray[np.int64], t: Array, loss: Losses, logits: Logits) -> None:
        numbers = loss.double().numpy()
        finite = np.isfinite(numbers)
        value = np.where(finite, self._values(self._exact(path, loss, logits)), -np.inf)
        with np.errstate(invalid="ignore"):
            np.maximum.at(self.highest, path, numbers)
        np.maximum.at(self.top, path, np.where(finite, numbers, -np.inf))
        column = rank_within(path, len(self.bundle))
        shape = (len(self.bundle), int(column.max()) + 1)
        parts = []
        for name, new, padding in (
            ("t", t, np.inf),
            ("value", value, -np.inf),
            ("fine", True, False),
            ("place", self.count + np.arange(len(t)), -1),
        ):
            more = np.full(shape, padding)
            more[path, column] = new
            parts.append((name, np.concatenate([getattr(self, name), more], axis=1)))
        order = np.argsort(parts[0][1], axis=1, kind="stable")[:, : int(np.isfinite(parts[0][1]).sum(1).max())]
        for name, joined in parts:
            setattr(self, name, np.take_along_axis(joined, order, 1))
        self.parts.append(Evaluation(loss, logits))
        self.count += len(t)


def rank_within(path: NDArray[np.int64], paths: int) -> NDArray[np.int64]:
    """0, 1, 2, ... within each run of equal path numbers."""
    counts = np.bincount(path, minlength=paths)
    return np.arange(len(path)) - np.repeat(np.cumsum(counts) - counts, counts)
