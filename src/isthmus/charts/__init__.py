"""Charts: what a picture of numbers shows, said once, and drawn as a file by matplotlib or in a page by its script."""

from isthmus.charts.chart import Axis, Chart, Key, Panel, Picture, rows_of
from isthmus.charts.drawn import drawn
from isthmus.charts.inpage import in_page
from isthmus.charts.marks import (
    INK,
    Area,
    Box,
    Cells,
    Contours,
    Curve,
    Hatched,
    Mark,
    Rule,
    Whisker,
    Words,
    box_of,
    contours_of,
    quartiles,
    whisker_of,
)

__all__ = [
    "INK",
    "Area",
    "Axis",
    "Box",
    "Cells",
    "Chart",
    "Contours",
    "Curve",
    "Hatched",
    "Key",
    "Mark",
    "Panel",
    "Picture",
    "Rule",
    "Whisker",
    "Words",
    "box_of",
    "contours_of",
    "drawn",
    "in_page",
    "quartiles",
    "rows_of",
    "whisker_of",
]
