"""Trains the embedded digits network and writes `src/isthmus/networks/digits.safetensors`.

    python scripts/train_digits.py

Every fifth image is held out. Small random shifts are the only augmentation. Takes half a minute on two cores.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from torch.nn import functional

from isthmus.networks.digits import MEAN, STD, WEIGHTS, build


def main(seed: int = 0, epochs: int = 60) -> None:
    torch.manual_seed(seed)
    data = load_digits()
    x = (torch.tensor(data.images).float()[:, None] / 16 - MEAN) / STD
    y = torch.tensor(data.target)
    held_out = torch.arange(len(x)) % 5 == 0
    train_x, train_y = x[~held_out], y[~held_out]
    model = build()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=epochs * -(-len(train_x) // 64))
    for _ in range(epochs):
        for rows in torch.randperm(len(train_x)).split(64):
            batch = train_x[rows]
            shift = torch.randint(-1, 2, (2,)).tolist()
            batch = torch.roll(batch, shift, (2, 3)) if torch.rand(()) < 0.3 else batch
            loss = functional.cross_entropy(model(batch), train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        for name, rows in (("train", ~held_out), ("held out", held_out)):
            print(f"{name}: accuracy {(model(x[rows]).argmax(1) == y[rows]).float().mean():.4f}")
    Path(WEIGHTS).parent.mkdir(parents=True, exist_ok=True)
    save_file(model.state_dict(), WEIGHTS)
    print(f"wrote {WEIGHTS.name}: {sum(p.numel() for p in model.parameters())} weights")


if __name__ == "__main__":
    main()
