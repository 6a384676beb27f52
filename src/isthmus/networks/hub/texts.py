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
    ends, most = int(tokenizer.num_special_tokens_to_add()), _longest(tokenizer, config)
    if not ends < length <= most:
        raise SpecError(f"{place} takes texts of {ends + 1} to {most} tokens, got {length}; give another ?tokens=.")
    model = model_of(place, "AutoModelForSequenceClassification", config, pretrained)
    # It is tried out by the network that is made of the recipe.
    return recipe_of(TextNetwork(model, tokenizer, length=length, check=False), inner=model)


def _longest(tokenizer: Any, config: Any) -> int:
    """Tokens of the longest text: what the tokenizer says may be a very large number, for "unknown"."""
    positions = getattr(config, "max_position_embeddings", None)
    known = int(tokenizer.model_max_length)
    return min(known, positions) if isinstance(positions, int) and positions > 0 else known
