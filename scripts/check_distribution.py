"""Builds wheel and source distribution, and checks what is in them; the wheel is installed and makes a demo.

    python scripts/check_distribution.py [--keep FOLDER] [--tag v0.2.0]

Needs build and twine. Nothing is left behind unless it is asked for.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Bytes: code and texts alone; a file of data that slipped in would show. A wheel packs each of its files by itself.
LARGEST = {".whl": 1_100_000, ".gz": 1_000_000}


def build(folder: Path) -> tuple[Path, Path]:
    """The wheel and the source distribution; the wheel is built from the latter."""
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, source)
    return wheel, source


def check(wheel: Path, source: Path, tag: str | None) -> None:
    """No file is missing, none too many, and neither is too large."""
    wanted = {str(file.relative_to(ROOT / "src")) for file in tracked("src")}
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    own = {name for name in held if ".dist-info/" not in name}
    if own != wanted:
        raise SystemExit(f"The wheel lacks {sorted(wanted - own)} and has {sorted(own - wanted)} too many.")
    if not any(name.endswith("licenses/LICENSE") for name in held):
        raise SystemExit("The wheel lacks its licence.")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in ("README.md", "CHANGELOG.md", "LICENSE", "CITATION.cff", "SECURITY.md", "pyproject.toml"):
        if name not in names:
            raise SystemExit(f"The source distribution lacks {name}.")
    for file in (wheel, source):
        if file.stat().st_size > LARGEST[file.suffix]:
            raise SystemExit(f"{file.name} has {file.stat().st_size:,} bytes, more than {LARGEST[file.suffix]:,}.")
    version = wheel.name.split("-")[1]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    if f"## [{version}] - 20" not in changes or f"version: {version}\n" not in cited:
        raise SystemExit(f"CHANGELOG.md needs a dated section [{version}], and CITATION.cff that version.")
    if tag is not None and tag != f"v{version}":
        raise SystemExit(f"The tag is {tag}, the version {version}.")


def install(wheel: Path, folder: Path) -> None:
    """The wheel in an environment of its own, far from the sources, makes a demo."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", wheel)
    run(folder / "venv" / "bin" / "isthmus", "demo", "--out", folder / "demo", cwd=folder)
    if not (folder / "demo" / "index.html").is_file():
        raise SystemExit("The demo wrote no page.")


def tracked(place: str) -> list[Path]:
    """The files under a folder that git knows, or would add."""
    command = ["git", "ls-files", "-co", "--exclude-standard", place]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def run(*command: object, cwd: Path = ROOT) -> None:
    """Runs a command that must succeed."""
    subprocess.run([str(part) for part in command], cwd=cwd, check=True)  # noqa: S603


def main() -> None:
    """Builds, checks, installs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", type=Path, help="folder for what was built")
    parser.add_argument("--tag", help="of the release, which must be the version")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel, source = build(folder / "dist")
        check(wheel, source, options.tag)
        install(wheel, folder)
        print(
            f"{wheel.name}: {wheel.stat().st_size:,} bytes; {source.name}: {source.stat().st_size:,} bytes; demo made"
        )
        if options.keep is not None:
            shutil.copytree(folder / "dist", options.keep, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
