"""Segments: the straight paths between pairs of inputs, profiled many at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from isthmus._core.shapes import Inputs, Targets
from isthmus.graphs.edges import Edges, Numbers
from isthmus.landscapes import AbstractLandscape
from isthmus.profiles import Profile, Sampling, profile_many

HELD_NUMBERS, HELD_PAIRS = 2**26, 1024  # numbers of the ends, and pairs, that are held at once


def look_at(
    landscape: AbstractLandscape,
    x: Inputs,
    target: Targets,
    i: Numbers,
    j: Numbers,
    *,
    sampling: Sampling | None = None,
    on_done: Callable[[int], None] | None = None,
) -> Edges:
    """The segments between x[i] and x[j], each profiled for the target of x[i].

    Args:
        landscape: the landscape.
        x: all inputs (n, *input).
        target: class of each (n,).
        i, j: numbers of the ends of each segment (e,).
        sampling: how densely segments are looked at.
        on_done: called with how many were done, after every batch.
    """
    low, high = np.minimum(i, j), np.maximum(i, j)
    step = max(1, min(HELD_PAIRS, HELD_NUMBERS // (2 * x[0].numel())))
    parts = []
    for begin in range(0, len(low), step):
        first, second = (torch.from_numpy(side[begin : begin + step]) for side in (low, high))
        ends = torch.stack([x[first], x[second]], dim=1).to(landscape.device)
        ends = ends.to(torch.promote_types(ends.dtype, torch.float32))
        profiles = profile_many(landscape, list(ends), target[first], sampling=sampling)
        parts.append(_edges(first.numpy(), second.numpy(), profiles))
        if on_done is not None:
            on_done(len(first))
    return Edges.join(parts)


def _edges(i: Numbers, j: Numbers, profiles: list[Profile]) -> Edges:
    peaks = [int(profile.loss.argmax()) for profile in profiles]
    return Edges(
        i=i,
        j=j,
        direct=np.array([profile.max_loss for profile in profiles]),
        peak_t=np.array([float(profile.t[peak]) for profile, peak in zip(profiles, peaks, strict=True)]),
        peak_class=np.array([int(p.logits[peak].argmax()) for p, peak in zip(profiles, peaks, strict=True)], np.int64),
        in_class=np.array([profile.class_connected for profile in profiles]),
        found=np.full(len(i), np.nan),
        found_t=np.full(len(i), np.nan),
        drawn=np.zeros(len(i), bool),
        cost=np.array([len(profile) for profile in profiles], np.int64),
    )
