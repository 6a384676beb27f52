"""Operators: what each operator of PyTorch does to a function that is affine between knots."""

from isthmus.certificates.affine_pieces.operators.functions import call
from isthmus.certificates.affine_pieces.operators.table import run

__all__ = ["call", "run"]
