"""Labels: which class of a network the name of a folder, or a word, means."""

from __future__ import annotations

import re
from collections.abc import Sequence


def named_class(text: str, class_names: Sequence[str] | None) -> int | None:
    """The class with that name, exactly or but for case, underscores and what follows a comma; or with that index, but
    where the names of all classes are numbers: there it is the class of that value.
    """
    names = list(class_names or ())
    plain = [_plain(name) for name in names]
    options = (
        (names, text),
        (plain, _plain(text)),
        ([_plain(name.split(",")[0]) for name in names], _plain(text)),
    )
    for known, wanted in options:
        if known.count(wanted) == 1:
            return known.index(wanted)
    values = [_value(name) for name in names]
    if names and None not in values:  # classes that are numbers are meant by their values, not counted
        value = _value(text)
        if value is not None and values.count(value) == 1:
            return values.index(value)
    return int(text) if re.fullmatch(r"-?\d{1,18}", text, re.ASCII) else None


def _value(text: str) -> float | None:
    """The number that a text is; as Python reads it, but for infinity and NaN."""
    return (
        float(text)
        if re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*", text, re.ASCII | re.IGNORECASE)
        else None
    )


def _plain(name: str) -> str:
    return name.lower().replace("_", " ").strip()


def classes_of_labels(
    labels: Sequence[str | None],
    predicted: Sequence[int],
    finite: Sequence[bool],
    *,
    class_names: Sequence[str] | None,
    classes: int,
) -> list[int]:
    """The class of every input, from its label and from what the network says of all inputs.

    A label is a class index or name, or else means the class predicted most often among the inputs that bear it; None
    means the input's own prediction. -1 where nothing is known.
    """
    found: dict[str | None, int] = {}
    for label in dict.fromkeys(labels):
        if label is None:
            continue
        named = named_class(label, class_names)
        if named is not None and 0 <= named < classes:
            found[label] = named
            continue
        votes = [p for p, own, ok in zip(predicted, labels, finite, strict=True) if own == label and ok]
        found[label] = max(sorted(set(votes)), key=votes.count) if votes else -1
    return [
        found[label] if label is not None else (p if ok else -1)
        for label, p, ok in zip(labels, predicted, finite, strict=True)
    ]
