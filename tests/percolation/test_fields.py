from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

import isthmus
from isthmus.errors import InputError, NetworkError
from isthmus.paths import Flat
from isthmus.percolation import (
    Field,
    GaussianField,
    clusters_of,
    independent_field,
    persistence,
    routes,
    slice_map,
)


def test_a_planted_barrier_parts_the_field_until_the_level_reaches_it():
    values = np.random.default_rng(0).random((20, 21))
    values[:, 10] = 2 + 0.01 * np.arange(20)  # a wall higher than all else, lowest in row 0
    field = Field(values)
    below = 400 / 420
    assert field.components(below) >= 2
    assert field.connection(below) == pytest.approx(2 * 200 * 199 / (400 * 399), abs=1e-9)
    assert field.components(401 / 420) == 1 and field.connection(401 / 420) == 1
    basins = persistence(values)
    assert basins.ends[1] == values[0, 10]  # the second deepest basin lives up to the gap of the wall
    assert np.isinf(basins.ends[0])
    assert field.sweep.crossed[1] == 401


def test_equal_values_are_not_opened_side_by_side():
    flat = Field(np.zeros((33, 33)))
    assert flat.tied == 1 and float(flat.connection(0.3)) < 0.1  # as for independent sites, below their threshold
    assert float(flat.connection(0.9)) > 0.9
    assert Field(np.arange(6.0)).tied == 0 and Field(np.array([1.0, 1.0, 2.0, 3.0])).tied == 0.5
    assert np.array_equal(flat.order, Field(np.zeros((33, 33))).order)
    values = np.array([[3.0, 1.0], [2.0, 1.0]])
    assert sorted(Field(values).order[:2].tolist()) == [1, 3] and Field(values).order[2:].tolist() == [2, 0]


@pytest.mark.parametrize(("dimension", "length"), [(2, 0.3), (2, 1.0), (3, 1.0)])
def test_a_gaussian_field_on_a_few_points_is_off_its_null_by_as_much_as_that_off_its_own(dimension, length):
    random, off = np.random.default_rng(0), []
    places = np.linspace(0, 1, 9)
    covariance = np.exp(-((places[:, None] - places) ** 2) / (2 * length**2)) + 1e-9 * np.eye(9)
    root = np.linalg.cholesky(covariance)
    for _ in range(250):
        values = random.standard_normal((9,) * dimension)
        for axis in range(dimension):
            values = np.moveaxis(np.tensordot(root, values, axes=(1, axis)), 0, axis)
        field = Field(np.ascontiguousarray(values))
        model = GaussianField(field)
        own, null, second = (float(each.connection(0.2)) for each in (field, model.draw(random), model.second(random)))
        off.append((own - null, own - 2 * null + second))
    plain, corrected = np.mean(off, axis=0)
    error = np.std(off, axis=0)[1] / np.sqrt(len(off))
    assert abs(corrected) < max(0.05, 3 * error)
    assert plain > -0.05


def test_levels_of_a_field_are_the_clusters_of_a_threshold():
    values = np.random.default_rng(3).normal(size=(9, 8, 7))
    field = Field(values)
    for share in (0.1, 0.3, 0.7):
        found = clusters_of(field.below(share))
        assert found.open_sites == round(share * 504)
        assert found.connection == pytest.approx(float(field.connection(share)))
        assert found.largest_share == pytest.approx(float(field.largest(share)))
        assert len(found.sizes) == field.components(share)
    assert Field(np.exp(values)).critical_share == field.critical_share


def test_persistence_counts_the_components_at_every_level():
    values = np.random.default_rng(4).integers(0, 9, size=(12, 13)).astype(float)  # with many ties
    basins = persistence(values)
    for level in range(9):
        assert basins.count(level) == len(clusters_of(values <= level).sizes)
    lives = basins.ends - basins.begins
    assert (np.diff(lives[1:]) <= 0).all() and (lives > 0).all()


def test_the_younger_of_two_basins_ends_where_they_meet():
    basins = persistence(np.array([4.0, 0, 5, 1, 3, 2, 9]))
    assert list(zip(basins.begins.tolist(), basins.ends.tolist(), strict=True)) == [(0, np.inf), (1, 5), (2, 3)]


def test_the_null_of_a_slope_has_no_step_at_its_faces():
    values = np.add.outer(np.arange(32.0), 1e-3 * np.arange(4))
    model, random = GaussianField(Field(values)), np.random.default_rng(1)
    drawn = [model.draw(random).values for _ in range(100)]
    steepest = np.mean([np.abs(np.diff(each, axis=0)).max() for each in drawn])
    assert steepest < np.mean([each.std() for each in drawn])  # periodic without a mirror: twice as much


def test_shortest_ways_are_those_of_scipy():
    is_open = np.random.default_rng(5).random((11, 12)) < 0.7
    found = routes(is_open, pairs=40, seed=1)
    numbers = np.arange(is_open.size).reshape(is_open.shape)
    first = np.concatenate([numbers[:-1].ravel(), numbers[:, :-1].ravel()])
    second = np.concatenate([numbers[1:].ravel(), numbers[:, 1:].ravel()])
    both = is_open.ravel()[first] & is_open.ravel()[second]
    graph = coo_matrix((np.ones(both.sum()), (first[both], second[both])), shape=(132, 132))
    away = dijkstra(graph, directed=False, unweighted=True)
    # Replays the draw: who was asked is not part of the result.
    random, steps = np.random.default_rng(1), []
    opened = np.flatnonzero(is_open)
    while len(steps) < 40:
        start, *ends = random.choice(opened, min(9, len(opened), 40 - len(steps) + 1), replace=False)
        steps += [away[start, end] for end in ends]
    assert found.steps.tolist() == [-1 if np.isinf(each) else int(each) for each in steps]
    assert (found.steps < 0).any() and (found.detour >= 1).all() and (found.detour > 1).any()
    assert found.connected == np.mean(found.steps >= 0)
    everywhere = routes(np.ones((6, 6), dtype=bool), pairs=30)
    assert (everywhere.detour == 1).all() and everywhere.connected == 1
    assert (everywhere.stretch >= 1).all() and everywhere.stretch.max() <= np.sqrt(
        2
    ) + 1e-12 < 2 * everywhere.stretch.max()
    assert np.isnan(routes(np.zeros((4, 4), dtype=bool), pairs=3).connected)


def test_the_gaussian_null_of_a_gaussian_field_is_like_it():
    random, shares = np.random.default_rng(0), np.array([0.2, 0.3, 0.5])
    own, null, second, free = [], [], [], []
    for _ in range(150):
        field = Field(gaussian_filter(random.standard_normal((60, 60)), 2.0)[10:43, 10:43].copy())
        gauss = GaussianField(field)
        own.append(field.connection(shares))
        null.append(gauss.draw(random).connection(shares))
        second.append(gauss.second(random).connection(shares))
        free.append(independent_field((33, 33), random).connection(shares))
    error = np.std(own, axis=0) / np.sqrt(75)
    assert (np.abs(np.mean(own, axis=0) - np.mean(null, axis=0)) < 4 * error).all()
    assert (np.abs(np.mean(null, axis=0) - np.mean(second, axis=0)) < 4 * error).all()
    assert (np.mean(own, axis=0) > np.mean(free, axis=0) + 5 * error).all()  # the independent one is not


def test_a_coarser_field_has_every_second_point():
    values = np.arange(25.0).reshape(5, 5)
    assert Field(values).coarser().values.tolist() == [[0, 2, 4], [10, 12, 14], [20, 22, 24]]


def test_a_slice_goes_through_its_inputs(digits, digit_images):
    x, y = digit_images
    piece = Flat.through(x[:4])
    flat = piece.axes.flatten(1)
    assert torch.allclose(flat @ flat.T, piece.side**2 * torch.eye(3), atol=1e-4)
    assert piece.side == pytest.approx(float(torch.pdist(x[:4].flatten(1)).mean()), rel=1e-5)
    off = (x[:4] - piece.origin).flatten(1)
    along = off @ flat.T / piece.side**2
    assert torch.allclose(along @ flat, off, atol=1e-5)  # every input lies in the slice
    found = slice_map(digits, piece, int(y[0]), points=5)
    assert found.loss.shape == found.predicted.shape == found.inside.shape == (5, 5, 5)
    corner = piece.origin + 0.5 * (piece.axes[0] - piece.axes[1]) + 0.25 * piece.axes[2]
    logits = digits.evaluate(corner[None], y[:1], validated=True).logits
    loss = torch.nn.functional.cross_entropy(logits.double(), y[:1])
    assert found.loss[4, 0, 3] == pytest.approx(float(loss), rel=1e-4)
    assert found.predicted[4, 0, 3] == int(logits.argmax())
    assert not found.inside.all()  # digits lie at the edge of the box
    assert slice_map(digits, piece, points=2).target == int(digits.logits(piece.origin[None]).argmax())


class OneClass(torch.nn.Module):
    def forward(self, x):
        return x.flatten(1).sum(1, keepdim=True)


def test_bad_input_gets_one_clear_line(digits, digit_images):
    x, _ = digit_images
    with pytest.raises(InputError, match="these do not"):
        Flat.through(torch.stack([x[0], x[1], x[0]]))
    with pytest.raises(InputError, match="these do not"):
        Flat.through(torch.stack([x[0], x[0]]))
    with pytest.raises(InputError, match="got 1"):
        Flat.through(x[:1])
    with pytest.raises(InputError, match="two points along each axis"):
        slice_map(digits, Flat.through(x[:2]), points=1)
    with pytest.raises(InputError, match=r"GiB.*fewer points along each axis"):
        slice_map(digits, Flat.through(x[:9]), points=100)
    with pytest.raises(NetworkError, match="at least two classes"):
        slice_map(
            isthmus.Landscape(isthmus.Network(OneClass().eval(), input_shape=(1, 8, 8))), Flat.through(x[:2]), points=3
        )
    with pytest.raises(InputError, match="not finite"):
        Field(np.array([1.0, np.nan]))
    with pytest.raises(InputError, match="two points"):
        Field(np.ones(1))
    with pytest.raises(InputError, match="not finite"):
        persistence(np.array([1.0, np.inf]))
    with pytest.raises(InputError, match=r"in \[0, 1\]"):
        Field(np.ones(4)).connection(1.5)
    with pytest.raises(InputError, match="booleans"):
        routes(np.ones((3, 3)), pairs=1)
