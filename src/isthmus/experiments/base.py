"""Experiment: a claim of the paper, the study that tests it, and what is read off its rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from isthmus._core.progress import OnProgress, OnStage
from isthmus.experiments.setting import Setting
from isthmus.findings.findings import Findings
from isthmus.studies import Study
from isthmus.studies.plan import Plan


class Experiment(ABC):
    """An experiment of the paper.

    Attributes:
        title: headline of its page.
        source: where in the paper the claim stands.
        claim: what the paper says, in our words.
    """

    title: ClassVar[str]
    source: ClassVar[str]
    claim: ClassVar[str]

    def prepare(self, setting: Setting, folder: Path, tell: OnStage) -> None:  # noqa: B027 (most need nothing)
        """Makes what the study needs into a folder: trained networks. What is there already is kept.

        Raises:
            IsthmusError: the setting cannot be used.
        """

    @abstractmethod
    def study(self, setting: Setting, folder: Path) -> dict[str, Any] | None:
        """The content of the study's file; None where there is no pair to be drawn.

        Raises:
            IsthmusError: the setting cannot be used.
        """

    def check(self, plan: Plan) -> None:  # noqa: B027 (most can do with any pairs)
        """Looks at the pairs that were drawn, before they are solved.

        Raises:
            InputError: the experiment cannot be made with them.
        """

    @abstractmethod
    def findings(self, setting: Setting, study: Study | None, on_progress: OnProgress) -> Findings:
        """What the finished study says."""
