"""AttackMethod and SynthesisMethod: what every attack, and every generator, can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch

from isthmus._core.progress import OnProgress
from isthmus._core.shapes import Inputs, Losses, Targets
from isthmus.descents import Descended
from isthmus.landscapes import AbstractLandscape


class AttackMethod(ABC):
    """A method of attack. Subclasses are frozen dataclasses whose fields are keyword-only settings."""

    @property
    @abstractmethod
    def targeted(self) -> bool:
        """Whether the class given is the one wanted; else it is the one to get away from."""

    @property
    def radius(self) -> tuple[float, float] | None:
        """Largest distance from the source in data units, and its norm (2 or infinity); None for no bound."""
        return None

    @abstractmethod
    def run(
        self,
        landscape: AbstractLandscape,
        x: Inputs,
        target: Targets,
        *,
        stop: Losses,
        generator: torch.Generator,
        on_progress: OnProgress | None = None,
    ) -> Descended:
        """Attacked inputs; `attack` verifies them.

        Args:
            landscape: the landscape.
            x: the sources (n, *input), in data units.
            target: class of each (n,).
            stop: what the loss, or minus the loss where the attack is not targeted, must fall to (n,).
            generator: of random numbers.
            on_progress: called on the way.
        """


class SynthesisMethod(ABC):
    """A generator. Subclasses are frozen dataclasses whose fields are keyword-only settings."""

    @abstractmethod
    def run(
        self,
        landscape: AbstractLandscape,
        target: Targets,
        shape: Sequence[int],
        seeds: Sequence[int],
        *,
        on_progress: OnProgress | None = None,
    ) -> Descended:
        """An input for each target; each depends on its own seed only.

        Args:
            landscape: the landscape.
            target: class of each (n,).
            shape: of one input.
            seeds: one for each.
            on_progress: called on the way.
        """
