"""Profiles: what a landscape says along a path, or on a grid, and how densely it is looked at."""

from isthmus.profiles.grid import GridMap, grid_map, refined_map
from isthmus.profiles.looking import look
from isthmus.profiles.points import Seen
from isthmus.profiles.profile import Profile
from isthmus.profiles.sampling import Sampling, profile, profile_many

__all__ = ["GridMap", "Profile", "Sampling", "Seen", "grid_map", "look", "profile", "profile_many", "refined_map"]
