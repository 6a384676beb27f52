"""The widget: pairs under a slider, in a cell of a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.resources import files
from math import isfinite
from typing import Any

from isthmus._core.shapes import Input
from isthmus._core.text import amount
from isthmus.connecting.connection import Connection
from isthmus.errors import InputError, MissingLibraryError
from isthmus.reports.shown_pairs import show_pairs

LIMIT = 4_000_000  # characters of all pictures: a notebook stores them
MOST = 200  # pairs


def widget(pairs: Sequence[Connection], *, unit: str | None = None) -> Any:
    """A widget of anywidget that shows both paths of a pair under a slider; pictures and curves lie in the notebook, so
    that the kernel is not asked while the slider moves.

    It opens on the pair with the highest barrier. Its `pair` and `t` are what is shown, and can be set; `input()` is
    the input of the path found there.

    Args:
        pairs: at most 200.
        unit: of the loss; by default that of the pairs.

    Raises:
        MissingLibraryError: anywidget is not installed.
        InputError: no pairs, or too many.
    """
    try:
        anywidget: Any = import_module("anywidget")
        traitlets: Any = import_module("traitlets")
    except ImportError as error:
        raise MissingLibraryError(
            f"A widget needs anywidget ({error}); install it: pip install 'isthmus[notebook]'."
        ) from error
    if not 0 < len(pairs) <= MOST:
        raise InputError(f"A widget shows 1 to {MOST} pairs, got {len(pairs)}; choose some, as found[:20].widget().")

    class Pairs(anywidget.AnyWidget):  # type: ignore[misc]
        """Both paths of a pair under a slider."""

        _esm = (files("isthmus.reports") / "web" / "widget.js").read_text(encoding="utf-8")
        data = traitlets.Dict().tag(sync=True)
        pair = traitlets.Int(0, min=0, max=len(pairs) - 1).tag(sync=True)
        t = traitlets.Float(0.5, min=0.0, max=1.0).tag(sync=True)

        def _repr_mimebundle_(self, **kwargs: Any) -> Any:
            """With a still picture of the pair, for whoever opens the notebook without its kernel's widgets."""
            bundle = super()._repr_mimebundle_(**kwargs)
            if bundle is None:
                return None
            shown, more = bundle
            return {**shown, "text/html": pairs[self.pair]._repr_html_()}, more

        def __repr__(self) -> str:
            return f"Widget({amount(len(pairs), 'pair')})"

        def input(self) -> Input:
            """The input of the path found, at the slider."""
            shown: Input = pairs[self.pair].path.at(self.t)
            return shown

    names = [(f"A{number}", f"C{number}") for number in range(len(pairs))]
    data = {"unit": unit or pairs[0].unit} | show_pairs(pairs, names, [None] * len(pairs), pictures_limit=LIMIT)
    first = max(range(len(pairs)), key=lambda number: (isfinite(gap := pairs[number].direct.gap), gap))
    return Pairs(data=data, pair=first, t=pairs[first].direct.argmax_t)
