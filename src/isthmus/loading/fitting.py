"""Fitting: a small classifier trained from scratch, with its weights kept on the way."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from isthmus._core.files import write_whole
from isthmus._core.random import generator, lent_seed
from isthmus._core.shapes import Inputs, Numbered, Targets
from isthmus.errors import InputError
from isthmus.inputs.collection import digits, open_collection
from isthmus.inputs.labels import named_class
from isthmus.networks.network import Network

BATCH = 64
State = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Examples:
    """Labelled inputs (n, *input), in data units, or numbers of tokens (n, length), and their classes (n,)."""

    x: Inputs | Numbered
    y: Targets


def digits_to_train_on() -> Examples:
    """The digits that the embedded network was trained on; those of `inputs.collection.digits` are held out."""
    collection = digits(held_out=False)
    labels = [int(label) for label in collection.labels if label is not None]
    return Examples(torch.stack([collection.read(n, None) for n in range(len(collection))]), torch.tensor(labels))


def labelled(images: Path, network: Network) -> Examples:
    """All labelled inputs of a folder or `.npz` file; words that are no classes of the network count up in order.

    Raises:
        InputError: an input without a label, or inputs of several shapes.
    """
    collection = open_collection(images, kind=network.input_kind)
    if None in collection.labels:
        raise InputError(f"{images} has inputs without a class, and a network cannot be trained on them.")
    words = sorted({label for label in collection.labels if label is not None})
    classes = {word: named_class(word, network.class_names) for word in words}
    if None in classes.values():
        classes = {word: number for number, word in enumerate(words)}
    inputs = [collection.read(number, network.input_kind) for number in range(len(collection))]
    shapes = sorted({tuple(x.shape) for x in inputs})
    if len(shapes) > 1:
        raise InputError(f"{images} has inputs of the shapes {shapes[0]} and {shapes[1]}; give a --size.")
    x = torch.stack(inputs)
    return Examples(x, torch.tensor([classes[label] for label in collection.labels if label is not None]))


def fit(
    network: Network,
    examples: Examples,
    *,
    batches: int,
    keep: Collection[int],
    lr: float = 2e-3,
    seed: int = 0,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> dict[int, State]:
    """Trains a copy of a network's model with AdamW; the network itself stays as it is.

    Args:
        network: where to begin; its normalisation is applied to the examples.
        examples: what to learn.
        batches: batches of 64 to train on.
        keep: after how many batches weights are kept; 0 for those at the beginning.
        lr: step length.
        seed: of the order of the examples, and of dropout.
        tell: called now and then with how many batches are done, of how many.

    Returns:
        The weights by number of batches.

    Raises:
        InputError: a class that the network has no output for.
    """
    model = copy.deepcopy(network.model).float().train()
    for weight in model.parameters():
        weight.requires_grad_(True)
    x = examples.x.to(network.device)
    if network.mean is not None or network.std is not None:
        x = network.standardised(x)
    y = examples.y.to(network.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-2)
    random = generator(seed)
    kept: dict[int, State] = {0: _state(model)} if 0 in keep else {}
    order = torch.zeros(0, dtype=torch.long)
    with lent_seed(seed), torch.enable_grad():  # dropout knows only the global generator
        for number in range(1, batches + 1):
            if len(order) < BATCH:
                order = torch.cat([order, torch.randperm(len(x), generator=random)])
            rows, order = order[:BATCH], order[BATCH:]
            logits = model(x[rows])
            if int(y.max()) >= logits.shape[1]:
                raise InputError(f"The images have {int(y.max()) + 1} classes, the network {logits.shape[1]} outputs.")
            optimizer.zero_grad()
            functional.cross_entropy(logits, y[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            if number in keep:
                kept[number] = _state(model)
            if number % 20 == 0 or number == batches:
                tell(number, batches)
    return kept


def save_state(state: State, file: Path) -> None:
    """Writes weights as safetensors."""
    from safetensors.torch import save_file

    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, lambda temporary: save_file(state, temporary))


def _state(model: torch.nn.Module) -> State:
    return {name: value.detach().cpu().clone().contiguous() for name, value in model.state_dict().items()}
