from __future__ import annotations

import numpy as np
import pytest

from isthmus.errors import InputError
from isthmus.percolation import known_threshold, series_threshold, threshold
from isthmus.percolation.finite_size import UNIVERSAL, finite_size_threshold, wrapping_counts
from isthmus.percolation.growth import grown_threshold
from isthmus.percolation.invading import BITS, EMPTY, has, invade, mix, note, rehashed


@pytest.mark.parametrize(
    ("dimension", "kind", "effort"),
    [(2, "site", 0.1), (3, "bond", 0.1), (4, "bond", 0.1), (6, "site", 0.15), (13, "site", 0.1)],
)
def test_the_published_thresholds_come_out(dimension, kind, effort):
    found = threshold(dimension, kind=kind, effort=effort, seed=5)
    assert found.known is not None
    assert abs(found.p_c - found.known) < 3 * found.standard_error
    assert 0 < found.standard_error < 3e-3 * found.known


def test_both_methods_agree():
    finite, grown = (threshold(2, method=method, effort=0.2) for method in ("finite size", "growth"))
    assert (finite.method, grown.method) == ("finite size", "growth")
    assert abs(finite.p_c - grown.p_c) < 3 * np.hypot(finite.standard_error, grown.standard_error)


def test_the_result_does_not_depend_on_the_number_of_workers():
    for dimension in (2, 7):
        one, two = (threshold(dimension, effort=0.05, workers=workers) for workers in (1, 3))
        assert one == two


def test_a_line_is_cut_by_a_single_closed_site():
    found = threshold(1)
    assert (found.p_c, found.standard_error, found.method) == (1.0, 0.0, "exact")


def test_the_universal_wrapping_probability_is_seen_on_bonds_of_the_square_lattice_too():
    counts = wrapping_counts(2, "bond", 24, runs=3000, seed=0, workers=2, on_run=lambda: None)
    from scipy.stats import binom

    share = binom.sf(counts - 1, 2 * 24**2, 0.5).mean()
    assert abs(share - UNIVERSAL[2].wrapping) < 0.015


def test_a_planted_threshold_is_recovered_with_its_error():
    random = np.random.default_rng(0)
    sizes = (10 ** (np.arange(12, 21) / 4)).astype(int)
    off = []
    for _ in range(40):
        # A larger cluster contains the smaller ones, so its noise contains theirs.
        new = np.diff(sizes, prepend=0)
        noise = np.cumsum(np.sqrt(new) * random.standard_normal((60, len(sizes))), axis=1) / sizes
        shares = 0.2 - 0.5 * sizes**-0.5 + 0.3 * noise
        p_c, error = grown_threshold(sizes, shares, 0)
        off.append((p_c - 0.2) / error)
    assert np.mean(np.abs(off) < 2) > 0.8
    assert 0.4 < np.std(off) < 1.6


def test_finite_sides_are_extrapolated():
    # Wrapping on side L at exactly the n that puts p(L) at 0.5 + L^-2.75.
    random = np.random.default_rng(0)
    counts = {}
    for side in (8, 16, 32):
        number, shift = side**2, 5 * side**-2.75
        middle = (0.5 + shift) * number
        counts[side] = np.rint(middle + 0.1 * number * random.standard_normal((4000, 2))).astype(int)
    p_c, error = finite_size_threshold(2, "site", counts)
    assert error < 3e-3
    assert abs(p_c - (0.5 + 0.1 * 0.0528)) < 4 * error  # P(n < .) = .521 lies .0528 sd above the median


def test_a_first_invasion_examines_the_first_neighbours():
    for dimension in (1, 3, 8):
        steps = 2 * np.random.default_rng(dimension).integers(0, 1 << (BITS - 1), size=dimension) + 1
        found = invade(steps, False, 5, 1 << 60, np.array([1, 2]))
        assert found.tolist() == [1 + 2 * dimension, 4 * dimension]  # the second site shares one neighbour: the first
        assert invade(steps, True, 5, 1 << 60, np.array([1]))[0] == 2 * dimension + 2 * dimension - 1


def test_invasion_takes_the_lightest_first_whatever_the_cutoff():
    steps = 2 * np.random.default_rng(0).integers(0, 1 << (BITS - 1), size=3) + 1
    sizes = np.array([10, 100, 1000, 5000])
    for bonds in (False, True):
        found = [invade(steps, bonds, 7, cutoff, sizes).tolist() for cutoff in (1 << 45, 1 << 58, 1 << 61)]
        assert found[0] == found[1] == found[2]


def test_the_table_of_sites_finds_what_was_put_in():
    table = np.full(1 << 8, EMPTY, dtype=np.int64)
    keys = [int(mix(number)) for number in range(100)]
    assert len(set(keys)) == 100
    assert all(note(table, key) for key in keys) and not any(note(table, key) for key in keys)
    larger = rehashed(table)
    assert all(has(larger, key) for key in keys) and not has(larger, 12345)


def test_hashes_are_even():
    found = np.array([mix(number) for number in range(20000)]) / 2.0**BITS
    assert found.min() >= 0 and found.max() < 1
    counts = np.histogram(found, bins=50, range=(0, 1))[0]
    assert ((counts - 400) ** 2 / 400).sum() < 90  # chi squared with 49 degrees of freedom: 0.03 %


def test_series_and_tables_agree_in_high_dimension():
    for kind in ("site", "bond"):
        for dimension in (10, 13):
            known = known_threshold(dimension, kind)
            assert known is not None
            assert abs(series_threshold(dimension, kind) / known - 1) < 5e-4
    assert known_threshold(14, "site") is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dimension": 0}, "1 to 13"),
        ({"dimension": 14}, "1 to 13"),
        ({"dimension": 2, "kind": "face"}, "'site' or 'bond'"),
        ({"dimension": 5, "method": "finite size"}, "dimensions 2 and 3"),
        ({"dimension": 5, "effort": float("nan")}, "effort must be a number"),
        ({"dimension": 5, "workers": -1}, "workers 1 or more"),
        ({"dimension": 5, "seed": -1}, "seed 0 or more"),
    ],
)
def test_bad_input_gets_one_clear_line(as_installed, arguments, message):
    with pytest.raises(InputError, match=message):
        threshold(**arguments)
