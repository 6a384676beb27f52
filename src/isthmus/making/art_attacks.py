"""Attacks of the Adversarial Robustness Toolbox by name, on a landscape: an extra."""

from __future__ import annotations

import difflib
import io
import math
from collections.abc import Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.progress import OnProgress, Progress
from isthmus._core.random import lent_seed
from isthmus._core.shapes import Inputs, Losses, Targets
from isthmus.descents import Descended
from isthmus.errors import InputError, MissingLibraryError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.domains import Box
from isthmus.making.foolbox_attacks import Counted
from isthmus.making.method import AttackMethod

BATCH = 100


@as_annotated
@dataclass(frozen=True, kw_only=True)
class ART(AttackMethod):
    """An untargeted attack of ART 1.20 inside a ball; it works on 32-bit arrays on the CPU, a hundred inputs at a time.

    Attributes:
        name: class in `art.attacks.evasion`, such as SquareAttack or AutoAttack.
        epsilon: radius of the ball, in data units.
        norm: infinity or 2.
        settings: of the attack, as ART calls them.
    """

    name: str
    epsilon: float
    norm: float = math.inf
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        evasion = _import_art()[1]
        if not isinstance(getattr(evasion, self.name, None), type):
            names = [name for name in dir(evasion) if name[0].isupper()]
            near = difflib.get_close_matches(self.name, names, n=3, cutoff=0.4)
            hint = f"; near it: {', '.join(near)}" if near else ""
            raise InputError(f"ART has no attack '{self.name}'{hint}.")
        if not self.epsilon > 0 or self.norm not in (2, math.inf):
            raise InputError(f"ART needs epsilon > 0 and the norm 2 or infinity, got {self.epsilon}, {self.norm}.")

    @property
    def targeted(self) -> bool:
        return False

    @property
    def radius(self) -> tuple[float, float]:
        return self.epsilon, self.norm

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
        classifier, evasion = _import_art()
        if not isinstance(landscape.domain, Box):
            raise InputError(f"ART needs a landscape whose domain is a Box, got {landscape.domain!r}.")
        if bool(stop.isfinite().any()):
            raise InputError(f"ART's {self.name} cannot stop at a loss; leave out stop.")
        before, found = landscape.forward_equivalents, []
        classes = landscape.classes or landscape.logits(x[:1]).shape[1]
        limits = (float(landscape.domain.low), float(landscape.domain.high))
        state = np.random.get_state()  # noqa: NPY002 (ART draws from the global generator)
        with landscape.fixed(), lent_seed(int(torch.randint(2**31, (1,), generator=generator))):
            np.random.seed(int(torch.randint(2**31, (1,), generator=generator)))  # noqa: NPY002
            try:
                model = classifier(
                    Counted(landscape).eval(),
                    loss=torch.nn.CrossEntropyLoss(),
                    input_shape=tuple(x.shape[1:]),
                    nb_classes=classes,
                    clip_values=limits,
                    device_type="cpu" if landscape.device.type == "cpu" else "gpu",
                )
                norm = np.inf if self.norm == math.inf else 2
                try:
                    made = getattr(evasion, self.name)(model, norm=norm, eps=self.epsilon, **self.settings)
                except (TypeError, ValueError) as error:
                    raise InputError(f"ART's {self.name}: {error}.") from error
                for begin in range(0, len(x), BATCH):
                    part = x[begin : begin + BATCH].cpu().float().numpy()
                    with redirect_stderr(io.StringIO()):  # bars of its own, which no setting silences
                        moved = made.generate(part, target[begin : begin + BATCH].cpu().numpy())
                    found.append(torch.from_numpy(np.clip(moved, *limits)))
                    if on_progress is not None:
                        done = min(len(x), begin + BATCH)
                        on_progress(Progress(done, len(x), landscape.forward_equivalents - before))
            finally:
                np.random.set_state(state)  # noqa: NPY002
        result = torch.cat(found).to(x.dtype)
        loss = landscape.loss(result, target).double().cpu()
        return Descended(result.cpu(), loss, torch.zeros(len(x), dtype=torch.long))


def _import_art() -> tuple[Any, Any]:
    try:
        import multiprocess  # noqa: F401 (AutoAttack imports it, and ART does not require it)
        from art.attacks import evasion
        from art.estimators.classification import PyTorchClassifier
    except ImportError as error:
        raise MissingLibraryError(
            "art: attacks need adversarial-robustness-toolbox, which is absent here; "
            "install it: pip install 'isthmus[attacks]'."
        ) from error
    return PyTorchClassifier, evasion
