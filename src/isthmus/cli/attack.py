"""isthmus attack: images moved a little until the network takes them for something else."""

from __future__ import annotations

import shlex
import sys
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from isthmus import registries
from isthmus.cli.members import member
from isthmus.cli.options import NetworkOptions, at_least, claimed, fraction, landscape_of, readable
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus.making import AttackMethod


def attack(
    inputs: Path,
    /,
    *,
    target: str | None = None,
    method: Annotated[str, Parameter(name=["--method", "--attack"])] = "paper",
    epsilon: str | None = None,
    steps: int | None = None,
    restarts: int | None = None,
    relative_step: float | None = None,
    stop: float | None = None,
    limit: int | None = None,
    seed: int = 0,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("isthmus-attacked"),
    overwrite: bool = False,
    network: NetworkOptions = NetworkOptions(),
) -> None:
    """Attack an input, or the inputs of a folder, and verify each result in a fresh pass, also as an 8-bit file.

    Parameters
    ----------
    inputs
        An image file, a folder, a table, a WAV file, a file with a text a line: as the network takes them.
    target
        The class wanted, by index or name. Without it, the attack leads away from the class that the network predicts;
        the paper's attack then takes the next class by index.
    method
        paper (the targeted attack of Vrabel et al.), pgd-linf, pgd-l2, fgsm, foolbox:NAME such as
        foolbox:L2CarliniWagnerAttack (pip install "isthmus[attacks]"), or py:PACKAGE.MODULE:NAME.
    epsilon
        Largest change, in data units, as 0.03 or 8/255: by default 8/255 for pgd-linf and 0.5 for pgd-l2; none for
        attacks of foolbox, which then look for the smallest change.
    steps
        Steps at most.
    restarts
        With pgd: starts at random points, 1 by default.
    relative_step
        With pgd: step length / epsilon, 0.1 by default.
    stop
        The loss for the target at which the attack ends; without it, the attack runs on to its last step.
    limit
        Only the first so many inputs.
    seed
        Seed of random starts.
    out
        Folder for the results; made if need be.
    overwrite
        Replace an earlier run in that folder.
    """
    for name, value in (("--steps", steps), ("--restarts", restarts), ("--limit", limit)):
        at_least(name, value, 1)
    folder = claimed(out, "isthmus/made-inputs/1", overwrite=overwrite)
    given = {
        "epsilon": fraction("--epsilon", epsilon),
        "steps": steps,
        "restarts": restarts,
        "relative_step": relative_step,
    }
    chosen = _method(method, given, target is not None)

    import torch

    from isthmus import making
    from isthmus._core.bars import progress_bar
    from isthmus.cli.pairing import class_given
    from isthmus.cli.reading import read
    from isthmus.inputs.collection import open_collection
    from isthmus.reports.made_inputs import MadeInputs
    from isthmus.reports.made_run import write_made_inputs
    from isthmus.reports.style import class_name, shorten

    landscape = landscape_of(network)
    loaded = landscape.network
    found = read(open_collection(inputs, kind=landscape.input_kind), landscape)
    skipped = {readable(name): readable(reason) for name, reason in found.skipped.items()}
    rows_used = found.usable[:limit]
    files = [readable(found.names[row]) for row in rows_used]
    x, own = found.x(torch.tensor(rows_used)), found.predicted[rows_used]
    classes, names = landscape.classes or 0, loaded.class_names
    if target is not None:
        index = class_given(landscape, target, names)
        kept = (own != index).nonzero()[:, 0]
        skipped |= {files[n]: "The network sees the target in it already." for n in (own == index).nonzero()[:, 0]}
        if not len(kept):
            raise InputError(
                f"--target {target}: the network sees it in every input already, so there is nothing to do."
            )
        x, own, files = x[kept], own[kept], [files[number] for number in kept]
        targets = torch.full_like(own, index)
    else:
        targets = (own + 1) % classes if chosen.targeted else own
    with progress_bar("attacking", "inputs") as tell:
        made = making.attack(landscape, x, targets, method=chosen, stop=stop, seed=seed, progress=tell)
    rows = [
        {
            "input": file,
            "class_before": class_name(before, names),
            "class_after": class_name(after, names),
            "target": wanted if chosen.targeted else None,
            "away_from": None if chosen.targeted else wanted,
            "success": success,
            "success_8bit": rounded,
            "valid": valid,
            "loss": loss,
            "linf": linf,
            "l2": l2,
            "steps": number,
            "flat": None if isnan(flat) else flat,
            "promise": None if isnan(promise) else promise,
            "suspect": suspect,
        }
        for file, before, after, wanted, success, rounded, valid, loss, linf, l2, number, flat, promise, suspect in zip(
            files,
            own.tolist(),
            made.predicted.tolist(),
            targets.tolist(),
            made.success.tolist(),
            made.success_8bit.tolist(),
            made.valid.tolist(),
            made.loss.tolist(),
            made.linf.tolist(),
            made.l2.tolist(),
            made.steps.tolist(),
            made.flat.tolist(),
            made.promise.tolist(),
            made.suspect.tolist(),
            strict=True,
        )
    ]
    result = MadeInputs(
        x=made.x,
        rows=rows,
        captions=[f"{shorten(row['class_after'], 18)}\nchange {row['linf']:.3f}, L2 {row['l2']:.2f}" for row in rows],
        title=readable(f"Attacked by {method} on {network.network}"),
        command=readable(shlex.join(["isthmus", *sys.argv[1:]])),
        description={**landscape.describe(), "method": repr(chosen), "stop": stop, "seed": seed},
        sources=made.source,
        source_captions=[shorten(row["class_before"], 18) for row in rows],
        skipped=skipped,
        input_kind=landscape.input_kind,
    )
    write_made_inputs(result, folder)
    for name, reason in result.skipped.items():
        print(f"isthmus: set aside {name}: {reason}", file=sys.stderr)
    count = len(rows)
    print(
        f"{int(made.success.sum())} of {count} attacks succeeded, {int(made.success_8bit.sum())} still do as "
        f"{made.kept_as}; {int(made.valid.sum())} lie inside the bounds."
    )
    print(f"Look at it: {out / 'index.html'}")


def _method(name: str, given: dict[str, Any], targeted: bool) -> AttackMethod:
    from isthmus.making import Foolbox

    library, colon, attack_name = name.partition(":")
    if library == "foolbox" and colon:
        settings = {} if given["steps"] is None else {"steps": given["steps"]}
        return Foolbox(name=attack_name, epsilon=given["epsilon"], toward=targeted, settings=settings)
    return member(registries.ATTACKS, name, given, {"toward": targeted})
