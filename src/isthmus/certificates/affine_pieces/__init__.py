"""Pieces: a network of affine pieces on a whole segment at once, so that no peak can hide between samples."""

from isthmus.certificates.affine_pieces.certifier import AffinePieces
from isthmus.certificates.affine_pieces.profile import ExactProfile, exact_profile

__all__ = ["AffinePieces", "ExactProfile", "exact_profile"]
