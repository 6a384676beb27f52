"""What is measured of a bypass, on landscapes where the answer is known."""

from __future__ import annotations

import math

import pytest
import torch

import isthmus
from isthmus.experiments.real.measures import measure_bypasses
from isthmus.experiments.real.spectrum import scrambled, spectrum, white


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_waves_lie_in_the_band_of_their_frequency():
    size = 32
    place = torch.arange(size)
    for cycles, band in ((1, 0), (3, 1), (6, 3), (13, 6), (16, 7)):
        wave = torch.cos(2 * math.pi * cycles * place / size)
        found = spectrum(wave.expand(1, 1, size, size))[0]
        assert int(found.argmax()) == band and float(found[band]) == pytest.approx(1, abs=1e-6)
        assert int(spectrum(wave.expand(1, 2, size))[0].argmax()) == band  # one axis
    assert float(spectrum(torch.ones(1, 1, 8, 8)).sum()) == pytest.approx(0)  # a mean has no frequency


def test_white_noise_is_white():
    noise = random(200, 3, 24, 24)
    assert white(noise).sum() == pytest.approx(1)
    torch.testing.assert_close(spectrum(noise).mean(0), white(noise), atol=0.01, rtol=0.05)


def test_scrambling_keeps_the_spectrum_and_nothing_else():
    x = random(50, 2, 16, 16).cumsum(2).cumsum(3)
    mixed = scrambled(x, random(50, 2, 16, 16, seed=1))
    torch.testing.assert_close(spectrum(mixed), spectrum(x), atol=1e-6, rtol=1e-4)
    cosine = torch.nn.functional.cosine_similarity((x - x.mean((2, 3), True)).flatten(1), mixed.flatten(1))
    assert float(cosine.abs().mean()) < 0.5
    row = random(4, 9)
    assert torch.equal(scrambled(row, 2 * row), 2 * row)  # rows of a table have no spectrum


def test_moves_of_equal_length(digits, digit_pairs):
    a, c, y = digit_pairs
    found = isthmus.connect(digits, a, c, y)
    moved = [pair for pair in found if pair.first_bypass is not None]
    assert len(moved) >= 6
    numbers = measure_bypasses(digits, moved, seed=0).numbers
    for place, pair in enumerate(moved):
        vertices = pair.path.vertices
        b, m = pair.direct_path.at(pair.direct.argmax_t), vertices[pair.first_bypass]
        difference = (m - b).double()
        assert float(numbers["linf"][place]) == pytest.approx(float(difference.abs().max()), rel=1e-4)
        share = difference.norm() / (vertices[-1] - vertices[0]).double().norm()
        assert float(numbers["l2_share"][place]) == pytest.approx(float(share), rel=1e-4)
        target = torch.tensor([pair.target])
        assert float(numbers["peak_loss"][place]) == pytest.approx(float(digits.loss(b[None], target)), rel=1e-3)
        assert float(numbers["moved_loss"][place]) == pytest.approx(float(digits.loss(m[None], target)), rel=1e-3)
    # The gradient leads down, chance does not.
    assert float(numbers["gradient_undone"].median()) > 0.5 > float(numbers["random_undone"].median())
    assert bool((numbers["alignment"].abs() <= 1 + 1e-6).all()) and float(numbers["alignment"].median()) > 0.3


def test_rows_of_numbers_have_moves_but_no_spectrum():
    from isthmus.testing.landscapes import Ring

    ring = Ring(dimensions=6)
    found = isthmus.connect(ring, ring.a, ring.c, ring.target)
    (pair,) = found
    assert pair.first_bypass is not None
    measured = measure_bypasses(ring, [pair])
    assert measured.spectra == {} and float(measured.numbers["l2_share"][0]) > 0.1
    # Around a ring there are many ways out of its middle: the gradient leads to one of them.
    assert float(measured.numbers["gradient_undone"][0]) > 0.9
