"""Invasion percolation with hashed sites (Mertens and Moore 2018): loops over a lattice that is never stored.

A site is a number: the sum of its coordinates times random odd steps, one an axis, modulo 2^62. Two of ten million
sites share a number with a chance of about 1e-5. Its weight is a hash of the number, so that it need not be stored
either.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isthmus.percolation.compiled import compiled

Integers = np.ndarray[Any, np.dtype[np.int64]]
BITS = 62
MASK = (1 << BITS) - 1
EMPTY = -1


@compiled
def mix(number: int) -> int:
    """A hash of 62 bits: the finisher of splitmix64 (Steele et al. 2014), narrowed so that no sign is involved."""
    number = ((number ^ (number >> 30)) * 0x3F58476D1CE4E5B9) & MASK
    number = ((number ^ (number >> 27)) * 0x14D049BB133111EB) & MASK
    return number ^ (number >> 31)


@compiled
def note(table: Integers, key: int) -> bool:
    """Puts a key into an open-addressed table; whether it was not there yet."""
    place = mix(key) & (table.size - 1)
    while table[place] != EMPTY:
        if table[place] == key:
            return False
        place = (place + 1) & (table.size - 1)
    table[place] = key
    return True


@compiled
def has(table: Integers, key: int) -> bool:
    """Whether a key is in the table."""
    place = mix(key) & (table.size - 1)
    while table[place] != EMPTY:
        if table[place] == key:
            return True
        place = (place + 1) & (table.size - 1)
    return False


@compiled
def doubled(array: Integers) -> Integers:
    """The same numbers in an array with as much room again."""
    larger = np.empty(2 * array.size, dtype=np.int64)
    larger[: array.size] = array
    return larger


@compiled
def rehashed(table: Integers) -> Integers:
    """The same keys in a table twice as large."""
    larger = np.full(2 * table.size, EMPTY, dtype=np.int64)
    for place in range(table.size):
        key = int(table[place])
        if key != EMPTY:
            note(larger, key)
    return larger


@compiled
def push(weights: Integers, keys: Integers, size: int, weight: int, key: int) -> None:
    """Puts an entry into a binary heap of `size` entries; its arrays must have room."""
    place = size
    while place > 0:
        above = (place - 1) >> 1
        if weights[above] <= weight:
            break
        weights[place], keys[place] = weights[above], keys[above]
        place = above
    weights[place], keys[place] = weight, key


@compiled
def pop(weights: Integers, keys: Integers, size: int) -> None:
    """Takes the lightest entry, at 0, from a heap of `size` entries."""
    weight, key = weights[size - 1], keys[size - 1]
    place, last = 0, size - 1
    while True:
        below = 2 * place + 1
        if below >= last:
            break
        if below + 1 < last and weights[below + 1] < weights[below]:
            below += 1
        if weights[below] >= weight:
            break
        weights[place], keys[place] = weights[below], keys[below]
        place = below
    weights[place], keys[place] = weight, key


@compiled
def invade(steps: Integers, bonds: bool, salt: int, cutoff: int, checkpoints: Integers) -> Integers:
    """Sites (or bonds) examined when so many are invaded, always the lightest of those that touch the cluster.

    What weighs more than a cutoff waits outside the heap until nothing lighter is left; then the cutoff is doubled.
    """
    examined = np.zeros(checkpoints.size, dtype=np.int64)
    table = np.full(1 << 12, EMPTY, dtype=np.int64)
    weights, keys = np.empty(1 << 10, dtype=np.int64), np.empty(1 << 10, dtype=np.int64)
    far_weights, far_keys = np.empty(1 << 12, dtype=np.int64), np.empty(1 << 12, dtype=np.int64)
    size, far, stored, seen, invaded, done, site, fresh = 0, 0, 1, 0, 0, 0, 0, True
    note(table, site)
    if not bonds:
        seen, invaded = 1, 1
    while True:
        if fresh:
            if 2 * (stored + 2 * steps.size) > table.size:
                table = rehashed(table)
            for axis in range(steps.size):
                for sign in (-1, 1):
                    near = (site + sign * int(steps[axis])) & MASK
                    if bonds:
                        if has(table, near):
                            continue  # the bond was examined from there
                        low = near if sign < 0 else site
                        weight = mix((low + axis) ^ salt)
                    else:
                        if not note(table, near):
                            continue
                        stored += 1
                        weight = mix(near ^ salt)
                    seen += 1
                    if weight < cutoff:
                        if size == weights.size:
                            weights, keys = doubled(weights), doubled(keys)
                        push(weights, keys, size, weight, near)
                        size += 1
                    else:
                        if far == far_weights.size:
                            far_weights, far_keys = doubled(far_weights), doubled(far_keys)
                        far_weights[far], far_keys[far] = weight, near
                        far += 1
        if invaded == checkpoints[done]:
            examined[done] = seen
            done += 1
            if done == checkpoints.size:
                return examined
        while size == 0:
            cutoff *= 2
            kept = 0
            for place in range(far):
                if far_weights[place] < cutoff:
                    if size == weights.size:
                        weights, keys = doubled(weights), doubled(keys)
                    push(weights, keys, size, far_weights[place], far_keys[place])
                    size += 1
                else:
                    far_weights[kept], far_keys[kept] = far_weights[place], far_keys[place]
                    kept += 1
            far = kept
        site = int(keys[0])
        pop(weights, keys, size)
        size -= 1
        invaded += 1
        fresh = not bonds or note(table, site)
        if bonds and fresh:
            stored += 1
