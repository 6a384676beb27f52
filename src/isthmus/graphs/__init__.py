"""Graphs: how many inputs hang together: which are joined at which loss, and through which others."""

from isthmus.graphs.building import barrier_graph
from isthmus.graphs.edges import Edges
from isthmus.graphs.forest import Forest, Merges
from isthmus.graphs.graph import BarrierGraph, Basins, Narrow

__all__ = ["BarrierGraph", "Basins", "Edges", "Forest", "Merges", "Narrow", "barrier_graph"]
