"""References: inputs of low loss, of each class, to which an input that is judged is connected."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.given import tensor_of
from isthmus._core.random import generator
from isthmus._core.shapes import AnyInputs, AnyTargets, Inputs, Logits, Numbers, Targets
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.arguments import targets_of
from isthmus.landscapes.validation import check_inputs

SPARE = 1  # more than are used, so that an input which is a reference itself is not compared with itself


@dataclass(frozen=True, eq=False)
class References:
    """Reference inputs, with what the network says of them, on the CPU.

    Attributes:
        x: inputs (n, *input), in data units.
        target: class of each (n,), which the network predicts.
        logits: the network's (n, classes).
    """

    x: Inputs
    target: Targets
    logits: Logits

    def __len__(self) -> int:
        return len(self.x)

    @property
    def per_class(self) -> int:
        """References of the class that has the fewest, of those that have any."""
        return int(torch.bincount(self.target)[_present(self.target)].min())

    @classmethod
    @as_annotated
    def draw(
        cls, landscape: AbstractLandscape, x: AnyInputs, y: AnyTargets, *, per_class: int, seed: int = 0
    ) -> References:
        """Draws references among the half of each class that has the lower loss.

        Args:
            landscape: the landscape.
            x: inputs to draw from (n, *input).
            y: class of each (n,); those that the network takes for another are left out.
            per_class: references that an input is compared with; one more of each class is drawn, for inputs that are
                references themselves.
            seed: of the draw.

        Raises:
            InputError: a class has too few, or `per_class` is no whole number >= 1.
        """
        if per_class < 1:
            raise InputError(f"per_class must be a whole number >= 1, got {per_class!r}.")
        x = tensor_of("x", x)
        check_inputs("x", x, landscape.domain, landscape.input_kind)
        y = targets_of(landscape, y, len(x), [x], name="y")
        loss, logits = landscape.evaluate(x, y, validated=True)
        loss, logits = loss.cpu(), logits.cpu()
        right = logits.argmax(1) == y
        wanted = per_class + SPARE
        chosen = []
        random = generator(seed)
        for group in _present(y):
            members = ((y == group) & right).nonzero()[:, 0]
            if len(members) < wanted:
                raise InputError(
                    f"Class {group} has {len(members)} inputs that the network recognises; {wanted} are needed for "
                    f"{per_class} references. Give more images of it, or ask for fewer references."
                )
            low = members[loss[members].argsort()[: max(wanted, (len(members) + 1) // 2)]]
            chosen.append(low[torch.randperm(len(low), generator=random)[:wanted]])
        numbers = torch.cat(chosen)
        return cls(x[numbers.to(x.device)].cpu(), y[numbers], logits[numbers])

    def partners(self, x: Inputs, predicted: Targets, count: int) -> Numbers:
        """Numbers (n * count,) of the references of each input, input by input, never the input itself.

        Args:
            x: inputs (n, *input).
            predicted: the class that each is compared with (n,).
            count: references of each.

        Raises:
            InputError: a class has too few.
        """
        by_class = {group: (self.target == group).nonzero()[:, 0] for group in _present(self.target)}
        found = []
        for one, group in zip(x.detach().cpu(), predicted.tolist(), strict=True):
            members = by_class.get(group)
            if members is not None:
                members = members[~(self.x[members] == one).flatten(1).all(1)][:count]
            if members is None or len(members) < count:
                raise InputError(
                    f"Class {group} has {0 if members is None else len(members)} references, {count} are needed: the "
                    "reference set must hold every class that the network predicts."
                )
            found.append(members)
        return torch.cat(found) if found else torch.zeros(0, dtype=torch.long)


def _present(target: Targets) -> list[int]:
    """The classes that there are, in order."""
    return sorted(set(target.tolist()))
