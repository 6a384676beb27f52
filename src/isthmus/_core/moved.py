"""Moved: modules of version 0.1 under the names that they had, with a warning that says where they are now."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Iterable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "batching": "_core.batching",
    "connection": "connecting.connection",
    "connections": "connecting.connections",
    "connectors": "connecting.connectors",
    "detection.evaluation.kept": "results.kept",
    "domains": "landscapes.domains",
    "exact": "certificates.affine_pieces",
    "experiments.fitting": "loading.fitting",
    "experiments.small_networks": "networks.small",
    "features": "landscapes.features",
    "landscape": "landscapes",
    "losses": "landscapes.losses",
    "networks.preprocessing": "inputs.preprocessing",
    "progress": "_core.progress",
    "reports.drawn": "_core.drawn",
    "studies.kinds": "studies.pair_kinds",
    "validation": "landscapes.validation",
}


class Moved(MetaPathFinder, Loader):
    """Finds `isthmus.OLD` and `isthmus.OLD.PART`, and gives the module as it is called now."""

    def __init__(self) -> None:
        self.own: dict[str, ModuleSpec | None] = {}

    def find_spec(
        self,
        fullname: str,
        path: Iterable[str] | None = None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        return None if now(fullname) is None else ModuleSpec(fullname, self)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        name = now(spec.name)
        assert name is not None
        warnings.warn(f"{spec.name} is {name} since version 0.2.", DeprecationWarning, stacklevel=2)
        module = importlib.import_module(name)
        self.own[module.__name__] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Gives the module its own spec back; it was run under its own name."""
        module.__spec__ = self.own[module.__name__]


def now(name: str) -> str | None:
    """What a module of version 0.1 is called now; None for one that has not moved."""
    for old, new in MOVED.items():
        if f"{name}.".startswith(f"isthmus.{old}."):
            return f"isthmus.{new}{name.removeprefix(f'isthmus.{old}')}"
    return None


def install() -> None:
    """Adds the finder, once; before all others, which would load parts of a moved package a second time."""
    if not any(isinstance(finder, Moved) for finder in sys.meta_path):
        sys.meta_path.insert(0, Moved())
