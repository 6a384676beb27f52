from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from isthmus._core.registry import Registry
from isthmus.errors import SpecError, UnknownNameError
from isthmus.registries import LOSSES


def test_members_are_made_by_name():
    from isthmus import CrossEntropy, Margin

    assert LOSSES.make("margin") == Margin() and LOSSES["cross-entropy"] is CrossEntropy
    assert list(LOSSES) == ["cross-entropy", "margin"] and len(LOSSES) == 2
    with pytest.raises(UnknownNameError, match="no loss 'margen'; did you mean margin"):
        LOSSES.make("margen")
    with pytest.raises(UnknownNameError, match="known are cross-entropy, margin, or py:"):
        LOSSES.make("q")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("py:", "expected py:PACKAGE.MODULE:NAME"),
        ("py:collections", "expected py:PACKAGE.MODULE:NAME"),
        ("py:collections:nothing", "could not be loaded: AttributeError"),
        ("py:no.such.module:x", "could not be loaded: ModuleNotFoundError"),
        ("py:collections:OrderedDict", "gives a OrderedDict; expected a loss"),
    ],
)
def test_what_is_no_member_is_said(name, says):
    with pytest.raises(SpecError, match=says):
        LOSSES.make(name)


def test_a_name_is_taken_once():
    family = Registry("letter", "builtins:str", {"a": "builtins:str"})
    family.register("b", str)
    family.register("b", str)
    with pytest.raises(SpecError, match="There is a letter 'a' already"):
        family.register("a", bytes)


@pytest.mark.parametrize(
    ("old", "name"),
    [
        ("isthmus.connectors.base", "Connector"),
        ("isthmus.connections", "Connections"),
        ("isthmus.exact.pieces", "between"),
        ("isthmus.landscape", "Landscape"),
        ("isthmus.domains", "Box"),
        ("isthmus.experiments.small_networks", "vit"),
    ],
)
def test_modules_of_version_0_1_are_found_where_they_are_now(old, name):
    code = f"import warnings; warnings.simplefilter('ignore'); from {old} import {name} as it; print(it.__module__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    now = importlib.import_module(done.stdout.strip())
    assert hasattr(now, name)
    told = subprocess.run([sys.executable, "-W", "always", "-c", f"import {old}"], capture_output=True, text=True)
    assert f"{old} is isthmus." in told.stderr
