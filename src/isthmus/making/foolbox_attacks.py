"""Attacks of foolbox by name, on a landscape: an extra, for everything that Isthmus has no attack of its own for."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from isthmus._core.annotated import as_annotated
from isthmus._core.progress import OnProgress, Progress
from isthmus._core.random import lent_seed
from isthmus._core.shapes import Inputs, Losses, Targets
from isthmus.descents import Descended
from isthmus.errors import InputError, MissingLibraryError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.domains import Box
from isthmus.making.method import AttackMethod

BATCH = 128


@as_annotated
@dataclass(frozen=True, kw_only=True)
class Foolbox(AttackMethod):
    """An attack of foolbox 3.

    Its defaults are its own, and some surprise: the step of `LinfPGD` is epsilon / 30 whatever the number of steps, so
    that fewer than 30 cannot reach the border of the ball; give `rel_stepsize`. What comes out is verified by `attack`
    all the same.

    Attributes:
        name: class in `foolbox.attacks`, such as L2CarliniWagnerAttack, LinfDeepFoolAttack or L2FMNAttack.
        epsilon: radius of the ball; None for attacks that look for the smallest change.
        toward: whether the class given is the one wanted.
        settings: of the attack, as foolbox calls them.
    """

    name: str
    epsilon: float | None = None
    toward: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        attacks = _import_foolbox().attacks
        kind = getattr(attacks, self.name, None)
        if not isinstance(kind, type):
            names = [name for name in dir(attacks) if name[0].isupper()]
            near = difflib.get_close_matches(self.name, names, n=3, cutoff=0.4)
            hint = f"; near it: {', '.join(near)}" if near else ""
            raise InputError(f"foolbox has no attack '{self.name}'{hint}.")
        if self.epsilon is not None and not self.epsilon > 0:
            raise InputError(f"epsilon must be > 0, got {self.epsilon}.")
        self._attack()

    @property
    def targeted(self) -> bool:
        return self.toward

    @property
    def radius(self) -> tuple[float, float] | None:
        order = getattr(getattr(self._attack(), "distance", None), "p", None)
        return None if self.epsilon is None or order not in (2, math.inf) else (self.epsilon, order)

    def _attack(self) -> Any:
        try:
            return getattr(_import_foolbox().attacks, self.name)(**self.settings)
        except TypeError as error:
            raise InputError(f"foolbox's {self.name}: {error}.") from error

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
        foolbox = _import_foolbox()
        if not isinstance(landscape.domain, Box):
            raise InputError(f"foolbox needs a landscape whose domain is a Box, got {landscape.domain!r}.")
        if bool(stop.isfinite().any()):
            raise InputError(f"foolbox's {self.name} cannot stop at a loss; leave out stop.")
        low, high = float(landscape.domain.low), float(landscape.domain.high)
        before = landscape.forward_equivalents
        attack, found = self._attack(), []
        seed = int(torch.randint(2**62, (1,), generator=generator))
        with landscape.fixed(), lent_seed(seed):  # foolbox draws from the global generator
            model = foolbox.PyTorchModel(Counted(landscape).eval(), bounds=(low, high), device=landscape.device)
            for begin in range(0, len(x), BATCH):
                part = landscape.prepare(x[begin : begin + BATCH])
                own = target[begin : begin + BATCH].to(part.device)
                kind = foolbox.criteria.TargetedMisclassification if self.toward else foolbox.Misclassification
                _, clipped, _ = attack(model, part, kind(own), epsilons=self.epsilon)
                found.append(clipped.detach())
                if on_progress is not None:
                    cost = landscape.forward_equivalents - before
                    on_progress(Progress(min(len(x), begin + BATCH), len(x), cost))
        moved = torch.cat(found)
        loss = landscape.loss(moved, target)
        return Descended(moved.to(x.dtype).cpu(), loss.double().cpu(), torch.zeros(len(x), dtype=torch.long))


class Counted(nn.Module):
    """A landscape as a module, which counts what another library spends."""

    def __init__(self, landscape: AbstractLandscape) -> None:
        super().__init__()
        self.landscape = landscape

    def forward(self, x: Tensor) -> Tensor:
        self.landscape.forward_equivalents += len(x)
        if x.requires_grad:
            x.register_hook(self._backward)  # type: ignore[no-untyped-call]
        return self.landscape.forward(x, torch.zeros(len(x), dtype=torch.long, device=x.device)).logits

    def _backward(self, gradient: Tensor) -> None:
        self.landscape.forward_equivalents += 2 * len(gradient)


def _import_foolbox() -> ModuleType:
    try:
        import foolbox
    except ImportError as error:
        raise MissingLibraryError(
            "foolbox: attacks need foolbox, which is absent here; install it: pip install 'isthmus[attacks]'."
        ) from error
    module: ModuleType = foolbox
    return module
