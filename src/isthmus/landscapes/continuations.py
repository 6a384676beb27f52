"""ContinuationLandscape: how likely a causal language model finds a given continuation, as a function of its prompt."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, final

import torch
from torch import Tensor, nn

from isthmus._core.shapes import Inputs, Targets
from isthmus.errors import NetworkError
from isthmus.inputs.kinds import InputKind, Tokens
from isthmus.inputs.kinds.tokens.vocabulary import Tokenizer, Vocabulary
from isthmus.landscapes.base import AbstractLandscape, Evaluation
from isthmus.landscapes.domains import Domain, Unbounded
from isthmus.landscapes.validation import check_target_range
from isthmus.networks.state import held_fixed
from isthmus.networks.text import embedding_of, takes_vectors
from isthmus.networks.weights import hash_weights


@final
class ContinuationLandscape(AbstractLandscape):
    """Soft prompt (n, length, width) -> mean loss of the tokens of a continuation, in nats a token.

    The prompt is the vectors of its tokens, or any other vectors (a soft prompt: Lester, Al-Rfou and Constant 2021).
    The target says which of the continuations the loss is about; the logits are the log-likelihoods of all of them, so
    that the class predicted is the likeliest. An evaluation is counted as one forward-equivalent, and runs the model
    once for every continuation.

    Args:
        model: a causal language model of Hugging Face, which takes `inputs_embeds`.
        tokenizer: its tokenizer, with `encode(text)` and `decode(ids)`.
        continuations: texts that may follow the prompt.
        length: tokens of a prompt; shorter ones are filled at their beginning with the filler.
        filler: number of the token that prompts are filled with; 0 by default.
        domain: where prompts may lie; anywhere by default.
        max_batch: see `Landscape`.

    Raises:
        NetworkError: the model takes no vectors, or gives no logits for every token.
    """

    unit = "nats a token"

    def __init__(
        self,
        model: nn.Module,
        tokenizer: Tokenizer,
        continuations: Sequence[str],
        *,
        length: int,
        filler: int = 0,
        domain: Domain | None = None,
        max_batch: int | str = "auto",
    ) -> None:
        super().__init__(domain=Unbounded() if domain is None else domain, max_batch=max_batch)
        if not takes_vectors(model):
            raise NetworkError(f"The {type(model).__name__} takes no inputs_embeds, so a soft prompt cannot be given.")
        self.model = model
        vocabulary = Vocabulary(tokenizer=tokenizer, embedding=embedding_of(model), length=length, filler=filler)
        self.prompts = Tokens(vocabulary=vocabulary)
        self.continuations = tuple(continuations)
        self._ids = [torch.tensor(_plain(tokenizer, text)) for text in self.continuations]
        if not self._ids or any(not len(ids) for ids in self._ids):
            raise NetworkError("ContinuationLandscape needs at least one continuation, and tokens in each.")
        self.classes = len(self._ids)

    def embed(self, prompts: Sequence[str]) -> Inputs:
        """Prompts as inputs (n, length, width), filled at their beginning: the continuation follows the text."""
        known = self.prompts.vocabulary
        assert known is not None
        ids = []
        for text in prompts:
            kept = known.without_filler(known.ids(text))
            ids.append([known.filler] * (known.length - len(kept)) + kept)
        return known.embedded(ids)

    def forward(self, x: Inputs, target: Targets) -> Evaluation:
        check_target_range(target, len(self._ids))
        scores = [self._likelihood(x, ids.to(x.device)) for ids in self._ids]
        loss = torch.stack([-score.mean(1) for score in scores], 1)
        return Evaluation(loss.gather(1, target[:, None])[:, 0], torch.stack([score.sum(1) for score in scores], 1))

    def _likelihood(self, x: Inputs, ids: Tensor) -> Tensor:
        """Log-likelihood of each token of a continuation (n, tokens)."""
        vectors = torch.nn.functional.embedding(ids, embedding_of(self.model).weight)
        output = self.model(inputs_embeds=torch.cat([x, vectors.to(x).expand(len(x), *vectors.shape)], 1))
        logits = getattr(output, "logits", output)
        if not isinstance(logits, Tensor) or logits.ndim != 3 or logits.shape[1] != x.shape[1] + len(ids):
            raise NetworkError(
                f"The {type(self.model).__name__} must return logits (n, tokens, vocabulary) for every token."
            )
        ahead = logits[:, x.shape[1] - 1 : -1].float().log_softmax(2)
        return ahead.gather(2, ids.expand(len(x), -1)[..., None])[..., 0]

    def fixed(self) -> AbstractContextManager[None]:
        return held_fixed(self.model)

    @property
    def device(self) -> torch.device:
        return embedding_of(self.model).weight.device

    def prepare(self, x: Inputs) -> Inputs:
        return x.to(self.device, embedding_of(self.model).weight.dtype)

    @property
    def input_kind(self) -> InputKind:
        return self.prompts

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.continuations

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        return self.prompts.shape

    def describe(self) -> dict[str, Any]:
        return {
            "landscape": type(self).__name__,
            "model": f"{type(self.model).__module__}.{type(self.model).__qualname__}",
            "weights_sha256": hash_weights(self.model),
            "continuations": list(self.continuations),
            "domain": repr(self.domain)[:200],
            "device": str(self.device),
        }


def _plain(tokenizer: Tokenizer, text: str) -> list[int]:
    """Numbers of the tokens of a text that goes on, without those that mark a beginning or an end."""
    try:
        encoded = tokenizer.encode(text, add_special_tokens=False)  # type: ignore[call-arg]
    except TypeError:
        encoded = tokenizer.encode(text)
    return [int(each) for each in getattr(encoded, "ids", encoded)]
