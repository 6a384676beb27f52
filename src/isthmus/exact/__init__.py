"""Exact: a network of affine pieces on a whole segment at once, so that no peak can hide between samples."""

from isthmus.exact.profile import ExactProfile, exact_profile, try_to_follow

__all__ = ["ExactProfile", "exact_profile", "try_to_follow"]
