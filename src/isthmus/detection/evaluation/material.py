"""Material: the inputs of an evaluation: who teaches, who tests, and what they are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from isthmus._core.random import generator
from isthmus._core.shapes import Inputs, OtherInputs, OtherTargets, Targets
from isthmus.detection.references import SPARE, References
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape

POOL = 3  # one in so many inputs of a class is set aside as a possible reference, where no others are given


@dataclass(frozen=True, eq=False)
class Material:
    """Inputs that the network recognises, in two halves, and those that it mistakes.

    Attributes:
        x: recognised inputs (n, *input).
        y: their classes (n,).
        teach: which of them detectors learn from (n,); the others test.
        mistaken: inputs that it takes for another class (m, *input), clean all the same.
        references: what inputs are connected with; none of them is among the others.
    """

    x: Inputs
    y: Targets
    teach: NDArray[np.bool_]
    mistaken: OtherInputs
    references: References

    @property
    def test(self) -> NDArray[np.bool_]:
        """Which inputs test (n,)."""
        return ~self.teach


def material(
    landscape: AbstractLandscape,
    x: Inputs,
    y: Targets,
    *,
    pool: tuple[OtherInputs, OtherTargets] | None,
    references: int,
    per_class: int | None,
    seed: int,
) -> Material:
    """Parts inputs class by class.

    Args:
        landscape: the landscape.
        x, y: inputs (n, *input) and their classes (n,).
        pool: inputs and classes to draw references from; by default a third of each class is set aside for that.
        references: references of each class that an input is compared with.
        per_class: inputs of each class at most, half to teach and half to test.
        seed: of every draw.

    Raises:
        InputError: a class has too few references, or too few inputs are recognised.
    """
    logits = landscape.logits(x).cpu()
    right = logits.argmax(1) == y
    random = generator(seed)
    teach, test, aside = [], [], []
    for group in sorted(set(y.tolist())):
        members = (y == group).nonzero()[:, 0]
        members = members[torch.randperm(len(members), generator=random)]
        if pool is None:
            # As many more as it takes for enough of them to be recognised.
            enough = (right[members].cumsum(0) >= references + SPARE).nonzero()[:1, 0]
            count = max(int(enough[0]) + 1 if len(enough) else len(members), len(members) // POOL)
            aside.append(members[:count])
            members = members[count:]
        known = members[right[members]][:per_class]
        half = (len(known) + 1) // 2
        teach.append(known[:half])
        test.append(known[half:])
    if pool is None:
        numbers = torch.cat(aside)
        pool = x[numbers], y[numbers]
    missing = logits.shape[1] - len(set(pool[1].tolist()))
    if missing:
        raise InputError(
            f"The network tells {logits.shape[1]} classes apart, and there are no references of {missing} of them, as "
            "which an attacked input may come out; give references of every class, or a network that chooses among "
            "those of the images."
        )
    chosen = torch.cat([*teach, *test])
    first = sum(map(len, teach))
    if first < 20 or len(chosen) - first < 20:
        raise InputError(
            f"The network recognises {len(chosen)} of the inputs that are left beside the references; an evaluation "
            "needs 20 to learn from and 20 to test on at least."
        )
    unused = torch.ones(len(x), dtype=torch.bool)
    if aside:
        unused[torch.cat(aside)] = False
    return Material(
        x=x[chosen],
        y=y[chosen],
        teach=np.arange(len(chosen)) < first,
        mistaken=x[~right & unused],
        references=References.draw(landscape, *pool, per_class=references, seed=seed),
    )
