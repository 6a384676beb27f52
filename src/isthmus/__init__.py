"""Isthmus: low-loss paths between the inputs of a fixed neural network."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from isthmus._core import moved

if TYPE_CHECKING:
    from isthmus import detection as detection
    from isthmus import errors as errors
    from isthmus import experiments as experiments
    from isthmus import inputs as inputs
    from isthmus import making as making
    from isthmus import metrics as metrics
    from isthmus import percolation as percolation
    from isthmus import registries as registries
    from isthmus import reports as reports
    from isthmus import studies as studies
    from isthmus import testing as testing
    from isthmus._core.progress import Progress as Progress
    from isthmus.attributions import Attribution as Attribution
    from isthmus.attributions import attribute as attribute
    from isthmus.certificates import AffinePieces as AffinePieces
    from isthmus.certificates import Certificate as Certificate
    from isthmus.certificates import Certifier as Certifier
    from isthmus.certificates import TaylorModels as TaylorModels
    from isthmus.certificates import UniformSamples as UniformSamples
    from isthmus.certificates.affine_pieces import exact_profile as exact_profile
    from isthmus.comparing import Comparison as Comparison
    from isthmus.comparing import compare as compare
    from isthmus.connecting import Connection as Connection
    from isthmus.connecting import Connections as Connections
    from isthmus.connecting import Outcome as Outcome
    from isthmus.connecting import connect as connect
    from isthmus.connecting.columns import Column as Column
    from isthmus.connecting.connectors import AbstractConnector as AbstractConnector
    from isthmus.connecting.connectors import BarrierBypass as BarrierBypass
    from isthmus.connecting.connectors import BezierCurve as BezierCurve
    from isthmus.connecting.connectors import Connector as Connector
    from isthmus.connecting.connectors import Hyperplane as Hyperplane
    from isthmus.connecting.connectors import LevelSetTraversal as LevelSetTraversal
    from isthmus.connecting.connectors import NudgedElasticBand as NudgedElasticBand
    from isthmus.connecting.connectors import PathConnector as PathConnector
    from isthmus.connecting.connectors import StraightLine as StraightLine
    from isthmus.connecting.connectors import StringMethod as StringMethod
    from isthmus.connecting.measuring import measure as measure
    from isthmus.connecting.shortening import shorten as shorten
    from isthmus.errors import IsthmusError as IsthmusError
    from isthmus.errors import IsthmusWarning as IsthmusWarning
    from isthmus.graphs import BarrierGraph as BarrierGraph
    from isthmus.graphs import barrier_graph as barrier_graph
    from isthmus.inputs.images import load_images as load_images
    from isthmus.inputs.preprocessing import Preprocessing as Preprocessing
    from isthmus.landscapes import AbstractLandscape as AbstractLandscape
    from isthmus.landscapes import Landscape as Landscape
    from isthmus.landscapes.domains import Ball as Ball
    from isthmus.landscapes.domains import Box as Box
    from isthmus.landscapes.domains import Domain as Domain
    from isthmus.landscapes.domains import Unbounded as Unbounded
    from isthmus.landscapes.features import FeatureLandscape as FeatureLandscape
    from isthmus.landscapes.losses import CrossEntropy as CrossEntropy
    from isthmus.landscapes.losses import Loss as Loss
    from isthmus.landscapes.losses import Margin as Margin
    from isthmus.making import attack as attack
    from isthmus.making import synthesize as synthesize
    from isthmus.networks.network import Network as Network
    from isthmus.networks.specs import load_network as load_network
    from isthmus.networks.text import TextNetwork as TextNetwork
    from isthmus.paths import AbstractPath as AbstractPath
    from isthmus.paths import Bezier as Bezier
    from isthmus.paths import Polyline as Polyline
    from isthmus.profiles import Profile as Profile
    from isthmus.profiles import Sampling as Sampling
    from isthmus.profiles import profile as profile
    from isthmus.surfaces import AdaptiveMesh as AdaptiveMesh
    from isthmus.surfaces import Fillings as Fillings
    from isthmus.surfaces import fill as fill

moved.install()

# Names are looked up when they are first used, so that `isthmus --help` does not wait for torch.
_HOME = {
    "AbstractConnector": "connecting.connectors",
    "AbstractLandscape": "landscapes",
    "AbstractPath": "paths",
    "AdaptiveMesh": "surfaces",
    "AffinePieces": "certificates",
    "Attribution": "attributions",
    "Ball": "landscapes.domains",
    "BarrierBypass": "connecting.connectors",
    "BarrierGraph": "graphs",
    "Bezier": "paths",
    "BezierCurve": "connecting.connectors",
    "Box": "landscapes.domains",
    "Certificate": "certificates",
    "Certifier": "certificates",
    "Column": "connecting.columns",
    "Comparison": "comparing",
    "Connection": "connecting",
    "Connections": "connecting",
    "Connector": "connecting.connectors",
    "CrossEntropy": "landscapes.losses",
    "Domain": "landscapes.domains",
    "FeatureLandscape": "landscapes.features",
    "Fillings": "surfaces",
    "Hyperplane": "connecting.connectors",
    "IsthmusError": "errors",
    "IsthmusWarning": "errors",
    "Landscape": "landscapes",
    "LevelSetTraversal": "connecting.connectors",
    "Loss": "landscapes.losses",
    "Margin": "landscapes.losses",
    "Network": "networks.network",
    "NudgedElasticBand": "connecting.connectors",
    "Outcome": "connecting",
    "PathConnector": "connecting.connectors",
    "Polyline": "paths",
    "Preprocessing": "inputs.preprocessing",
    "Profile": "profiles",
    "Progress": "_core.progress",
    "Sampling": "profiles",
    "StraightLine": "connecting.connectors",
    "StringMethod": "connecting.connectors",
    "TaylorModels": "certificates",
    "TextNetwork": "networks.text",
    "Unbounded": "landscapes.domains",
    "UniformSamples": "certificates",
    "attack": "making",
    "attribute": "attributions",
    "barrier_graph": "graphs",
    "compare": "comparing",
    "connect": "connecting",
    "exact_profile": "certificates.affine_pieces",
    "fill": "surfaces",
    "load_images": "inputs.images",
    "load_network": "networks.specs",
    "measure": "connecting.measuring",
    "profile": "profiles",
    "shorten": "connecting.shortening",
    "synthesize": "making",
}
_MODULES = (
    "detection",
    "errors",
    "experiments",
    "inputs",
    "making",
    "metrics",
    "percolation",
    "registries",
    "reports",
    "studies",
    "testing",
)

__version__ = "0.2.0"
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
