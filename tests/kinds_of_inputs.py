"""Rows, and a small network of texts, for tests of kinds of inputs."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import nn

import isthmus

ROWS = {
    "age": [30, 41, 58, 25],
    "income": [31_000.0, 52_500.0, 40_250.0, 18_000.0],
    "work": ["farm", "office", "office", "none"],
    "sex": ["f", "m", "f", "m"],
}
WORDS = ("", "?", *["a", "the", "film", "was", "good", "bad", "fine", "awful", "great", "boring", "plot"])


class Words:
    def encode(self, text: str) -> list[int]:
        return [WORDS.index(word) if word in WORDS else 1 for word in text.lower().split()]

    def decode(self, ids) -> str:
        return " ".join(WORDS[int(number)] for number in ids)


class Sentiment(nn.Module):
    """A transformer of one layer on numbers of words."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 8)
        self.position = nn.Parameter(0.1 * torch.randn(6, 8))
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="gelu", batch_first=True)
        self.head = nn.Linear(8, 2)

    def forward(self, ids):
        return self.head(self.layer(self.embedding(ids) + self.position).mean(1))


@lru_cache
def sentiment() -> Sentiment:
    """Trained to tell good words from bad ones."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Sentiment()
        ids = torch.randint(0, len(WORDS), (2000, 6))
        good, bad = (
            sum((ids == WORDS.index(word)).float() for word in some).sum(1)
            for some in (("good", "fine", "great"), ("bad", "awful", "boring"))
        )
        ids, y = ids[good != bad], (good > bad).long()[good != bad]
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        for step in range(150):
            rows = slice(step * 64 % 1024, step * 64 % 1024 + 64)
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(ids[rows]), y[rows]).backward()
            optimizer.step()
    return model.eval()


@lru_cache
def text_network() -> isthmus.TextNetwork:
    return isthmus.TextNetwork(sentiment(), Words(), length=6, class_names=["bad", "good"])


def factory() -> isthmus.TextNetwork:
    """For specs: `py:kinds_of_inputs:factory`."""
    return text_network()


def table() -> isthmus.inputs.Table:
    return isthmus.inputs.Table.of(ROWS, label=None, units={"age": "years"}, held=["sex"])
