"""isthmus paper: an experiment of the paper, with the controls that its reviewers asked for."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from isthmus._core.bars import progress_bar
from isthmus.cli.interruption import resumable, terminable
from isthmus.cli.options import NetworkOptions, at_least, claimed, readable
from isthmus.cli.terminal import say_findings, say_plan, stage_progress
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus.experiments import Setting


def paper(
    experiment: str,
    /,
    *,
    inputs: Annotated[list[Path] | None, Parameter(name=["--inputs", "--images"], consume_multiple=True)] = None,
    pairs_per_class: int | None = None,
    lowest_loss: int | None = None,
    compare: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    seed: int = 0,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    overwrite: bool = False,
    resume: bool = False,
    network: NetworkOptions = NetworkOptions(),
) -> None:
    """Make an experiment of the paper: figure, tables with intervals, a page that says what agrees and what differs.

    Without options on the embedded network, in some minutes. May be killed at any moment and resumed; its
    pairs are a study in the folder `study` of the results.

    Parameters
    ----------
    experiment
        real (how small B' - B is, and why it matters), adversarial (attacked inputs, with controls), untrained (rounds
        on fresh networks), training (barriers over the first batches), architectures (several networks), kinds
        (tables, sound and text; some 15 minutes), decision-map
        (the plane through A, B' and C), or py:PACKAGE.MODULE:NAME.
    inputs
        Folder with one sub-folder a class, a table, or an .npz file with x and y; needed for a network of your own. For
        decision-map, three inputs in the place of pairs that are drawn.
    pairs_per_class
        Pairs of each kind from each class.
    lowest_loss
        Only among the so many inputs of lowest loss of each class.
    compare
        For architectures: networks, each as SPEC or SPEC,WEIGHTS.
    seed
        Of everything that is drawn.
    out
        Folder for the results, by default paper-EXPERIMENT; made if need be.
    overwrite
        Forget an earlier experiment in that folder.
    resume
        Go on with an earlier one.
    """
    folder = out if out is not None else Path(f"paper-{experiment.rpartition(':')[2]}")
    at_least("--seed", seed, 0)
    at_least("--pairs-per-class", pairs_per_class, 1)
    at_least("--lowest-loss", lowest_loss, 2)
    _fitting(experiment, compare, inputs)
    schema, parts = "isthmus/paper-result/1", ("study", "networks")
    place = claimed(folder, schema, overwrite=overwrite, resume=resume, resumable=True, parts=parts)

    from isthmus.experiments import run_experiment
    from isthmus.findings import write_findings
    from isthmus.registries import EXPERIMENTS

    if network.network == "digits" and not compare:
        import torch

        torch.set_num_threads(1)  # so small a network gains nothing by a second one, and loses much on a busy machine
    setting = _setting(network, pairs_per_class, lowest_loss, compare, inputs, seed)
    with terminable() as signals, resumable(folder, signals):
        with (
            stage_progress() as tell,
            progress_bar("connecting", "pairs") as on_progress,
            progress_bar("measuring", "pairs") as on_measure,
        ):
            findings, study = run_experiment(
                EXPERIMENTS.make(experiment),
                setting,
                place,
                tell=tell,
                on_plan=say_plan,
                on_progress=on_progress,
                on_measure=on_measure,
            )
        write_findings(
            findings,
            place,
            name=experiment,
            command=readable(shlex.join(["isthmus", *sys.argv[1:]])),
            study=study,
            device=network.device,
        )
    say_findings(findings)
    print(f"Look at it: {folder / 'index.html'}")


def _fitting(experiment: str, compare: list[str] | None, inputs: list[Path] | None) -> None:
    """Refuses options that the experiment has no use for."""
    if compare and experiment != "architectures":
        raise InputError("--compare belongs to isthmus paper architectures.")
    three = experiment == "decision-map"
    if inputs is not None and len(inputs) not in ((1, 3) if three else (1,)):
        wanted = "one folder or file, or three inputs" if three else "one folder or file"
        raise InputError(f"--inputs needs {wanted}, got {len(inputs)}.")


def _setting(
    options: NetworkOptions,
    per_class: int | None,
    lowest: int | None,
    compare: list[str] | None,
    inputs: list[Path] | None,
    seed: int,
) -> Setting:
    from isthmus.cli.options import choice_of
    from isthmus.experiments import Setting

    return Setting(
        **vars(choice_of(options)),
        images=inputs[0] if inputs is not None and len(inputs) == 1 else None,
        per_class=per_class,
        lowest_loss=lowest,
        compare=tuple(_with_weights(text) for text in compare or ()),
        inputs=(inputs[0], inputs[1], inputs[2]) if inputs is not None and len(inputs) == 3 else None,
        seed=seed,
    )


def _with_weights(text: str) -> tuple[str, Path | None]:
    spec, _, weights = text.partition(",")
    return spec, Path(weights) if weights else None
