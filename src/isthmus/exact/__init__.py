"""Exact: a network of affine pieces on a whole segment at once, so that no peak can hide between samples."""

from isthmus.exact.profile import ExactProfile, exact_profile
from isthmus.exact.segment import Cut, cut_segment

__all__ = ["Cut", "ExactProfile", "cut_segment", "exact_profile"]
