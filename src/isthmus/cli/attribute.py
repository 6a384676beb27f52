"""isthmus attribute: which pixels, features or tokens make the difference along a path between two inputs."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from isthmus._core.text import amount
from isthmus.cli import pairing
from isthmus.cli.options import NetworkOptions, at_least, claimed, landscape_of, readable
from isthmus.errors import InputError

SCHEMA = "isthmus/attribution/1"
PATHS = ("straight", "found")


def attribute(
    a: str,
    c: str | None = None,
    /,
    *,
    target: str = "predicted",
    baseline: float = 0.0,
    along: str = "straight",
    exact: bool | None = None,
    tolerance: float = 1e-3,
    most: int = 20_000,
    verify: str | None = None,
    seed: int = 0,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("isthmus-attribution"),
    overwrite: bool = False,
    network: NetworkOptions = NetworkOptions(),
) -> None:
    """Show which pixels, features or tokens change the logit of a class along a path.

    Integrated gradients, exact where the network allows.

    Writes index.html, attribution.png and .svg, values.safetensors and result.json.

    Parameters
    ----------
    a
        With a second input: where the path begins. Alone: the input to explain, from an even baseline. Image files, WAV
        files, FILE:ROW of a table, or texts, as the network takes them.
    c
        Where the path ends.
    target
        The class whose logit it is: predicted (that of the last image), an index, or a name.
    baseline
        With one input: the value of every number of it where the path begins; of pixels 0 is black.
    along
        straight, or found: the path of low loss that isthmus connect would find (both of one class).
    exact
        Ask for affine pieces (--exact) or intervals (--no-exact); by default pieces where the network has them.
    tolerance
        Of intervals: how far the sum may be from the change of the logit, as a share of it.
    most
        Gradients at most.
    verify
        taylor: prove how far each value is off at most, on networks of smooth functions.
    seed
        Seed of the solver, with --along found.
    out
        Folder for the results; made if need be.
    overwrite
        Replace an earlier run in that folder.
    """
    at_least("--most", most, 1)
    if along not in PATHS:
        raise InputError(f"--along must be one of {', '.join(PATHS)}, got '{along}'.")
    if along == "found" and c is None:
        raise InputError("--along found needs two inputs of one class.")
    folder = claimed(out, SCHEMA, overwrite=overwrite)

    import torch
    from safetensors.torch import save_file

    import isthmus
    from isthmus._core.bars import progress_bar
    from isthmus._core.files import write_json, write_text
    from isthmus.inputs.kinds.named import fewer
    from isthmus.reports import style
    from isthmus.reports.attribution_figure import attribution_figure
    from isthmus.reports.attribution_page import attribution_page

    landscape = landscape_of(network)
    files = [a] if c is None else [a, c]
    loaded = pairing.pair_of_files(landscape, files[0], files[-1], "0")
    start, end = (loaded.a[0], loaded.c[0]) if c is not None else (torch.full_like(loaded.a[0], baseline), loaded.a[0])
    names = landscape.class_names
    seen = landscape.logits(end[None]).argmax(1).tolist()
    index = pairing.target_of(landscape, target, seen, [pairing.called(files[-1])])
    path: isthmus.AbstractPath = isthmus.Polyline(torch.stack([start, end]))
    if along == "found":
        path = isthmus.connect(landscape, start[None], end[None], torch.tensor([index]), seed=seed)[0].path
    with progress_bar("attributing", "paths") as tell:
        found = isthmus.attribute(
            landscape, path, index, exact=exact, tolerance=tolerance, most=most, verify=verify, progress=tell
        )
    first, last = (readable(pairing.called(each)) for each in (files[0], files[-1]))
    captions = (first if c is not None else f"baseline {baseline:g}", last)
    note = readable(f"{network.network}, along the {along} path")
    figure = attribution_figure(found, start, end, captions=captions, output=index, class_names=names, note=note)
    command, described = (
        readable(shlex.join(["isthmus", *sys.argv[1:]])),
        {**landscape.describe(), "path": along, "seed": seed},
    )
    page = attribution_page(
        found, start, end, captions=captions, output=index, class_names=names, command=command, description=described
    )
    with folder.stage(described) as stage:
        write_text(stage / "index.html", page)
        for kind in ("png", "svg"):
            style.save_figure(figure, stage / f"attribution.{kind}")
        tensors = {"values": found.values, "start": start.cpu(), "end": end.cpu()}
        if found.error_bound is not None:
            tensors["error_bound"] = found.error_bound
        save_file(tensors, stage / "values.safetensors")
        row = {
            "schema": SCHEMA,
            "command": command,
            "class": style.class_name(index, names),
            "target": index,
            "start_logit": found.start,
            "end_logit": found.end,
            "completeness_error": found.completeness_error,
            "gradients": found.gradients,
            "parts": found.parts,
            "exact": found.exact,
            "error_bound": None if found.error_bound is None else float(found.error_bound.max()),
            "subject_to": found.subject_to,
            "along": along,
            "named": found.named(),
        }
        write_json(stage / "result.json", row)
    print(
        f"{style.class_name(index, names)}: logit {found.start:.4g} -> {found.end:.4g}; "
        f"{amount(found.gradients, 'gradient')}, "
        f"{found.how}{f', completeness error {found.completeness_error:.2g}' if found.exact else ''}."
    )
    if (
        not found.exact
        and found.error_bound is None
        and found.completeness_error > tolerance * abs(found.end - found.start)
    ):
        print(
            f"isthmus: warning: values do not add up to the change of the logit to {tolerance:g} of it; give more "
            "gradients with --most.",
            file=sys.stderr,
        )
    for name, value in fewer(found.named() or (), 4)[:3]:
        print(f"  {readable(name)}: {value:+.3g}")
    print(f"Look at it: {out / 'index.html'}")
