"""Domains: where inputs may lie. One a file, and a line in `registries`."""

from isthmus.landscapes.domains.ball import Ball
from isthmus.landscapes.domains.base import Domain
from isthmus.landscapes.domains.box import Box
from isthmus.landscapes.domains.of_kind import domain_of
from isthmus.landscapes.domains.restricted import Restricted
from isthmus.landscapes.domains.unbounded import Unbounded
from isthmus.landscapes.domains.vectors import VectorBall, VectorHull

__all__ = ["Ball", "Box", "Domain", "Restricted", "Unbounded", "VectorBall", "VectorHull", "domain_of"]
