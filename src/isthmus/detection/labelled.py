"""Labelled: inputs of a collection in memory, with the class that each is said to have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isthmus._core.shapes import Inputs, Targets
from isthmus.errors import ImageError
from isthmus.inputs.collection import Collection
from isthmus.landscapes import NetworkLandscape
from isthmus.loading import survey


@dataclass(frozen=True, eq=False)
class Labelled:
    """Inputs with their classes.

    Attributes:
        x: inputs (n, *input), in data units.
        y: the class of each (n,).
        names: what each is called.
        skipped: inputs that could not be used, with the reason.
        digest: of what they were read from.
    """

    x: Inputs
    y: Targets
    names: list[str]
    skipped: Mapping[str, str]
    digest: str


def read_labelled(inputs: Collection, landscape: NetworkLandscape) -> Labelled:
    """Reads a whole collection.

    Raises:
        ImageError: nothing in it can be used, or nothing is said of the classes.
    """
    unknown = [name for name, label in zip(inputs.names, inputs.labels, strict=True) if label is None]
    if unknown:
        raise ImageError(
            f"{unknown[0]} has no class: give a folder with a sub-folder of images a class, or an .npz with x and y."
        )
    found = survey(inputs, landscape, keep=True)
    known = (found.classes >= 0).nonzero()[:, 0]
    return Labelled(
        x=found.x(known).float(),
        y=found.classes[known],
        names=[found.names[number] for number in known.tolist()],
        skipped=found.skipped,
        digest=found.digest,
    )
