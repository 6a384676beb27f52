"""Made inputs: what there is to be shown of inputs that were attacked or synthesized."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from isthmus._core.shapes import Inputs
from isthmus.inputs.kinds import InputKind


@dataclass(frozen=True, kw_only=True)
class MadeInputs:
    """Inputs that were made, with what people call them.

    Attributes:
        x: the inputs (n, *input), in data units.
        rows: what is known of each; `files` are added.
        captions: one or two lines for each, on the sheet.
        title: headline of the sheet.
        command: the command that made them.
        description: how they were made, ready for JSON.
        sources: what each was made from.
        source_captions: likewise.
        skipped: inputs that could not be used, with the reason.
        input_kind: what they are; images, where their shape looks so, by default.
    """

    x: Inputs
    rows: Sequence[Mapping[str, Any]]
    captions: Sequence[str]
    title: str
    command: str = ""
    description: Mapping[str, Any] = field(default_factory=dict)
    sources: Inputs | None = None
    source_captions: Sequence[str] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    input_kind: InputKind | None = None
