"""Experiments: the claims of Vrabel et al. (2025), each tested by a study, with the controls that reviewers asked for.

An experiment of your own is a subclass of `Experiment`, in a folder of its own, named in `EXPERIMENTS`.
"""

from collections.abc import Callable, Mapping

from isthmus.experiments.adversarial import Adversarial
from isthmus.experiments.architectures import Architectures
from isthmus.experiments.base import Experiment
from isthmus.experiments.decision_map import DecisionMap
from isthmus.experiments.real import Real
from isthmus.experiments.running import run_experiment
from isthmus.experiments.setting import Setting
from isthmus.experiments.training import Training
from isthmus.experiments.untrained import Untrained
from isthmus.findings.findings import Findings, Table
from isthmus.findings.writing import write_findings

EXPERIMENTS: Mapping[str, Callable[[], Experiment]] = {
    "real": Real,
    "adversarial": Adversarial,
    "untrained": Untrained,
    "training": Training,
    "architectures": Architectures,
    "decision-map": DecisionMap,
}

__all__ = ["EXPERIMENTS", "Experiment", "Findings", "Setting", "Table", "run_experiment", "write_findings"]
