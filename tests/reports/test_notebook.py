"""The example notebook: run as CI runs it, and in a JupyterLab in a browser."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

TOUR = Path(__file__).parents[2] / "examples" / "tour.ipynb"
LOOK = "node => JSON.stringify(Object.entries(getComputedStyle(node)))"
WIDGET = "application/vnd.jupyter.widget-view+json"

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Jupyter with none of anybody's settings."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("PYTHONWARNINGS", "error:::isthmus")


@pytest.mark.filterwarnings("default")
@pytest.mark.usefixtures("settings")
def test_every_cell_shows_what_it_found():
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed (extra: test)")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed (extra: test)")
    notebook = nbformat.read(TOUR, 4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "the notebook is kept without outputs"
    nbclient.NotebookClient(notebook, timeout=240).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    kinds = [{kind for output in cell.outputs for kind in output.get("data", {})} for cell in cells]
    assert all(shown & {"text/html", "image/png", WIDGET} for shown in kinds), kinds
    assert sum("image/png" in shown for shown in kinds) == 3 and sum(WIDGET in shown for shown in kinds) == 1
    texts = [output["text"] for cell in cells for output in cell.outputs if output.output_type == "stream"]
    assert not texts, texts


@pytest.fixture
def lab(tmp_path, settings):
    """A JupyterLab of its own, and its address."""
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed (extra: test)")
    notebook = json.loads(TOUR.read_text())
    wanted = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    (widget,) = [k for k, cell in enumerate(wanted) if "widget" in "".join(cell["source"])]
    notebook["cells"] = [notebook["cells"][0], *wanted[:4], wanted[widget]]
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "tour.ipynb").write_text(json.dumps(notebook))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--notebook-dir={tmp_path / 'work'}",
        "--expose-app-in-browser", "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ, cwd=tmp_path)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/api/status", timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                assert server.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.25)
        yield f"{address}/lab/tree/tour.ipynb"
    finally:
        server.terminate()
        server.wait(30)


def test_a_person_moves_the_slider_in_jupyterlab(lab, browser):
    from playwright import sync_api as playwright

    page = browser.new_page(viewport={"width": 1200, "height": 2600})
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(lab)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=60_000)
    before = page.locator(".jp-RenderedMarkdown h1").evaluate(LOOK)
    for _ in range(20):  # a kernel says that it is idle before it takes cells
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        try:
            page.wait_for_selector(".jp-OutputArea-output", timeout=10_000)
            break
        except playwright.TimeoutError:
            continue
    page.wait_for_selector(".card[data-ready]", timeout=120_000)
    slider, words = page.locator("input[type=range]"), page.locator("figcaption").nth(1)
    picture = page.locator("canvas").nth(1)
    shown, seen = words.inner_text(), picture.evaluate("node => node.toDataURL()")
    slider.focus()
    for _ in range(3):
        slider.press("PageUp")
    page.wait_for_timeout(500)
    assert words.inner_text() != shown and picture.evaluate("node => node.toDataURL()") != seen
    # Another pair, chosen by hand.
    page.locator("select[aria-label=pair]").select_option(index=0)
    page.wait_for_selector('.card[data-ready="0"]', timeout=30_000)
    # No style has reached the notebook.
    assert page.locator(".jp-RenderedMarkdown h1").evaluate(LOOK) == before
    assert not failures
    page.close()
