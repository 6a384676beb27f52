"""What the first bypass B' of a peak B is like, beside moves of equal length in other directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from isthmus._core.geometry import expand_to, inner, norms
from isthmus._core.random import generator
from isthmus._core.shapes import Inputs, Losses, Targets
from isthmus.connecting.connection import Connection
from isthmus.experiments.real.spectrum import scrambled, spectrum
from isthmus.landscapes import AbstractLandscape

CONTROLS = 4  # random moves of each kind for a pair


@dataclass(frozen=True, eq=False)
class BypassMeasures:
    """Of n bypassed pairs.

    Attributes:
        numbers: size of B' - B and what it does, by name (n,). `linf` and `rms` in data units; `l2` in data units and
            `l2_share` relative to |AC|; `peak_loss` and `moved_loss` at B and B'. Share of the fall L(B) - L(B') that a
            move of equal length brings: `gradient_undone` along the negative gradient at B, `random_undone` along
            random directions, `scrambled_undone` along random ones with the amplitude spectrum of B' - B (mean of
            four each); `rounded_undone`: that of B' itself once it is rounded to 8 bits, as an image file keeps it,
            for data in [0, 1]. `alignment`: cosine between B' - B and the negative gradient, both in the hyperplane;
            `first_order`: share of the fall that the gradient at B foretells.
        spectra: shares of the energy of B' - B, of AC and of B by frequency (n, bands); empty where inputs have
            no spatial axes.
    """

    numbers: dict[str, Losses]
    spectra: dict[str, Tensor]

    @staticmethod
    def join(parts: Sequence[BypassMeasures]) -> BypassMeasures:
        """Several parts as one."""
        first = parts[0]
        return BypassMeasures(
            {name: torch.cat([part.numbers[name] for part in parts]) for name in first.numbers},
            {name: torch.cat([part.spectra[name] for part in parts]) for name in first.spectra},
        )


def measure_bypasses(landscape: AbstractLandscape, pairs: Sequence[Connection], *, seed: int = 0) -> BypassMeasures:
    """Measures the first bypass of every pair; each must have one.

    Args:
        landscape: of the pairs.
        pairs: what was found.
        seed: of the random directions.
    """
    vertices = [pair.path.to_polyline().vertices for pair in pairs]
    places = [pair.first_bypass for pair in pairs]
    a, c = torch.stack([v[0] for v in vertices]), torch.stack([v[-1] for v in vertices])
    moved = torch.stack([v[place] for v, place in zip(vertices, places, strict=True) if place is not None])
    peak = torch.stack([pair.direct_path.at(pair.direct.argmax_t) for pair in pairs]).to(moved)
    target = torch.tensor([pair.target for pair in pairs])
    difference, along = moved - peak, c - a
    length = norms(difference)
    peak_loss, gradient = landscape.gradient(peak, target, validated=True)
    downhill = _in_plane(-gradient.to(peak), along)
    random = generator(seed)
    loss = _loss(landscape, moved, target)
    peak_loss = peak_loss.double().cpu()
    fall = (peak_loss - loss).clamp_min(torch.finfo(torch.float64).tiny)

    def undone(direction: Inputs) -> Losses:
        direction = _in_plane(direction, along)
        step = direction * expand_to(length / norms(direction).clamp_min(1e-30), direction).to(direction)
        return (peak_loss - _loss(landscape, peak + step, target)) / fall

    noise = [torch.randn(peak.shape, generator=random).to(peak) for _ in range(CONTROLS)]
    numbers = {
        "linf": difference.flatten(1).abs().amax(1).double(),
        "rms": length / difference[0].numel() ** 0.5,
        "l2": length,
        "l2_share": length / norms(along),
        "peak_loss": peak_loss,
        "moved_loss": loss,
        "gradient_undone": undone(downhill),
        "random_undone": torch.stack([undone(each) for each in noise]).mean(0),
        "scrambled_undone": torch.stack([undone(scrambled(difference, each)) for each in noise]).mean(0),
        "rounded_undone": (peak_loss - _loss(landscape, (moved * 255).round() / 255, target)) / fall,
        "alignment": inner(difference, downhill) / (length * norms(downhill)).clamp_min(1e-30),
        "first_order": inner(difference, -gradient.to(peak)) / fall,
    }
    parts = {"bypass": difference, "images": along, "peak": peak}
    spectra = {name: spectrum(each) for name, each in parts.items()} if peak.ndim > 2 else {}
    return BypassMeasures({name: value.cpu() for name, value in numbers.items()}, spectra)


def _loss(landscape: AbstractLandscape, x: Inputs, target: Targets) -> Losses:
    return landscape.evaluate(x, target, validated=True).loss.double().cpu()


def _in_plane(x: Inputs, normal: Inputs) -> Inputs:
    """The part of x that is orthogonal to the segment, as B' - B is."""
    share = inner(x, normal) / inner(normal, normal).clamp_min(1e-30)
    return x - expand_to(share, x).to(x) * normal
