"""Problem: a network of a study on some of its inputs."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from isthmus._files import sha256
from isthmus.domains import Box, Unbounded
from isthmus.errors import InputError, StudyError
from isthmus.inputs.collection import Collection, open_collection
from isthmus.landscape import AbstractLandscape, Landscape
from isthmus.networks.preprocessing import Preprocessing
from isthmus.networks.specs import call_factory, load_network
from isthmus.studies.config import Config


@dataclass(frozen=True, eq=False)
class Problem:
    """What the pairs of one network on one collection of inputs have in common.

    Attributes:
        network, images: their names in the study.
        landscape: the network's.
        inputs: the collection.
        preprocessing: how image files become inputs of this network.
        class_names: names of its classes, if it has any.
        identity: what makes the landscape the same on every machine, ready for JSON.
    """

    network: str
    images: str
    landscape: AbstractLandscape
    inputs: Collection
    preprocessing: Preprocessing | None
    class_names: tuple[str, ...] | None
    identity: dict[str, Any]


def open_landscape(config: Config, base: Path, name: str, device: str) -> AbstractLandscape:
    """The landscape of a network of a study. A `py:` factory may also return a landscape of its own.

    Raises:
        IsthmusError: the network cannot be loaded.
    """
    section = config.networks[name]
    if section.spec.startswith("py:"):
        made = call_factory(section.spec.removeprefix("py:"))
        if isinstance(made, AbstractLandscape):
            plain = type(section)(spec=section.spec, images=section.images)
            given = [key for key, value in section.model_dump().items() if value != getattr(plain, key)]
            if given:
                raise StudyError(
                    f"networks.{name} is a landscape of its own, which takes no {', '.join(sorted(given))}."
                )
            return made
    network = load_network(
        section.spec,
        weights=None if section.weights is None else base / section.weights,
        mean=section.mean,
        std=section.std,
        size=section.size,
        device=device,
    )
    autocast = torch.bfloat16 if section.autocast else None
    domain = Unbounded() if section.domain == "unbounded" else Box(0, 1)
    return Landscape(network, domain=domain, max_batch=section.max_batch, autocast=autocast)


def open_inputs(config: Config, base: Path, name: str) -> Collection:
    """The inputs of that name in a study; paths are relative to its folder."""
    section = config.images[name]
    source = section.source if section.source in ("digits", "none") else base / section.source
    return open_collection(source, x=section.x, y=section.y)


def open_problem(config: Config, base: Path, network: str, images: str, device: str) -> Problem:
    """A network on its inputs."""
    landscape = open_landscape(config, base, network, device)
    inputs = open_inputs(config, base, images)
    same = identity(config, network, landscape)
    if isinstance(landscape, Landscape):
        own = landscape.network
        return Problem(network, images, landscape, inputs, own.preprocessing, own.class_names, same)
    return Problem(network, images, landscape, inputs, None, None, same)


def identity(config: Config, network: str, landscape: AbstractLandscape) -> dict[str, Any]:
    """What makes a landscape the same on every machine: of a `py:` network also the code of its module."""
    spec = config.networks[network].spec
    described = {key: value for key, value in landscape.describe().items() if key != "device"} | {"spec": spec}
    if spec.startswith("py:"):
        file = getattr(sys.modules.get(spec.removeprefix("py:").partition(":")[0]), "__file__", None)
        described["module_sha256"] = None if file is None else sha256(Path(file))
    plain: dict[str, Any] = json.loads(json.dumps(described))
    return plain


def choose_device(name: str) -> str:
    """`auto`, resolved: a CUDA device where there is one.

    Raises:
        InputError: the device cannot be used here.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"The device {name} cannot be used here ({str(error).splitlines()[0]}); try cpu.") from error
    return name


def no_pairs(problem: Problem, twice: int) -> StudyError:
    """The error for a network that has no pair."""
    where = f"network {problem.network} on images {problem.images}"
    if twice:
        return StudyError(f"{where}: every pair was drawn before, for a network and images of the same content.")
    return StudyError(f"{where}: no class has enough inputs that the network recognises, so there is no pair.")
