"""Text from outside, such as names of files and of classes, made harmless where it is shown or written."""

from __future__ import annotations

import math
import re
import unicodedata

FORMULA = re.compile(r"^[=+\-@\t\r]")  # what a spreadsheet would run
HARMFUL = ("Cc", "Cf", "Cs")  # control, format and surrogate characters


def visible(text: str) -> str:
    """The text without what would move a cursor, ring a bell or turn other text around: a sign stands for each."""
    return "".join("�" if unicodedata.category(sign) in HARMFUL and sign not in "\n\t" else sign for sign in text)


def plain(text: str) -> str:
    """Text that matplotlib draws as it stands: dollar signs would start a formula, control characters are no XML."""
    return visible(text).replace("$", r"\$")


def no_formula(text: str) -> str:
    """The text as a cell of a table for spreadsheets: one that they would take for a formula gets a quote before it."""
    return f"'{text}" if FORMULA.match(text) else text


def shorten(text: str, length: int) -> str:
    """At most `length` characters, with an ellipsis where some were cut."""
    return text if len(text) <= length else text[: length - 1] + "…"


def upwards(value: float) -> str:
    """A number that is not negative, rounded up to one digit."""
    if value == 0:
        return "0"
    unit = 10.0 ** math.floor(math.log10(value))
    return f"{math.ceil(value / unit * (1 - 1e-12)) * unit:.1g}"


def amount(count: int, one: str, many: str | None = None) -> str:
    """How many of something, as a reader says it: "1 part", "2,000 parts"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
