"""isthmus detect score: verdicts on images, with the reason."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from isthmus.cli.options import NetworkOptions, claimed, landscape_of, readable


def score(
    images: Path,
    /,
    *,
    detector: Path = Path("isthmus-detector"),
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("isthmus-scores"),
    overwrite: bool = False,
    network: NetworkOptions = NetworkOptions(),
) -> None:
    """Judge images: a table with score, p-value and verdict, and a page with the curves as the reason.

    Parameters
    ----------
    images
        An image file, or a folder of images.
    detector
        Folder of a detector that isthmus detect fit has written, for this network.
    out
        Folder for the results; made if need be.
    overwrite
        Replace an earlier run in that folder.
    """
    folder = claimed(out, "isthmus/detection-scores/1", overwrite=overwrite)

    from math import isnan

    from isthmus import load_images
    from isthmus._core.bars import progress_bar
    from isthmus._core.versions import versions
    from isthmus.detection import Detector
    from isthmus.reports.scores_page import Scores
    from isthmus.reports.scores_run import write_scores
    from isthmus.reports.style import class_name

    landscape = landscape_of(network)
    loaded = Detector.load(detector, landscape)
    found = load_images(images, preprocessing=landscape.network.preprocessing)
    place = images if images.is_dir() else images.parent
    with progress_bar("judging", "images") as tell:
        verdicts = loaded.judge(landscape, found.x, on_progress=tell)
    rows = [
        {
            "image": readable(str(file.relative_to(place))),
            "predicted": int(seen),
            "class": class_name(int(seen), landscape.network.class_names),
            "score": None if isnan(value) else float(value),
            "p_value": None if isnan(p) else float(p),
            "verdict": "no score" if isnan(p) else "flagged" if flag else "not flagged",
            "curves": {kind: values[number].round(6).tolist() for kind, values in verdicts.curves.items()},
        }
        for number, (file, seen, value, p, flag) in enumerate(
            zip(found.files, verdicts.predicted, verdicts.score, verdicts.p_value, verdicts.flagged, strict=True)
        )
    ]
    command = readable(shlex.join(["isthmus", *sys.argv[1:]]))
    write_scores(
        Scores(
            x=found.x,
            rows=rows,
            curves=verdicts.curves,
            bands=loaded.bands,
            flagged=int(verdicts.flagged.sum()),
            about=(
                f"{readable(network.network)}; a detector ({loaded.model}) that may flag {100 * loaded.fpr:g} % of "
                f"clean inputs; {loaded.probe.cost} forward-equivalents an input"
            ),
            made={
                "command": command,
                "weights": str(loaded.network["weights_sha256"]),
                "versions": ", ".join(f"{library} {version}" for library, version in versions().items()),
            },
            skipped={readable(str(file)): readable(reason) for file, reason in found.skipped.items()},
        ),
        folder,
        command=command,
        fpr=loaded.fpr,
    )
    for file, reason in found.skipped.items():
        print(f"isthmus: set aside {readable(str(file))}: {readable(reason)}", file=sys.stderr)
    print(
        f"{int(verdicts.flagged.sum())} of {len(rows)} images are flagged at a false-positive rate of {loaded.fpr:g}."
    )
    print(f"Look at it: {out / 'index.html'}")
