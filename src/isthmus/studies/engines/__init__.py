"""Engines: who solves the shards of a study."""

from isthmus.studies.engines.base import Done, Engine, Job
from isthmus.studies.engines.local import Local
from isthmus.studies.engines.on_ray import OnRay

__all__ = ["Done", "Engine", "Job", "Local", "OnRay"]
