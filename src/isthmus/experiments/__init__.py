"""Experiments: the claims of Vrabel et al. (2025), each tested by a study, with the controls that reviewers asked for.

An experiment of your own is a subclass of `Experiment`, in a folder of its own, and a line in `registries`.
"""

from isthmus.experiments.base import Experiment
from isthmus.experiments.running import run_experiment
from isthmus.experiments.setting import Setting
from isthmus.findings import Findings, Table, write_findings

__all__ = ["Experiment", "Findings", "Setting", "Table", "run_experiment", "write_findings"]
