"""Which display belongs to what."""

from __future__ import annotations

from functools import singledispatch

from isthmus.reports.displays.card import card


@singledispatch
def display_of(value: object) -> str:
    """The display of something as HTML that can stand in any page: without scripts, style sheets or requests.

    Modules of this package register one for each kind of result; what has none shows its text.
    """
    return card(repr(value))
