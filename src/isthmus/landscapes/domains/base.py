"""Domain: where inputs may lie, in data units, and how a point is brought back inside."""

from __future__ import annotations

from abc import ABC, abstractmethod

from isthmus._core.shapes import Inputs, Losses, Mask


class Domain(ABC):
    """A closed convex set of inputs."""

    @abstractmethod
    def excess(self, x: Inputs) -> Losses:
        """How far each input (n,) lies outside, in data units; 0 inside."""

    @abstractmethod
    def project(self, x: Inputs) -> Inputs:
        """The nearest point of the domain to each input."""

    @abstractmethod
    def project_to_plane(self, x: Inputs, through: Inputs, normal: Inputs) -> Inputs:
        """The nearest point to each input in domain and hyperplane {v: <v - through, normal> = 0} together.

        `through` must lie in the domain. A zero normal stands for no hyperplane.
        """

    def free(self, slope: Inputs) -> Inputs:
        """What of a slope can be followed inside the domain's plane; a box has none, and leaves it as it is."""
        return slope

    def hold(self, x: Inputs, source: Inputs) -> Inputs:
        """The inputs with what may not change as it is in their sources; a box holds nothing."""
        return x

    def contains(self, x: Inputs, tolerance: float = 1e-6) -> Mask:
        """Whether each input (n,) lies inside, up to `tolerance` in data units."""
        return self.excess(x) <= tolerance
