"""The attribution page: what is due to each place of an input, over the input, with the numbers at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from isthmus._core.shapes import Input
from isthmus._core.text import amount, upwards, visible
from isthmus.attributions import Attribution
from isthmus.inputs.kinds import kind_for
from isthmus.inputs.kinds.named import fewer
from isthmus.reports import style
from isthmus.reports.attribution_figure import in_a_plane, scale_of
from isthmus.reports.rendering import facts_of, render
from isthmus.reports.stored_pictures import Pictures

SIDE = 112  # places a side that are told apart; of larger images blocks of pixels
LARGEST = 448  # pixels of a picture
NAMES = 40  # parts with a name that are listed


def attribution_page(
    found: Attribution,
    start: Input,
    end: Input,
    *,
    captions: tuple[str, str] = ("start of the path", "end of the path"),
    output: int = 0,
    class_names: Sequence[str] | None = None,
    command: str = "",
    description: Mapping[str, Any] | None = None,
) -> str:
    """The page as HTML text: the map over the input, how much its strongest places make up, and each place's value.

    Args:
        found: the attribution.
        start, end: the ends of the path (*input).
        captions: what they are called.
        output: the class whose logit it is.
        class_names: names of the classes.
        command: the command that made it.
        description: how it was made, ready for JSON.
    """
    kind, named = kind_for(found.input_kind, tuple(end.shape)), found.named()
    pictures = Pictures(LARGEST)
    plane = in_a_plane(found.values)
    block = 1 if named or not kind.blends else -(-max(plane.shape) // SIDE)
    mapped = named is None and kind.blends and len(plane) > 1
    cells = _in_blocks(plane, block) if mapped else torch.zeros(0, 0)
    name = visible(style.class_name(output, class_names))
    data = {
        "cells": [[float(f"{value:.4g}") for value in row] for row in cells.tolist()],
        "block": block,
        "scale": scale_of(cells) if mapped else 0.0,
        "change": found.change,
        "named": [[visible(part), value] for part, value in fewer(named or (), NAMES)],
        "ends": [
            [pictures.add(x, found.input_kind), visible(caption)]
            for x, caption in zip((start, end), captions, strict=True)
        ],
        "pictures": pictures.urls,
        "small": max(end.shape[2:] or (99,)) <= 64 and kind.blends,
    }
    # What is shown are sums of values: over channels, blocks, or named parts.
    proof = None if found.error_bound is None else upwards(float(found.error_bound.sum()))
    return render(
        "attribution.html",
        ("common.js", "attribution.js"),
        data,
        title=f"What raised and lowered the logit of {name}",
        about=f"{visible(captions[0])} → {visible(captions[1])}",
        cards=[
            {"number": f"{found.change:+.3g}", "text": f"change of the logit, {found.start:.3g} → {found.end:.3g}"},
            {"number": f"{found.gradients:,}", "text": f"gradients, in {amount(found.parts, 'part')} of the path"},
            {"number": f"{found.completeness_error:.1g}", "text": "how far the sum is from the change"},
            *(
                []
                if proof is None
                else [{"number": proof, "text": "proven: no sum of values is farther off", "accent": True}]
            ),
        ],
        mapped=mapped,
        parts=bool(named),
        how=found.how,
        subject_to=found.subject_to,
        made={"command": command} | facts_of(description or {}),
    )


def _in_blocks(plane: Tensor, side: int) -> Tensor:
    """Sums over blocks of so many pixels a side; the last ones may be smaller."""
    height, width = (-(-size // side) * side for size in plane.shape)
    whole = pad(plane, (0, width - plane.shape[1], 0, height - plane.shape[0]))
    found: Tensor = whole.reshape(height // side, side, width // side, side).sum((1, 3))
    return found
