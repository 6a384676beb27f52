"""The filling figure: the loss over (u, v), before and after, and the surface as a sheet of inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from isthmus._core.look import rgb
from isthmus.inputs.kinds import InputKind
from isthmus.reports import style
from isthmus.reports.pictures import Pixels, to_pixels
from isthmus.surfaces import Filling, Surface
from isthmus.surfaces.filling import SeenPoints

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHEET = 7  # inputs a side
TILE = 48  # pixels of an input, at least


def filling_figure(found: Filling, *, unit: str = "nats", note: str = "") -> Figure:
    """Loss over the plain surface and over the one found, and inputs of the latter on a lattice.

    Args:
        found: the surface.
        unit: of the loss.
        note: a line below.
    """
    import matplotlib

    from isthmus._core.drawn import Drawn

    with matplotlib.rc_context(style.RC):
        figure = Drawn(figsize=(11.4, 4.4))
        left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.05))
        limits = _limits(found)
        draw_losses(left, found.flat, found.threshold, limits)
        shown = draw_losses(middle, found.seen, found.threshold, limits)
        draw_cells(middle, found)
        figure.colorbar(shown, ax=[left, middle], label=f"loss ({unit})", fraction=0.05, pad=0.02)
        for axes, caption in (
            (left, f"plain: max loss {found.flat_max_loss:.3g}"),
            (middle, f"found: max loss {found.max_loss:.3g}"),
        ):
            axes.set_title(caption, fontsize=10, fontweight="normal", loc="center")
        draw_sheet(right, found.surface, found.input_kind)
        shown_as = f"{str(found.outcome).capitalize()}; threshold {found.threshold:.3g}"
        if found.proven and found.certificate is not None:
            shown_as += f"; proven at every point, in {found.certificate.parts:,} cells"
        figure.suptitle(shown_as, x=0.01, ha="left", fontsize=12, fontweight="bold")
        if note:
            figure.supxlabel(style.plain(note), fontsize=9, color="0.4")
    return figure


def draw_losses(axes: Axes, seen: SeenPoints, threshold: float, limits: tuple[float, float] | None = None) -> Any:
    """Loss over (u, v) from points anywhere; what is above the threshold lies inside a dashed line. The picture, for a
    colour bar.
    """
    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.tri import Triangulation

    low, high = limits or (float(np.nanmin(seen.loss)), float(np.nanmax(seen.loss)))
    norm = LogNorm(low, high) if low > 0 and high > 20 * low else Normalize(low, high)
    loss = np.clip(np.nan_to_num(seen.loss, nan=high, posinf=high), low, high)
    triangles = Triangulation(seen.u, seen.v)
    shown = axes.tripcolor(triangles, loss, norm=norm, cmap="viridis", shading="gouraud", rasterized=True)
    if loss.min() < threshold < loss.max():
        axes.tricontour(triangles, loss, levels=[threshold], colors="white", linestyles="dashed", linewidths=1.2)
    axes.set_aspect("equal")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("u")
    axes.set_ylabel("v")
    axes.set_xticks([0, 0.5, 1])
    axes.set_yticks([0, 0.5, 1])
    return shown


def draw_cells(axes: Axes, found: Filling) -> None:
    """Outlines of the cells of which something was proven; of the others, hatched."""
    from matplotlib.collections import PolyCollection

    cells = found.cells
    if cells is None:
        return
    (u0, v0), (u1, v1) = cells.low.numpy().T, cells.high.numpy().T
    corners = np.stack([np.stack(each, 1) for each in ((u0, v0), (u1, v0), (u1, v1), (u0, v1))], 1)
    known = cells.upper.numpy() <= found.threshold
    edges: dict[str, Any] = {"facecolor": "none", "linewidth": 0.35, "rasterized": True}
    axes.add_collection(PolyCollection(list(corners[known]), edgecolor=(1, 1, 1, 0.55), **edges), autolim=False)
    axes.add_collection(PolyCollection(list(corners[~known]), edgecolor="red", hatch="////", **edges), autolim=False)


def _limits(found: Filling) -> tuple[float, float]:
    values = np.concatenate([found.flat.loss, found.seen.loss, [found.threshold]])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    if low > 0 and high > 20 * low:
        low = max(low, high * 1e-4)
    return low, high if high > low else low + 1e-9


def draw_sheet(axes: Axes, surface: Surface, kind: InputKind | None = None) -> None:
    """Inputs of the surface on a lattice, as one picture: hundreds of axes would take seconds."""
    places = np.linspace(0, 1, SHEET)
    rows = []
    for v in places[::-1]:
        tiles = [_framed(to_pixels(surface.at(float(u), float(v)), kind), {u, v} <= {0.0, 1.0}) for u in places]
        rows.append(np.concatenate(tiles, axis=1))
    axes.imshow(np.concatenate(rows), interpolation="nearest", aspect="auto")
    axes.set_box_aspect(1)
    axes.set_axis_off()
    axes.set_title("the surface: u to the right, v upwards", fontsize=10, fontweight="normal", loc="center")


def _framed(pixels: Pixels, corner: bool) -> Pixels:
    """A picture of at least so many pixels with a margin: coloured at the corners, which are given."""
    times = max(1, -(-TILE // max(pixels.shape[:2])))
    larger = pixels.repeat(times, 0).repeat(times, 1)
    width = max(1, max(larger.shape[:2]) // 24)
    colour = rgb(style.FOUND) if corner else (255, 255, 255)
    framed = np.empty((larger.shape[0] + 2 * width, larger.shape[1] + 2 * width, 3), np.uint8)
    framed[:] = colour
    framed[width:-width, width:-width] = larger
    return framed
