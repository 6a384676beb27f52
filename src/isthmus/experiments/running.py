"""run_experiment: from a setting to a folder with figure, tables, page and the study itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from isthmus._core.files import cannot_write, check_writable, read_json, write_text
from isthmus._core.progress import OnProgress, OnStage
from isthmus.errors import OutputError
from isthmus.experiments.base import Experiment
from isthmus.experiments.setting import Setting
from isthmus.findings.findings import Findings
from isthmus.studies import Study
from isthmus.studies.plan import Plan

RESULT, STUDY, NETWORKS = "result.json", "study", "networks"
SCHEMA = "isthmus/paper-result/1"  # docs/tables.md describes it


def run_experiment(
    experiment: Experiment,
    setting: Setting,
    folder: Path,
    *,
    resume: bool = False,
    overwrite: bool = False,
    tell: OnStage = lambda *_: None,
    on_plan: Callable[[Plan], None] | None = None,
    on_progress: OnProgress = lambda _: None,
    on_measure: OnProgress = lambda _: None,
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
        on_progress: called while pairs are connected.
        on_measure: called while finished pairs are measured.

    Raises:
        IsthmusError: a setting that cannot be used, or a folder that holds something else.
    """
    check_experiment_folder(folder, resume=resume, overwrite=overwrite)
    content = experiment.study(setting, folder)
    with cannot_write(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if overwrite:
            for file in (folder / NETWORKS).glob("*.safetensors"):
                file.unlink()
    experiment.prepare(setting, folder, tell)
    study = None if content is None else _study(content, folder / STUDY, resume, overwrite)

    def planned(plan: Plan) -> None:
        experiment.check(plan)
        if on_plan is not None:
            on_plan(plan)

    if study is not None:
        study.run(
            device=setting.device,
            resume=not overwrite,
            overwrite=overwrite,
            tell=tell,
            on_plan=planned,
            on_progress=on_progress,
        )
    return experiment.findings(setting, study, on_measure), study


def check_experiment_folder(
    folder: Path, *, resume: bool, overwrite: bool, schema: str = SCHEMA, parts: Sequence[str] = (STUDY, NETWORKS)
) -> None:
    """Whether an experiment may be made there, before any work is spent on it.

    Args:
        folder: where.
        resume, overwrite: what was asked for.
        schema: of the result of an earlier one.
        parts: folders that an unfinished one has left.

    Raises:
        OutputError: the folder holds something, and neither was asked for, or it is no earlier experiment.
    """
    if resume and overwrite:
        raise OutputError("--overwrite and --resume exclude one another; give one of them.")
    check_writable(folder)
    with cannot_write(folder):
        if not folder.is_dir() or not any(folder.iterdir()):
            return
    if not (resume or overwrite):
        raise OutputError(f"{folder} is not empty; choose another folder, or add --overwrite or --resume.")
    result = folder / RESULT
    ours = result.is_file() and dict(read_json(result)).get("schema") == schema
    if not ours and not any((folder / part).is_dir() for part in parts):
        raise OutputError(f"{folder} holds no earlier experiment, so nothing there is replaced.")


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
