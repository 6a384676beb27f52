"""Problem: a network of a study on some of its inputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from isthmus.errors import NetworkError, StudyError
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
    """

    network: str
    images: str
    landscape: AbstractLandscape
    inputs: Collection
    preprocessing: Preprocessing | None
    class_names: tuple[str, ...] | None


def open_landscape(config: Config, base: Path, name: str, device: str) -> AbstractLandscape:
    """The landscape of a network of a study. A `py:` factory may also return a landscape of its own.

    Raises:
        IsthmusError: the network cannot be loaded.
    """
    section = config.networks[name]
    if section.spec.startswith("py:"):
        made = call_factory(section.spec.removeprefix("py:"))
        if isinstance(made, AbstractLandscape):
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
    return Landscape(network, max_batch=section.max_batch, autocast=autocast)


def open_inputs(config: Config, base: Path, name: str) -> Collection:
    """The inputs of that name in a study; paths are relative to its folder."""
    section = config.images[name]
    source = section.source if section.source == "digits" else base / section.source
    return open_collection(source, x=section.x, y=section.y)


def open_problem(config: Config, base: Path, network: str, images: str, device: str) -> Problem:
    """A network on its inputs."""
    landscape = open_landscape(config, base, network, device)
    inputs = open_inputs(config, base, images)
    if isinstance(landscape, Landscape):
        own = landscape.network
        return Problem(network, images, landscape, inputs, own.preprocessing, own.class_names)
    return Problem(network, images, landscape, inputs, None, None)


def identity(landscape: AbstractLandscape) -> dict[str, object]:
    """What makes a landscape the same on every machine."""
    described = {key: value for key, value in landscape.describe().items() if key != "device"}
    network = described.get("network")
    if isinstance(network, dict) and network.get("weights_sha256") is None:
        raise NetworkError("The weights of the network have no hash, so a study could not tell whether they changed.")
    return described


def choose_device(name: str) -> str:
    """`auto`, resolved: a CUDA device where there is one."""
    if name != "auto":
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"


def no_pairs(problem: Problem) -> StudyError:
    """The error for a network that recognises too few of its inputs."""
    return StudyError(
        f"network {problem.network} on images {problem.images}: no class has enough inputs that the network "
        "recognises, so there is no pair."
    )
