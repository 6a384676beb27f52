"""Following: a network run on functions of t in the place of numbers, by what every operator does to them."""

from isthmus.certificates.following.followed import Followed, Run, by_operators, followed_among
from isthmus.certificates.following.refusal import CannotFollowError, name_of
from isthmus.certificates.following.running import as_written, named_operators, outputs

__all__ = [
    "CannotFollowError",
    "Followed",
    "Run",
    "as_written",
    "by_operators",
    "followed_among",
    "name_of",
    "named_operators",
    "outputs",
]
