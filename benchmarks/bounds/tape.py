"""Tape: what a network does, operator by operator, and how much a change of any tensor in it can change the logits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks.bounds.gains import CONVOLUTIONS, NORMS, convolution_norm, gain, scale_of
from isthmus.certificates.affine_pieces import operators
from isthmus.certificates.affine_pieces.pieces import Pieces
from isthmus.certificates.following import followed_among

aten = torch.ops.aten


@dataclass(frozen=True, eq=False)
class Entry:
    """An operator that ran.

    Attributes:
        function: it.
        args, kwargs: its arguments, with None for what depends on the input.
        shape: of the first that does.
        given: numbers of the tensors that do.
        made: numbers of what came out.
    """

    function: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    shape: tuple[int, ...]
    given: tuple[int, ...]
    made: tuple[int, ...]


class Tape:
    """Records one run of a network; tensors are numbered in the order in which they are made, the input is 0."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.count = 0

    def apply(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """What an operator gives, as `operators.run` says."""
        pieces = followed_among(args, kwargs)
        given = tuple(self.number(piece) for piece in pieces)
        shape = tuple(pieces[0].shape)
        result = operators.run(function, args, kwargs)
        made = tuple(self._new(each) for each in followed_among([result], {}))
        plain = tuple(None if isinstance(each, Pieces) else each for each in args)
        self.entries.append(Entry(function, plain, kwargs, shape, given, made))
        return result

    def number(self, piece: Pieces) -> int:
        """The number of a tensor."""
        return int(getattr(piece, "number", 0))

    def _new(self, piece: Pieces) -> int:
        self.count += 1
        piece.number = self.count  # type: ignore[attr-defined]
        return self.count

    def reaches(self, output: Pieces) -> list[float]:
        """For every tensor: a bound on how far the output moves, in the Euclidean norm, where it is moved by 1."""
        reach = [0.0] * (self.count + 1)
        reach[self.number(output)] = 1.0
        users: dict[int, list[Entry]] = {}
        for entry in reversed(self.entries):
            for given in set(entry.given):
                users.setdefault(given, []).append(entry)
        for entry in reversed(self.entries):
            behind = sum(reach[made] for made in entry.made)
            if behind:
                own = (
                    self._through_norms(entry, users, reach)
                    or gain(entry.function, entry.args, entry.kwargs, entry.shape) * behind
                )
                for given in set(entry.given):
                    reach[given] += own * math.sqrt(entry.given.count(given))
        return reach

    @staticmethod
    def _through_norms(entry: Entry, users: Mapping[int, list[Entry]], reach: Sequence[float]) -> float | None:
        """Of a convolution that only batch norms read: with what they multiply it by, which is far less than both."""
        if entry.function.overloadpacket not in CONVOLUTIONS:
            return None
        readers = users.get(entry.made[0], [])
        if not readers or any(reader.function.overloadpacket not in NORMS for reader in readers):
            return None
        return sum(
            convolution_norm(entry.args, entry.shape, scale_of(reader.args)) * reach[reader.made[0]]
            for reader in readers
        )
