"""isthmus detect evaluate: what detectors are worth, beside baselines and controls."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from isthmus.cli.detect.material import inputs_of, probe_of, radii, two_radii
from isthmus.cli.interruption import resumable, terminable
from isthmus.cli.options import NetworkOptions, at_least, claimed, landscape_of, readable
from isthmus.inputs.required import needs_images

SCHEMA, KEPT = "isthmus/detection/1", "kept"  # docs/tables.md describes it


def evaluate(
    *,
    images: Annotated[Path | None, Parameter(name=["--inputs", "--images"])] = None,
    references: Annotated[
        Path | None,
        # Not below: a heading of that name would swallow it.
        Parameter(
            help="Images likewise, to draw references from. Without it a third of the images is set aside for that."
        ),
    ] = None,
    attacks: str = "own",
    epsilon: str | None = None,
    steps: int = 40,
    per_class: int | None = None,
    full: bool = False,
    mirror: bool | None = None,
    adaptive_steps: int = 200,
    adaptive_inputs: int = 8,
    adaptive_epsilon: str | None = None,
    shifted_inputs: int = 200,
    seed: int = 0,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("isthmus-detection"),
    overwrite: bool = False,
    resume: bool = False,
    network: NetworkOptions = NetworkOptions(),
) -> None:
    """Try detectors, baselines and controls on attacks that none of them has learned from, and on ones that know them.

    Without options on the embedded network, in less than a minute. What takes long is kept in the folder `kept` of the
    results and not made again with --resume.

    Parameters
    ----------
    images
        Folder with one sub-folder of images a class, or an .npz file with x and y; needed for a network of your own.
    attacks
        own (the built-in ones), all (those of foolbox and ART too: pip install "isthmus[attacks]"), or names with
        semicolons between.
    epsilon
        Small and large radius of the attacks, as 2/255,8/255 (0.15,0.3 on the embedded network).
    steps
        Steps of the attacks.
    per_class
        Images of each class at most, half to learn from and half to test on.
    full
        More references and points, and the effort that paths of low loss take, at about ten times the cost.
    mirror
        Whether a mirror image is of the same class: so for photographs (the default for images of your own), not for
        writing.
    adaptive_steps
        Steps of the attacks that know the detector; 0 leaves them out.
    adaptive_inputs
        Inputs that these are tried on.
    adaptive_epsilon
        Their radii: by default both of --epsilon, on the embedded network the large one.
    shifted_inputs
        Clean inputs on which false positives under noise, blur, JPEG and brightness are counted; 0 leaves them out.
    seed
        Of everything that is drawn.
    out
        Folder for the results; made if need be.
    overwrite
        Forget an earlier evaluation in that folder.
    resume
        Go on with an earlier one.
    """
    for name, value in (("--steps", steps), ("--per-class", per_class), ("--adaptive-inputs", adaptive_inputs)):
        at_least(name, value, 1)
    at_least("--adaptive-steps", adaptive_steps, 0)
    at_least("--shifted-inputs", shifted_inputs, 0)
    at_least("--seed", seed, 0)
    needs_images(images, network.network)
    small, large = two_radii(epsilon, images)
    sizes = [large] if images is None else [small, large]
    if adaptive_epsilon is not None:
        sizes = radii("--adaptive-epsilon", adaptive_epsilon)
    folder = claimed(out, SCHEMA, overwrite=overwrite, resume=resume, resumable=True, parts=[KEPT])

    from isthmus.cli.terminal import say_findings, stage_progress
    from isthmus.detection.adaptive import AIMS, Adaptive
    from isthmus.detection.evaluation import EvaluationPlan, Kept
    from isthmus.detection.evaluation import evaluate as run
    from isthmus.detection.suite import choose
    from isthmus.findings import write_findings
    from isthmus.findings.detection import detection_findings

    chosen = choose(attacks, small, large, steps=steps)
    landscape = landscape_of(network)
    with terminable() as signals, resumable(out, signals), stage_progress() as tell:
        tell("reading images", 0, 1)
        given, pool = inputs_of(images, references, landscape)
        probe = probe_of(given, images, mirror=mirror, full=full)
        setting = EvaluationPlan(
            attacks=chosen,
            probe=probe,
            per_class=per_class,
            adaptive=[
                Adaptive(aim=aim, epsilon=radius, steps=adaptive_steps)
                for radius in reversed(sizes)
                for aim in AIMS
                if adaptive_steps
            ],
            adaptive_most=adaptive_inputs,
            shifted_most=shifted_inputs,
            seed=seed,
        )
        description = {
            **landscape.describe(),
            "images": given.digest,
            "references": None if pool is None else pool.digest,
            "probe": probe.describe(),
            "cost": probe.cost,
            "attacks": [repr(each) for each in chosen],
            "per_class": per_class,
            "adaptive": [repr(each) for each in setting.adaptive],
            "seed": seed,
        }
        made_for = repr(
            {key: value for key, value in description.items() if key not in ("attacks", "adaptive", "device")}
        )
        kept = Kept(out / KEPT, made_for)
        if overwrite:
            kept.forget()
        evaluated = run(
            landscape,
            given.x,
            given.y,
            setting,
            pool=None if pool is None else (pool.x, pool.y),
            kept=kept,
            tell=tell,
        )
        about = f"{'the embedded network' if network.network == 'digits' else readable(network.network)}, " + (
            "handwritten digits" if images is None else readable(images.name)
        )
        findings = detection_findings(evaluated, about)
        write_findings(
            findings,
            folder,
            name="detection",
            command=readable(shlex.join(["isthmus", *sys.argv[1:]])),
            study=None,
            device=network.device,
            schema=SCHEMA,
            description=description,
            more={
                "rows": [row.plain() for row in evaluated.rows],
                "adaptive": evaluated.adaptive,
                "shifts": evaluated.shifted,
                "attacks": evaluated.tried,
                "cost": evaluated.cost,
                "set_aside": dict(given.skipped),
            },
        )
    say_findings(findings)
    print(f"Look at it: {out / 'index.html'}")
