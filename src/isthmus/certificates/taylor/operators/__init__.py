"""Operators: what each operator of PyTorch does to Taylor models. One family a file, one table."""

from isthmus.certificates.taylor.operators.table import call, run

__all__ = ["call", "run"]
