"""Profiles: the loss along a path, and how densely it is looked at."""

from isthmus.profiles.profile import Profile
from isthmus.profiles.sampling import Sampling, profile, profile_many

__all__ = ["Profile", "Sampling", "profile", "profile_many"]
