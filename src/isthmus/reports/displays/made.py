"""Displays of attributions, and of inputs that were made: attacked and synthesized ones."""

from __future__ import annotations

import numpy as np
import torch

from isthmus._core.text import amount
from isthmus.attributions import Attribution
from isthmus.inputs.kinds.named import fewer, in_parts
from isthmus.making.attacks import Attacked
from isthmus.making.synthesis import Synthesized
from isthmus.reports import style
from isthmus.reports.attribution_figure import in_a_plane, scale_of
from isthmus.reports.displays.base import display_of
from isthmus.reports.displays.card import card, facts, number, of_inputs, paragraph, pictures, table
from isthmus.reports.pictures import Pixels

MOST = 8
WIDE = 96


@display_of.register
def of_attribution(found: Attribution) -> str:
    """A map of the values, red where they raised the output and blue where they lowered it; or what is due to names."""
    named = found.named()
    return card(
        f"The output changed by {found.change:+.4g}, from {found.start:.4g} to {found.end:.4g}",
        pictures([(attribution_picture(found), "red raised it, blue lowered it", "")])
        if named is None
        else table(("part", "due"), [(name, f"{value:+.3g}") for name, value in fewer(named, MOST)], words=(0,)),
        facts({"gradients": f"{found.gradients:,}, in {amount(found.parts, 'part')}", "integral": found.how}),
    )


@display_of.register
def of_attacked(made: Attacked) -> str:
    """The first attacked inputs, with the class that the network sees."""
    success = int(made.success.sum())
    captions = [f"{k}: seen as {int(made.predicted[k])}" for k in range(min(MOST, len(made)))]
    colors = [style.ATTACKED if bool(made.success[k]) else style.DIRECT for k in range(len(captions))]
    return card(
        f"{success} of {len(made)} attacks succeeded",
        of_inputs(list(made.x[:MOST]), captions, colors, kind=made.input_kind),
        facts(
            {
                "largest change, median": number(float(made.linf.median())),
                f"as {made.kept_as}": f"{int(made.success_8bit.sum())} of {len(made)} still",
                "not valid": f"{int((~made.valid).sum())}" if bool((~made.valid).any()) else None,
            }
        ),
        paragraph(f"The first {MOST} of {len(made):,}.") if len(made) > MOST else "",
    )


@display_of.register
def of_synthesized(made: Synthesized) -> str:
    """The first synthesized inputs."""
    captions = [f"{int(made.target[k])}, loss {number(float(made.loss[k]))}" for k in range(min(MOST, len(made)))]
    success = int(made.success.sum())
    return card(
        f"{success} of {len(made)} inputs are seen as the class that they were made for",
        of_inputs(list(made.x[:MOST]), captions, kind=made.input_kind),
        paragraph(f"The first {MOST} of {len(made):,}.") if len(made) > MOST else "",
        state=success == len(made),
    )


def attribution_picture(found: Attribution) -> Pixels:
    """A map of the values, with 0 in the middle of its scale."""
    from matplotlib import colormaps

    plane = in_a_plane(found.values)
    if len(plane) == 1 and plane.shape[1] > WIDE:  # a wave: what is due to each part of its time, in a band
        _, due = in_parts(plane[0].double().numpy(), WIDE)
        plane = torch.from_numpy(due).expand(WIDE // 5, WIDE)
    share = (plane / (2 * scale_of(plane)) + 0.5).clamp(0, 1).numpy()
    pixels: Pixels = (colormaps["RdBu_r"](share)[..., :3] * 255).round().astype(np.uint8)
    return pixels
