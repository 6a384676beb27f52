"""Survey: one pass over all inputs of a collection: what the network sees in each, and which cannot be used."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from isthmus._core.shapes import Input, Inputs, Losses, Mask, OtherInputs, Targets
from isthmus._core.text import amount
from isthmus.errors import ImageError
from isthmus.inputs.collection import Collection
from isthmus.inputs.labels import classes_of_labels, named_class
from isthmus.landscapes import AbstractLandscape

CHUNK_NUMBERS = 2**25  # numbers of the inputs held at once, where they are not kept


@final
@dataclass(frozen=True, eq=False)
class Survey:
    """What is known of the inputs of a collection.

    Attributes:
        names: what each is called (n of them).
        classes: the class that each is said to have (n,): its label's, or without labels the one predicted; -1 where it
            could not be used, or nothing is known.
        predicted: the class that the network sees in each (n,).
        groups: the class where the network recognises it, else -1 (n,): who takes part in pairs.
        losses: cross-entropy of each for the class predicted, which is its own where it takes part (n,).
        digests: SHA-256 of what each is read from (n of them); empty where that failed.
        skipped: inputs that could not be used, by name, with the reason.
        shape: shape of one input.
        labels: the word that each bears (n of them).
        kept: the inputs themselves, where they were to be kept: all that could be read (r, *input).
        rows: the number of each of these among all (r,).
    """

    names: tuple[str, ...]
    classes: Targets
    predicted: Targets
    groups: Targets
    losses: Losses
    digests: tuple[str, ...]
    skipped: dict[str, str]
    shape: tuple[int, ...]
    labels: tuple[str | None, ...]
    kept: OtherInputs | None
    rows: Tensor

    @property
    def recognised(self) -> Mask:
        """Which inputs the network takes for what they are said to be (n,)."""
        return self.groups >= 0

    def notes(self, class_names: Sequence[str] | None = None) -> list[str]:
        """What a reader should know of who takes part: how many are recognised, and what labels were taken for."""
        read, known = len(self.rows), int(self.recognised.sum())
        taken = {
            label: index for label, index in zip(self.labels, self.classes.tolist(), strict=True) if label is not None
        }
        said = (
            f"{known} of {read} inputs are recognised by the network"
            if taken
            else f"{amount(read, 'input')}, unlabelled"
        )
        aside = len(self.skipped)
        notes = [f"{said}{f', {aside} were set aside' if aside else ''}."]
        if taken:
            names = [
                f"{label} is class {_named(index, class_names)}"
                for label, index in sorted(taken.items(), key=lambda each: each[1])[:8]
            ]
            notes.append(f"Folders: {', '.join(names)}{f' and {len(taken) - 8} more' if len(taken) > 8 else ''}.")
        voted = {label: index for label, index in taken.items() if named_class(label, class_names) is None}
        alike = sorted(label for label, index in voted.items() if list(voted.values()).count(index) > 1)
        if alike:
            among = ", ".join(alike[:6])
            notes.append(
                f"Folders whose names are no classes were taken for the same class ({among}): pairs are drawn across "
                "them. Name folders after classes, by name or index, where that is not meant."
            )
        if read and 2 * known < read:
            cause = _likely_cause(self)
            notes.append(f"Most inputs are not recognised, and take no part{cause}{'' if cause.endswith('?') else '.'}")
        return notes

    @property
    def digest(self) -> str:
        """SHA-256 over what all inputs that could be read were read from."""
        return hashlib.sha256("".join(self.digests[row] for row in self.rows.tolist()).encode()).hexdigest()

    @property
    def usable(self) -> list[int]:
        """Numbers of the inputs that could be read, and of which the network says something finite."""
        return [row for row in self.rows.tolist() if self.names[row] not in self.skipped]

    def x(self, numbers: Tensor) -> Inputs:
        """Kept inputs by their numbers (m, *input)."""
        assert self.kept is not None
        return self.kept[torch.searchsorted(self.rows, numbers)]


def survey(
    inputs: Collection,
    landscape: AbstractLandscape,
    *,
    keep: bool = False,
    on_input: Callable[[int, int], None] | None = None,
) -> Survey:
    """Evaluates the network on every input, a chunk at a time. What cannot be used is set aside by name.

    Args:
        inputs: the collection.
        landscape: on the network.
        keep: whether the inputs are kept; without, there may be more of them than memory.
        on_input: called with how many inputs were looked at, of how many.

    Raises:
        ImageError: none of the inputs can be read.
    """
    count = len(inputs)
    seen = _Seen.of(count)
    skipped: dict[str, str] = dict(inputs.ignored)
    digests = [""] * count
    shape: tuple[int, ...] | None = None
    numbers: list[int] = []
    chunk: list[Input] = []
    kept: list[Inputs] = []
    for number in range(count):
        try:
            digests[number] = inputs.digest(number)
            x = inputs.read(number, landscape.input_kind)
            _check(inputs.names[number], x, shape, landscape)
        except ImageError as error:
            skipped[inputs.names[number]] = str(error)
        else:
            shape = tuple(x.shape)
            numbers.append(number)
            chunk.append(x)
        if chunk and (number + 1 == count or (len(chunk) + 1) * chunk[0].numel() > CHUNK_NUMBERS):
            together = torch.stack(chunk)
            seen.take(numbers, landscape.logits_of(together).cpu())
            kept += [together] * keep
            numbers, chunk = [], []
        if on_input is not None:
            on_input(number + 1, count)
    if shape is None and count:
        raise ImageError(f"No input could be read: {next(iter(skipped.values()))}")
    for number in (seen.read & ~seen.finite).nonzero()[:, 0].tolist():
        skipped[inputs.names[number]] = "The network returns NaN or infinity for it."
    found = classes_of_labels(
        inputs.labels,
        seen.predicted.tolist(),
        seen.finite.tolist(),
        class_names=landscape.class_names,
        classes=seen.classes,
    )
    classes = torch.where(seen.finite, torch.tensor(found, dtype=torch.long), -1)
    return Survey(
        names=tuple(inputs.names),
        classes=classes,
        predicted=seen.predicted,
        groups=torch.where(classes == seen.predicted, classes, -1),
        losses=seen.losses,
        digests=tuple(digests),
        skipped=skipped,
        shape=shape or (),
        labels=tuple(inputs.labels),
        kept=torch.cat(kept) if kept else None,
        rows=seen.read.nonzero()[:, 0],
    )


def _named(index: int, names: Sequence[str] | None) -> str:
    name = names[index] if names and 0 <= index < len(names) else str(index)
    return str(index) if name == str(index) else f"{index} ({name})"


def _likely_cause(found: Survey) -> str:
    """Why most labels may not be what the network sees."""
    numbers = [int(label) if label is not None and label.isdecimal() else None for label in found.labels]
    pairs = [(n, int(p)) for n, p in zip(numbers, found.predicted.tolist(), strict=True) if n is not None]
    if pairs and 2 * sum(number - 1 == seen for number, seen in pairs) > len(pairs):
        return ": the names of the folders seem to count classes from 1, and the network counts from 0"
    if len(pairs) == len(numbers):
        return ": are the numbers that name the folders those of the network's classes, counted from 0?"
    return ": are these the images and the preprocessing that the network was trained on?"


def _check(name: str, x: Input, shape: tuple[int, ...] | None, landscape: AbstractLandscape) -> None:
    """One input that cannot be used is set aside; it does not stop the others."""
    if shape is not None and x.shape != shape:
        raise ImageError(f"{name} has the shape {tuple(x.shape)}, others have {shape}; give a size to bring them to.")
    if not bool(x.isfinite().all()):
        raise ImageError(f"{name} holds NaN or infinity.")
    if not bool(landscape.domain.contains(x[None]).all()):
        low, high = float(x.min()), float(x.max())
        raise ImageError(f"{name} lies outside the domain {landscape.domain!r}: from {low:.4g} to {high:.4g}.")


@dataclass(eq=False)
class _Seen:
    """What the network says of each input (n,): logits are not kept, they would fill the memory."""

    read: Tensor
    finite: Tensor
    predicted: Tensor
    losses: Tensor
    classes: int = 0

    @classmethod
    def of(cls, count: int) -> _Seen:
        no = torch.zeros(count, dtype=torch.bool)
        return cls(no, no.clone(), torch.zeros(count, dtype=torch.long), torch.full((count,), torch.inf).double())

    def take(self, numbers: list[int], logits: Tensor) -> None:
        self.classes = logits.shape[1]
        self.read[numbers] = True
        self.finite[numbers] = logits.isfinite().all(1)
        log_probability, predicted = logits.double().log_softmax(1).max(1)
        self.predicted[numbers] = predicted
        self.losses[numbers] = -log_probability.nan_to_num(-torch.inf)
