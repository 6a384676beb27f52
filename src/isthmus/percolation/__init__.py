"""Percolation: how open points hang together, on lattices, and on slices through the inputs of a network.

The lattice part knows nothing of networks; `slices` looks at a landscape on a grid over a flat.
"""

from isthmus.percolation.canonical import canonical
from isthmus.percolation.clusters import Clusters, clusters_of
from isthmus.percolation.fields import Field
from isthmus.percolation.known import known_threshold, series_threshold
from isthmus.percolation.lattice import Lattice
from isthmus.percolation.measured import Curve, Measured, measure
from isthmus.percolation.nulls import GaussianField, independent_field
from isthmus.percolation.persistence import Basins, persistence
from isthmus.percolation.routes import Routes, routes
from isthmus.percolation.slices import slice_map
from isthmus.percolation.sweep import Sweep, sweep
from isthmus.percolation.threshold import Threshold, threshold

__all__ = [
    "Basins",
    "Clusters",
    "Curve",
    "Field",
    "GaussianField",
    "Lattice",
    "Measured",
    "Routes",
    "Sweep",
    "Threshold",
    "canonical",
    "clusters_of",
    "independent_field",
    "known_threshold",
    "measure",
    "persistence",
    "routes",
    "series_threshold",
    "slice_map",
    "sweep",
    "threshold",
]
