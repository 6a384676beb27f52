"""isthmus detect fit: a detector for a network, as plain files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from isthmus.cli.detect.material import inputs_of, probe_of, two_radii
from isthmus.cli.interruption import terminable
from isthmus.cli.options import NetworkOptions, at_least, claimed, landscape_of
from isthmus.errors import InputError
from isthmus.inputs.required import needs_images


def fit(
    *,
    images: Annotated[Path | None, Parameter(name=["--inputs", "--images"])] = None,
    references: Annotated[
        Path | None,
        # Not below: a heading of that name would swallow it.
        Parameter(
            help="Images likewise, to draw references from. Without it a third of the images is set aside for that."
        ),
    ] = None,
    model: Literal["logistic", "boosting", "novelty"] = "logistic",
    attacks: str = "own",
    epsilon: str | None = None,
    steps: int = 40,
    per_class: int | None = None,
    fpr: float = 0.05,
    full: bool = False,
    mirror: bool | None = None,
    seed: int = 0,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("isthmus-detector"),
    overwrite: bool = False,
    network: NetworkOptions = NetworkOptions(),
) -> None:
    """Fit a detector for a network on clean images, and on attacks made for it; it is saved as plain files.

    Parameters
    ----------
    images
        Folder with one sub-folder of clean images a class, or an .npz file with x and y; needed for a network of your
        own.
    model
        logistic or boosting learn from clean and attacked images, novelty from clean ones only.
    attacks
        What is learned from: own, all, or names with semicolons between. Not with novelty.
    epsilon
        Small and large radius of the attacks, as 2/255,8/255 (0.15,0.3 on the embedded network).
    steps
        Steps of the attacks.
    per_class
        Images of each class at most.
    fpr
        Share of clean images that may be flagged.
    full
        More references and points, and the effort that paths of low loss take, at about ten times the cost.
    mirror
        Whether a mirror image is of the same class: so for photographs (the default for images of your own), not for
        writing.
    seed
        Of everything that is drawn.
    out
        Folder for the detector; made if need be.
    overwrite
        Replace an earlier detector there.
    """
    at_least("--steps", steps, 1)
    at_least("--per-class", per_class, 2)
    at_least("--seed", seed, 0)
    if not 0 < fpr < 1:
        raise InputError(f"--fpr must lie between 0 and 1, got {fpr}.")
    needs_images(images, network.network)
    small, large = two_radii(epsilon, images)
    folder = claimed(out, "isthmus/detector/2", overwrite=overwrite, parts=["detector.json"])

    import torch

    from isthmus.cli.terminal import stage_progress
    from isthmus.detection import Detector
    from isthmus.detection.evaluation.material import material
    from isthmus.detection.suite import choose, counted

    chosen = [] if model == "novelty" else choose(attacks, small, large, steps=steps)
    landscape = landscape_of(network)
    with terminable(), stage_progress() as tell:
        tell("reading images", 0, 1)
        given, pool = inputs_of(images, references, landscape)
        probe = probe_of(given, images, mirror=mirror, full=full)
        parts = material(
            landscape,
            given.x,
            given.y,
            pool=None if pool is None else (pool.x, pool.y),
            references=probe.references,
            per_class=per_class,
            seed=seed,
        )
        teach = torch.from_numpy(parts.teach)
        bad = []
        for number, named in enumerate(chosen):
            tell(f"attacking with {named.name}", number, len(chosen))
            made = named.run(landscape, parts.x[teach], parts.y[teach], parts.references, seed=seed)
            good = counted(made, parts.y[teach])
            print(f"{named.name}: {int(good.sum())} of {len(good)} attacks succeeded", file=sys.stderr)
            bad.append(made.x[good])
        attacked = torch.cat(bad) if bad else None
        if attacked is not None and not len(attacked):
            raise InputError(
                "No attack led the network astray, so there is nothing to learn from; give larger radii, or "
                "--model novelty."
            )
        detector = Detector.fit(
            landscape,
            parts.references,
            parts.x,
            attacked,
            probe=probe,
            model=model,
            hold=None if attacked is None else ~teach,
            fpr=fpr,
            seed=seed,
            progress=lambda progress: tell("connecting inputs", progress.done, progress.total),
        )
    detector.save(folder.path)
    pooled = detector.conformal.pooled
    if pooled:
        print(
            f"isthmus: note: {len(pooled)} classes have fewer than {detector.conformal.fewest} clean images for their "
            "p-values, and are compared with those of all classes.",
            file=sys.stderr,
        )
    print(f"The detector is in {out}: {probe.cost} forward-equivalents an image.")
    print(f"Next: isthmus detect score IMAGES --detector {out}")
