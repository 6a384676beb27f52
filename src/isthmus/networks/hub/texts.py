"""Classifiers of texts, on the vectors of their tokens."""

from __future__ import annotations

from typing import Any

from isthmus.errors import SpecError
from isthmus.networks.hub.reading import Place, model_of, part_of
from isthmus.networks.recipe import Recipe, recipe_of
from isthmus.networks.text import TextNetwork

TOKENS = 32  # of an input, unless the spec says another number


def text_recipe(place: Place, config: Any, pretrained: bool, tokens: int | None) -> Recipe:
    """A classifier of texts of so many tokens; see `isthmus.networks.text.TextNetwork`.

    Raises:
        SpecError: it takes no texts of that length.
    """
    tokenizer = part_of(place, "AutoTokenizer")
    length = TOKENS if tokens is None else tokens
    model = model_of(place, "AutoModelForSequenceClassification", config, pretrained)
    ends, most = int(tokenizer.num_special_tokens_to_add()), _longest(tokenizer, config, model)
    if not ends < length <= most:
        raise SpecError(f"{place} takes texts of {ends + 1} to {most} tokens, got {length}; give another ?tokens=.")
    return recipe_of(TextNetwork(model, tokenizer, length=length), inner=model)


def _longest(tokenizer: Any, config: Any, model: Any) -> int:
    """Tokens of the longest text: what the tokenizer says may be a very large number, for "unknown", and the first
    places of some models (RoBERTa and its kin) stand for no token.
    """
    known = int(tokenizer.model_max_length)
    positions = getattr(config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        known = min(known, positions)
    for name, layer in model.named_modules():
        if name.endswith("position_embeddings") and getattr(layer, "padding_idx", None) is not None:
            known = min(known, layer.num_embeddings - layer.padding_idx - 1)
    return known
