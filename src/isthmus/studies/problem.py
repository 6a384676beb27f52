"""Problem: a network of a study on some of its inputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isthmus._core.files import as_read, sha256
from isthmus._core.registry import OWN, source_of
from isthmus.errors import InputError, StudyError
from isthmus.inputs.collection import Collection, open_collection
from isthmus.inputs.kinds import InputKind
from isthmus.landscapes import AbstractLandscape
from isthmus.loading import NetworkChoice
from isthmus.studies.config import Config


@dataclass(frozen=True, eq=False)
class Problem:
    """What the pairs of one network on one collection of inputs have in common.

    Attributes:
        network, collection: their names in the study.
        landscape: the network's.
        inputs: the collection.
        identity: what makes the landscape the same on every machine, ready for JSON.
    """

    network: str
    collection: str
    landscape: AbstractLandscape
    inputs: Collection
    identity: dict[str, Any]


def open_landscape(config: Config, base: Path, name: str, device: str) -> AbstractLandscape:
    """The landscape of a network of a study; paths are relative to its folder.

    Raises:
        IsthmusError: the network cannot be loaded.
    """
    section = config.networks[name].model_dump(exclude={"spec", "inputs", "weights"})
    spec, weights = config.networks[name].spec, config.networks[name].weights
    lists: Any = {key: tuple(value) if isinstance(value, list) else value for key, value in section.items()}
    choice = NetworkChoice(network=spec, weights=None if weights is None else base / weights, device=device, **lists)
    try:
        return choice.open()
    except InputError as error:
        raise StudyError(f"networks.{name}: {error}") from error


def open_inputs(config: Config, base: Path, name: str, kind: InputKind | None) -> Collection:
    """The inputs of that name in a study, of the kind that a network takes; paths are relative to its folder."""
    section = config.inputs[name]
    source = section.source if section.source in ("digits", "none") else base / section.source
    return open_collection(source, kind=kind, x=section.x, y=section.y)


def open_problem(config: Config, base: Path, network: str, collection: str, device: str) -> Problem:
    """A network on its inputs."""
    landscape = open_landscape(config, base, network, device)
    inputs = open_inputs(config, base, collection, landscape.input_kind)
    return Problem(network, collection, landscape, inputs, identity(config, network, landscape))


def identity(config: Config, network: str, landscape: AbstractLandscape) -> dict[str, Any]:
    """What makes a landscape the same on every machine: of a `py:` network also the code of its module."""
    spec = config.networks[network].spec
    described = landscape.describe_anywhere() | {"spec": spec}
    if spec.startswith(OWN):
        file = source_of(spec)
        described["module_sha256"] = None if file is None else sha256(file)
    return as_read(described)


def no_pairs(problem: Problem, twice: int) -> StudyError:
    """The error for a network that has no pair."""
    where = f"network {problem.network} on {problem.collection}"
    if twice:
        return StudyError(f"{where}: every pair was drawn before, for a network and inputs of the same content.")
    return StudyError(f"{where}: no class has enough inputs that the network recognises, so there is no pair.")
