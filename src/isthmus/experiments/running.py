"""run_experiment: from a setting to a folder with figure, tables, page and the study itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from isthmus._core.bars import Tell, telling
from isthmus._core.files import cannot_write, write_text
from isthmus._core.progress import OnStage
from isthmus.errors import OutputError
from isthmus.experiments.base import Experiment
from isthmus.experiments.setting import Setting
from isthmus.findings.findings import Findings
from isthmus.findings.writing import NETWORKS, SCHEMA, STUDY
from isthmus.results import ResultFolder, claim
from isthmus.studies import Study
from isthmus.studies.plan import Plan


def run_experiment(
    experiment: Experiment,
    setting: Setting,
    folder: Path | ResultFolder,
    *,
    resume: bool = False,
    overwrite: bool = False,
    tell: OnStage = lambda *_: None,
    on_plan: Callable[[Plan], None] | None = None,
    on_progress: Tell = None,
    on_measure: Tell = None,
) -> tuple[Findings, Study | None]:
    """Makes an experiment: trains what it needs, runs its study in `folder/study`, and reads off what it says.

    Args:
        experiment: which.
        setting: on what.
        folder: made if need be; empty, or with an earlier run of the same experiment.
        resume: go on with an earlier run on the same setting.
        overwrite: forget an earlier run.
        tell: called while networks are trained and inputs looked at.
        on_plan: called when the pairs are drawn.
        on_progress: as `isthmus.connect` takes it, while pairs are connected.
        on_measure: likewise, while finished pairs are measured.

    Raises:
        IsthmusError: a setting that cannot be used, or a folder that holds something else.
    """
    parts = (STUDY, NETWORKS)
    with claim(folder, SCHEMA, overwrite=overwrite, resume=resume, resumable=True, parts=parts) as target:
        content = experiment.study(setting, target.path)
        if target.overwrite:
            for file in (target / NETWORKS).glob("*.safetensors"):
                with cannot_write(file):
                    file.unlink()
        experiment.prepare(setting, target.path, tell)
        study = None if content is None else _study(content, target / STUDY, target.resume, target.overwrite)

        def planned(plan: Plan) -> None:
            experiment.check(plan)
            if on_plan is not None:
                on_plan(plan)

        if study is not None:
            study.run(
                device=setting.device,
                resume=not target.overwrite,
                overwrite=target.overwrite,
                tell=tell,
                on_plan=planned,
                progress=on_progress,
            )
        with telling(on_measure, "measuring", "pairs") as measured:
            return experiment.findings(setting, study, measured), study


def _study(content: dict[str, object], folder: Path, resume: bool, overwrite: bool) -> Study:
    import tomli_w

    text = tomli_w.dumps(content)
    file = folder / "study.toml"
    if not file.is_file():
        return Study.create(folder, text)
    if overwrite:
        write_text(file, text)
    elif resume and file.read_text(encoding="utf-8") != text:
        raise OutputError(
            f"{file} was made for another setting than this one; use the same options, --overwrite, or another folder."
        )
    return Study(folder)
