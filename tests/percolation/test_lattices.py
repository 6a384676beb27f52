from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage

from isthmus.errors import InputError
from isthmus.percolation import Lattice, canonical, clusters_of, sweep
from isthmus.percolation import lattice as lattices
from isthmus.percolation.sweep import first_crossings


def neighbours(site: tuple[int, ...], lattice: Lattice) -> list[tuple[int, ...]]:
    found = []
    for axis, step in itertools.product(range(lattice.dimension), (-1, 1)):
        place = list(site)
        place[axis] += step
        if lattice.periodic:
            place[axis] %= lattice.shape[axis]
        if 0 <= place[axis] < lattice.shape[axis]:
            found.append(tuple(place))
    return found


def flood(opened: set[tuple[int, ...]], lattice: Lattice) -> list[set[tuple[int, ...]]]:
    """Clusters by flooding, which shares nothing with union-find."""
    left, found = set(opened), []
    while left:
        cluster, edge = set(), [left.pop()]
        while edge:
            site = edge.pop()
            cluster.add(site)
            for near in neighbours(site, lattice):
                if near in left:
                    left.remove(near)
                    edge.append(near)
        found.append(cluster)
    return found


@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2)])
def test_every_configuration_by_brute_force(shape):
    lattice = Lattice(shape)
    places = list(itertools.product(*map(range, shape)))
    for chosen in itertools.product((False, True), repeat=len(places)):
        found = clusters_of(np.array(chosen).reshape(shape))
        clusters = flood({place for place, one in zip(places, chosen, strict=True) if one}, lattice)
        assert sorted(found.sizes) == sorted(map(len, clusters))
        for axis, side in enumerate(shape):
            spans = any({0, side - 1} <= {place[axis] for place in cluster} for cluster in clusters)
            assert found.crossing[axis] == spans
        number = sum(chosen)
        done = sweep(lattice, order=np.flatnonzero(chosen))
        assert done.clusters[-1] == len(clusters)
        assert done.largest[-1] == max(map(len, clusters), default=0)
        pairs = sum(len(c) * (len(c) - 1) for c in clusters)
        if number > 1:
            assert done.connection[-1] == pytest.approx(pairs / (number * (number - 1)))
        else:
            assert math.isnan(done.connection[-1])


def wraps(opened: set[tuple[int, ...]], lattice: Lattice, axis: int) -> bool:
    """Whether a cluster contains a loop around the torus: the same place is reached with another winding."""
    side = lattice.shape[axis]
    for start in opened:
        seen, edge = {start: 0}, [(start, 0)]
        while edge:
            site, along = edge.pop()
            for other, step in itertools.product(range(lattice.dimension), (-1, 1)):
                place = list(site)
                place[other] = (place[other] + step) % lattice.shape[other]
                near, there = tuple(place), along + (step if other == axis else 0)
                if near in opened:
                    if near not in seen:
                        seen[near] = there
                        edge.append((near, there))
                    elif (seen[near] - there) // side:
                        return True
    return False


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_clusters_on_a_torus_wrap_where_a_loop_goes_around(dimension):
    lattice = Lattice.cube(dimension, 4 if dimension < 3 else 3, periodic=True)
    random = np.random.default_rng(0)
    seen = set()
    for _ in range(150):
        is_open = random.random(lattice.shape) < random.uniform(0.3, 0.9)
        opened = set(zip(*np.nonzero(is_open), strict=True))
        opened = {tuple(map(int, place)) for place in opened}
        found = clusters_of(is_open, periodic=True)
        assert sorted(found.sizes) == sorted(map(len, flood(opened, lattice)))
        expected = [wraps(opened, lattice, axis) for axis in range(dimension)]
        assert found.crossing.tolist() == expected
        seen.add(tuple(expected))
    assert len(seen) > 1


@pytest.mark.parametrize("periodic", [False, True])
def test_bonds_by_brute_force(periodic):
    lattice = Lattice.cube(2, 3, periodic=periodic)
    places = list(itertools.product(range(3), range(3)))
    bonds = [
        (a * 9 + i, place, tuple((place[b] + (a == b)) % 3 for b in range(2)))
        for a in range(2)
        for i, place in enumerate(places)
        if periodic or place[a] < 2
    ]
    assert len(bonds) == lattice.bonds
    random = np.random.default_rng(1)
    for _ in range(100):
        chosen = [bonds[k] for k in random.permutation(len(bonds))[: random.integers(0, len(bonds) + 1)]]
        done = sweep(lattice, kind="bond", order=np.array([b[0] for b in chosen], dtype=int))
        joined = {place: {place} for place in places}
        for _, first, second in chosen:
            if joined[first] is not joined[second]:
                joined[first] |= joined[second]
                for place in joined[second]:
                    joined[place] = joined[first]
        sizes = [len(cluster) for cluster in {id(c): c for c in joined.values()}.values()]
        assert done.largest[-1] == max(sizes)
        assert done.clusters[-1] == len(sizes)
        assert done.squares[-1] == sum(size**2 for size in sizes)


@pytest.mark.parametrize("shape", [(50,), (17, 23), (7, 8, 9), (4, 5, 6, 3), (3, 3, 3, 3, 3)])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_labels_are_those_of_scipy(shape, share):
    is_open = np.random.default_rng(len(shape)).random(shape) < share
    assert np.array_equal(clusters_of(is_open).labels, ndimage.label(is_open)[0])


@pytest.mark.parametrize(("shape", "kind"), [((3, 3), "site"), ((2, 2, 2), "site"), ((2, 3), "bond")])
def test_the_curve_is_the_sum_over_all_configurations(shape, kind):
    lattice = Lattice(shape)
    number = lattice.count(kind)
    numbers = np.arange(number) if kind == "site" else np.sort(sweep_order(lattice))
    means = np.zeros(number + 1)
    direct = dict.fromkeys((0.2, 0.5, 0.9), 0.0)
    for chosen in itertools.product((False, True), repeat=number):
        largest = sweep(lattice, kind=kind, order=numbers[np.array(chosen)]).largest[-1]
        n = sum(chosen)
        means[n] += largest / math.comb(number, n)
        for p in direct:
            direct[p] += p**n * (1 - p) ** (number - n) * largest
    assert np.allclose(canonical(means, np.array(list(direct))), list(direct.values()), rtol=1e-12)


def sweep_order(lattice: Lattice) -> np.ndarray:
    return np.array([a * 6 + i for a in range(2) for i in range(6) if (i // 3 < 1 if a == 0 else i % 3 < 2)])


@pytest.mark.parametrize("kind", ["site", "bond"])
@pytest.mark.parametrize("periodic", [False, True])
def test_the_curve_agrees_with_direct_sampling(kind, periodic):
    lattice = Lattice((9, 9), periodic=periodic)
    curves = np.mean([sweep(lattice, kind=kind, seed=seed).largest for seed in range(600)], axis=0)
    random = np.random.default_rng(7)
    every = sweep(lattice, kind=kind, seed=0)
    everything = np.sort(_all(lattice, kind))
    assert len(every.largest) == len(everything) + 1
    for p in (0.3, 0.55, 0.8):
        drawn = [
            sweep(lattice, kind=kind, order=everything[random.random(len(everything)) < p]).largest[-1]
            for _ in range(600)
        ]
        error = np.std(drawn) / math.sqrt(300)
        assert abs(canonical(curves, p) - np.mean(drawn)) < 4 * error


def _all(lattice: Lattice, kind: str) -> np.ndarray:
    if kind == "site":
        return np.arange(lattice.sites)
    bonds = np.arange(2 * lattice.sites)
    if lattice.periodic:
        return bonds
    axis, site = bonds // 81, bonds % 81
    return bonds[np.where(axis == 0, site // 9 < 8, site % 9 < 8)]


@pytest.mark.parametrize("kind", ["site", "bond"])
def test_first_crossings_are_those_of_the_whole_sweep(kind):
    lattice = Lattice.cube(3, 7, periodic=True)
    for seed in range(20):
        assert np.array_equal(
            first_crossings(lattice, kind=kind, seed=seed), sweep(lattice, kind=kind, seed=seed).crossed
        )


def test_a_full_lattice_is_one_cluster_that_crosses_every_axis():
    for periodic in (False, True):
        done = sweep(Lattice.cube(3, 5, periodic=periodic))
        assert done.largest[-1] == 125 and done.clusters[-1] == 1 and done.connection[-1] == 1
        assert (done.crossed > 0).all() and (done.crossed <= 125).all()


@pytest.mark.slow
def test_plain_python_gives_the_same_answer():
    script = (
        "import numpy as np; from isthmus.percolation import Lattice, sweep, routes, persistence;"
        "from isthmus.percolation.growth import invaded_shares;"
        "s = sweep(Lattice.cube(3, 6, periodic=True), seed=3); b = sweep(Lattice.cube(2, 12), kind='bond', seed=3);"
        "t = sweep(Lattice.cube(2, 7, periodic=True), kind='bond', seed=3);"
        "whole = sweep(Lattice.cube(2, 260), seed=1);"
        "f = np.random.default_rng(0).random((12, 12));"
        "r = routes(f < 0.7, pairs=9); q = persistence(f);"
        "i = invaded_shares(3, 'site', size=1800, runs=2, seed=0, workers=1, on_run=lambda: None)[1];"
        "j = invaded_shares(2, 'bond', size=1800, runs=2, seed=0, workers=1, on_run=lambda: None)[1];"
        "print(t.squares.tolist(), t.crossed.tolist(), whole.squares[-5:].tolist(), whole.connection[-1], "
        "s.squares.tolist(), s.crossed.tolist(), b.largest.tolist(), b.crossed.tolist(), "
        "r.steps.tolist(),q.ends.tolist(), i.tolist(), j.tolist())"
    )
    answers = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            env={**os.environ, "NUMBA_DISABLE_JIT": plain},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for plain in ("0", "1")
    ]
    assert answers[0] == answers[1] and len(answers[0]) > 1000


def test_what_does_not_fit_the_memory_says_so_before_it_starts(monkeypatch):
    monkeypatch.setattr(lattices, "free_memory", lambda: 2**30)
    with pytest.raises(InputError, match=r"about 3\.7\d GiB.*1 GiB are free.*fewer points"):
        sweep(Lattice((10_000, 10_000)))
    with pytest.raises(InputError, match="more than this program can count"):
        Lattice.cube(13, 10)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Lattice(()), "1 to 13 dimensions, got 0"),
        (lambda: Lattice.cube(14, 2), "1 to 13 dimensions, got 14"),
        (lambda: Lattice.cube(0, 2), "1 to 13 dimensions, got 0"),
        (lambda: Lattice((3, 0)), "at least one site"),
        (lambda: Lattice((2, 2), periodic=True), "equal sides of at least 3"),
        (lambda: Lattice((3, 4), periodic=True), "equal sides of at least 3"),
        (lambda: sweep(Lattice((3, 3)), kind="face"), "'site' or 'bond'"),
        (lambda: sweep(Lattice((3, 3)), order=np.array([1, 1])), "twice"),
        (lambda: sweep(Lattice((3, 3)), order=np.array([9])), "from 0 to 8"),
        (lambda: sweep(Lattice((3, 3)), order=np.array([0.5])), "by number"),
        (lambda: sweep(Lattice((3, 3)), kind="bond", order=np.array([6])), "out of the lattice"),
        (lambda: canonical(np.ones(4), 1.2), "between 0 and 1"),
        (lambda: canonical(np.ones((2, 2)), 0.5), "got shape"),
        (lambda: clusters_of(np.ones((3, 3))), "booleans"),
    ],
)
def test_bad_input_gets_one_clear_line(as_installed, make, message):
    with pytest.raises(InputError, match=message):
        make()
