"""Labelled: inputs of a collection in memory, with the class that each is said to have."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from isthmus._shapes import Input, Inputs, Targets
from isthmus.errors import ImageError
from isthmus.inputs.collection import Collection
from isthmus.inputs.labels import classes_of_labels
from isthmus.landscape import NetworkLandscape
from isthmus.validation import check_inputs


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
    network = landscape.network
    read: list[Input] = []
    names: list[str] = []
    labels: list[str | None] = []
    skipped: dict[str, str] = {}
    digest = hashlib.sha256()
    for number, name in enumerate(inputs.names):
        if inputs.labels[number] is None:
            raise ImageError(
                f"{name} has no class: give a folder with a sub-folder of images a class, or an .npz with x and y."
            )
        try:
            x = inputs.read(number, network.preprocessing)
            if read and x.shape != read[0].shape:
                raise ImageError(f"It has the shape {tuple(x.shape)}, others have {tuple(read[0].shape)}.")
            digest.update(inputs.digest(number).encode())
        except ImageError as error:
            skipped[name] = str(error)
            continue
        read.append(x)
        names.append(name)
        labels.append(inputs.labels[number])
    if not read:
        raise ImageError(f"No input could be read: {next(iter(skipped.values()), 'there are none')}")
    x = torch.stack(read).float()
    check_inputs("images", x, landscape.domain)
    logits = landscape.logits(x).cpu()
    y = classes_of_labels(
        labels,
        logits.argmax(1).tolist(),
        logits.isfinite().all(1).tolist(),
        class_names=network.class_names,
        classes=logits.shape[1],
    )
    known = torch.tensor(y) >= 0
    return Labelled(
        x=x[known],
        y=torch.tensor(y)[known],
        names=[name for name, ok in zip(names, known.tolist(), strict=True) if ok],
        skipped=skipped,
        digest=digest.hexdigest(),
    )
