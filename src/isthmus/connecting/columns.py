"""Columns: what the table of connections says of a pair. The only list of them: tables, studies and docs read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, final

from isthmus._core.annotated import as_annotated
from isthmus._core.registry import Registry
from isthmus.connecting.connection import Connection

ROUNDS = (1, 2, 3)  # after which the table gives the max loss


@final
@as_annotated
@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the table.

    Attributes:
        name: of the column.
        type: of its values, as Arrow calls it: float64, int64, bool, string.
        meaning: in words, for the docs and for the page.
        read: the value of a pair; None where there is none.
        shown: whether a page says it of a pair, where it is one of somebody's own or was measured.
        label: what a page calls it then; by default its name, with spaces.
    """

    name: str
    type: str
    meaning: str
    read: Callable[[Connection], Any]
    shown: bool = True
    label: str = ""

    def describe(self) -> dict[str, Any]:
        """Everything but how it is read, ready for JSON."""
        said = {"name": self.name, "type": self.type, "meaning": self.meaning, "shown": self.shown}
        return said | ({"label": self.label} if self.label else {})


def _column(name: str, type: str, meaning: str, read: Callable[[Connection], Any]) -> Column:  # noqa: A002
    return Column(name=name, type=type, meaning=meaning, read=read)


def _of_certificate(name: str) -> Callable[[Connection], Any]:
    return lambda pair: None if pair.certificate is None else getattr(pair.certificate, name)


def _after(rounds: int, pair: Connection) -> float:
    return pair.max_loss_after_rounds(rounds)


COLUMNS: tuple[Column, ...] = (
    _column("target", "int64", "the class that the losses are about", lambda p: p.target),
    _column("a_loss", "float64", "loss of the end A", lambda p: float(p.direct.loss[0])),
    _column("c_loss", "float64", "loss of the end C", lambda p: float(p.direct.loss[-1])),
    _column("threshold", "float64", "the loss that a connected path may reach", lambda p: p.threshold),
    _column("direct_max_loss", "float64", "max loss of the direct path", lambda p: p.direct.max_loss),
    _column(
        "direct_coarse_max_loss",
        "float64",
        "max loss of the coarse scan of the direct path alone, before refinement",
        lambda p: p.direct.coarse_max_loss,
    ),
    _column("direct_gap", "float64", "gap of the direct path", lambda p: p.direct.gap),
    _column("direct_argmax_t", "float64", "position of the peak on the direct path", lambda p: p.direct.argmax_t),
    _column("direct_connected", "bool", "whether the direct path is connected", lambda p: p.direct_connected),
    _column(
        "direct_class_connected",
        "bool",
        "whether the target is predicted all along the direct path",
        lambda p: p.direct.class_connected,
    ),
    _column("max_loss", "float64", "max loss of the path found", lambda p: p.profile.max_loss),
    _column(
        "coarse_max_loss",
        "float64",
        "max loss of the coarse scan of the path found alone, before refinement",
        lambda p: p.profile.coarse_max_loss,
    ),
    _column("gap", "float64", "gap of the path found", lambda p: p.profile.gap),
    _column("argmax_t", "float64", "position of the peak on the path found", lambda p: p.profile.argmax_t),
    _column("connected", "bool", "whether the path found is connected", lambda p: p.connected),
    _column(
        "class_connected",
        "bool",
        "whether the target is predicted all along the path found",
        lambda p: p.class_connected,
    ),
    _column("outcome", "string", "how the work on the pair ended", lambda p: p.outcome.name.lower()),
    _column("path", "string", "kind of the path found", lambda p: p.path.kind),
    _column("deviation", "float64", "largest distance of the path found from AC / |AC|", lambda p: p.path.deviation),
    _column("length_ratio", "float64", "length of the path found / |AC|", lambda p: p.path.length_ratio),
    _column("direct_length", "float64", "|AC|, in data units", lambda p: p.path.direct_length),
    _column("rounds", "int64", "rounds of the method", lambda p: p.rounds),
    _column("steps", "int64", "optimiser steps, over all rounds", lambda p: p.steps),
    _column(
        "forward_equivalents",
        "int64",
        "cost of everything done for the pair, profiles included",
        lambda p: p.forward_equivalents,
    ),
    _column(
        "resolution", "float64", "largest spacing of the profile of the path found", lambda p: p.profile.resolution
    ),
    _column(
        "certificate", "string", "kind of the certificate of the path found, if there is one", _of_certificate("kind")
    ),
    _column("bound", "float64", "the loss that no point of the certified path exceeds", _of_certificate("bound")),
    _column("parts", "int64", "parts in which the certifier looked at it: pieces, for one", _of_certificate("parts")),
    _column(
        "covers",
        "float64",
        "share of the length that the certificate is about",
        _of_certificate("covers"),
    ),
    _column("subject_to", "string", "what the certificate rests on", _of_certificate("subject_to")),
    _column(
        "suspect",
        "bool",
        "whether the path stayed too high where gradients say nothing: zero, no numbers, or promises not kept",
        lambda p: p.suspect,
    ),
    *(
        _column(
            f"max_loss_after_{rounds}",
            "float64",
            f"max loss of the best path after {rounds} round{'s' * (rounds > 1)} at most",
            partial(_after, rounds),
        )
        for rounds in ROUNDS
    ),
)
EXTRA: Registry[Column] = Registry("column", "isthmus.connecting.columns:Column", {})
"""Columns of somebody's own, by name."""


def measured_column(name: str, type: str, meaning: str, *, shown: bool = True, label: str = "") -> Column:  # noqa: A002
    """A column of what was measured of a pair after it was found."""
    return Column(name=name, type=type, meaning=meaning, read=partial(_measured, name), shown=shown, label=label)


def described_column(said: Mapping[str, Any]) -> Column:
    """The column that `Column.describe` said; what later versions say beside that is passed over."""
    known = {field.name for field in fields(Column)} - {"read"}
    return measured_column(**{key: value for key, value in said.items() if key in known})


def _measured(name: str, pair: Connection) -> Any:
    return pair.measured.get(name)


def row_of(pair: Connection, extra: tuple[Column, ...] = ()) -> dict[str, Any]:
    """A pair as a row of the table."""
    return {column.name: column.read(pair) for column in (*COLUMNS, *extra)}


def name_now(name: str) -> str:
    """What a column is called now: `inputs` was `images` up to version 0.2."""
    return "inputs" if name == "images" else name
