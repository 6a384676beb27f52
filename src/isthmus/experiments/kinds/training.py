"""The networks of the experiment: trained on a set, or on the same set with its classes shuffled."""

from __future__ import annotations

from pathlib import Path

import torch

from isthmus._core.progress import OnStage
from isthmus.experiments.kinds.sets import SETS, parts
from isthmus.inputs.collection import Collection, open_collection
from isthmus.inputs.kinds.tokens import Tokens
from isthmus.inputs.kinds.tokens.files import TextCollection
from isthmus.inputs.labels import named_class
from isthmus.loading.fitting import Examples, fit, save_state
from isthmus.networks.network import Network
from isthmus.networks.specs import load_network

BATCHES = {"table": 600, "series": 300, "tokens": 1500}
MORE = 3  # times as many to learn shuffled classes by heart


def key_of(name: str, network: str, way: str) -> str:
    """What a network is called in the study: of a set, a network and a way (trained, shuffled, untrained)."""
    return f"{name}_{network}_{way}"


def named_by(key: str) -> tuple[str, str, str]:
    """The set, the network and the way of a key."""
    name, network, way = key.rsplit("_", 2)
    return name, network, way


def train(names: tuple[str, ...], folder: Path, seed: int, tell: OnStage, *, share: float = 1.0) -> None:
    """Trains what is not there yet; `share` of the batches, for a quick look."""
    wanted = [
        (name, network, way)
        for name in names
        for place, network in enumerate(SETS[name].networks)
        for way in ("trained", *["shuffled"] * (place == 0))
    ]
    for number, (name, network, way) in enumerate(wanted):
        file = folder / f"{key_of(name, network, way)}.safetensors"
        if file.is_file():
            continue
        tell(f"training {name}, {network}, {way}", number, len(wanted))
        made = load_network(f"untrained:{SETS[name].networks[network]}?seed={seed}")
        source = parts(name, folder)["shuffled" if way == "shuffled" else "train"]
        examples = examples_of(open_collection(source, kind=made.input_kind), made)
        batches = max(1, round(share * BATCHES[SETS[name].kind] * (MORE if way == "shuffled" else 1)))
        kept = fit(made, examples, batches=batches, keep=(batches,), seed=seed)
        save_state(kept[batches], file)


def examples_of(collection: Collection, network: Network) -> Examples:
    """All inputs of a collection with their classes; of texts numbers of tokens, so that vectors are learnt."""
    kind = network.input_kind
    if isinstance(kind, Tokens) and isinstance(collection, TextCollection) and kind.vocabulary is not None:
        known = kind.vocabulary
        x = torch.tensor([known.ids(text) for text in collection.texts])
    else:
        x = torch.stack([collection.read(number, kind) for number in range(len(collection))])
    classes = [named_class(label or "", network.class_names) for label in collection.labels]
    return Examples(x, torch.tensor([-1 if each is None else each for each in classes]))
