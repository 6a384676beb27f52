"""isthmus detect score: verdicts on inputs, with the reason."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from isthmus.cli.options import NetworkOptions, claimed, landscape_of, readable
from isthmus.cli.terminal import say_set_aside


def score(
    inputs: Path,
    /,
    *,
    detector: Path = Path("isthmus-detector"),
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("isthmus-scores"),
    overwrite: bool = False,
    network: NetworkOptions = NetworkOptions(),
) -> None:
    """Judge inputs: a table with score, p-value and verdict, and a page with the curves as the reason.

    Parameters
    ----------
    inputs
        An image file, a folder, a table, a WAV file, a file with a text a line: as the network takes them.
    detector
        Folder of a detector that isthmus detect fit has written, for this network.
    out
        Folder for the results; made if need be.
    overwrite
        Replace an earlier run in that folder.
    """
    folder = claimed(out, "isthmus/detection-scores/1", overwrite=overwrite)

    from math import isnan

    import torch

    from isthmus._core.bars import progress_bar
    from isthmus._core.versions import versions_in_words
    from isthmus.cli.reading import read
    from isthmus.detection import Detector
    from isthmus.inputs.collection import open_collection
    from isthmus.inputs.kinds import kind_for
    from isthmus.reports.scores_page import Scores
    from isthmus.reports.scores_run import write_scores
    from isthmus.reports.style import class_name

    landscape = landscape_of(network)
    loaded = Detector.load(detector, landscape)
    found = read(open_collection(inputs, kind=landscape.input_kind), landscape)
    skipped = {readable(name): readable(reason) for name, reason in found.skipped.items()}
    rows_used = found.usable
    x = found.x(torch.tensor(rows_used))
    many = kind_for(landscape.input_kind, tuple(x.shape[1:])).many
    with progress_bar("judging", many) as tell:
        verdicts = loaded.judge(landscape, x, progress=tell)
    rows = [
        {
            "input": readable(found.names[row]),
            "predicted": int(seen),
            "class": class_name(int(seen), landscape.network.class_names),
            "score": None if isnan(value) else float(value),
            "p_value": None if isnan(p) else float(p),
            "verdict": "no score" if isnan(p) else "flagged" if flag else "not flagged",
            "curves": {kind: values[number].round(6).tolist() for kind, values in verdicts.curves.items()},
        }
        for number, (row, seen, value, p, flag) in enumerate(
            zip(rows_used, verdicts.predicted, verdicts.score, verdicts.p_value, verdicts.flagged, strict=True)
        )
    ]
    command = readable(shlex.join(["isthmus", *sys.argv[1:]]))
    write_scores(
        Scores(
            x=x,
            input_kind=landscape.input_kind,
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
                "versions": versions_in_words(),
            },
            skipped=skipped,
        ),
        folder,
        command=command,
        fpr=loaded.fpr,
    )
    say_set_aside(skipped)
    print(
        f"{int(verdicts.flagged.sum())} of {len(rows)} {many} are flagged at a false-positive rate of {loaded.fpr:g}."
    )
    print(f"Look at it: {out / 'index.html'}")
