"""isthmus percolate network: how the low points of landscapes hang together, beside null models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from isthmus.cli.options import NetworkOptions, at_least, landscape_of, readable
from isthmus.cli.percolate.writing import claimed, write
from isthmus.cli.terminal import stage_progress
from isthmus.errors import InputError
from isthmus.inputs.required import needs_images


def network(
    *,
    images: Annotated[Path | None, Parameter(name=["--inputs", "--images"])] = None,
    dimensions: Annotated[list[int] | None, Parameter(consume_multiple=True)] = None,
    points: int = 9,
    slices: int = 6,
    extent: float = 1.0,
    shares: Annotated[list[float] | None, Parameter(consume_multiple=True)] = None,
    sizes: bool = False,
    seed: int = 0,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("isthmus-percolation"),
    overwrite: bool = False,
    network: NetworkOptions = NetworkOptions(),
) -> None:
    """Ask how the low points of a landscape hang together, trained and untrained, beside two null models.

    Parameters
    ----------
    images
        Folder with one sub-folder of images a class, or an .npz file with x and y; needed for a network of your own.
    dimensions
        Of the slices, by default 1 to 5.
    points
        Along each axis of a slice; odd.
    slices
        Of each dimension, through inputs of a class and through random points.
    extent
        Width of the slices, in mean distances between the points that they go through; small ones stay inside the pixel
        range.
    shares
        Shares of open points, by default 0.05 0.1 0.2 0.3 0.5.
    sizes
        Small networks of several widths and depths too, trained here on handwritten digits, and untrained.
    seed
        Of everything that is drawn.
    out
        Folder for the results; made if need be.
    overwrite
        Replace earlier results in that folder.
    """
    at_least("--seed", seed, 0)
    needs_images(images, network.network)
    if sizes and images is not None:
        raise InputError("--sizes belongs to the embedded digits; leave out --inputs and --network.")
    folder = claimed(out, overwrite=overwrite)

    from isthmus import AbstractLandscape
    from isthmus.detection.labelled import read_labelled
    from isthmus.findings.findings import plain
    from isthmus.findings.percolation import NetworkStudy, network_findings, study_slices, summary
    from isthmus.findings.percolation.sizes import sized_landscapes
    from isthmus.inputs.collection import digits, open_collection

    study = NetworkStudy(
        dimensions=tuple(sorted(set(dimensions or NetworkStudy.dimensions))),
        points=points,
        slices=slices,
        extent=extent,
        shares=shares or NetworkStudy.shares,
        seed=seed,
    )
    trained = landscape_of(network)
    fresh = landscape_of(network.untrained(seed))
    landscapes: dict[str, AbstractLandscape] = {"trained": trained, "untrained": fresh}
    with stage_progress() as tell:
        tell("reading images", 0, 1)
        given = read_labelled(digits() if images is None else open_collection(images, kind=trained.input_kind), trained)
        if sizes:
            landscapes |= sized_landscapes(seed=seed, tell=tell)
        rows, examples = study_slices(landscapes, given.x, given.y, study, tell=tell)
    source = "handwritten digits" if images is None else readable(images.name)
    name = "the embedded network" if network.network == "digits" else readable(network.network)
    write(
        network_findings(rows, examples, study, f"{name}, {source}"),
        folder,
        "network",
        device=str(trained.device),
        description={
            "networks": {key: each.describe() for key, each in landscapes.items()},
            "images": given.digest,
            "dimensions": list(study.dimensions),
            "points": points,
            "slices": slices,
            "extent": extent,
            "shares": list(study.shares),
            "seed": seed,
        },
        more={"rows": plain(summary(rows, study))},
    )
