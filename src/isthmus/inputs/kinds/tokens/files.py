"""Texts in files: one a line, a table with a column of texts, or a folder with one sub-folder of files a class."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus._core.shapes import Input
from isthmus.errors import ImageError
from isthmus.inputs.base import Collection
from isthmus.inputs.kinds.base import InputKind

if TYPE_CHECKING:
    from isthmus.inputs.kinds.tokens.kind import Tokens

TEXT, LABEL = "text", "label"  # columns of a table of texts
NAMED = 32  # letters of a text that name it


class TextCollection(Collection):
    """Texts in memory, with the class of each where it is known."""

    def __init__(self, texts: Sequence[str], labels: Sequence[str | None], kind: Tokens, where: str) -> None:
        self.texts, self.kind = list(texts), kind
        self.names = tuple(f"{where}:{number} {text[:NAMED]}" for number, text in enumerate(texts))
        self.labels = tuple(labels)

    def read(self, number: int, kind: InputKind | None) -> Input:
        return self.kind.embed(self.texts[number])

    def digest(self, number: int) -> str:
        return hashlib.sha256(self.texts[number].encode()).hexdigest()


def open_texts(source: Path, kind: Tokens) -> Collection:
    """The texts of a file or folder.

    Raises:
        ImageError: nothing there that can be used.
    """
    from isthmus.inputs.files import FolderCollection
    from isthmus.inputs.kinds.table.files import CSV, PARQUET, label_of, read_columns

    if source.is_dir():
        return FolderCollection(source, kind, endings=frozenset({".txt"}))
    if source.suffix.lower() in CSV + PARQUET:
        columns = read_columns(source, (TEXT, LABEL))
        if TEXT not in columns:
            raise ImageError(f"{source} has no column '{TEXT}'; it has {', '.join(list(columns)[:8])}.")
        texts = ["" if text is None else str(text) for text in columns[TEXT].tolist()]
        labels = columns[LABEL].tolist() if LABEL in columns else [None] * len(texts)
        return TextCollection(texts, [label_of(label) for label in labels], kind, source.name)
    try:
        lines = [line for line in source.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ImageError(f"{source} cannot be read as text: {error}.") from error
    if not lines:
        raise ImageError(f"{source} holds no text.")
    return TextCollection(lines, [None] * len(lines), kind, source.name)
