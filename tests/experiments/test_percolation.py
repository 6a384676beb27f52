from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from isthmus.errors import InputError
from isthmus.estimates import Estimate
from isthmus.findings.percolation import (
    NetworkStudy,
    Straightness,
    WithDimension,
    conjecture_findings,
    network_findings,
    study_slices,
    summary,
    threshold_findings,
)
from isthmus.findings.percolation.sizes import SIZES, sized_landscapes
from isthmus.percolation import Threshold


def found(p_c: float, error: float, dimension: int = 4) -> Threshold:
    return Threshold(dimension=dimension, kind="site", p_c=p_c, standard_error=error, method="growth", runs=10)


def test_a_threshold_that_is_off_is_reported_as_off():
    good = threshold_findings([found(0.197, 1e-4)], "")
    assert any("standard errors" in text for text in good.found) and not good.differs
    bad = threshold_findings([found(0.2, 1e-4)], "")
    assert any("31.1 standard errors" in text for text in bad.differs)
    rising = threshold_findings([found(0.31, 1e-3, 3), found(0.9, 1e-3, 5)], "")
    assert any("2 d p_c" in text for text in rising.differs)


@pytest.fixture(scope="module")
def slices(digits, digit_images):
    study = NetworkStudy(dimensions=(2, 3), points=5, slices=3, draws=1)
    x, y = digit_images
    rows, examples = study_slices({"digits": digits}, x, y, study, picture=9)
    return study, rows, examples


def test_the_same_slices_for_every_network(digits, digit_images, slices):
    study, rows, _ = slices
    assert len(rows) == 2 * 3 * 2
    again, _ = study_slices({"one": digits, "two": digits}, *digit_images, study, picture=9)
    for name in ("one", "two"):
        mine = [row for row in again if row.network == name]
        for row, other in zip(mine, rows, strict=True):
            assert row.target == other.target
            assert np.array_equal(row.measured.own.connection, other.measured.own.connection, equal_nan=True)
            assert np.array_equal(row.measured.gaussian.connection, other.measured.gaussian.connection, equal_nan=True)


def test_what_depends_on_the_grid_is_marked(slices):
    study, rows, examples = slices
    quiet = [replace(row, measured=replace(row.measured, coarse=row.measured.own)) for row in rows]
    assert {group["depends_on_spacing"] for group in summary(quiet, study)} == {"no"}
    loud = [
        replace(
            row,
            measured=replace(
                row.measured,
                coarse=replace(row.measured.own, connection=row.measured.own.connection - 0.3 - 0.01 * row.number),
            ),
        )
        for row in rows
    ]
    assert {group["depends_on_spacing"] for group in summary(loud, study)} == {"connection"}
    faint = [
        replace(
            row,
            measured=replace(
                row.measured,
                coarse=replace(row.measured.own, connection=row.measured.own.connection - 0.03 - 1e-4 * row.number),
            ),
        )
        for row in rows
    ]
    assert {group["depends_on_spacing"] for group in summary(faint, study)} == {"no"}  # certain, but not worth a word
    blind = [replace(row, measured=replace(row.measured, coarse=None)) for row in rows]
    assert {group["depends_on_spacing"] for group in summary(blind, study)} == {"not measured"}
    text = " ".join(network_findings(loud, examples, study, "").found)
    assert "4 of 4 groups depend on the grid" in text


def test_a_landscape_that_is_like_its_null_is_not_reported_as_another(slices):
    study, rows, examples = slices

    # Off its null by as much as that is off its own: the bias of the null, not a finding.
    def shifted(row, off):
        own = row.measured.own
        gaussian = replace(own, connection=own.connection - 0.2 - 0.01 * row.number)
        second = replace(own, connection=own.connection - 0.4 - 0.02 * row.number + off)
        return replace(row, measured=replace(row.measured, gaussian=gaussian, second=second))

    same = " ".join(network_findings([shifted(row, 0.001 * row.number) for row in rows], examples, study, "").found)
    assert "In 0 of 4 groups the landscape connects" in same
    more = " ".join(network_findings([shifted(row, 0.2) for row in rows], examples, study, "").found)
    assert "In 4 of 4 groups" in more and "(4 more, 0 less)" in more


def chance(dimension: int, value: float, low: float, detour: float = 1.0) -> tuple[WithDimension, Straightness]:
    interval = Estimate(value, low, min(1.0, 2 * value - low))
    way = Estimate(detour, detour, detour)
    return (
        WithDimension(dimension=dimension, side=3, share=0.5, connection=interval, largest=interval, neighboured=1.0),
        Straightness(dimension=dimension, side=3, share=0.5, connected=1.0, detour=way, stretch=way, straight=1.0),
    )


def test_the_conjecture_is_seen_or_not():
    for value, low, seen in ((1.0, 1.0, True), (0.95, 0.85, False), (0.5, 0.4, False)):
        connected, straight = zip(chance(3, 0.2, 0.1), chance(9, value, low), strict=True)
        findings = conjecture_findings(connected, straight, "")
        assert bool(findings.agrees) == seen and bool(findings.differs) != seen
        assert "as short as the lattice allows" in findings.found[0]
    connected, straight = zip(chance(9, 1.0, 1.0, detour=1.5), strict=True)
    findings = conjecture_findings(connected, straight, "")
    assert findings.agrees and "Ways are not straight" in findings.found[0]
    nan = float("nan")
    connected, straight = zip(chance(9, nan, nan), strict=True)
    assert "too few sites are open" in conjecture_findings(connected, straight, "").found[0]


def test_networks_of_several_sizes_learn(digit_images):
    x, y = digit_images
    landscapes = sized_landscapes()
    assert len(landscapes) == 2 * len(SIZES)
    for name, landscape in landscapes.items():
        right = (landscape.logits(x).argmax(1) == y).double().mean()
        assert right > 0.85 if name.endswith(", trained") else right < 0.4, name


def test_a_class_with_too_few_inputs(digits, digit_images):
    x, _ = digit_images
    with pytest.raises(InputError, match="goes through 4 inputs of one class"):
        study_slices({"digits": digits}, x[:6], torch.arange(6), NetworkStudy(dimensions=(3,), points=5, slices=2))
