"""Studies: many pairs on many networks, stored in shards, resumed after anything, spread over machines."""

from isthmus.estimates import Estimate
from isthmus.studies.config import Config, parse_config, read_config
from isthmus.studies.engines import Engine, Local, OnRay
from isthmus.studies.picking import Pick
from isthmus.studies.results import Results
from isthmus.studies.statistics import Group, StudySummary, summarize_study
from isthmus.studies.study import Status, Study

__all__ = [
    "Config",
    "Engine",
    "Estimate",
    "Group",
    "Local",
    "OnRay",
    "Pick",
    "Results",
    "Status",
    "Study",
    "StudySummary",
    "parse_config",
    "read_config",
    "summarize_study",
]
