"""Rendering: a page as one self-contained HTML file, from a template, scripts and data."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from isthmus._core.versions import versions_in_words

SETTLED = ("landscape", "dtype")  # names of classes of ours, which say nothing to a reader of a page
LONG = 140  # letters of a sentence from which on its first clause stands out
CLAUSE = re.compile(r"(?<=.{25})[;:.] ")
INTERVAL = re.compile(r"(\([^()]*\d to [^()]*\))")
EXPORT = "export default { render };\n"  # of the widget, which is a module in notebooks
CITATION = """@inproceedings{vrabel2025input,
  title     = {Input Space Mode Connectivity in Deep Neural Networks},
  author    = {Vrabel, Jakub and Shem-Ur, Ori and Oz, Yaron and Krueger, David},
  booktitle = {International Conference on Learning Representations},
  year      = {2025},
  note      = {arXiv:2409.05800}
}"""


class Page(str):
    """A page as HTML text. A notebook shows it in a frame of its own, so that no style of one reaches the other."""

    def __repr__(self) -> str:
        return f"<a page of {len(self):,} characters>"

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self)}" sandbox="allow-scripts allow-downloads" title="Isthmus" loading="lazy" '
            'style="width:100%;height:42em;border:1px solid rgba(128,128,128,.35);border-radius:6px"></iframe>'
        )


def facts_of(description: Mapping[str, Any]) -> dict[str, str | int | float]:
    """What the foot of a page says of a description: its plain entries, which network it was, and the versions."""
    network, libraries = description.get("network"), description.get("versions")
    found: dict[str, str | int | float] = {}
    if isinstance(network, Mapping):
        found |= {"network": str(network.get("name") or network.get("model") or "")}
        found |= {"weights, SHA-256": str(network["weights_sha256"])} if network.get("weights_sha256") else {}
    found |= {
        key: value for key, value in description.items() if isinstance(value, str | int | float) and key not in SETTLED
    }
    return found | {"versions": versions_in_words(libraries if isinstance(libraries, Mapping) else None)}


def sentence_parts(sentence: str) -> list[tuple[str, str]]:
    """A sentence for a list of findings: pieces, each with what it is, so that a reader sees the claim first.

    An `interval`, such as "(1.2 to 3.4)", and `more`, what follows the first clause of a long sentence, are set back.
    """
    cut = CLAUSE.search(sentence) if len(sentence) > LONG else None
    lead, rest = (sentence, "") if cut is None else (sentence[: cut.end()], sentence[cut.end() :])
    found = []
    for text, kind in ((lead, ""), (rest, "more")):
        pieces = INTERVAL.split(text)  # every second one is an interval
        found += [(piece, "interval" if place % 2 else kind) for place, piece in enumerate(pieces) if piece]
    return found


def render(template: str, scripts: Sequence[str], data: Mapping[str, Any], **values: Any) -> Page:
    """The page as HTML text.

    Args:
        template: name of the template in `web/`.
        scripts: names of the scripts there, run in this order as one.
        data: what the scripts read, ready for JSON.
        values: what the template reads; everything is escaped.
    """
    from jinja2 import Environment, PackageLoader

    web = files("isthmus.reports") / "web"
    script = "\n".join((web / name).read_text(encoding="utf-8") for name in scripts).replace(EXPORT, "")
    environment = Environment(autoescape=True, loader=PackageLoader("isthmus.reports", "web"))
    environment.filters["parts"] = sentence_parts
    text = environment.get_template(template).render(
        script=script,
        # The browser runs this one script and no other, whatever text the data hold.
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        css=(web / "page.css").read_text(encoding="utf-8"),
        data=json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"),
        citation=CITATION,
        **values,
    )
    return Page(text)
