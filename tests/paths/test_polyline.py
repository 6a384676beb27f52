from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus import Polyline
from isthmus.errors import InputError
from isthmus.paths import Bundle

PATHS = st.tuples(st.integers(0, 2**31 - 1), st.integers(2, 7), st.sampled_from([(3,), (2, 3, 4)]))


def make(drawn, dtype=torch.float32) -> Polyline:
    seed, count, shape = drawn
    # Not rand: its numbers are multiples of 2^-24, whose differences are exact, and would hide rounding.
    return Polyline(torch.randn((count, *shape), generator=torch.Generator().manual_seed(seed)).to(dtype))


@given(PATHS)
@settings(max_examples=50, deadline=None)
def test_ends_and_vertices_are_met_bit_for_bit(drawn):
    path = make(drawn)
    assert torch.equal(path.at(0.0), path.vertices[0]) and torch.equal(path.at(1.0), path.vertices[-1])
    assert torch.equal(path.at(path.t), path.vertices)


@given(PATHS, st.lists(st.floats(0, 1), min_size=2, max_size=6))
@settings(max_examples=50, deadline=None)
def test_t_is_arc_length(drawn, values):
    path = make(drawn, torch.float64)
    t = torch.tensor(sorted(values), dtype=torch.float64)
    points = path.at(t)
    walked = torch.diff(t) * path.length
    assert bool(((points[1:] - points[:-1]).flatten(1).norm(dim=1) <= walked + 1e-9).all())
    fine = path.at(torch.cat([torch.linspace(0, 1, 500, dtype=torch.float64), path.t]).sort().values)
    assert math.isclose(float((fine[1:] - fine[:-1]).flatten(1).norm(dim=1).sum()), path.length, rel_tol=1e-6)


@given(PATHS)
@settings(max_examples=50, deadline=None)
def test_a_path_is_never_shorter_than_straight_and_deviates_by_at_most_half_its_length(drawn):
    path = make(drawn, torch.float64)
    assert path.length_ratio >= 1 - 1e-12
    assert 0 <= path.deviation <= path.length / 2 / path.direct_length + 1e-9


@given(PATHS, st.floats(0.1, 10))
@settings(max_examples=30, deadline=None)
def test_ratios_do_not_depend_on_the_unit(drawn, unit):
    path = make(drawn, torch.float64)
    scaled = Polyline(path.vertices * unit + 3)
    assert math.isclose(scaled.deviation, path.deviation, rel_tol=1e-6, abs_tol=1e-9)
    assert math.isclose(scaled.length_ratio, path.length_ratio, rel_tol=1e-9)


def test_known_shape():
    path = Polyline(torch.tensor([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]]))
    assert math.isclose(path.length, 2 * math.sqrt(2), rel_tol=1e-6)
    assert math.isclose(path.length_ratio, math.sqrt(2), rel_tol=1e-6)
    assert math.isclose(path.deviation, 0.5, rel_tol=1e-6)
    assert torch.allclose(path.turning_angles, torch.tensor([math.pi / 2], dtype=torch.float64))
    assert torch.allclose(path.at(0.25), torch.tensor([0.5, 0.5]))


def test_a_point_beyond_the_end_is_measured_to_the_end():
    path = Polyline(torch.tensor([[0.0, 0.0], [5.0, 0.0], [1.0, 0.0]]))
    assert math.isclose(path.deviation, 4.0, rel_tol=1e-6)


def test_straight_on_turns_by_nothing():
    path = Polyline(torch.linspace(0, 1, 5, dtype=torch.float64)[:, None] * torch.ones(3))
    assert float(path.turning_angles.abs().max()) < 1e-7
    assert path.deviation == 0


def test_path_without_length_is_still_a_path():
    path = Polyline(torch.ones(3, 4))
    assert path.length == 0 and path.length_ratio == 1 and path.deviation == 0
    assert torch.equal(path.at(0.3), torch.ones(4))


def test_loop_has_no_finite_ratio():
    path = Polyline(torch.tensor([[0.0], [1.0], [0.0]]))
    assert path.length_ratio == math.inf and path.deviation == math.inf


@pytest.mark.parametrize("t", [-0.1, 1.1, math.nan])
def test_outside_the_path_is_an_error(t):
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        Polyline(torch.rand(2, 3)).at(t)


def test_one_vertex_is_no_path():
    with pytest.raises(InputError, match="k >= 2"):
        Polyline(torch.rand(1, 3))


@given(st.lists(PATHS, min_size=1, max_size=5), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_bundle_equals_its_paths_one_by_one(drawn, seed):
    paths = [make((seed, count, (3,)), torch.float64) for seed, count, _ in drawn]
    random = torch.Generator().manual_seed(seed)
    number = torch.randint(len(paths), (30,), generator=random)
    t = torch.rand(30, generator=random, dtype=torch.float64)
    together = Bundle.of(paths).at(number, t)
    for point, index, position in zip(together, number.tolist(), t.tolist(), strict=True):
        assert torch.equal(point, paths[index].at(position))
