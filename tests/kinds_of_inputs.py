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


def rows(count: int = 60) -> dict:
    """Rows of two classes, with words and whole numbers."""
    import numpy as np

    random = np.random.default_rng(0)
    age, income = random.integers(20, 70, count), random.uniform(1e4, 9e4, count)
    work = random.choice(["farm", "none", "office"], count)
    good = income / 1e4 + (work == "office") * 2 - (age > 50) * 1.5 > 5
    return {"age": age, "income": income, "work": work, "class": np.where(good, "good", "bad")}


@lru_cache
def row_network() -> isthmus.Network:
    """Trained on these rows."""
    columns = rows(400)
    table = isthmus.inputs.Table.of(columns, label="class", units={"age": "years"})
    return _trained(
        nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2)),
        table.encode(columns),
        torch.tensor([int(word == "good") for word in columns["class"]]),
        input_kind=table,
        class_names=["bad", "good"],
    )


def waves(count: int = 24):
    """Waves (n, 1, 800) of a low or a high tone, and which it is."""
    random = torch.Generator().manual_seed(0)
    y = torch.arange(count) % 2
    pitch = torch.tensor([220.0, 520.0])[y] * (1 + 0.1 * torch.randn(count, generator=random))
    phase = 6.28 * torch.rand(count, generator=random)
    t = torch.arange(800) / 8000
    noise = 0.02 * torch.randn(count, 800, generator=random)
    return (0.5 * torch.sin(6.28 * pitch[:, None] * t + phase[:, None]) + noise)[:, None].clamp(-1, 1), y


@lru_cache
def wave_network() -> isthmus.Network:
    """Trained on these waves."""
    model = nn.Sequential(
        nn.Conv1d(1, 8, 25, 4),
        nn.ReLU(),
        nn.Conv1d(8, 8, 9, 4),
        nn.ReLU(),
        nn.AdaptiveMaxPool1d(1),
        nn.Flatten(),
        nn.Linear(8, 2),
    )
    x, y = waves(200)
    kind = isthmus.inputs.Series(rate=8000, length=800)
    return _trained(model, x, y, input_kind=kind, class_names=["low", "high"], input_shape=(1, 800))


def _trained(model, x, y, **settings) -> isthmus.Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for module in model.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        for _ in range(120):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    return isthmus.Network(model.eval(), **settings)


TEXTS = (
    ("a good film", "good"), ("the plot was great", "good"), ("great film", "good"), ("fine plot", "good"),
    ("a bad film", "bad"), ("the plot was awful", "bad"), ("boring film", "bad"), ("awful boring plot", "bad"),
)  # fmt: skip


def write(kind: str, folder):
    """Files of a kind, with classes; where they are."""
    import csv

    from scipy.io import wavfile

    folder.mkdir(parents=True, exist_ok=True)
    if kind == "series":
        x, y = waves()
        for number, (wave, label) in enumerate(zip(x, y.tolist(), strict=True)):
            file = folder / "waves" / ("low", "high")[label] / f"{number:02d}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            wavfile.write(file, 8000, (wave[0] * 32767).round().to(torch.int16).numpy())
        return folder / "waves"
    file = folder / f"{kind}.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        if kind == "table":
            columns = rows()
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        else:
            writer.writerow(("text", "label"))
            writer.writerows(TEXTS)
    return file


NETWORKS = {"table": row_network, "series": wave_network, "tokens": text_network}
