"""Fourier: a generator that moves the spectrum of an input instead of its values, and sees it jittered, scaled and
turned, so that what it makes is smooth and holds under small changes (Olah, Mordvintsev and Schubert 2017).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from isthmus._core.annotated import as_annotated
from isthmus._core.geometry import expand_to
from isthmus._core.progress import OnProgress, Progress
from isthmus._core.random import generator
from isthmus._core.shapes import Index, Inputs, Losses, Mask, Targets
from isthmus.descents import Adam, Batch, Descended, Moments, leaving, take
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.domains import Box
from isthmus.making.method import SynthesisMethod

# Square root of the colour covariance of photographs, columns scaled (Olah et al. 2017).
COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
SMALL = 32  # below so many pixels a side, a turned or scaled picture keeps too little of itself


@as_annotated
@dataclass(frozen=True, kw_only=True)
class Fourier(SynthesisMethod):
    """Adam on the spectrum, decorrelated colours where there are three channels, and random views in every step.

    Values stay in the landscape's box through a sigmoid. Inputs may have any shape: the spectrum is taken along the
    last axis, or along the last two where there are three axes.

    Attributes:
        lr: step length.
        max_steps: steps at most.
        goal: the loss of the input itself, without any change, below which it is done; None goes on to the last step.
        scale: size of the first, random spectrum.
        decay: how fast amplitudes fall with frequency, f^-decay; 0 is white.
        jitter: shift of a view, as a share of the longer side.
        zoom: scale of a view, between 1 - zoom and 1 + zoom. Of pictures of at least 32 pixels a side only.
        turn: rotation of a view, in degrees to either side. Likewise.
        check_every: steps between two looks at the input itself.
    """

    lr: float = 0.05
    max_steps: int = 256
    goal: float | None = 5e-4
    scale: float = 0.01
    decay: float = 1.0
    jitter: float = 0.06
    zoom: float = 0.08
    turn: float = 5.0
    check_every: int = 8

    def __post_init__(self) -> None:
        if not self.lr > 0 or self.max_steps < 1 or self.check_every < 1 or not self.scale > 0:
            raise InputError("Fourier needs lr > 0, scale > 0, max_steps >= 1 and check_every >= 1.")
        if not (0 <= self.jitter < 1 and 0 <= self.zoom < 1 and 0 <= self.turn <= 180 and 0 <= self.decay < math.inf):
            raise InputError("Fourier needs 0 <= jitter < 1, 0 <= zoom < 1, 0 <= turn <= 180 and finite decay >= 0.")

    def run(
        self,
        landscape: AbstractLandscape,
        target: Targets,
        shape: Sequence[int],
        seeds: Sequence[int],
        *,
        on_progress: OnProgress | None = None,
    ) -> Descended:
        if not isinstance(landscape.domain, Box):
            raise InputError(f"Fourier needs a landscape whose domain is a Box, got {landscape.domain!r}.")
        random = [generator(seed) for seed in seeds]
        spectrum = self.scale * torch.stack([torch.randn(_spectrum_shape(shape), generator=each) for each in random])
        spectrum = spectrum.to(landscape.device)
        best = self._picture(spectrum, shape, landscape.domain).detach()
        unknown = torch.full((len(target),), torch.inf, dtype=torch.float64, device=spectrum.device)
        number = torch.arange(len(target), device=spectrum.device)
        problem = _Rows(number, target.to(landscape.device))
        state = _State(spectrum, best, unknown, number * 0, number < 0, Moments.like(spectrum))
        x, loss, steps = best.cpu().clone(), unknown.cpu(), torch.zeros(len(target), dtype=torch.long)
        before = landscape.forward_equivalents

        def tell(rows: Index, _cost: int) -> None:
            if on_progress is not None:
                cost = landscape.forward_equivalents - before
                on_progress(Progress(len(target) - len(rows), len(target), cost))

        with landscape.fixed():
            for left in leaving(
                landscape,
                problem,
                state,
                step=lambda rows, now: self._step(landscape, rows, now, shape, random),
                done=lambda _, now: now.done,
                on_step=tell,
            ):
                x[left.rows], loss[left.rows] = left.state.best.cpu(), left.state.best_loss.cpu()
                steps[left.rows] = left.state.steps.cpu()
        return Descended(x, loss, steps)

    def _step(
        self,
        landscape: AbstractLandscape,
        rows: _Rows,
        now: _State,
        shape: Sequence[int],
        random: Sequence[torch.Generator],
    ) -> _State:
        """Looks at the inputs themselves now and then; what is not done after that moves on."""
        assert isinstance(landscape.domain, Box)
        number = int(now.steps[0])  # all that are left have made as many
        best, best_loss, done = now.best, now.best_loss, now.done
        if number % self.check_every == 0 or number == self.max_steps:
            x = self._picture(now.spectrum, shape, landscape.domain).detach()
            loss = landscape.evaluate(x, rows.target, validated=True).loss.double()
            better = loss < best_loss
            best, best_loss = torch.where(expand_to(better, x), x, best), torch.where(better, loss, best_loss)
            done = ~loss.isfinite() | (loss <= (-torch.inf if self.goal is None else self.goal))
            done = done | (number == self.max_steps)
        going = ~done
        if not bool(going.any()):
            return replace(now, best=best, best_loss=best_loss, done=done)
        steps = now.steps + going.long()
        drawn = [random[row] for row in rows.number[going].tolist()]
        gradient = self._gradient(landscape, now.spectrum[going], rows.target[going], shape, drawn)
        direction, moments = Adam().direction(gradient, take(now.moments, going), steps[going])
        spectrum, first, second = now.spectrum.clone(), now.moments.first.clone(), now.moments.second.clone()
        spectrum[going] = spectrum[going] - self.lr * direction
        first[going], second[going] = moments.first, moments.second
        return _State(spectrum, best, best_loss, steps, done, Moments(first, second))

    def _gradient(
        self,
        landscape: AbstractLandscape,
        spectrum: Tensor,
        target: Targets,
        shape: Sequence[int],
        random: Sequence[torch.Generator],
    ) -> Tensor:
        """Gradient of the loss of a random view of each row, with respect to its spectrum."""
        assert isinstance(landscape.domain, Box)
        with torch.inference_mode(False), torch.enable_grad():
            point = spectrum.clone().requires_grad_()
            view = self._view(self._picture(point, shape, landscape.domain), random)
            inside = landscape.gradient(landscape.prepare(view.detach()), target, validated=True).gradient
            (found,) = torch.autograd.grad(view, point, inside.to(view))
        return found

    def _picture(self, spectrum: Tensor, shape: Sequence[int], domain: Box) -> Inputs:
        """Inputs in data units from their spectra."""
        values = torch.view_as_complex(spectrum)
        spatial = shape[-2:] if len(shape) > 2 else shape[-1:]
        amplitude = _frequencies(shape).clamp_min(1 / max(spatial)) ** -self.decay
        scaled = values * amplitude.to(spectrum)
        flat = len(shape) < 3
        picture = (
            torch.fft.irfft(scaled, n=shape[-1], norm="ortho")
            if flat
            else torch.fft.irfft2(scaled, s=(shape[-2], shape[-1]), norm="ortho")
        )
        picture = picture / amplitude.pow(2).mean().sqrt().to(picture)
        if len(shape) == 3 and shape[0] == len(COLOURS):
            mixing = torch.tensor(COLOURS).to(picture)
            mixing = mixing / mixing.norm(dim=0).max()
            picture = torch.einsum("nchw,dc->ndhw", picture, mixing)
        low, high = (torch.as_tensor(value).to(picture) for value in (domain.low, domain.high))
        inside: Tensor = low + (high - low) * picture.sigmoid()
        return inside

    def _view(self, x: Inputs, random: Sequence[torch.Generator]) -> Inputs:
        """Each input shifted, scaled and turned by random amounts, mirrored at its borders."""
        if x.ndim < 4:
            if not self.jitter:
                return x
            most = max(1, round(self.jitter * x.shape[-1]))
            shifts = [int(torch.randint(-most, most + 1, (1,), generator=each)) for each in random]
            return torch.stack([row.roll(shift, dims=-1) for row, shift in zip(x, shifts, strict=True)])
        height, width = x.shape[-2:]
        amounts = torch.stack([2 * torch.rand(4, generator=each) - 1 for each in random]).to(x)
        large = min(height, width) >= SMALL
        angle = amounts[:, 0] * math.radians(self.turn) * large
        scale = 1 + amounts[:, 1] * self.zoom * large
        shift = 2 * self.jitter * amounts[:, 2:] * max(height, width) / x.new_tensor([width, height])
        # In coordinates from -1 to 1 a turn must undo the picture's proportions.
        ratio = height / width
        cosine, sine = angle.cos() * scale, angle.sin() * scale
        turned = torch.stack([cosine, -sine * ratio, shift[:, 0], sine / ratio, cosine, shift[:, 1]], dim=1)
        grid = functional.affine_grid(turned.reshape(-1, 2, 3), list(x.shape), align_corners=False)
        return functional.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


@dataclass(frozen=True, eq=False)
class _Rows(Batch):
    number: Index
    target: Targets


@dataclass(frozen=True, eq=False)
class _State(Batch):
    """Spectra (n, *spectrum), the best inputs seen, their losses, steps made, and who is done."""

    spectrum: Tensor
    best: Inputs
    best_loss: Losses
    steps: Index
    done: Mask
    moments: Moments


def _spectrum_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """Of the spectrum of an input: the last axis is halved, and real and imaginary parts lie side by side."""
    return (*shape[:-1], shape[-1] // 2 + 1, 2)


def _frequencies(shape: Sequence[int]) -> Tensor:
    """Frequency of each entry of a spectrum, in cycles a value."""
    last: Tensor = torch.fft.rfftfreq(shape[-1])
    if len(shape) < 3:
        return last
    down: Tensor = torch.fft.fftfreq(shape[-2])
    return (down[:, None] ** 2 + last[None] ** 2).sqrt()
