"""Survey: one pass over all inputs of a problem: what the network sees in each, and which cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from isthmus._shapes import Input
from isthmus.errors import ImageError
from isthmus.inputs.labels import classes_of_labels
from isthmus.studies.problem import Problem

CHUNK_NUMBERS = 2**25  # numbers of the inputs held at once


@dataclass(frozen=True, eq=False)
class Survey:
    """What is known of the inputs of a problem.

    Attributes:
        groups: class of each input (n,); -1 where it takes no part: unreadable, unknown, or not recognised.
        losses: cross-entropy of each for the class predicted, which is its own where it takes part (n,).
        digests: SHA-256 of what each is read from (n of them); empty where that failed.
        skipped: inputs that could not be used, by name, with the reason.
        shape: shape of one input.
    """

    groups: Tensor
    losses: Tensor
    digests: tuple[str, ...]
    skipped: dict[str, str]
    shape: tuple[int, ...]


def survey(problem: Problem, on_input: Callable[[int, int], None] | None = None) -> Survey:
    """Evaluates the network on every input, a chunk at a time."""
    inputs = problem.inputs
    count = len(inputs)
    seen = _Seen.of(count)
    skipped: dict[str, str] = {}
    digests = [""] * count
    shape: tuple[int, ...] | None = None
    numbers: list[int] = []
    chunk: list[Input] = []
    for number in range(count):
        try:
            digests[number] = inputs.digest(number)
            x = inputs.read(number, problem.preprocessing)
            _check(inputs.names[number], x, shape, problem)
        except ImageError as error:
            skipped[inputs.names[number]] = str(error)
        else:
            shape = tuple(x.shape)
            numbers.append(number)
            chunk.append(x)
        if chunk and (number + 1 == count or (len(chunk) + 1) * chunk[0].numel() > CHUNK_NUMBERS):
            seen.take(numbers, _logits(problem, torch.stack(chunk)))
            numbers, chunk = [], []
            if on_input is not None:
                on_input(number + 1, count)
    if not count:
        return Survey(torch.zeros(0, dtype=torch.long), torch.zeros(0).double(), (), {}, ())
    if shape is None:
        raise ImageError(f"No input of images {problem.images} could be read: {next(iter(skipped.values()))}")
    for number in (seen.read & ~seen.finite).nonzero()[:, 0].tolist():
        skipped[inputs.names[number]] = "The network returns NaN or infinity for it."
    groups = torch.tensor(
        classes_of_labels(
            inputs.labels,
            seen.predicted.tolist(),
            seen.finite.tolist(),
            class_names=problem.class_names,
            classes=seen.classes,
        )
    )
    recognised = seen.finite & (groups == seen.predicted)
    return Survey(torch.where(recognised, groups, -1), seen.losses, tuple(digests), skipped, shape)


def _check(name: str, x: Input, shape: tuple[int, ...] | None, problem: Problem) -> None:
    """One input that cannot be used is set aside; it does not stop a study."""
    if shape is not None and x.shape != shape:
        raise ImageError(f"{name} has the shape {tuple(x.shape)}, others have {shape}.")
    if not bool(x.isfinite().all()):
        raise ImageError(f"{name} holds NaN or infinity.")
    if not bool(problem.landscape.domain.contains(x[None]).all()):
        low, high = float(x.min()), float(x.max())
        raise ImageError(f"{name} lies outside the domain {problem.landscape.domain!r}: from {low:.4g} to {high:.4g}.")


def _logits(problem: Problem, x: Tensor) -> Tensor:
    landscape = problem.landscape
    landscape.try_out(landscape.prepare(x[:3]))
    return landscape.evaluate(x, torch.zeros(len(x), dtype=torch.long), validated=True).logits.cpu()


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
