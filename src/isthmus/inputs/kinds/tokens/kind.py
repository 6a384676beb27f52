"""Tokens: an input is what a network makes of the tokens of a text: a vector for each, (length, width)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.shapes import Input, Inputs
from isthmus.errors import ImageError, InputError
from isthmus.inputs.base import Collection
from isthmus.inputs.kinds.arrays import Arrays
from isthmus.inputs.kinds.base import InputKind, Limits, Pixels, Walk
from isthmus.inputs.kinds.canvas import words
from isthmus.inputs.kinds.named import Named
from isthmus.inputs.kinds.tokens.vocabulary import Vocabulary

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Within = Literal["anywhere", "box", "ball", "hull"]


@as_annotated
@dataclass(frozen=True, eq=False, kw_only=True)
class Tokens(InputKind):
    """Texts of one length, in the space in which a network puts its tokens.

    Most points of that space are no text. `nearest` leads to the nearest tokens, position by position; what is low in
    the space need not be low there, and `isthmus.connecting.as_kept` says whether it is.

    Attributes:
        vocabulary: tokens as words, numbers and vectors; None for results that were read again without their network.
        within: where vectors may lie: anywhere; in the smallest box around the vectors of all tokens; in the ball
            around their mean that holds them all; or in their hull, as mixes of tokens.
    """

    vocabulary: Vocabulary | None = None
    within: Within = "anywhere"

    name: ClassVar[str] = "tokens"
    one: ClassVar[str] = "text"
    many: ClassVar[str] = "texts"
    blends: ClassVar[bool] = False
    kept_as: ClassVar[str] = "texts"
    space: ClassVar[str] = "embedding"

    @property
    def shape(self) -> tuple[int, ...] | None:
        known = self.vocabulary
        return None if known is None else (known.length, known.embedding.embedding_dim)

    @property
    def discrete(self) -> bool:
        return self.vocabulary is not None

    def embed(self, text: str) -> Input:
        """A text as an input (length, width).

        Raises:
            ImageError: it is longer than the network takes.
        """
        known = self._known()
        return known.embedded([known.ids(text)])[0]

    def text(self, x: Input) -> str:
        """The text of the nearest tokens."""
        known = self._known()
        return known.text(known.nearest(x[None])[0].tolist())

    def about(self) -> str:
        known = self.vocabulary
        if known is None:
            return self.many
        tokens = f"{known.length} tokens of {known.embedding.num_embeddings:,}"
        return f"texts of {tokens}, filled with {known.word(known.filler)!r}"

    def open(self, source: Path) -> Collection:
        from isthmus.inputs.kinds.tokens.files import open_texts

        return open_texts(source, self)

    def read(self, source: str) -> Input:
        return self.embed(text_of(source))

    def beside(self, folder: Path, name: str) -> str:
        return super().beside(folder, name) if name.endswith(".txt") else name

    def digest(self, source: str) -> str:
        return hashlib.sha256(text_of(source).encode()).hexdigest()

    def check(self, shape: tuple[int, ...]) -> None:
        if self.shape is not None and shape != self.shape:
            raise InputError(f"Texts of this network have the shape {self.shape} (tokens, width), got {shape}.")

    def limits(self) -> Limits:
        if self.within == "anywhere" or self.vocabulary is None:
            return Limits()
        vectors = self.vocabulary.vectors.cpu()
        if self.within == "hull":
            return Limits(hull=vectors.double())
        if self.within == "ball":
            return Limits(ball=vectors.double())
        return Limits(low=vectors.amin(0).float(), high=vectors.amax(0).float())

    def nearest(self, x: Inputs) -> Inputs | None:
        if self.vocabulary is None:
            return None
        ids = self.vocabulary.nearest(x)
        return self.vocabulary.embedded(ids.tolist()).to(x)

    def pixels(self, x: Input) -> Pixels:
        if self.vocabulary is None:
            return Arrays().pixels(x)
        return words([[(self.vocabulary.word(k), False) for k in self._shown(x)]])

    def change(self, x: Input, base: Input) -> tuple[Pixels, str]:
        if self.vocabulary is None:
            return Arrays().change(x, base)
        new, old = (self.vocabulary.nearest(each[None])[0].tolist() for each in (x, base))
        changed = sum(a != b for a, b in zip(new, old, strict=True))
        line = [(self.vocabulary.word(a), a != b) for a, b in zip(new, old, strict=True)]
        return words([line]), f"{changed} of {len(new)} nearest tokens"

    def reading(self, x: Input, base: Input | None = None) -> str:
        if self.vocabulary is None:
            return ""
        if base is None:
            return self.text(x)
        new, old = (self.vocabulary.nearest(each[None])[0].tolist() for each in (x, base))
        swaps = [
            f"{self.vocabulary.word(b).strip()} → {self.vocabulary.word(a).strip()}"
            for a, b in zip(new, old, strict=True)
            if a != b
        ]
        if not swaps:
            return "the nearest tokens are the same"
        more = f", and {len(swaps) - 3} more" if len(swaps) > 3 else ""
        return f"{len(swaps)} of {len(new)} nearest tokens are others: {', '.join(swaps[:3])}{more}"

    def named(self, values: Input, x: Input) -> Named | None:
        if self.vocabulary is None:
            return None
        ids = self.vocabulary.nearest(x[None])[0].tolist()
        used = len(self.vocabulary.without_filler(ids))
        sums = values.double().sum(-1).tolist()
        found = [(self.vocabulary.word(number), value) for number, value in zip(ids[:used], sums, strict=False)]
        filled = len(ids) - used
        return [*found, (f"filler ({filled})", sum(sums[used:]))] if filled else found

    @property
    def complete(self) -> bool:
        return self.vocabulary is not None

    def identity(self, x: Input) -> bytes:
        # Networks have vectors of their own for one text: the text is what they have in common. Vectors beside those of
        # tokens are no text, however near: an attacked input is not the one that it came from.
        known = self.vocabulary
        if known is None:
            return super().identity(x)
        ids = known.nearest(x[None])[0].tolist()
        if not torch.equal(known.embedded([ids])[0].to(torch.float32), x.detach().cpu().to(torch.float32)):
            return super().identity(x)
        text = known.text(ids)
        # Tokens that no text is made of, such as two beginnings, are not the text that they look like.
        return text.encode() if known.says(text, ids) else super().identity(x)

    def how_read(self) -> dict[str, Any]:
        return {"kind": self.name}

    def figure(self, walk: Walk) -> Figure | None:
        from isthmus.inputs.kinds.tokens.figure import tokens_figure

        return None if self.vocabulary is None else tokens_figure(self.vocabulary, walk)

    def write(self, x: Input, file: Path) -> Path:
        file = file.with_suffix(".txt")
        file.write_text(self.text(x) + "\n", encoding="utf-8")
        return file

    def describe(self) -> dict[str, Any]:
        known = self.vocabulary
        if known is None:
            return {"kind": self.name}
        return {
            "kind": self.name,
            "within": self.within,
            "length": known.length,
            "filler": known.word(known.filler),
            "tokens": known.embedding.num_embeddings,
            "vectors_sha256": known.digest,
        }

    def numbers(self) -> dict[str, Any]:
        # The domain says where paths may go, not what a vector means.
        return {key: value for key, value in self.describe().items() if key != "within"}

    def _known(self) -> Vocabulary:
        if self.vocabulary is None:
            raise InputError(
                "These texts were read again without their network, whose vocabulary says what they are; give it: "
                "Connections.load(folder, input_kind=network.input_kind)."
            )
        return self.vocabulary

    def _shown(self, x: Input) -> list[int]:
        known = self._known()
        ids: list[int] = known.nearest(x[None])[0].tolist()
        return known.without_filler(ids) or ids[:1]


def text_of(source: str) -> str:
    """What a text file holds, or the text itself.

    Raises:
        ImageError: a file that cannot be read, or no text.
    """
    try:
        place = Path(source)
        # A word that happens to be the name of a file is a text; a file is said by its ending, or with its folder.
        said = "/" in source or "\\" in source
        if place.suffix.lower() == ".txt" or (said and len(source) < 200 and place.is_file()):
            text = place.read_text(encoding="utf-8").strip()
        else:
            text = source.strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImageError(f"{source} cannot be read as text: {error}.") from error
    if not text:
        raise ImageError(f"'{source}' holds no text.")
    return text
