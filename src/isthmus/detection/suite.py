"""Suite: the attacks that a detector is tried on, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch

from isthmus._core.bars import Tell
from isthmus._core.random import generator
from isthmus._core.shapes import Inputs, Mask, Targets
from isthmus.detection.radius import radius_text
from isthmus.detection.references import References
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.making import ART, PGD, Attacked, AttackMethod, Foolbox, TargetedAdam, attack

BARELY = 1.0  # loss of the own class (nats) at which an attack of low confidence ends: its probability is then 37 %


@dataclass(frozen=True, kw_only=True)
class NamedAttack:
    """An attack of the suite.

    Attributes:
        name: what tables call it.
        family: attacks of one family are variations of one another.
        method: how inputs are moved.
        stop: the loss at which each ends: "never"; "barely", as soon as the network errs; or "reference", below the
            loss of a real input of the target class, the published rule.
        most: inputs that it is tried on at most, for attacks that take long.
    """

    name: str
    family: str
    method: AttackMethod
    stop: Literal["never", "barely", "reference"] = "never"
    most: int | None = None

    def run(
        self,
        landscape: AbstractLandscape,
        x: Inputs,
        y: Targets,
        references: References,
        *,
        seed: int,
        progress: Tell = None,
    ) -> Attacked:
        """Attacks inputs (n, *input) of classes (n,); targeted methods lead each to another class, drawn at random."""
        target, random = y, generator(seed)
        if self.method.targeted:
            classes = sorted(set(references.target.tolist()))
            if len(classes) < 2:
                raise InputError(f"The attack '{self.name}' needs references of two classes, got {len(classes)}.")
            draw = torch.randint(len(classes) - 1, (len(y),), generator=random)
            others = [[group for group in classes if group != own] for own in y.tolist()]
            target = torch.tensor([other[int(at) % len(other)] for other, at in zip(others, draw, strict=True)])
        stop: float | torch.Tensor | None = None
        if self.stop == "barely":
            stop = BARELY
        elif self.stop == "reference":
            loss = torch.nn.functional.cross_entropy(references.logits, references.target, reduction="none")
            numbers = [(references.target == group).nonzero()[:, 0] for group in target.tolist()]
            drawn = [int(torch.randint(len(mine), (1,), generator=random)) for mine in numbers]
            stop = torch.stack([loss[mine[at]] for mine, at in zip(numbers, drawn, strict=True)])
        return attack(landscape, x, target, method=self.method, stop=stop, seed=seed, progress=progress)


def counted(made: Attacked, y: Targets) -> Mask:
    """Which attacks (n,) count: verified, and no longer taken for their own class y (n,)."""
    return made.success & made.valid & (made.predicted != y)


def suite(small: float, large: float, *, steps: int = 40) -> dict[str, NamedAttack]:
    """The built-in attacks, within Linf balls of two radii (data units)."""
    near, far = radius_text(small), radius_text(large)
    attacks = [
        NamedAttack(name=f"FGSM {far}", family="FGSM", method=PGD.fgsm(large)),
        NamedAttack(name=f"PGD {near}", family="PGD", method=PGD(epsilon=small, steps=steps)),
        NamedAttack(name=f"PGD {far}", family="PGD", method=PGD(epsilon=large, steps=steps)),
        NamedAttack(
            name=f"PGD {near}, low confidence", family="PGD", method=PGD(epsilon=small, steps=steps), stop="barely"
        ),
        NamedAttack(
            name=f"PGD {far}, low confidence",
            family="PGD",
            method=PGD(epsilon=large, steps=steps, relative_step=0.02),
            stop="barely",
        ),
        NamedAttack(name=f"targeted PGD {far}", family="PGD", method=PGD(epsilon=large, steps=steps, toward=True)),
        NamedAttack(name="paper's", family="paper", method=TargetedAdam(max_steps=4 * steps), stop="reference"),
        NamedAttack(name="paper's, run on", family="paper", method=TargetedAdam(max_steps=2 * steps)),
    ]
    return {each.name: each for each in attacks}


def further(large: float) -> dict[str, Callable[[], NamedAttack]]:
    """Attacks of other libraries, made when they are asked for."""

    def foolbox(name: str, kind: str, **settings: object) -> Callable[[], NamedAttack]:
        return lambda: NamedAttack(name=name, family=name, method=Foolbox(name=kind, settings=settings), most=300)

    def art(name: str, kind: str, **settings: object) -> Callable[[], NamedAttack]:
        return lambda: NamedAttack(
            name=name, family=name, method=ART(name=kind, epsilon=large, settings=settings), most=100
        )

    return {
        "CW": foolbox("CW", "L2CarliniWagnerAttack", steps=100, binary_search_steps=3),
        "DeepFool": foolbox("DeepFool", "L2DeepFoolAttack"),
        "FMN": foolbox("FMN", "L2FMNAttack", steps=100),
        f"Square {radius_text(large)}": art(f"Square {radius_text(large)}", "SquareAttack", max_iter=300),
        f"AutoAttack {radius_text(large)}": art(f"AutoAttack {radius_text(large)}", "AutoAttack"),
    }


def choose(names: str, small: float, large: float, *, steps: int = 40) -> list[NamedAttack]:
    """The attacks that a text names: `own` (the built-in ones), `all`, or names with semicolons between.

    Raises:
        InputError: an unknown name.
    """
    own: Mapping[str, NamedAttack] = suite(small, large, steps=steps)
    others = further(large)
    if names == "own":
        return list(own.values())
    if names == "all":
        return [*own.values(), *(make() for make in others.values())]
    found = []
    for name in (part.strip() for part in names.split(";")):
        if name in own:
            found.append(own[name])
        elif name in others:
            found.append(others[name]())
        else:
            raise InputError(f"There is no attack '{name}'; known are own, all, {'; '.join([*own, *others])}.")
    return found
