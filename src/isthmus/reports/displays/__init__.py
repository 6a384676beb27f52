"""Displays: what results look like in a notebook. Nothing here evaluates a network.

A display of your own: a function from your result to HTML, registered with `@display_of.register`.
"""

from isthmus.reports.displays import comparisons, connections, files, made, networks, paths, studies, wholes
from isthmus.reports.displays.base import display_of
from isthmus.reports.displays.card import card, facts, of_inputs, pictures, table
from isthmus.reports.displays.chart import Line, Mark, bands, chart

__all__ = ["Line", "Mark", "bands", "card", "chart", "display_of", "facts", "of_inputs", "pictures", "table"]

_MEMBERS = (
    comparisons,
    connections,
    files,
    made,
    networks,
    paths,
    studies,
    wholes,
)  # importing them registers what they display
