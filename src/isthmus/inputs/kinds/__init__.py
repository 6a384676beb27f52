"""Kinds of inputs, each in a file or folder of its own, and a line in `isthmus.registries`.

| kind | inputs |
|---|---|
| `Images` | pixels between 0 and 1 |
| `Series` | waves and sensors: channels over time |
| `Table` | rows of a table: numbers with units, whole numbers, categories |
| `Tokens` | texts, as the vectors that a network makes of their tokens |
| `Arrays` | numbers of which nothing is said |
"""

from isthmus.inputs.kinds.arrays import Arrays
from isthmus.inputs.kinds.base import InputKind, Limits, Walk
from isthmus.inputs.kinds.images import Images
from isthmus.inputs.kinds.series import Series
from isthmus.inputs.kinds.shown import kind_for
from isthmus.inputs.kinds.table import Feature, Table
from isthmus.inputs.kinds.tokens import Tokens

__all__ = [
    "Arrays",
    "Feature",
    "Images",
    "InputKind",
    "Limits",
    "Series",
    "Table",
    "Tokens",
    "Walk",
    "kind_for",
]
