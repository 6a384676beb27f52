"""Operators: what each operator of PyTorch does to a function that is affine between knots."""

from isthmus.exact.operators.functions import call
from isthmus.exact.operators.refusal import NotPiecewiseAffineError
from isthmus.exact.operators.table import run

__all__ = ["NotPiecewiseAffineError", "call", "run"]
