"""isthmus study: many pairs on many networks, stored in shards, resumed after anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from isthmus._core.text import amount
from isthmus.cli.interruption import Terminated, terminable
from isthmus.cli.options import EngineOptions, at_least, claimed
from isthmus.cli.terminal import say_plan
from isthmus.errors import InputError, StudyError
from isthmus.inputs.required import needs_images

if TYPE_CHECKING:
    from isthmus.studies import Engine, Status, Study

study = App(
    name="study",
    help="Study many pairs on many networks: stored in shards, resumed after anything, spread over machines.",
)


@study.command
def init(
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    network: str = "digits",
    weights: Path | None = None,
    images: Annotated[Path | None, Parameter(name=["--inputs", "--images"])] = None,
    title: str | None = None,
    seed: int = 0,
) -> None:
    """Write an editable study.toml; by default a study of the embedded network of about half a minute.

    Parameters
    ----------
    out
        Folder of the study; made if need be, and empty.
    network
        Network spec, as for isthmus connect.
    weights
        Weights of the network.
    images
        Folder with one sub-folder of images a class.
    title
        Headline of its report.
    seed
        Seed of the draw of pairs.
    """
    from isthmus.studies.study import Study
    from isthmus.studies.template import study_text

    needs_images(images, network)
    if images is not None and not images.is_dir():
        raise InputError(f"--inputs {images} is no folder.")
    at_least("--seed", seed, 0)
    if images is not None and title is None:
        title = f"{images.resolve().name} on {network}"
    Study.create(out, study_text(network=network, weights=weights, inputs=images, title=title, seed=seed))
    print(f"Written: {out / 'study.toml'}. Edit it if you like, then: isthmus study run {out}")


@study.command
def run(
    folder: Path,
    /,
    *,
    resume: bool = False,
    overwrite: bool = False,
    repair: bool = False,
    device: str = "auto",
    engine: EngineOptions = EngineOptions(),
) -> None:
    """Draw the pairs and solve them, shard by shard. May be killed at any moment and resumed.

    Parameters
    ----------
    folder
        Folder of the study.
    resume
        Go on with an earlier run: finished shards are checked and skipped.
    overwrite
        Forget an earlier run and its results.
    repair
        Solve damaged shards again.
    device
        auto (a CUDA device where there is one), cpu, cuda, cuda:1.
    """
    engine.checked()
    if resume and overwrite:
        raise InputError("--overwrite and --resume exclude one another; give one of them.")
    opened = _open(folder)

    from isthmus.studies import Local

    chosen: Engine = engine.cluster() or Local()
    with terminable() as signals:
        status = _work(opened, chosen, device, signals, resume=resume, overwrite=overwrite, repair=repair)
    _write_result(opened, status)


@study.command
def plan(folder: Path, /, *, device: str = "auto", overwrite: bool = False) -> None:
    """Draw the pairs and cut them into shards without solving them; isthmus study run --resume goes on.

    Parameters
    ----------
    folder
        Folder of the study.
    device
        auto (a CUDA device where there is one), cpu, cuda, cuda:1.
    overwrite
        Forget an earlier run and its results.
    """
    from isthmus.cli.terminal import stage_progress

    opened = _open(folder)
    with terminable(), stage_progress() as tell:
        made = opened.prepare(device=device, overwrite=overwrite, tell=tell)
    say_plan(made)
    print(
        f"{amount(made.pairs, 'pair')} in {amount(len(made.pieces), 'shard')}; go on with: isthmus study run "
        f"{folder} --resume"
    )


@study.command
def status(folder: Path, /) -> None:
    """Say how far a study is, and whether a shard is damaged. Exit code 1 if one is.

    Parameters
    ----------
    folder
        Folder of the study.
    """
    opened = _open(folder)
    made = opened.plan()
    if made is None:
        print(f"Not begun: isthmus study run {folder}")
        return
    found = opened.status()
    say_plan(made)
    _say_status(found)
    if found.damaged:
        for problem in found.damaged.values():
            print(f"damaged: {problem}")
        raise StudyError(
            f"{len(found.damaged)} of {found.shards} shards of {folder} are damaged; "
            f"isthmus study run {folder} --resume --repair solves them again."
        )
    if not found.complete:
        print(f"Go on with: isthmus study run {folder} --resume")


@study.command
def table(folder: Path, /, *, out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None) -> None:
    """Write one table of everything (.parquet or .csv), and print the summary.

    Parameters
    ----------
    folder
        Folder of the study.
    out
        The file; without it, only the summary is printed.
    """
    from isthmus.cli.terminal import show_groups

    opened = _open(folder)
    if out is not None:
        if out.exists():
            raise InputError(f"--out {out} exists; choose another name.")
        count = opened.results.write_table(out)
        print(f"{amount(count, 'row')}: {out}")
    show_groups(opened.results.summary())


@study.command
def report(
    folder: Path,
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    paper: Path | None = None,
    pairs: bool = True,
    device: str = "auto",
) -> None:
    """Make the page: shares, barriers, classes, and of each group the pairs of lowest, median and highest gap.

    Parameters
    ----------
    folder
        Folder of the study.
    out
        Folder of the report; by default FOLDER/report. An earlier report there is replaced.
    paper
        CSV file, or folder of them, with barriers of Vrabel et al. (columns Loss1, Loss2, Max Interpolated Loss), to be
        shown beside.
    pairs
        Show pairs with their inputs. They are solved again where the study did not keep paths.
    device
        auto (a CUDA device where there is one), cpu, cuda, cuda:1.
    """
    from isthmus.cli.study_report import report_of
    from isthmus.reports import write_study_report

    opened = _open(folder)
    place = folder / "report" if out is None else out
    target = claimed(place, "isthmus/study-report/1", overwrite=True, parts=["barriers.png"])
    write_study_report(report_of(opened, paper=paper, pairs=pairs, device=device), target)
    print(f"Look at it: {place / 'index.html'}")


def _open(folder: Path) -> Study:
    if not folder.is_dir():
        raise StudyError(f"{folder} is no folder; isthmus study init --out {folder} begins a study.")
    from isthmus.studies import Study

    return Study(folder)


def _work(
    opened: Study, engine: Engine, device: str, signals: list[int], *, resume: bool, overwrite: bool, repair: bool
) -> Status:
    from isthmus._core.bars import progress_bar
    from isthmus.cli.terminal import stage_progress

    folder = opened.folder
    try:
        with stage_progress() as tell, progress_bar("connecting", "pairs") as tell_pairs:
            return opened.run(
                engine=engine,
                device=device,
                resume=resume,
                overwrite=overwrite,
                repair=repair,
                tell=tell,
                on_plan=say_plan,
                progress=tell_pairs,
            )
    except KeyboardInterrupt as stop:
        made = opened.plan()
        text = f"interrupted: nothing is finished yet; begin again with: isthmus study run {folder}"
        if made is not None:
            found = opened.status()
            text = (
                f"interrupted: {found.shards_done} of {found.shards} shards are finished and kept; "
                f"go on with: isthmus study run {folder} --resume"
            )
        raise (Terminated if signals else KeyboardInterrupt)(text) from stop


def _say_status(found: Status) -> None:
    print(
        f"{found.shards_done} of {found.shards} shards are finished: {found.pairs_done} of {found.pairs} pairs"
        f"{'' if found.complete else f' ({100 * found.pairs_done / max(1, found.pairs):.0f} %)'}."
    )


def _write_result(opened: Study, found: Status) -> None:
    from isthmus.cli.terminal import show_groups

    summary = opened.results.summary()
    opened.results.write_json(opened.config.title, summary)
    show_groups(summary)
    _say_status(found)
    print(f"Next: isthmus study report {opened.folder}, or isthmus study table {opened.folder} --out table.parquet")
