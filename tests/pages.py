"""Pages, opened in a browser as a reader would; and a name that would like to be a program."""

from __future__ import annotations

import json
import re

NASTY = "</script><img src=x onerror=alert(1)>"


def opened(browser, tmp_path, html: str, *, width: int = 1000):
    (tmp_path / "index.html").write_text(html)
    tab = browser.new_page(viewport={"width": width, "height": 900})
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto((tmp_path / "index.html").as_uri())
    tab.wait_for_selector("body[data-ready]")
    assert not errors
    return tab


def data_of(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1])
