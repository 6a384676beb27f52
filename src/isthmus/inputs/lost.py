"""Lost: what of an image file is not in the input that is made of it, where that is nearly all."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from isthmus.inputs.preprocessing import Preprocessing

LOOKED_AT = 16  # files
SMALLER = 12  # times, a side
GREY = 24  # levels of 255 between the channels of a pixel that has a colour
COLOURED = 0.05  # of the pixels of a picture that does
SMALL = 64  # pixels a side on which colours are looked for


def what_is_lost(files: Iterable[str | Path], preprocessing: Preprocessing | None) -> str | None:
    """In words, if the first images lose their colours or are made far smaller, as photographs are for a network of
    digits; None where they do not. Files that cannot be read are passed over.
    """
    if preprocessing is None or (preprocessing.size is None and preprocessing.channels != 1):
        return None
    smaller = colours = 0
    looked = list(map(Path, islice(files, LOOKED_AT)))
    for file in looked:
        try:
            with Image.open(file) as opened:
                if preprocessing.size is not None:
                    smaller += min(np.array(opened.size) / preprocessing.size[::-1]) >= SMALLER
                if preprocessing.channels == 1 and opened.mode not in ("1", "L", "LA", "I", "I;16", "F"):
                    opened.draft("RGB", (SMALL, SMALL))  # of JPEG only what is needed is decoded
                    opened.thumbnail((SMALL, SMALL))
                    pixels = np.asarray(opened.convert("RGB")).astype(int)
                    colours += (np.ptp(pixels, axis=2) > GREY).mean() > COLOURED
        except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
            continue
    said = []
    if 2 * smaller > len(looked):
        assert preprocessing.size is not None
        height, width = preprocessing.size
        said.append(f"more than {SMALLER} times smaller a side ({height} x {width} pixels)")
    if 2 * colours > len(looked):
        said.append("grey, without their colours")
    return f"Most images are made {' and '.join(said)}: is this network for such images?" if said else None
