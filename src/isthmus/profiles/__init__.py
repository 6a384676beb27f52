"""Profiles: the loss along a path or over a plane, and how densely it is looked at."""

from isthmus.profiles.plane_map import PlaneMap, plane_map
from isthmus.profiles.profile import Profile
from isthmus.profiles.sampling import Sampling, profile, profile_many

__all__ = ["PlaneMap", "Profile", "Sampling", "plane_map", "profile", "profile_many"]
