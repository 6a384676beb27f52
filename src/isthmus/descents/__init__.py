"""Descents: rows of inputs moved step by step, each until it is done: the engine of connectors, attacks, synthesis."""

from isthmus.descents.batch import Batch, join, take
from isthmus.descents.downhill import Descended, Downhill
from isthmus.descents.engine import Left, leaving
from isthmus.descents.promises import is_broken, kept_share
from isthmus.descents.steps import Adam, Moments, SignStep, StepRule, UnitStep, ahead, polyak_step

__all__ = [
    "Adam",
    "Batch",
    "Descended",
    "Downhill",
    "Left",
    "Moments",
    "SignStep",
    "StepRule",
    "UnitStep",
    "ahead",
    "is_broken",
    "join",
    "kept_share",
    "leaving",
    "polyak_step",
    "take",
]
