"""PathContract: what every type of path must do."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch

from isthmus._core.geometry import norms
from isthmus.errors import InputError
from isthmus.paths import AbstractPath, Bundle

POINTS = 2001


class PathContract(ABC):
    """A path has exact ends, is walked at even speed, and can be made again from its tensors."""

    @abstractmethod
    def path(self) -> AbstractPath:
        """The path under test, of some length, in float64."""

    def test_the_ends_are_exact(self) -> None:
        path = self.path()
        t = torch.tensor([0.0, 1.0], dtype=torch.float64)
        assert torch.equal(path.at(t), path.ends)
        assert torch.equal(path.at(0.0), path.ends[0]) and torch.equal(path.at(1.0), path.ends[1])

    def test_it_is_walked_at_even_speed(self) -> None:
        path = self.path()
        points = path.at(torch.linspace(0, 1, POINTS, dtype=torch.float64))
        steps = norms(points[1:] - points[:-1])
        assert abs(float(steps.sum()) / path.length - 1) < 1e-3, "the length is that of its points"
        even = (steps * (POINTS - 1) / path.length - 1).abs() < 0.05
        assert int((~even).sum()) <= 2 * len(path.corners), "equal steps of t are equal steps of length, but at corners"

    def test_positions_outside_are_refused(self) -> None:
        for t in (-0.1, 1.1, float("nan")):
            try:
                self.path().at(torch.tensor([t], dtype=torch.float64))
            except InputError:
                continue
            raise AssertionError(f"t = {t} was taken")

    def test_it_can_be_made_again(self) -> None:
        path = self.path()
        again = type(path).of_tensors({name: tensor.clone() for name, tensor in path.tensors().items()})
        t = torch.linspace(0, 1, 33, dtype=torch.float64)
        assert torch.equal(again.at(t), path.at(t))
        shape = path.ends.shape[1:]
        assert all(tensor.shape[1:] == shape for tensor in path.tensors().values()), "tensors are (k, *input)"

    def test_corners_begin_and_end_it(self) -> None:
        corners = self.path().corners
        assert float(corners[0]) == 0 and float(corners[-1]) == 1 and bool((corners.diff() >= 0).all())

    def test_a_polyline_runs_near_it(self) -> None:
        path = self.path()
        near = path.to_polyline(1e-4)
        t = torch.linspace(0, 1, 301, dtype=torch.float64)
        apart = torch.cdist(path.at(t).flatten(1), near.at(torch.linspace(0, 1, POINTS).double()).flatten(1)).amin(1)
        assert float(apart.max()) < (2e-3 + 1 / POINTS) * path.length
        assert torch.equal(near.ends, path.ends)

    def test_points_do_not_depend_on_the_paths_beside(self) -> None:
        path = self.path()
        bundle = Bundle.of([path, path, path])
        t = torch.tensor([0.0, 0.3, 0.7, 1.0], dtype=torch.float64)
        found = bundle.at(torch.tensor([0, 2, 1, 2]), t)
        assert torch.allclose(found, path.at(t), atol=1e-12)

    def test_its_kind_is_named(self) -> None:
        assert isinstance(type(self.path()).kind, str) and type(self.path()).kind
