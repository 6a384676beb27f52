"""What README and documentation show is what the code does."""

from __future__ import annotations

import importlib
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import isthmus

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"<!-- python.*? -->\n```python\n(.*?)```", re.DOTALL)
OF_CELLS = runpy.run_path(str(ROOT / "scripts" / "run_tutorials.py"))["PAGES"]  # see test_tutorials
PAGES = [ROOT / "README.md", *sorted({*(ROOT / "docs").glob("*.md")} - {*OF_CELLS})]
EXAMPLES = [(page, number, code) for page in PAGES for number, code in enumerate(BLOCK.findall(page.read_text()))]


def test_the_examples_are_found():
    assert [page.name for page, _, _ in EXAMPLES] == [
        "README.md",
        *["attributions.md"] * 2,
        "certificates.md",
        "choosing.md",
        "comparing.md",
        "detection.md",
        "exact.md",
        *["extending.md"] * 5,
        "graphs.md",
        "kinds.md",
        "kinds.md",
        "metrics.md",
        "metrics.md",
        "notebooks.md",
        "notebooks.md",
        "percolation.md",
        "studies.md",
        *["surfaces.md"] * 2,
    ]
    assert all(page.read_text().count("```python") == len(BLOCK.findall(page.read_text())) for page in PAGES)


@pytest.mark.parametrize(("page", "number", "code"), EXAMPLES, ids=[f"{p.stem}-{n}" for p, n, _ in EXAMPLES])
def test_an_example_runs_as_printed(page, number, code, tmp_path):
    file = tmp_path / "test_example.py"
    file.write_text(code)
    command = [sys.executable, "-W", "error", str(file)]
    if "ConnectorContract" in code:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout if "ConnectorContract" in code else done.stdout.strip()


def test_the_commands_of_the_readme_exist(program, monkeypatch, tmp_path, capsys):
    """Every option in an `isthmus` command of the README is one that the program knows."""
    text = (ROOT / "README.md").read_text()
    commands = re.findall(r"^isthmus ((?:study|detect|percolate) \w+|\w+) (.*)$", text, re.MULTILINE)
    assert len(commands) >= 8
    for name, arguments in commands:
        known = program(*name.split(), "--help").out
        for option in re.findall(r"--[a-z-]+", arguments):
            assert option in known, (name, option)


def test_setup_installs_the_tested_versions():
    text = (ROOT / "README.md").read_text()
    for marker in ("demo-command", "test-command"):
        command = re.search(rf"<!-- {marker} -->\n```bash\n(.*?)\n```", text, re.DOTALL)[1]
        assert (
            "\n" not in command and "--constraint constraints.txt" in command and command.startswith("python3 -m venv")
        )
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().splitlines()


def test_every_column_is_explained(digits, digit_pairs):
    from isthmus import connect

    text = (ROOT / "docs" / "tables.md").read_text()
    table = connect(digits, *(part[:1] for part in digit_pairs)).table()
    assert set(table.column_names) <= set(re.findall(r"`([a-z_0-9]+)`", text))
    script = runpy.run_path(str(ROOT / "scripts" / "write_columns.py"))
    assert script["page"]() == text, "run python scripts/write_columns.py"


def test_public_names_can_be_imported_and_are_few():
    import isthmus

    assert len(isthmus.__all__) <= 70
    for name in isthmus.__all__:
        assert getattr(isthmus, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = isthmus.nonsense


def test_the_reference_names_what_a_user_types():
    """Every entry stands under its shortest name, and every name of the package has one."""
    pages = sorted((ROOT / "docs" / "reference").glob("*.md"))
    entries = [each for page in pages for each in re.findall(r"^::: (\S+)$", page.read_text(), re.MULTILINE)]
    first = (ROOT / "docs" / "api.md").read_text()
    assert [entry for entry in entries if f"`{entry.removeprefix('isthmus.')}`" not in first] == []
    assert all(f"reference/{page.name}" in (ROOT / "mkdocs.yml").read_text() for page in pages)
    assert len(entries) == len(set(entries)) > 70
    for entry in entries:
        made, _, name = entry.rpartition(".")
        found = importlib.import_module(made)
        for part in [] if hasattr(found, name) else [importlib.import_module(entry)]:
            assert part.__doc__
        shorter = made.rpartition(".")[0]
        if hasattr(found, name) and not isinstance(getattr(found, name), ModuleType) and shorter:
            above = getattr(importlib.import_module(shorter), name, None)
            assert above is not getattr(found, name), f"{entry} is {shorter}.{name}"
    listed = {entry.removeprefix("isthmus.") for entry in entries}
    own = [
        name for name in isthmus.__all__ if name != "__version__" and not isinstance(getattr(isthmus, name), ModuleType)
    ]
    inside = {
        name
        for entry in entries
        for name, made in vars(module_of(entry) or object).items()
        if getattr(made, "__module__", None) == entry
    }
    assert [name for name in own if name not in listed and name not in inside] == []


def module_of(entry):
    try:
        return importlib.import_module(entry)
    except ImportError:
        return None


def test_the_lock_has_hashes_and_the_versions_of_the_constraints():
    def pins(name: str) -> dict[str, str]:
        found = re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", (ROOT / name).read_text(), re.MULTILINE)
        return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in found}

    locked, pinned = pins("requirements.lock"), pins("constraints.txt")
    assert {name: version for name, version in locked.items() if pinned.get(name, version) != version} == {}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [
        *project["dependencies"],
        *(line for group in project["optional-dependencies"].values() for line in group),
    ]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=;~! ]", line)[0]).lower() for line in needed} - {"isthmus"}
    assert names <= set(locked)
    blocks = re.split(r"(?m)^(?=[a-z0-9])", (ROOT / "requirements.lock").read_text())[1:]
    assert all("--hash=sha256:" in block for block in blocks) and len(blocks) == len(locked)
