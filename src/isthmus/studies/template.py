"""The study that `isthmus study init` writes: complete, commented, and meant to be edited."""

from __future__ import annotations

import json
from pathlib import Path

DIGITS = """[inputs.digits]
source = "digits"            # the embedded digits; or a folder with one sub-folder a class; or an .npz file
"""
FOLDER = """[inputs.given]
source = {source}
"""
DEFAULT_PAIRS = """[[pairs]]
kind = "within"              # two inputs of one class, both recognised by the network
per_class = 300              # so many from each class, drawn from the seed; fewer where there are fewer

[[pairs]]
kind = "across"              # the control: the second input is of another class
per_class = 2700
"""
PAIRS = """[[pairs]]
kind = "within"              # two inputs of one class, both recognised by the network; or "across": the control
per_class = 20               # so many from each class, drawn from the seed; fewer where there are fewer
# lowest_loss = 10           # only among the so many inputs of lowest loss of each class
"""
REST = """
[connect]
method = "bypass"            # or "paper" (the published procedure, slow), or "straight" (measures direct paths only)
rounds = 4                   # any setting of the method may stand here
# threshold = 0.5            # the loss that a connected path may reach; by default the higher loss of its ends + 0.01
# verify = "auto"            # certify connections, with no peak between samples: or taylor, pieces, samples

[shards]
minutes = 2                  # of work in a shard, about: what a killed run loses at most; short studies are cut finer
paths = false                # true: keep the paths themselves, not only their numbers
"""


def study_text(
    *,
    network: str = "digits",
    weights: Path | None = None,
    inputs: Path | None = None,
    title: str | None = None,
    seed: int = 0,
) -> str:
    """Text of a `study.toml`; paths are written as absolute ones."""
    source = DIGITS if inputs is None else FOLDER.format(source=_quoted(inputs.resolve()))
    section = f"[networks.network]\nspec = {_quoted(network)}\n" if network != "digits" else ""
    if not section:
        section = '[networks.digits]\nspec = "digits"              # any network spec; weights = "FILE" for your own\n'
    if weights is not None:
        section += f"weights = {_quoted(weights.resolve())}\n"
    return "\n".join(
        (
            f"title = {_quoted(title or 'Handwritten digits on the embedded network')}",
            f"seed = {seed}                     # of the draw of pairs; the same seed gives the same pairs\n",
            source,
            section,
            (DEFAULT_PAIRS if inputs is None and network == "digits" else PAIRS) + REST,
        )
    )


def _quoted(value: object) -> str:
    """A TOML string: its escapes are those of JSON."""
    return json.dumps(str(value), ensure_ascii=False)
