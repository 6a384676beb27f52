"""Evaluating: points of many surfaces at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from isthmus._core.shapes import Inputs, Losses
from isthmus.landscapes import AbstractLandscape, Evaluation
from isthmus.profiles import look
from isthmus.surfaces.mesh import Floats, Numbers
from isthmus.surfaces.surface import together
from isthmus.surfaces.work import Work


def look_at(landscape: AbstractLandscape, work: list[Work], level: int) -> None:
    """Evaluates the nodes of a level that are wanted, of all surfaces together."""
    wanted = [each.mesh.wanted(level) for each in work]
    counts = [len(i) for i, _ in wanted]
    if not sum(counts):
        return
    number = torch.repeat_interleave(torch.arange(len(work)), torch.tensor(counts))
    u, v = (torch.from_numpy(np.concatenate(side)).double() / 2**level for side in zip(*wanted, strict=True))
    _keep_inside(landscape, work, level, wanted)
    seen = evaluate(landscape, work, number, u, v)
    loss = seen.loss.double().numpy()
    value = values_of(landscape, seen.loss)
    predicted = seen.logits.argmax(1).numpy()
    begin = 0
    for each, (i, j) in zip(work, wanted, strict=True):
        rows = slice(begin, begin + len(i))
        each.see(level, i, j, loss[rows], value[rows], predicted[rows])
        begin += len(i)


def evaluate(
    landscape: AbstractLandscape,
    work: list[Work],
    number: torch.Tensor,
    u: torch.Tensor,
    v: torch.Tensor,
    *,
    rounded: bool = False,
) -> Evaluation:
    """Points (u, v) of the surfaces numbered (m,), on the CPU; the losses in float64 where logits give it."""

    def at(rows: slice) -> Inputs:
        x = together(surfaces, number[rows], u[rows], v[rows])
        return (_eight_bits(x) if rounded else x).to(landscape.device)

    surfaces, targets = [each.surface for each in work], torch.tensor([each.target for each in work])[number]
    parts = []
    for rows, _, seen in look(
        landscape,
        at,
        targets,
        most=lambda: landscape.batch_size or 64,
    ):
        parts.append(Evaluation(landscape.in_float64(seen, targets[rows]).cpu(), seen.logits.cpu()))
    return Evaluation(torch.cat([each.loss for each in parts]), torch.cat([each.logits for each in parts]))


def values_of(landscape: AbstractLandscape, loss: Losses) -> Floats:
    """Losses (n,) on the landscape's even scale, or as they are; infinite where they are no numbers."""
    even = landscape.on_even_scale(loss)
    found = (loss.double() if even is None else even.value).numpy()
    return np.asarray(np.nan_to_num(found, nan=np.inf, posinf=np.inf, neginf=-np.inf), np.float64)


def on_scale(landscape: AbstractLandscape, loss: float) -> float:
    """The same of one loss."""
    return float(values_of(landscape, torch.tensor([loss], dtype=torch.float64))[0])


def _keep_inside(
    landscape: AbstractLandscape, work: list[Work], level: int, wanted: Sequence[tuple[Numbers, Numbers]]
) -> None:
    """Nodes that were moved along with coarser ones may have left the domain: they are brought back."""
    for each, (i, j) in zip(work, wanted, strict=True):
        step = each.mesh.stride(level)
        for a, b in zip(i.tolist(), j.tolist(), strict=True):
            if not each.mesh.stale[a * step, b * step]:
                continue
            x = each.surface.at(a / 2**level, b / 2**level)[None]
            inside = landscape.domain.project(x)
            if not torch.equal(x, inside):
                each.surface.move(level, a, b, (inside - x)[0])


def _eight_bits(x: Inputs) -> Inputs:
    return (x * 255).round() / 255
