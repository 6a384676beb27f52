"""TextNetwork: a classifier of texts, on the vectors of their tokens."""

from __future__ import annotations

import copy
import inspect
import threading
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from isthmus._core.random import generator
from isthmus._core.shapes import Inputs
from isthmus._core.warned import warn
from isthmus.errors import NetworkError
from isthmus.inputs.kinds.tokens import Tokens
from isthmus.inputs.kinds.tokens.kind import Within
from isthmus.inputs.kinds.tokens.vocabulary import Tokenizer, Vocabulary
from isthmus.networks.checks import FAILURES, first_line
from isthmus.networks.network import Network
from isthmus.networks.outputs import unwrap
from isthmus.networks.state import held_fixed

SAME = 1e-3  # of the largest logit: sums in another order come this far


class TextNetwork(Network):
    """A fixed classifier of texts, as a network that takes the vectors of their tokens, (n, length, width).

    Texts are brought to one length: a shorter one is filled, at its end, with a token that the network reads like any
    other (no mask hides it), and a longer one is refused. So two texts of different lengths are ends of one path. Where
    a network was trained with masks, its answer for a filled text may differ from its usual one: choose a length near
    that of your texts, and see `recognised` in what a run says.

    Args:
        model: a classifier of Hugging Face (it takes `inputs_embeds`), or a module of your own that takes numbers of
            tokens (n, length) and has a `torch.nn.Embedding` that makes vectors of them.
        tokenizer: has `encode(text)` and `decode(ids)`, as those of Hugging Face have.
        length: tokens of an input, those that the tokenizer adds at the ends among them.
        embedding: the layer that makes the vectors; needed where your module has several.
        filler: number of the token that texts are filled with; by default the tokenizer's padding, its end, or 0.
        within: where vectors may lie: "anywhere", in the smallest "box" around the vectors of all tokens, in the "ball"
            around their mean that holds them all, or in their "hull".
        class_names: one name a class; by default those of the model's configuration.
        name: what results call the network.
        output: see `Network`.
        check: see `Network`.

    Raises:
        NetworkError: the vectors of tokens cannot be found, or given to the model; and what `Network` raises.
    """

    def __init__(
        self,
        model: nn.Module,
        tokenizer: Tokenizer,
        *,
        length: int,
        embedding: nn.Embedding | None = None,
        filler: int | None = None,
        within: Within = "anywhere",
        class_names: Sequence[str] | None = None,
        name: str | None = None,
        output: str | int | None = None,
        check: bool = True,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise NetworkError(f"TextNetwork needs a torch.nn.Module, got {type(model).__name__}.")
        if not isinstance(tokenizer, Tokenizer):
            raise NetworkError(
                f"TextNetwork needs a tokenizer with encode(text) and decode(ids), got {type(tokenizer).__name__}."
            )
        layer = embedding_of(model) if embedding is None else embedding
        if layer.max_norm is not None:
            raise NetworkError(
                "The embedding has a max_norm, which changes its weights while it reads; set it to None, and scale the "
                "weights once."
            )
        wanted = _filler(tokenizer, layer) if filler is None else filler
        vocabulary = Vocabulary(tokenizer=tokenizer, embedding=layer, length=length, filler=wanted)
        super().__init__(
            from_vectors(model, vocabulary, output) if check else FromVectors(model, layer, wanted),
            input_shape=(length, layer.embedding_dim),
            class_names=class_names_of(model) if class_names is None else class_names,
            input_kind=Tokens(vocabulary=vocabulary, within=within),
            name=name or type(model).__name__,
            output=output,
            check=check,
        )

    def embed(self, texts: Sequence[str]) -> Inputs:
        """Texts as inputs (n, length, width), on the CPU.

        Raises:
            ImageError: a text is longer than the network takes, or empty.
        """
        kind = self.input_kind
        assert isinstance(kind, Tokens)
        if isinstance(texts, str):
            texts = [texts]
        return torch.stack([kind.embed(text) for text in texts])

    def texts(self, x: Inputs) -> list[str]:
        """The texts of the nearest tokens of inputs (n, length, width)."""
        kind = self.input_kind
        assert isinstance(kind, Tokens)
        return [kind.text(each) for each in x]


def from_vectors(model: nn.Module, vocabulary: Vocabulary, output: str | int | None = None) -> FromVectors:
    """The model on vectors, in the way in which it says of the vectors of a text what it says of the text: it is asked
    both on texts of random tokens, for a model may scale its vectors, look at numbers of tokens elsewhere, or not use
    the layer.

    Raises:
        NetworkError: in no way.
    """
    layer, filler = vocabulary.embedding, vocabulary.filler
    ids = _random_texts(vocabulary).to(layer.weight.device)
    x = vocabulary.embedded(ids.tolist()).to(layer.weight)
    with torch.no_grad(), held_fixed(model):
        try:
            wanted = unwrap(model(ids), output)
        except FAILURES as error:
            warn(
                f"The {type(model).__name__} does not take random tokens ({first_line(error)}): whether it says the "
                "same of a text and of its vectors was not looked at.",
            )
            return FromVectors(model, layer, filler)
        # Relative to the logits: an untrained head may give such as .01.
        room = max(SAME, 16 * torch.finfo(wanted.dtype).eps) * float(wanted.abs().max()) + 1e-6
        apart, first = [], None
        for directly in (True, False) if takes_vectors(model) else (False,):
            made = FromVectors(model, layer, filler, directly=directly)
            try:
                with held_fixed(made):
                    found = unwrap(made(x), output)
            except FAILURES as error:
                first = first or error
                continue
            apart.append(float((found - wanted).abs().max()))
            if apart[-1] <= room:
                return made
    if not apart:
        assert first is not None
        raise first
    raise NetworkError(
        f"Given the vectors of texts, the {type(model).__name__} says something else than of the texts themselves "
        f"(logits differ by {min(apart):.3g}): it does more with the numbers of tokens than its embedding does. Is "
        "embedding= the layer that makes vectors of them, and is it called once, as a layer?"
    )


def _random_texts(vocabulary: Vocabulary) -> Tensor:
    """Numbers (3, length) of tokens that stand for words: others may be hidden by masks."""
    count = vocabulary.embedding.num_embeddings
    special = {
        vocabulary.embedding.padding_idx,
        vocabulary.filler,
        *getattr(vocabulary.tokenizer, "all_special_ids", ()),
    }
    words = torch.tensor([number for number in range(count) if number not in special] or [vocabulary.filler])
    return words[torch.randint(len(words), (3, vocabulary.length), generator=generator(0))]


class FromVectors(nn.Module):
    """A model of numbers of tokens, given the vectors that its embedding would have made of them: directly, where it
    takes vectors, or in the place of its embedding.

    The weights are the model's own, not copies.
    """

    def __init__(self, model: nn.Module, embedding: nn.Embedding, filler: int, *, directly: bool = True) -> None:
        super().__init__()
        self.takes_vectors = directly and takes_vectors(model)
        self.slot = Slot(embedding)
        if self.takes_vectors:
            self.model = model
        else:
            shared: dict[int, Any] = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
            shared[id(embedding)] = self.slot
            self.model = copy.deepcopy(model, shared)
        # A number that no mask hides.
        hidden = {embedding.padding_idx, filler}
        self.number = next(k for k in range(embedding.num_embeddings) if k not in hidden)

    def forward(self, x: Tensor) -> Any:
        """What the model makes of vectors (n, length, width); or of numbers of tokens (n, length), to train it."""
        if not x.is_floating_point():
            return self.model(x)
        if self.takes_vectors:
            return self.model(inputs_embeds=x)
        ids = torch.full(x.shape[:2], self.number, dtype=torch.long, device=x.device)
        return self.slot.giving(x, self.model, ids)


class Slot(nn.Module):
    """Stands where an embedding was, and gives what it was given by the same thread, if it was given something."""

    def __init__(self, embedding: nn.Embedding) -> None:
        super().__init__()
        self.embedding_dim = embedding.embedding_dim
        self.num_embeddings = embedding.num_embeddings
        self.padding_idx = embedding.padding_idx
        self.layer = embedding
        self.given: dict[int, Inputs] = {}

    @property
    def weight(self) -> Tensor:
        """For models that use it elsewhere, such as in their head."""
        return self.layer.weight

    def giving(self, x: Inputs, model: nn.Module, ids: Tensor) -> Any:
        """What a model that this slot is part of returns when it gives x."""
        thread = threading.get_ident()
        self.given[thread] = x
        try:
            return model(ids)
        finally:
            self.given.pop(thread, None)

    def forward(self, ids: Tensor) -> Tensor:
        """The vectors."""
        given = self.given.get(threading.get_ident())
        return self.layer(ids) if given is None else given


def embedding_of(model: nn.Module) -> nn.Embedding:
    """The layer of a model that makes vectors of tokens.

    Raises:
        NetworkError: there is none, or several that could be meant.
    """
    own = getattr(model, "get_input_embeddings", None)
    try:
        found = own() if callable(own) else None
    except NotImplementedError:  # of models that make vectors in ways of their own
        found = None
    if isinstance(found, nn.Embedding):
        return found
    layers = {name: module for name, module in model.named_modules() if isinstance(module, nn.Embedding)}
    if len(layers) == 1:
        return next(iter(layers.values()))
    which = f"has {', '.join(layers)}: give the one for tokens as embedding=" if layers else "has no torch.nn.Embedding"
    raise NetworkError(f"The {type(model).__name__} {which}{'' if layers else ' that makes vectors of tokens'}.")


def takes_vectors(model: nn.Module) -> bool:
    """Whether a model takes vectors in the place of numbers of tokens, as those of Hugging Face do."""
    return "inputs_embeds" in inspect.signature(model.forward).parameters


def _filler(tokenizer: Any, embedding: nn.Embedding) -> int:
    for name in ("pad_token_id", "eos_token_id"):
        found = getattr(tokenizer, name, None)
        if isinstance(found, int):
            return found
    return embedding.padding_idx or 0


def class_names_of(model: nn.Module) -> list[str] | None:
    """Names of the classes in a configuration of Hugging Face, where somebody has given them."""
    named = getattr(getattr(model, "config", None), "id2label", None)
    if not isinstance(named, dict) or all(str(name) == f"LABEL_{key}" for key, name in named.items()):
        return None
    return [str(named[key]) for key in sorted(named, key=int)]
