"""isthmus graph: how the inputs of a class hang together."""

from __future__ import annotations

import math
import shlex
import sys
from contextlib import ExitStack
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from isthmus._core.text import amount
from isthmus.cli.options import EngineOptions, NetworkOptions, at_least, choice_of, claimed, landscape_of, readable
from isthmus.cli.resuming import is_finished
from isthmus.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from isthmus import Landscape
    from isthmus.loading import Survey

SCHEMA = "isthmus/graph-result/1"
KEPT = "segments"  # folder of what was looked at so far


def graph(
    images: Annotated[str, Parameter(name=["--inputs", "--images"])] = "digits",
    /,
    *,
    classes: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    per_class: int = 200,
    unrecognised: bool = False,
    method: str = "bypass",
    threshold: float | None = None,
    candidates: int = 64,
    budget: int | None = None,
    saddles: int = 3,
    seed: int = 0,
    engine: EngineOptions = EngineOptions(),
    network: NetworkOptions = NetworkOptions(),
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("isthmus-graph"),
    overwrite: bool = False,
    resume: bool = False,
) -> None:
    """Show how the inputs of each class hang together: through which others, over which narrow places, and which lie
    apart.

    Writes result.json, edges.parquet, graph.safetensors, index.html and a figure for each class.

    Parameters
    ----------
    images
        Folder with one sub-folder a class, a table, an .npz file, or digits: those that ship with Isthmus.
    classes
        Only these classes, by index or name; all by default.
    per_class
        Inputs of each class at most: the first by name.
    unrecognised
        Also inputs that the network takes for another class: those that lie apart may be labelled wrongly.
    method
        How edges are led around their peaks that keep a class from being one region: bypass, straight (not at all), or
        py:PACKAGE.MODULE:NAME for one of your own (runs its code).
    threshold
        The level at which a class should be one region; by default the highest loss of the inputs + 0.01.
    candidates
        Inputs of lower loss that each input may be joined to: more find lower trees, where barriers are high.
    budget
        Segments looked at, at most; by default as many as it takes.
    saddles
        Narrow places of each class at which the page says how the loss curves, the highest first; each takes some
        hundred gradients.
    seed
        Seed of the pairs drawn at random, and of the method.
    out
        Folder for the results; made if need be.
    overwrite
        Replace an earlier run in that folder.
    resume
        Go on with an earlier run in that folder that was interrupted.
    """
    at_least("--per-class", per_class, 1)
    at_least("--candidates", candidates, 1)
    at_least("--budget", budget, 0)
    at_least("--saddles", saddles, 0)
    if threshold is not None and isnan(threshold):
        raise InputError("threshold must be a number, got nan.")
    engine.checked()
    folder = claimed(out, SCHEMA, overwrite=overwrite, resume=resume, resumable=True, parts=(KEPT,))

    from isthmus import BarrierGraph, barrier_graph, registries
    from isthmus._core.bars import progress_bar
    from isthmus._core.files import as_read
    from isthmus.cli.reading import read
    from isthmus.cli.terminal import say_set_aside
    from isthmus.graphs.keeping import keeping
    from isthmus.graphs.saddles import saddles_of_each
    from isthmus.inputs.collection import open_collection
    from isthmus.reports.graph_run import GraphRun, write_graph
    from isthmus.results import Kept
    from isthmus.results.kept import content_of

    connector = registries.METHODS.make(method)
    landscape = landscape_of(network)
    found = read(open_collection(images, kind=landscape.input_kind), landscape)
    rows = _chosen(found, landscape, classes, per_class, unrecognised=unrecognised)
    x, target = found.x(rows), found.classes[rows]
    names = [readable(found.names[row]) for row in rows.tolist()]
    kept = folder / KEPT
    settings = {
        "candidates": candidates,
        "budget": budget,
        "threshold": threshold,
        "method": repr(connector),
        "seed": seed,
    }
    request = as_read(landscape.describe_anywhere() | settings) | {"inputs": content_of({"x": x, "target": target})}
    if resume and is_finished(folder.path, BarrierGraph.load, request):
        print("isthmus: every segment was looked at already; nothing is left to do.", file=sys.stderr)
        return
    with ExitStack() as stack:
        tell = stack.enter_context(progress_bar("looking", "inputs settled"))
        elsewhere = None
        if (cluster := engine.cluster()) is not None:
            from isthmus.studies.segments import spread

            stack.enter_context(cluster.cluster())
            elsewhere = spread(cluster, choice_of(network), x, target)
        made = barrier_graph(
            landscape,
            x,
            target,
            method=connector,
            threshold=threshold,
            most=candidates,
            budget=budget,
            seed=seed,
            look=keeping(landscape, x, target, kept, look=elsewhere),
            progress=tell,
        )
    notes = [readable(note) for note in found.notes(landscape.class_names)]
    if len(rows) < int((found.classes >= 0).sum()):
        notes.append(f"{amount(len(rows), 'input')} take part.")
    title = f"How inputs of {Path(images).name if images != 'digits' else 'digits'} hang together on {network.network}"
    run = GraphRun(
        graph=replace(made, description=made.description | {"request": request}),
        names=names,
        class_names=landscape.class_names,
        title=readable(title),
        command=readable(shlex.join(["isthmus", *sys.argv[1:]])),
        skipped={readable(name): readable(reason) for name, reason in found.skipped.items()},
        notes=notes,
        saddles=saddles_of_each(landscape, made, count=saddles) if saddles else None,
    )
    say_set_aside(run.skipped)
    summary = write_graph(run, folder)
    Kept(kept).forget()  # what was kept on the way is in the result now
    for each in summary["classes"]:
        apart = f", {each['apart_count']} apart" if each["apart"] else ""
        regions = f"{each['regions_at_boundary']} region{'' if each['regions_at_boundary'] == 1 else 's'}"
        shares = [each["directly_connected"], each["connected_through_others"]]
        direct, through = ("–" if math.isnan(share) else f"{share:.1%}" for share in shares)
        print(
            f"{each['class']}: {amount(each['inputs'], 'input')}, {regions}{apart}; pairs connected {direct} "
            f"directly, {through} "
            "through others"
        )
    print(
        f"{amount(summary['segments'], 'segment')} of {amount(summary['pairs'], 'pair')} were looked at; "
        f"{summary['settled']:.1%} of "
        f"pairs are settled: no path can be lower."
    )
    print(f"Look at it: {out / 'index.html'}")


def _chosen(
    found: Survey, landscape: Landscape, classes: list[str] | None, per_class: int, *, unrecognised: bool
) -> Tensor:
    """Numbers of the inputs that take part, class by class."""
    import torch

    from isthmus.inputs.labels import named_class

    groups = found.classes if unrecognised else found.groups
    wanted = sorted({index for index in groups.tolist() if index >= 0})
    if classes is not None:
        named = [named_class(text, landscape.class_names) for text in classes]
        for text, index in zip(classes, named, strict=True):
            if index not in wanted:
                raise InputError(f"--classes {text}: no input that takes part is of that class.")
        wanted = [index for index in wanted if index in named]
    rows = [(groups == index).nonzero()[:per_class, 0] for index in wanted]
    if not rows:
        raise InputError(
            "No input takes part: the network recognises none of them. Give --unrecognised to take all of them."
        )
    return torch.cat(rows)
