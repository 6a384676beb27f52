"""Taylor models: a smooth network on whole intervals of a path, as polynomials and what they may be off by."""

from isthmus.certificates.taylor.certifier import TaylorModels

__all__ = ["TaylorModels"]
