"""Vocabulary: tokens as words, numbers and vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from isthmus._core.shapes import Inputs
from isthmus._core.text import shorten
from isthmus.errors import ImageError, InputError

CHUNK = 2**24  # distances held at once


@runtime_checkable
class Tokenizer(Protocol):
    """What turns texts into numbers of tokens and back, such as the tokenizers of Hugging Face."""

    def encode(self, text: str) -> Any:
        """Numbers of the tokens of a text, with those that the network expects at its ends."""

    def decode(self, ids: Any) -> str:
        """The text of some tokens."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Vocabulary:
    """Texts and vectors of a network.

    Attributes:
        tokenizer: makes numbers of texts.
        embedding: the layer that makes vectors of numbers; it is the network's own, and read when it is needed.
        length: tokens of an input. Every text is brought to it with the filler, which the network reads like any token.
        filler: number of the token that texts are filled with.
    """

    tokenizer: Tokenizer
    embedding: nn.Embedding
    length: int
    filler: int

    def __post_init__(self) -> None:
        if self.length < 1 or not 0 <= self.filler < self.embedding.num_embeddings:
            raise InputError(
                f"A text needs a length of at least 1 and a filler among {self.embedding.num_embeddings} tokens, got "
                f"{self.length} and {self.filler}."
            )

    @property
    def vectors(self) -> Tensor:
        """The vector of every token (tokens, width), as the layer gives it: some scale their weights."""
        layer = self.embedding
        if type(layer) is nn.Embedding and not layer._forward_hooks and not layer._forward_pre_hooks:
            return layer.weight.detach()
        return self._made(torch.arange(layer.num_embeddings))

    def _made(self, ids: Tensor) -> Tensor:
        """What the layer makes of numbers of tokens."""
        with torch.no_grad():
            found: Tensor = self.embedding(ids.to(self.embedding.weight.device))
        return found.detach()

    def ids(self, text: str) -> list[int]:
        """Numbers of the tokens of a text, filled up to the length.

        Raises:
            ImageError: it is longer than the network takes, or has tokens that the network does not know.
        """
        try:
            encoded = self.tokenizer.encode(text)
        except Exception as error:  # of whatever a tokenizer is made of
            raise ImageError(
                f"The tokenizer does not take the text '{shorten(text, 40)}' ({type(error).__name__}: {error})."
            ) from error
        found = [int(each) for each in getattr(encoded, "ids", encoded)]
        if not found:
            raise ImageError("The text is empty.")
        if len(found) > self.length:
            raise ImageError(
                f"The text '{shorten(text, 40)}' has {len(found)} tokens, and inputs here have {self.length}; shorten "
                "it, or give the network another length."
            )
        unknown = [each for each in found if not 0 <= each < self.embedding.num_embeddings]
        if unknown:
            raise ImageError(
                f"The text '{shorten(text, 40)}' has the token {unknown[0]}, and the network knows "
                f"{self.embedding.num_embeddings}: is the tokenizer the network's own?"
            )
        return found + [self.filler] * (self.length - len(found))

    def embedded(self, ids: Sequence[Sequence[int]]) -> Inputs:
        """Vectors (n, length, width) of the tokens of some texts, on the CPU."""
        return self._made(torch.tensor(ids)).cpu()

    def nearest(self, x: Inputs) -> Tensor:
        """For every vector of inputs (n, length, width) the number of the nearest token (n, length), on the CPU."""
        vectors = self.vectors.to("cpu", torch.float32)
        flat = x.detach().to("cpu", torch.float32).flatten(0, 1)
        step = max(1, CHUNK // len(vectors))
        # |v|^2 - 2 <x, v> would lose the digits of what lies on a token.
        parts = [
            torch.cdist(part, vectors, compute_mode="donot_use_mm_for_euclid_dist").argmin(1)
            for part in torch.split(flat, step)
        ]
        return torch.cat(parts).reshape(x.shape[:2])

    def word(self, number: int) -> str:
        """A token as a word: a space before it is shown as such."""
        return str(self.tokenizer.decode([number])) or "∅"

    def text(self, ids: Sequence[int]) -> str:
        """The text of some tokens, without the filler at its end and without what a tokenizer adds around texts."""
        added = self._added
        kept = [number for number in self.without_filler(ids) if number not in added]
        return str(self.tokenizer.decode(kept)).strip()

    def says(self, text: str, ids: Sequence[int]) -> bool:
        """Whether a text is made of exactly these tokens."""
        try:
            return self.ids(text) == list(ids)
        except ImageError:
            return False

    @property
    def _added(self) -> set[int]:
        """Tokens that stand for no part of a text: not those for what is unknown or hidden."""
        meant = {getattr(self.tokenizer, name, None) for name in ("unk_token_id", "mask_token_id")}
        return set(getattr(self.tokenizer, "all_special_ids", ())) - meant

    def without_filler(self, ids: Sequence[int]) -> list[int]:
        """The tokens before the filler at the end."""
        kept = list(ids)
        while kept and kept[-1] == self.filler:
            kept.pop()
        return kept

    @property
    def digest(self) -> str:
        """SHA-256 over the vectors."""
        return hashlib.sha256(self.vectors.cpu().contiguous().float().numpy().tobytes()).hexdigest()
