"""A refined map asks the network less, and shows the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus.errors import InputError
from isthmus.paths import Flat
from isthmus.profiles import grid_map, refined_map


@pytest.fixture(scope="module")
def both(digits, digit_images):
    x, y = digit_images
    plane = Flat.plane(*x[[0, 1, 2]])
    grid = [torch.linspace(-0.5, 1.5, 65), torch.linspace(-0.5, 1.5, 49)]
    before = digits.forward_equivalents
    whole = grid_map(digits, plane, int(y[0]), grid)
    between = digits.forward_equivalents
    told = []
    fine = refined_map(digits, plane, int(y[0]), grid, progress=told.append)
    return whole, fine, (between - before, digits.forward_equivalents - between), told


def test_it_costs_less_and_counts(both):
    whole, fine, (dear, cheap), told = both
    assert whole.looked == 65 * 49 == dear and fine.looked == cheap < 0.75 * dear
    assert fine.looked >= 33 * 25 and told[-1].done == told[-1].total


def test_it_shows_the_same(both):
    whole, fine, _, _ = both
    assert (fine.predicted == whole.predicted).mean() > 0.99 and np.array_equal(fine.inside, whole.inside)
    assert np.allclose(fine.loss[::2, ::2], whole.loss[::2, ::2], rtol=1e-4)
    apart = np.abs(np.log10(np.maximum(fine.loss, 1e-6)) - np.log10(np.maximum(whole.loss, 1e-6)))
    assert apart.max() < 0.2 and np.median(apart) < 0.01


def test_where_classes_meet_every_point_is_looked_at(both):
    whole, fine, _, _ = both
    kinds = whole.predicted
    corners = kinds[::2, ::2]
    edge = np.zeros(kinds.shape, dtype=bool)
    for i, j in zip(*np.nonzero(corners[1:, 1:] != corners[:-1, :-1]), strict=True):
        edge[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] = True
    assert edge.any() and np.array_equal(fine.predicted[edge], kinds[edge])
    assert np.allclose(fine.loss[edge], whole.loss[edge], rtol=1e-4)


def test_axes_of_even_length_are_refused(digits, digit_images):
    plane = Flat.plane(*digit_images[0][[0, 1, 2]])
    for lengths in ((4, 5), (5, 1)):
        with pytest.raises(InputError, match="odd number of coordinates"):
            refined_map(digits, plane, 0, [torch.linspace(0, 1, length) for length in lengths])
