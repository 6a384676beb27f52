"""Isthmus: low-loss paths between the inputs of a fixed neural network."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isthmus import detection as detection
    from isthmus import experiments as experiments
    from isthmus import percolation as percolation
    from isthmus import reports as reports
    from isthmus import studies as studies
    from isthmus import testing as testing
    from isthmus.connecting import connect as connect
    from isthmus.connection import Connection as Connection
    from isthmus.connection import Outcome as Outcome
    from isthmus.connections import Connections as Connections
    from isthmus.connectors import BarrierBypass as BarrierBypass
    from isthmus.connectors import Connector as Connector
    from isthmus.connectors import Hyperplane as Hyperplane
    from isthmus.connectors import StraightLine as StraightLine
    from isthmus.domains import Ball as Ball
    from isthmus.domains import Box as Box
    from isthmus.domains import Unbounded as Unbounded
    from isthmus.errors import IsthmusError as IsthmusError
    from isthmus.errors import IsthmusWarning as IsthmusWarning
    from isthmus.exact.profile import exact_profile as exact_profile
    from isthmus.inputs.images import load_images as load_images
    from isthmus.landscape import AbstractLandscape as AbstractLandscape
    from isthmus.landscape import Landscape as Landscape
    from isthmus.losses import CrossEntropy as CrossEntropy
    from isthmus.losses import Margin as Margin
    from isthmus.making import attack as attack
    from isthmus.making import synthesize as synthesize
    from isthmus.networks.network import Network as Network
    from isthmus.networks.preprocessing import Preprocessing as Preprocessing
    from isthmus.networks.specs import load_network as load_network
    from isthmus.paths.polyline import Polyline as Polyline
    from isthmus.profiles.profile import Profile as Profile
    from isthmus.profiles.sampling import Sampling as Sampling
    from isthmus.profiles.sampling import profile as profile
    from isthmus.progress import Progress as Progress

# Names are looked up when they are first used, so that `isthmus --help` does not wait for torch.
_HOME = {
    "AbstractLandscape": "landscape",
    "Ball": "domains",
    "BarrierBypass": "connectors.barrier_bypass",
    "Box": "domains",
    "Connection": "connection",
    "Connections": "connections",
    "Connector": "connectors.base",
    "CrossEntropy": "losses",
    "Hyperplane": "connectors.barrier_bypass",
    "IsthmusError": "errors",
    "IsthmusWarning": "errors",
    "Landscape": "landscape",
    "Margin": "losses",
    "Network": "networks.network",
    "Outcome": "connection",
    "Polyline": "paths.polyline",
    "Preprocessing": "networks.preprocessing",
    "Profile": "profiles.profile",
    "Progress": "progress",
    "Sampling": "profiles.sampling",
    "StraightLine": "connectors.straight_line",
    "Unbounded": "domains",
    "attack": "making.attacks",
    "connect": "connecting",
    "exact_profile": "exact.profile",
    "load_images": "inputs.images",
    "load_network": "networks.specs",
    "profile": "profiles.sampling",
    "synthesize": "making.synthesis",
}
_MODULES = ("detection", "experiments", "percolation", "reports", "studies", "testing")

__version__ = "0.1.0"
__all__ = ["__version__", *sorted(_HOME), *_MODULES]  # noqa: PLE0604 (they are strings)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"isthmus.{_HOME[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"isthmus.{name}")
    else:
        raise AttributeError(f"module 'isthmus' has no attribute '{name}'")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
