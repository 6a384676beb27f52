"""Which kind inputs are of, where nobody said it: for pictures only."""

from __future__ import annotations

from isthmus.inputs.kinds.arrays import Arrays
from isthmus.inputs.kinds.base import InputKind
from isthmus.inputs.kinds.images import Images
from isthmus.inputs.kinds.series import Series

FEW_CHANNELS, LONG = 8, 64  # two axes are a series where the first is this short, and the second this long


def kind_for(kind: InputKind | None, shape: tuple[int, ...]) -> InputKind:
    """The kind that inputs are drawn as: the one that is known, or else what their shape looks like."""
    if kind is not None:
        return kind
    if len(shape) == 3 and shape[0] in (1, 3, 4):
        return Images()
    if len(shape) == 2 and shape[0] <= FEW_CHANNELS and shape[1] >= LONG:
        return Series()
    return Arrays()
