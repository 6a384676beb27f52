from __future__ import annotations

import pytest
import torch

from isthmus.errors import InputError
from isthmus.paths import Flat
from isthmus.profiles import grid_map
from isthmus.testing.landscapes import Ring


def test_three_inputs_find_their_places():
    a, b, c = torch.rand((3, 1, 4, 4), generator=torch.Generator().manual_seed(0))
    plane = Flat.plane(a, b, c)
    places = plane.coordinates(torch.stack([a, b, c]))
    assert places[0].tolist() == pytest.approx([0, 0], abs=1e-9)
    assert places[2].tolist() == pytest.approx([1, 0], abs=1e-6)
    assert float(places[1, 1]) == pytest.approx(1)
    torch.testing.assert_close(plane.at(places).float(), torch.stack([a, b, c]))
    assert float((plane.axes[0] * plane.axes[1]).sum()) == pytest.approx(0, abs=1e-9)
    distance = (b - a - float(places[1, 0]) * (c - a)).norm() / (c - a).norm()
    assert plane.height == pytest.approx(float(distance), rel=1e-5)


def test_three_inputs_on_a_line_have_no_plane():
    a = torch.zeros(1, 3, 3)
    for b, c in ((a + 0.5, a + 1), (a + 1, a)):
        with pytest.raises(InputError, match="one line"):
            Flat.plane(a, b, c)


def test_a_map_is_the_landscape_on_the_plane(digits, digit_images):
    x, y = digit_images
    plane = Flat.plane(x[0], x[1], x[2])
    u, v = torch.linspace(-0.5, 1.5, 9), torch.linspace(-1, 2, 7)
    told = []
    found = grid_map(digits, plane, int(y[0]), [u, v], on_progress=told.append)
    assert found.loss.shape == found.predicted.shape == found.inside.shape == (9, 7)
    assert told[-1].done == told[-1].total == told[-1].forward_equivalents == 63
    for row, column in ((0, 0), (3, 8), (6, 4)):
        point = plane.at(torch.stack([u[column], v[row]])[None])
        loss, logits = digits.evaluate(point.float(), y[:1], validated=True)
        assert float(found.loss[column, row]) == pytest.approx(float(loss), rel=1e-4, abs=1e-6)
        assert int(found.predicted[column, row]) == int(logits.argmax())
        assert bool(found.inside[column, row]) == bool(((point >= -1e-6) & (point <= 1 + 1e-6)).all())
    assert found.inside.any() and not found.inside.all()


def test_a_map_of_a_ring():
    """The ring's loss is 0 on a circle around the middle: the map of its plane shows the circle."""
    ring = Ring(dimensions=2, offset=0.0)
    a, c = ring.a[0], ring.c[0]
    b = a + (c - a) / 2 + torch.tensor([-float((c - a)[1]), float((c - a)[0])]) / 2
    grid = [torch.linspace(-0.5, 1.5, 81), torch.linspace(-2, 2, 81)]
    found = grid_map(ring, Flat.plane(a, b, c), int(ring.target), grid)
    low = torch.from_numpy(found.loss < 0.002)
    columns, rows = low.nonzero(as_tuple=True)
    radius = ((grid[0][columns] - 0.5) ** 2 + (grid[1][rows] * 0.5) ** 2).sqrt()
    assert len(radius) > 20 and bool(((radius - 0.5).abs() < 0.05).all())


def test_a_map_needs_coordinates(digits, digit_images):
    x, _ = digit_images
    with pytest.raises(InputError, match="at least one coordinate"):
        grid_map(digits, Flat.plane(x[0], x[1], x[2]), 0, [torch.zeros(0), torch.zeros(1)])
