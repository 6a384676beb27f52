"""What the commands of detection have in common: inputs, references, probes and radii."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.cli.options import readable
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus import Landscape
    from isthmus.detection import Probe
    from isthmus.detection.labelled import Labelled
    from isthmus.inputs.collection import Collection

DIGITS_EPSILON, PHOTO_EPSILON = "0.15,0.3", "2/255,8/255"


def inputs_of(images: Path | None, references: Path | None, landscape: Landscape) -> tuple[Labelled, Labelled | None]:
    """Inputs, and those to draw references from."""
    from isthmus.detection.labelled import read_labelled
    from isthmus.inputs.collection import digits, open_collection

    source: Collection = digits() if images is None else open_collection(images, kind=landscape.input_kind)
    given = read_labelled(source, landscape)
    for name, reason in given.skipped.items():
        print(f"isthmus: set aside {readable(name)}: {readable(reason)}", file=sys.stderr)
    if references is not None:
        return given, read_labelled(open_collection(references, kind=landscape.input_kind), landscape)
    return given, read_labelled(digits(held_out=False), landscape) if images is None else None


def probe_of(given: Labelled, images: Path | None, *, mirror: bool | None, full: bool) -> Probe:
    """The cheap probe, of at most 60 forward-equivalents, or the full one; mirror images for images of one's own."""
    from isthmus.detection import Probe, views_for

    views = views_for(tuple(given.x.shape[1:]), mirror=images is not None if mirror is None else mirror)
    return Probe(references=8, points=25, views=views, view_points=13, bypassed=2) if full else Probe(views=views)


def two_radii(epsilon: str | None, images: Path | None) -> list[float]:
    """The small and the large radius of attacks."""
    return radii("--epsilon", epsilon or (DIGITS_EPSILON if images is None else PHOTO_EPSILON), 2)


def radii(name: str, text: str, count: int | None = None) -> list[float]:
    """Positive numbers or fractions with commas between, in ascending order."""
    try:
        found = [float(Fraction(part.strip())) for part in text.split(",")]
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(
            f"{name} must be numbers or fractions with commas between, as 2/255,8/255, got '{text}'."
        ) from error
    if count is not None and len(found) != count:
        raise InputError(f"{name} needs {count} numbers with commas between, got '{text}'.")
    if not all(value > 0 for value in found) or found != sorted(found):
        raise InputError(f"{name} must be positive and ascending, got '{text}'.")
    return found
