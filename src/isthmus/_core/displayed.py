"""What results can do in a notebook: show themselves, and draw themselves on axes.

Both are done by `isthmus.reports`, which stands above the results: it is looked up by name, and when asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isthmus._core.annotated import as_annotated
from isthmus._core.registry import imported

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Displayed:
    """Something that has a display in notebooks; `isthmus.reports.displays` knows what each kind looks like."""

    def _repr_html_(self) -> str:
        found: str = imported("isthmus.reports.displays:display_of")(self)
        return found


class Plotted(Displayed):
    """Something that has a picture too; `isthmus.reports.plots` draws it."""

    @as_annotated
    def plot(self, ax: Axes | None = None, *, unit: str | None = None) -> Axes:
        """Draws the picture of it.

        Args:
            ax: axes of matplotlib; by default those of a new figure, which a notebook shows.
            unit: of the loss, where the picture has an axis for it; by default what the result knows of it.

        Returns:
            The axes.
        """
        axes: Axes = imported("isthmus.reports.plots:plot_of")(self, ax, unit)
        return axes
