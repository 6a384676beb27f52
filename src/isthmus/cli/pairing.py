"""Which pairs a command is about: two files, a list in a CSV file, or a folder with one sub-folder a class."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.cli.options import readable
from isthmus.errors import ImageError, InputError, NetworkError

if TYPE_CHECKING:
    from torch import Tensor

    from isthmus import Landscape, Network
    from isthmus.inputs.images import Images


@dataclass(frozen=True, eq=False)
class Pairs:
    """Ends a, c (n, *input), targets (n,) and names of n pairs, and what could not be used, with the reason."""

    a: Tensor
    c: Tensor
    target: Tensor
    names: list[tuple[str, str]]
    skipped: dict[str, str] = field(default_factory=dict)


def pair_of_files(landscape: Landscape, a: Path, c: Path, target: str) -> Pairs:
    """One pair; whatever is wrong with it is an error."""
    images = _load(landscape.network, [a, c], strict=True)
    predicted, finite = _predict(landscape, images.x)
    if not all(finite):
        raise NetworkError(f"The network returns NaN or infinity for {images.files[finite.index(False)]}.")
    chosen = _target(landscape, target, predicted, ("A", "C"))
    return _pairs(images.x, [(0, 1)], [chosen], [(a.name, c.name)], {})


def pairs_of_list(landscape: Landscape, file: Path, target: str) -> Pairs:
    """The pairs of a CSV file with the columns a, c and, optionally, target; file names are relative to the CSV file.

    A pair that cannot be used is set aside by name, and the rest goes on.
    """
    rows = _read_rows(file)
    wanted = list(dict.fromkeys(name for row in rows for name in (row["a"], row["c"])))
    images = _load(landscape.network, [file.parent / name for name in wanted], strict=False)
    place = {path: number for number, path in enumerate(images.files)}
    predicted, finite = _predict(landscape, images.x)
    ends, targets, names = [], [], []
    skipped = {str(path): reason for path, reason in images.skipped.items()}
    for number, row in enumerate(rows, start=2):
        where = [place.get(file.parent / row[end]) for end in ("a", "c")]
        if None in where:
            continue
        i, j = (int(index) for index in where if index is not None)
        label = f"line {number} of {file.name}: {row['a']} -> {row['c']}"
        if not (finite[i] and finite[j]):
            skipped[label] = "The network returns NaN or infinity for one of them."
            continue
        try:
            given = (row.get("target") or "").strip() or target
            chosen = _target(landscape, given, [predicted[i], predicted[j]], (row["a"], row["c"]))
        except InputError as error:
            skipped[label] = str(error)
            continue
        ends.append((i, j))
        targets.append(chosen)
        names.append((row["a"], row["c"]))
    if not ends:
        raise InputError(
            f"No pair of {file} could be used; the first reason: {next(iter(skipped.values()), 'no rows')}"
        )
    return _pairs(images.x, ends, targets, names, skipped)


def pairs_of_folder(landscape: Landscape, folder: Path, per_class: int, lowest: int | None, seed: int) -> Pairs:
    """Random pairs of images that the network gives the class of their folder (without sub-folders: the same class).

    The class of a folder is its name, where that is a class index or name; else the class predicted most often in it.
    """
    import torch

    from isthmus.inputs.labels import classes_of_labels
    from isthmus.inputs.pairs import pairs_within

    if not folder.is_dir():
        raise ImageError(f"--images {folder} is no folder.")
    images = _load(landscape.network, folder, strict=False)
    predicted, finite = _predict(landscape, images.x)
    flat = set(images.files) <= {folder / file.name for file in images.files}
    own = classes_of_labels(
        [None if flat else name for name in images.folders],
        predicted,
        finite,
        class_names=landscape.network.class_names,
        classes=landscape.classes or 0,
    )
    groups = [g if ok and p == g else -1 for g, p, ok in zip(own, predicted, finite, strict=True)]
    if not any(finite):
        raise NetworkError(f"The network returns NaN or infinity for every image of {folder}.")
    target = torch.tensor(own).clamp_min(0)  # folders without a class take no part
    losses = landscape.evaluate(images.x, target, validated=True).loss.cpu()
    index = pairs_within(groups, losses, per_group=per_class, lowest=lowest, seed=seed).tolist()
    if not index:
        raise InputError(
            f"--images {folder}: no class has two images that the network recognises, so there is no pair."
        )
    names = [(_short(images.files[i], folder), _short(images.files[j], folder)) for i, j in index]
    skipped = {str(path): reason for path, reason in images.skipped.items()}
    for path, ok in zip(images.files, finite, strict=True):
        if not ok:
            skipped[str(path)] = "The network returns NaN or infinity for it."
    return _pairs(images.x, [(i, j) for i, j in index], [own[i] for i, _ in index], names, skipped)


def _pairs(
    x: Tensor, ends: Sequence[tuple[int, int]], target: list[int], names: list[tuple[str, str]], skipped: dict[str, str]
) -> Pairs:
    import torch

    a, c = (torch.tensor(side) for side in zip(*ends, strict=True))
    readable_names = [(readable(one), readable(other)) for one, other in names]
    reasons = {readable(name): readable(reason) for name, reason in skipped.items()}
    return Pairs(x[a], x[c], torch.tensor(target), readable_names, reasons)


def _load(network: Network, source: Path | Sequence[Path], *, strict: bool) -> Images:
    from isthmus import load_images

    return load_images(source, preprocessing=network.preprocessing, strict=strict)


def _predict(landscape: Landscape, x: Tensor) -> tuple[list[int], list[bool]]:
    """Predicted class of each input, and whether its logits are finite."""
    import torch

    from isthmus.validation import check_inputs

    check_inputs("images", x, landscape.domain)
    landscape.try_out(landscape.prepare(x[:3]))
    logits = landscape.evaluate(x, torch.zeros(len(x), dtype=torch.long), validated=True).logits
    return logits.argmax(1).tolist(), logits.isfinite().all(1).tolist()


def _target(landscape: Landscape, text: str, predicted: Sequence[int], ends: tuple[str, str]) -> int:
    from isthmus.inputs.labels import named_class
    from isthmus.reports.style import class_name

    network = landscape.network

    if text == "predicted":
        if predicted[0] != predicted[1]:
            a, c = (f"{class_name(index, network.class_names)} ({index})" for index in predicted)
            raise InputError(
                f"The network predicts {a} for {ends[0]} and {c} for {ends[1]}; choose two inputs of one class, or say "
                "which class you mean with --target."
            )
        return predicted[0]
    found = named_class(text, network.class_names)
    if found is None:
        raise InputError(f"--target must be predicted, a class index or a class name, got '{text}'.")
    classes = landscape.classes or 0  # known since the predictions
    if not 0 <= found < classes:
        raise InputError(f"The target must lie in 0 ... {classes - 1} ({classes} classes), got {found}.")
    return found


def _read_rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            rows = [
                {str(k).strip().lower(): (v or "").strip() for k, v in row.items()} for row in csv.DictReader(stream)
            ]
    except (OSError, UnicodeDecodeError, csv.Error, AttributeError) as error:
        raise InputError(f"--pairs {file} cannot be read as a CSV file: {error}.") from error
    if not rows or not {"a", "c"} <= set(rows[0]):
        raise InputError(f"--pairs {file} needs a first line 'a,c,target' and a line for each pair.")
    return rows


def _short(file: Path, folder: Path) -> str:
    return str(file.relative_to(folder))
