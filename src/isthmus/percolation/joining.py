"""Union-find over the sites of a lattice: the loops of Newman and Ziff (2001), one for each kind and boundary.

A site's `parent` is its parent's index, minus the size of its cluster if it is a root, or the number of sites while it
is closed. On a torus every site also keeps its displacement to its parent (Machta et al. 1996): two ways to one root
that differ in it show that the cluster wraps around.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isthmus.percolation.compiled import compiled

Integers = np.ndarray[Any, np.dtype[Any]]


@compiled
def root_of(parent: Integers, site: int) -> int:
    """The root of a site; the way there is halved."""
    while parent[site] >= 0:
        above = parent[site]
        if parent[above] >= 0:
            parent[site] = parent[above]
        site = parent[site]
    return site


@compiled
def join(parent: Integers, faces: Integers, first: int, second: int) -> int:
    """Hangs the smaller of two roots below the larger, which it returns."""
    if parent[first] > parent[second]:
        first, second = second, first
    parent[first] += parent[second]
    parent[second] = first
    faces[first] |= faces[second]
    return first


@compiled
def spanned(touched: int, count: int, spans: Integers) -> bool:
    """Notes which axes a cluster spans that touches these faces; says whether all axes are spanned now."""
    whole = True
    for axis in range(spans.size):
        if spans[axis] < 0:
            if (touched >> (2 * axis)) & 3 == 3:
                spans[axis] = count
            else:
                whole = False
    return whole


@compiled
def faces_of(site: int, shape: Integers) -> int:
    """Bit 2a: the site lies on the low face of axis a; bit 2a + 1: on the high one."""
    found, rest = 0, site
    for axis in range(shape.size - 1, -1, -1):
        place = rest % shape[axis]
        rest //= shape[axis]
        if place == 0:
            found |= 1 << (2 * axis)
        if place == shape[axis] - 1:
            found |= 2 << (2 * axis)
    return found


@compiled
def open_sites(
    order: Integers,
    shape: Integers,
    strides: Integers,
    parent: Integers,
    faces: Integers,
    largest: Integers,
    squares: Integers,
    clusters: Integers,
    spans: Integers,
) -> None:
    """Opens sites in order on a lattice with free boundaries."""
    closed, watched = parent.size, True
    most, total, number = 0, 0, 0
    for count in range(order.size):
        site = order[count]
        parent[site] = -1
        touched = faces_of(site, shape)
        faces[site] = touched
        root = site
        total += 1
        number += 1
        for axis in range(shape.size):
            for high in range(2):
                if (touched >> (2 * axis + high)) & 1:
                    continue
                near = site + strides[axis] if high else site - strides[axis]
                if parent[near] == closed:
                    continue
                other = root_of(parent, near)
                if other != root:
                    total += 2 * int(parent[root]) * int(parent[other])
                    root = join(parent, faces, root, other)
                    number -= 1
        most = max(most, -parent[root])
        largest[count + 1], squares[count + 1], clusters[count + 1] = most, total, number
        if watched:
            watched = not spanned(faces[root], count + 1, spans)


@compiled
def open_bonds(
    order: Integers,
    shape: Integers,
    strides: Integers,
    parent: Integers,
    faces: Integers,
    largest: Integers,
    squares: Integers,
    clusters: Integers,
    spans: Integers,
) -> None:
    """Opens bonds in order on a lattice with free boundaries, whose sites are all open. Bond a n + i leads from site i
    one step up axis a, for n sites.
    """
    sites, watched = parent.size, True
    for site in range(sites):
        parent[site] = -1
        faces[site] = faces_of(site, shape)
    most, total, number = 1, sites, sites
    for count in range(order.size):
        axis, site = order[count] // sites, order[count] % sites
        root, other = root_of(parent, site), root_of(parent, site + strides[axis])
        if root != other:
            total += 2 * int(parent[root]) * int(parent[other])
            root = join(parent, faces, root, other)
            number -= 1
            most = max(most, -parent[root])
            if watched:
                watched = not spanned(faces[root], count + 1, spans)
        largest[count + 1], squares[count + 1], clusters[count + 1] = most, total, number


@compiled
def root_and_way(parent: Integers, ways: Integers, site: int) -> tuple[int, int]:
    """The root of a site, and the displacement to it; the way there is halved."""
    way = 0
    while parent[site] >= 0:
        above = parent[site]
        if parent[above] >= 0:
            ways[site] += ways[above]
            parent[site] = parent[above]
        way += ways[site]
        site = parent[site]
    return site, way


@compiled
def wrapped(winding: int, base: int, count: int, wraps: Integers) -> bool:
    """Notes the axes around which a cluster winds, the digits of `winding`; says whether all are known now."""
    whole = True
    for axis in range(wraps.size):
        digit = (winding + base // 2) % base - base // 2
        winding = (winding - digit) // base
        if wraps[axis] < 0:
            if digit != 0:
                wraps[axis] = count
            else:
                whole = False
    return whole


@compiled
def open_torus(
    order: Integers,
    shape: Integers,
    strides: Integers,
    bonds: bool,
    until_crossed: bool,
    base: int,
    parent: Integers,
    ways: Integers,
    largest: Integers,
    squares: Integers,
    clusters: Integers,
    wraps: Integers,
) -> None:
    """Opens sites, or bonds between sites that are all open, in order on a torus with equal sides of at least 3.

    A displacement is one number, its coordinates being digits to `base`. With `until_crossed` the loop ends when every
    axis is wrapped; the curves stay 0 from there on.
    """
    sites, dimension, watched = parent.size, shape.size, True
    most, total, number = 0, 0, 0
    if bonds:
        parent[:] = -1
        most, total, number = 1, sites, sites
    for count in range(order.size):
        if until_crossed and not watched:
            break
        site, low, high, signs = order[count], 0, dimension, 2
        if bonds:
            low = int(order[count]) // sites
            site, high, signs = order[count] % sites, low + 1, 1
        else:
            parent[site] = -1
            total += 1
            number += 1
            most = max(most, 1)
        digit = base**low
        for axis in range(low, high):
            place = (site // strides[axis]) % shape[axis]
            for back in range(signs):
                near = site - strides[axis] if back else site + strides[axis]
                if back and place == 0:
                    near += shape[axis] * strides[axis]
                elif not back and place == shape[axis] - 1:
                    near -= shape[axis] * strides[axis]
                if parent[near] == sites:
                    continue
                root, way = root_and_way(parent, ways, site)
                other, beyond = root_and_way(parent, ways, near)
                apart = way - beyond + (digit if back else -digit)  # from the root of the neighbour to the other
                if root == other:
                    if apart != 0 and watched:
                        watched = not wrapped(apart // shape[axis], base, count + 1, wraps)
                    continue
                total += 2 * int(parent[root]) * int(parent[other])
                number -= 1
                if parent[root] > parent[other]:
                    root, other, apart = other, root, -apart
                parent[root] += parent[other]
                parent[other] = root
                ways[other] = apart
                most = max(most, -parent[root])
            digit *= base
        largest[count + 1], squares[count + 1], clusters[count + 1] = most, total, number
