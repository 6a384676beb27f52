"""Tensor roles as types. Axis names: n = inputs of a batch, s = segments, k = vertices, m = points of a profile.

`*input` is the shape of one input, such as (3, 224, 224) for an image or (13,) for a row of a table. The shapes are
checked while the test suite runs (jaxtyping with beartype) and cost nothing otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

Input: TypeAlias = Float[Tensor, "*input"]
Inputs: TypeAlias = Float[Tensor, "n *input"]
Targets: TypeAlias = Int[Tensor, "n"]
Numbered: TypeAlias = Int[Tensor, "n length"]  # texts as numbers of their tokens
AnyInputs: TypeAlias = Float[Tensor, "n *input"] | Float[np.ndarray, "n *input"]  # as callers give them
# Classes as callers give them, one for all or one each: indices, names, or "predicted".
AnyTargets: TypeAlias = (
    Targets | Int[Tensor, ""] | Shaped[np.ndarray, "*n"] | int | np.integer | str | Sequence[int] | Sequence[str]
)
OtherInputs: TypeAlias = Float[Tensor, "m *input"]  # beside n others
AnyOtherInputs: TypeAlias = OtherInputs | Float[np.ndarray, "m *input"]
OtherTargets: TypeAlias = Int[Tensor, "m"]
Losses: TypeAlias = Float[Tensor, "n"]
Logits: TypeAlias = Float[Tensor, "n classes"]
AnyLosses: TypeAlias = Tensor | np.ndarray | Sequence[float] | float  # as callers give them: one for all, or one each
Mask: TypeAlias = Bool[Tensor, "n"]
Index: TypeAlias = Int[Tensor, "n"]
Parameters: TypeAlias = Float[Tensor, "n"]  # positions t in [0, 1] along a path
Vertices: TypeAlias = Float[Tensor, "k *input"]
SomeVertices: TypeAlias = Float[Tensor, "_ *input"]  # one of several paths, each with its own number of vertices
SegmentVertices: TypeAlias = Float[Tensor, "n v *input"]  # v new vertices inside each of n segments
Chains: TypeAlias = Float[Tensor, "n _ *input"]  # images in a row, of n chains
ChainValues: TypeAlias = Float[Tensor, "n _"]
ChainFlags: TypeAlias = Bool[Tensor, "n _"]
GridAxis: TypeAlias = Float[Tensor, "_"]  # coordinates of a grid along one of its axes
CurveLogits: TypeAlias = Float[Tensor, "n s m classes"]  # along s segments from each input
CurvePlaces: TypeAlias = Float[Tensor, "m"]
CurveValues: TypeAlias = Float[Tensor, "n s m"]
Numbers: TypeAlias = Int[Tensor, "_"]  # of some members of a set
FeatureRows: TypeAlias = Float[Tensor, "n f"]
Coordinates: TypeAlias = Float[Tensor, "n k"]  # of points of a flat
Coefficients: TypeAlias = Float[Tensor, "o n *rest"]  # of polynomials of order o - 1, for n intervals
Radii: TypeAlias = Float[Tensor, "n *rest"]
Corners: TypeAlias = Float[Tensor, "4 *input"]  # of a surface, at (u, v) = (0, 0), (1, 0), (0, 1), (1, 1)
ManyCorners: TypeAlias = Float[Tensor, "n 4 *input"]
AnyCorners: TypeAlias = ManyCorners | Float[np.ndarray, "n 4 *input"]
Lattice: TypeAlias = Int[Tensor, "k 3"]  # level, i and j of nodes
