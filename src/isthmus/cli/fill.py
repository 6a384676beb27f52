"""isthmus fill: surfaces of low loss between four inputs."""

from __future__ import annotations

import shlex
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from isthmus.cli.options import EngineOptions, NetworkOptions, at_least, choice_of, claimed, landscape_of, readable
from isthmus.cli.resuming import is_finished
from isthmus.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from isthmus import Landscape
    from isthmus.inputs.collection import Collection
    from isthmus.loading import Survey

SCHEMA = "isthmus/fill-result/1"
KEPT = "loops"  # folder of the surfaces that are there so far


def fill(
    corners: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    /,
    *,
    images: Annotated[str, Parameter(name=["--inputs", "--images"])] = "digits",
    loops: int = 8,
    highest: bool | None = None,
    target: str = "predicted",
    threshold: float | None = None,
    finest: int = 7,
    verify: Literal["samples", "taylor"] = "samples",
    seed: int = 0,
    pictures: int = 20,
    engine: EngineOptions = EngineOptions(),
    network: NetworkOptions = NetworkOptions(),
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("isthmus-fill"),
    overwrite: bool = False,
    resume: bool = False,
) -> None:
    """Fill squares with four inputs of one class as their corners: does the loss stay low on a surface between them?

    Writes result.json, surfaces.parquet, surfaces.safetensors, index.html and figures.

    Parameters
    ----------
    corners
        Four inputs (image files, WAV files, FILE:ROW of a table, texts), at (u, v) = (0, 0), (1, 0), (0, 1) and (1, 1);
        or none, and loops are drawn from --inputs.
    images
        Folder with one sub-folder a class, a table, an .npz file, or digits: those that ship with Isthmus.
    loops
        Loops drawn, all corners of a loop of one class.
    highest
        Draw the loops whose plain surfaces are highest in the middle, of a hundred times as many (--highest), or any
        (--no-highest); by default the highest of the digits, most of whose surfaces are low as they are.
    target
        With four inputs: the class that the loss is about: predicted (all four must agree), an index, or a name.
    threshold
        The loss that a filled surface may reach; by default the highest loss of its corners + 0.05.
    finest
        Level of the finest lattice whose nodes are moved: it has 2^finest cells a side.
    verify
        What a surface must stand at the end: random points (samples), or, after these, a proof for every point of it
        (taylor), on networks of layers, smooth functions, ReLU and its relatives.
    seed
        Seed of the draw, and of the random points that verify a surface.
    pictures
        Draw figures for the first so many surfaces; the page holds all of them.
    out
        Folder for the results; made if need be.
    overwrite
        Replace an earlier run in that folder.
    resume
        Go on with a run in that folder that was interrupted: surfaces that were finished are there.
    """
    if corners and len(corners) != 4:
        raise InputError(f"fill takes four inputs, or none, got {len(corners)}.")
    at_least("--loops", loops, 1)
    at_least("--pictures", pictures, 0)
    engine.checked()
    folder = claimed(out, SCHEMA, overwrite=overwrite, resume=resume, resumable=True, parts=(KEPT,))

    import isthmus
    from isthmus import registries
    from isthmus._core.bars import progress_bar
    from isthmus.cli.pairing import called
    from isthmus.cli.reading import read
    from isthmus.cli.terminal import drawing_progress, say_set_aside
    from isthmus.inputs.collection import FileCollection, open_collection
    from isthmus.reports.fill_run import FillRun, write_fillings
    from isthmus.results import Kept
    from isthmus.surfaces.keeping import fill_kept, request_of

    method = isthmus.AdaptiveMesh(first=min(3, finest), finest=finest)
    landscape = landscape_of(network)
    collection: Collection
    if corners:
        collection = FileCollection(corners, [called(each) for each in corners], landscape.input_kind)
        found = read(collection, landscape)
        index, aims = _of_files(found, landscape, target)
        title = f"Surface of {', '.join(called(each) for each in corners)} on {network.network}"
    else:
        found = read(open_collection(images, kind=landscape.input_kind), landscape)
        hard = images == "digits" if highest is None else highest
        index, aims = _drawn(found, landscape, loops, seed, hard=hard)
        title = f"Surfaces of {images if images == 'digits' else Path(images).name} on {network.network}"
    x = found.x(index.flatten()).reshape(*index.shape, *found.shape)
    settings = {"threshold": threshold, "method": method, "seed": seed, "verify": registries.CERTIFIERS.make(verify)}
    if resume and is_finished(folder.path, isthmus.Fillings.load, request_of(landscape, x, aims, **settings)):
        print("isthmus: every loop was worked on already; nothing is left to do.", file=sys.stderr)
        return
    with ExitStack() as stack:
        tell = stack.enter_context(progress_bar("filling", "loops"))
        elsewhere = None
        if (cluster := engine.cluster()) is not None:
            from isthmus.studies.loops import spread_loops

            stack.enter_context(cluster.cluster())
            elsewhere = spread_loops(cluster, choice_of(network), settings)
        filled = fill_kept(landscape, x, aims, folder / KEPT, elsewhere=elsewhere, progress=tell, **settings)
    run = FillRun(
        found=filled,
        names=[[readable(found.names[k]) for k in four] for four in index.tolist()],
        class_names=landscape.class_names,
        title=readable(title),
        command=readable(shlex.join(["isthmus", *sys.argv[1:]])),
        skipped={readable(name): readable(reason) for name, reason in found.skipped.items()},
        notes=[readable(note) for note in found.notes(landscape.class_names)],
        pictures=pictures,
    )
    say_set_aside(run.skipped)
    with drawing_progress(min(len(filled), pictures), "surfaces") as drawn:
        summary = write_fillings(run, folder, on_figure=drawn)
    Kept(folder / KEPT).forget()  # what was kept on the way is in the result now
    for number, each in enumerate(filled):
        before = max(each.flat_max_loss, each.max_loss) if each.surface.flat else each.flat_max_loss
        print(
            f"loop {number}: max loss {before:.3g} -> {each.max_loss:.3g}, threshold {each.threshold:.3g}, "
            f"{each.forward_equivalents:,} forward-equivalents: {each.outcome}{', proven' if each.proven else ''}"
        )
    proven = f", {summary['proven']} proven at every point" if verify == "taylor" else ""
    print(
        f"{summary['filled']} of {summary['loops']} filled, {summary['flat']} of them by the plain surface{proven}; "
        f"{summary['class_kept']} keep their class at all points seen."
    )
    left = sum(each.filled and not each.proven for each in filled)
    if verify == "taylor" and left:
        print(
            f"{left} are filled as far as random points tell, and not proven: Taylor models do not reach through "
            "deep networks of ReLUs, or need more cells. The page says how much of each was proven."
        )
    print(f"Look at it: {out / 'index.html'}")


def _of_files(found: Survey, landscape: Landscape, target: str) -> tuple[Tensor, Tensor]:
    """The one loop of four files, and its class."""
    import torch

    from isthmus.cli.pairing import refuse_skipped, target_of

    refuse_skipped(found)
    aim = target_of(landscape, target, found.predicted.tolist(), found.names)
    return torch.arange(4)[None], torch.tensor([aim])


def _drawn(found: Survey, landscape: Landscape, loops: int, seed: int, *, hard: bool) -> tuple[Tensor, Tensor]:
    """Numbers of the corners of loops (n, 4) and their classes (n,), drawn evenly from the classes in turn."""
    import torch

    from isthmus._core.random import generator

    random = generator(seed)
    groups = [(found.groups == index).nonzero()[:, 0] for index in sorted(set(found.groups.tolist())) if index >= 0]
    groups = [members for members in groups if len(members) >= 4]
    if not groups:
        raise InputError("No class has four inputs that the network recognises, so there is no loop.")
    wanted = 100 * loops if hard else loops
    index = torch.stack(
        [
            groups[k % len(groups)][torch.randperm(len(groups[k % len(groups)]), generator=random)[:4]]
            for k in range(wanted)
        ]
    )
    aims = found.groups[index[:, 0]]
    if hard:
        middles = torch.stack([found.x(four).mean(0) for four in index])
        above = landscape.loss(middles, aims) - found.losses[index].amax(1)
        kept = above.argsort(descending=True, stable=True)[:loops].sort().values
        index, aims = index[kept], aims[kept]
    return index, aims
