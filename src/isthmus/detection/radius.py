"""Radius: how the size of a ball is written."""

from __future__ import annotations


def radius_text(epsilon: float) -> str:
    """`8/255` for what is one, and `0.1` for the rest."""
    steps = round(epsilon * 255)
    return f"{steps}/255" if abs(steps / 255 - epsilon) < 1e-9 else f"{epsilon:g}"
