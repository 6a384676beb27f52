"""A field over the unit square as pixels, from points anywhere in it."""

from __future__ import annotations

import numpy as np

from isthmus.reports.pictures import Pixels
from isthmus.surfaces.filling import SeenPoints

SIDE = 56  # pixels


def field(seen: SeenPoints, low: float, high: float) -> Pixels:
    """The loss over (u, v), u to the right and v upwards, dark where it is low; logarithmic where it spans much."""
    from matplotlib import colormaps
    from scipy.interpolate import LinearNDInterpolator

    u, v = np.meshgrid((np.arange(SIDE) + 0.5) / SIDE, (np.arange(SIDE)[::-1] + 0.5) / SIDE)
    places, chosen = np.unique(np.stack([seen.u, seen.v], 1), axis=0, return_index=True)
    loss = np.nan_to_num(LinearNDInterpolator(places, seen.loss[chosen])(u, v), nan=high, posinf=high)
    if low > 0 and high > 20 * low:
        loss, low, high = np.log(np.clip(loss, low, high)), np.log(low), np.log(high)
    share = np.clip((loss - low) / max(high - low, 1e-12), 0, 1)
    pixels: Pixels = (colormaps["viridis"](share)[..., :3] * 255).round().astype(np.uint8)
    return pixels
