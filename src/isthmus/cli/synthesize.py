"""isthmus synthesize: inputs of low loss for a class, or that excite a channel of a layer, made from noise."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from cyclopts import Parameter

from isthmus import registries
from isthmus.cli.members import member
from isthmus.cli.options import NetworkOptions, at_least, claimed, landscape_of, readable
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus import Network
    from isthmus.landscapes import AbstractLandscape


def synthesize(
    *,
    target: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    count: int = 1,
    method: str = "noise",
    steps: int | None = None,
    layer: str | None = None,
    unit: str | None = None,
    seed: int = 0,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("isthmus-synthesized"),
    overwrite: bool = False,
    network: NetworkOptions = NetworkOptions(),
) -> None:
    """Make inputs of low loss for classes, from noise. Writes pictures, exact values, a sheet and result.json.

    Parameters
    ----------
    target
        Classes by index or name, or channels with --layer; by default all of them, at most 64.
    count
        Inputs for each.
    method
        noise (the paper's: Adam on values), fourier (on the spectrum, seen jittered, scaled and turned), or
        py:PACKAGE.MODULE:NAME.
    steps
        Steps at most.
    layer
        Excite a channel of this layer instead of a class, as named in the network; output: the logits.
    unit
        With --layer: a single unit, as Y,X, instead of the mean over all positions.
    seed
        Seed of the first input's noise, counted up for the others.
    out
        Folder for the results; made if need be.
    overwrite
        Replace an earlier run in that folder.
    """
    at_least("--count", count, 1)
    at_least("--steps", steps, 1)
    at_least("--seed", seed, 0)
    folder = claimed(out, "isthmus/made-inputs/1", overwrite=overwrite)
    if unit is not None and layer is None:
        raise InputError("--unit needs --layer.")

    import torch

    from isthmus import making
    from isthmus._core.bars import progress_bar
    from isthmus.reports.made_inputs import MadeInputs
    from isthmus.reports.made_run import write_made_inputs
    from isthmus.reports.style import class_name, shorten

    opened = landscape_of(network)
    loaded, landscape = opened.network, cast("AbstractLandscape", opened)
    if layer is not None:
        landscape = _layer(loaded, layer, unit, landscape.batch_size)
    if landscape.input_shape is None:
        raise InputError("The network does not say the shape of its inputs; give --size.")
    names = loaded.class_names if layer in (None, "output") else None
    wanted = _targets(landscape, target, names)
    targets = torch.tensor(wanted).repeat_interleave(count)
    # An activation has no goal below which it is done.
    endless = {} if layer is None else {"goal": None if method == "fourier" else float("-inf")}
    chosen = member(registries.GENERATORS, method, {"steps": steps}, endless)
    with progress_bar("synthesizing", "inputs") as tell:
        found = making.synthesize(landscape, targets, method=chosen, seed=seed, progress=tell)
    labels = [class_name(index, names) if layer is None else f"{layer} {index}" for index in targets.tolist()]
    rows = [
        {
            "target": index,
            "target_name": label,
            "loss": loss,
            "success": success,
            "steps": number,
            "seed": its_seed,
        }
        for index, label, loss, success, number, its_seed in zip(
            targets.tolist(),
            labels,
            found.loss.tolist(),
            found.success.tolist(),
            found.steps.tolist(),
            found.seeds,
            strict=True,
        )
    ]
    what = "loss" if layer is None else "activation"
    sign = 1 if layer is None else -1
    captions = [f"{shorten(row['target_name'], 20)}\n{what} {sign * row['loss']:.3g}" for row in rows]
    made = MadeInputs(
        x=found.x,
        input_kind=landscape.input_kind,
        rows=rows,
        captions=captions,
        title=readable(f"Synthesized inputs of {network.network}"),
        command=readable(shlex.join(["isthmus", *sys.argv[1:]])),
        description={**landscape.describe(), "method": repr(chosen), "seed": seed},
    )
    write_made_inputs(made, folder)
    for row in rows[:20]:
        reached = "" if row["success"] or layer is not None else ", which the network does not see in it"
        print(f"{row['target_name']}: {what} {sign * row['loss']:.4g} after {row['steps']} steps{reached}")
    print(f"Look at it: {out / 'index.html'}")


def _layer(network: Network, layer: str, unit: str | None, batch: int | None) -> AbstractLandscape:
    from isthmus.landscapes.features import FeatureLandscape

    position = None
    if unit is not None:
        if not all(part.strip().isdecimal() for part in unit.split(",")):
            raise InputError(f"--unit must be whole numbers, as 3,4, got '{unit}'.")
        position = tuple(int(part) for part in unit.split(","))
    return FeatureLandscape(network, "" if layer == "output" else layer, position=position, max_batch=batch or "auto")


def _targets(landscape: AbstractLandscape, texts: list[str] | None, names: tuple[str, ...] | None) -> list[int]:
    """Indices of the classes or channels that were named, or of all of them."""
    import torch

    from isthmus.cli.pairing import class_given

    if landscape.classes is None:
        assert landscape.input_shape is not None
        middle = landscape.origin(torch.zeros(2, *landscape.input_shape)).expand(2, *landscape.input_shape)
        landscape.evaluate(landscape.domain.project(middle.float()), torch.zeros(2, dtype=torch.long))
    classes = landscape.classes or 0
    if texts is None:
        return list(range(min(classes, 64)))
    return [class_given(landscape, text, names) for text in texts]
