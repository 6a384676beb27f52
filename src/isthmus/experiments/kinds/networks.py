"""Small networks for tables, sound and text, two of different architecture for each kind.

Each is made by a function without arguments, so that studies name it as `py:isthmus.experiments.kinds.networks:NAME`.
"""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.experiments.kinds.sets import (
    CHARACTERS,
    CORPORA,
    LANGUAGES,
    WORDS,
    labelled_rows,
    names_of_languages,
    sentences,
)
from isthmus.experiments.kinds.speech import DIGITS, RATE, SAMPLES, TONGUES
from isthmus.inputs.kinds import Series, Table
from isthmus.networks.network import Network
from isthmus.networks.text import TextNetwork

COMMON = 2  # a word that stands in so many sentences has a token of its own


@lru_cache
def _mlp(name: str, activation: type[nn.Module]) -> Network:
    columns, labels = labelled_rows(name)
    table = Table.of({**columns, "label": np.array(labels)}, label="label")
    classes = sorted(set(labels))
    model = nn.Sequential(
        nn.Linear(len(columns), 32), activation(), nn.Linear(32, 32), activation(), nn.Linear(32, len(classes))
    )
    return Network(model, input_kind=table, class_names=classes, name=name)


class Residual(nn.Module):
    """Two convolutions around which the signal is led."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inside = nn.Sequential(
            nn.BatchNorm1d(channels),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 9, padding=4),
            nn.BatchNorm1d(channels),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 9, padding=4),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Signal plus what the convolutions make of it."""
        inside: Tensor = self.inside(x)
        return x + inside


def _wave(classes: tuple[str, ...], *, residual: bool) -> Network:
    layers: list[nn.Module] = [nn.Conv1d(1, 16, 40, 4), nn.BatchNorm1d(16), nn.ReLU()]
    for width in (16, 32, 64):
        layers += [nn.Conv1d(width, 2 * width, 9, 4), nn.BatchNorm1d(2 * width), nn.ReLU()]
        if residual and width < 64:
            layers.append(Residual(2 * width))
    layers += [nn.AdaptiveAvgPool1d(2), nn.Flatten(), nn.Linear(256, len(classes))]
    kind = Series(rate=RATE, length=SAMPLES)
    return Network(nn.Sequential(*layers), input_kind=kind, input_shape=(1, SAMPLES), class_names=classes)


class Transformer(nn.Module):
    """A transformer of two layers on numbers of tokens."""

    def __init__(self, tokens: int, length: int, classes: int, width: int = 32) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, width)
        self.position = nn.Parameter(0.1 * torch.randn(length, width))
        layer = partial(
            nn.TransformerEncoderLayer, width, 4, 64, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.Sequential(layer(), layer())
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, classes))

    def forward(self, ids: Tensor) -> Tensor:
        """Logits of tokens (n, length)."""
        found: Tensor = self.head(self.layers(self.embedding(ids) + self.position).mean(1))
        return found


class TextCNN(nn.Module):
    """Convolutions over the vectors of tokens, and the highest answer of each (Kim 2014)."""

    def __init__(self, tokens: int, classes: int, width: int = 32) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, width)
        self.windows = nn.ModuleList(nn.Conv1d(width, 64, size, padding=1) for size in (2, 3, 4))
        self.head = nn.Linear(3 * 64, classes)

    def forward(self, ids: Tensor) -> Tensor:
        """Logits of tokens (n, length)."""
        x = self.embedding(ids).transpose(1, 2)
        found: Tensor = self.head(torch.cat([window(x).relu().amax(2) for window in self.windows], 1))
        return found


class Words:
    """A tokenizer of words or letters that are listed; the others share one token. The filler comes first."""

    def __init__(self, words: tuple[str, ...], *, letters: bool) -> None:
        self.words, self.letters = ("", "?", *words), letters
        self._number = {word: number for number, word in enumerate(self.words)}

    def encode(self, text: str) -> list[int]:
        """Numbers of the tokens of a text."""
        parts = list(text.lower()) if self.letters else text.lower().split()
        return [self._number.get(part, 1) for part in parts]

    def decode(self, ids: list[int]) -> str:
        """The text of tokens."""
        return ("" if self.letters else " ").join(self.words[int(number)] for number in ids)


@lru_cache
def _letters() -> Words:
    return Words(tuple(sorted({letter for text, _ in names_of_languages() for letter in text})), letters=True)


@lru_cache
def _words() -> Words:
    counts: dict[str, int] = {}
    for text, _ in sentences():
        for word in text.split():
            counts[word] = counts.get(word, 0) + 1
    return Words(tuple(sorted(word for word, count in counts.items() if count >= COMMON)), letters=False)


def _text(words: Words, length: int, classes: tuple[str, ...], *, transformer: bool) -> TextNetwork:
    count = len(words.words)
    model = Transformer(count, length, len(classes)) if transformer else TextCNN(count, len(classes))
    return TextNetwork(model, words, length=length, filler=0, class_names=classes)


def breast_cancer_mlp() -> Network:
    """Two hidden layers of ReLU."""
    return _mlp("breast-cancer", nn.ReLU)


def breast_cancer_gelu() -> Network:
    """Two hidden layers of GELU: a smooth network."""
    return _mlp("breast-cancer", nn.GELU)


def wine_mlp() -> Network:
    """Two hidden layers of ReLU."""
    return _mlp("wine", nn.ReLU)


def wine_gelu() -> Network:
    """Two hidden layers of GELU: a smooth network."""
    return _mlp("wine", nn.GELU)


def digits_cnn() -> Network:
    """Four convolutions over the wave."""
    return _wave(DIGITS, residual=False)


def digits_resnet() -> Network:
    """Convolutions over the wave, with residual blocks."""
    return _wave(DIGITS, residual=True)


def tongues_cnn() -> Network:
    """Four convolutions over the wave."""
    return _wave(TONGUES, residual=False)


def tongues_resnet() -> Network:
    """Convolutions over the wave, with residual blocks."""
    return _wave(TONGUES, residual=True)


def languages_transformer() -> Network:
    """A transformer on letters."""
    return _text(_letters(), CHARACTERS, LANGUAGES, transformer=True)


def languages_cnn() -> Network:
    """Convolutions over letters."""
    return _text(_letters(), CHARACTERS, LANGUAGES, transformer=False)


def docstrings_transformer() -> Network:
    """A transformer on words."""
    return _text(_words(), WORDS, CORPORA, transformer=True)


def docstrings_cnn() -> Network:
    """Convolutions over words."""
    return _text(_words(), WORDS, CORPORA, transformer=False)
