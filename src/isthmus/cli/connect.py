"""isthmus connect: low-loss paths between inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from isthmus.cli import pairing
from isthmus.cli.options import NetworkOptions, OutputOptions, at_least, claimed_for_run, landscape_of
from isthmus.errors import InputError


def connect(
    a: str | None = None,
    c: str | None = None,
    /,
    *,
    target: str = "predicted",
    pairs: Path | None = None,
    images: Annotated[Path | None, Parameter(name=["--inputs", "--images"])] = None,
    pairs_per_class: int = 5,
    lowest_loss: int | None = None,
    threshold: float | None = None,
    method: str = "bypass",
    rounds: int | None = None,
    verify: str | None = None,
    exact: bool = False,
    columns: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    seed: int = 0,
    network: NetworkOptions = NetworkOptions(),
    output: OutputOptions = OutputOptions(),
) -> None:
    """Connect two inputs, a list of pairs, or pairs of each class of a folder or table.

    Writes result.json, table.parquet, paths.safetensors, index.html and the pictures of each pair.

    Parameters
    ----------
    a
        One end of the path: an image or WAV file, FILE:ROW of a table, or a text, as the network takes it.
    c
        The other end.
    target
        The class that the loss is about: predicted (both ends must agree), an index, or a name.
    pairs
        CSV file with the columns a, c and, optionally, target; names are looked for beside it, and then from here. Or
        the folder of an earlier run, whose inputs are connected again.
    images
        Folder with one sub-folder of files a class, a table with a column that says the class, or an .npz file with x
        and y; pairs are drawn within classes.
    pairs_per_class
        With --inputs: pairs drawn from each class.
    lowest_loss
        With --inputs: draw among the so many inputs of lowest loss of each class.
    threshold
        The loss that a connected path may reach; by default the higher loss of the two ends + 0.01.
    method
        bypass, straight (measure the direct path only), bezier, string, elastic-band, level-set, moco-ea, paper (the
        published procedure, slow), or
        py:PACKAGE.MODULE:NAME for one of your own (runs its code).
    rounds
        With the method bypass: rounds of bypasses, 4 by default.
    verify
        Certify connections: no peak can hide between samples. auto (what suits the network), taylor (Taylor models, for
        smooth networks), pieces (for networks of affine operators, ReLU and max-pooling), samples (random points: a
        statement about most of the path, with a confidence), or py:PACKAGE.MODULE:NAME.
    exact
        Short for --verify pieces.
    columns
        Further columns of the table: length and deviation in another metric (linf, per-channel, fisher, or
        features:LAYER), or your own as py:PACKAGE.MODULE:NAME (runs its code). What rounding to files does to each path
        is always there.
    seed
        Seed of the draw of pairs and of the solver.
    """
    sources = [a is not None or c is not None, pairs is not None, images is not None]
    if sum(sources) != 1 or (sources[0] and (a is None or c is None)):
        raise InputError("connect takes two inputs, or --pairs FILE, or --inputs FOLDER: exactly one of the three.")
    at_least("--pairs-per-class", pairs_per_class, 1)
    at_least("--lowest-loss", lowest_loss, 2)
    if rounds is not None and method != "bypass":
        raise InputError("--rounds belongs to --method bypass.")
    place = claimed_for_run(output, "isthmus-run")

    from isthmus import registries
    from isthmus.cli.solving import Task, solve_and_write
    from isthmus.connecting.measuring import Added

    certifier = "pieces" if exact and verify is None else verify
    task = Task(
        method=registries.METHODS.make(method, **({} if rounds is None else {"rounds": rounds})),
        threshold=threshold,
        verify=None if certifier is None else registries.CERTIFIERS.make(certifier),
        added=Added.of(tuple(columns or ())),
        seed=seed,
    )
    landscape = landscape_of(network)
    name = network.network
    if pairs is not None:
        of_pairs = pairing.pairs_of_run if pairs.is_dir() else pairing.pairs_of_list
        chosen = of_pairs(landscape, pairs, target)
        title = f"Pairs of {pairs.name} on {name}"
    elif images is not None:
        chosen = pairing.pairs_of_folder(landscape, images, target, pairs_per_class, lowest_loss, seed)
        title = f"Pairs of {images.name} on {name}"
    else:
        assert a is not None and c is not None
        chosen = pairing.pair_of_files(landscape, a, c, target)
        title = f"{pairing.called(a)} and {pairing.called(c)} on {name}"
    solve_and_write(landscape, chosen, task, place, pictures=output.pictures, title=title)
