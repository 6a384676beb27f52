"""Tokens: texts, as the vectors that a network makes of their tokens."""

from isthmus.inputs.kinds.tokens.kind import Tokens

__all__ = ["Tokens"]
