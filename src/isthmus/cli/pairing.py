"""Which pairs a command is about: two files, a list in a CSV file, or a folder with one sub-folder a class."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus._core.text import shorten
from isthmus.cli.options import readable
from isthmus.errors import ImageError, InputError, NetworkError

if TYPE_CHECKING:
    from torch import Tensor

    from isthmus import AbstractLandscape, Landscape
    from isthmus.loading import Survey


@dataclass(frozen=True, eq=False)
class Pairs:
    """Ends a, c (n, *input), targets (n,) and names of n pairs; what could not be used, and why; what to know."""

    a: Tensor
    c: Tensor
    target: Tensor
    names: list[tuple[str, str]]
    skipped: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def pair_of_files(landscape: Landscape, a: str, c: str, target: str) -> Pairs:
    """One pair; whatever is wrong with it is an error."""
    names = (called(a), called(c))
    found = _look(landscape, [a, c], names)
    refuse_skipped(found)
    chosen = target_of(landscape, target, found.predicted.tolist(), ("A", "C"))
    return _pairs(found, [(0, 1)], [chosen], [names], {})


def called(source: str) -> str:
    """What an input is called: a file by its name, a text by its first words."""
    name = Path(source).name
    return shorten(name or source, 40)


def pairs_of_list(landscape: Landscape, file: Path, target: str) -> Pairs:
    """The pairs of a CSV file with the columns a, c and, optionally, target; file names are relative to the CSV file.

    A pair that cannot be used is set aside by name, and the rest goes on.
    """
    from isthmus.inputs.kinds import Images

    rows = _read_rows(file)
    wanted = list(dict.fromkeys(name for row in rows for name in (row["a"], row["c"])))
    kind = landscape.input_kind or Images()
    found = _look(landscape, [kind.beside(file.parent, name) for name in wanted], wanted)
    place = {name: number for number, name in enumerate(wanted)}
    ends, targets, names = [], [], []
    skipped = dict(found.skipped)
    for number, row in enumerate(rows, start=2):
        i, j = place[row["a"]], place[row["c"]]
        if found.names[i] in skipped or found.names[j] in skipped:
            continue
        label = f"line {number} of {file.name}: {row['a']} -> {row['c']}"
        try:
            given = (row.get("target") or "").strip() or target
            chosen = target_of(landscape, given, found.predicted[[i, j]].tolist(), (row["a"], row["c"]))
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
    return _pairs(found, ends, targets, names, skipped)


def pairs_of_run(landscape: Landscape, folder: Path, target: str) -> Pairs:
    """The pairs of an earlier run, with the very inputs that it connected. Unless another is named, each has the target
    that it had there.
    """
    import torch

    from isthmus import Connections
    from isthmus._core.files import read_json
    from isthmus.landscapes.validation import check_inputs, check_target_range
    from isthmus.results import RESULT

    found = Connections.load(folder, input_kind=landscape.input_kind)
    if not len(found):
        raise InputError(f"--pairs {folder} is a run without pairs.")
    rows = read_json(folder / RESULT).get("rows", []) if (folder / RESULT).is_file() else []
    names = [(str(row.get("a", "A")), str(row.get("c", "C"))) for row in rows]
    if len(names) != len(found):
        names = [(f"A{number}", f"C{number}") for number in range(len(found))]
    ends = torch.stack([pair.path.ends for pair in found])
    check_inputs(f"--pairs {folder}", ends.flatten(0, 1), landscape.domain, landscape.input_kind)
    classes = landscape.logits(ends[0]).shape[1]
    targets = [pair.target for pair in found]
    if target != "predicted":
        targets = [class_given(landscape, target, landscape.network.class_names)] * len(found)
    chosen = torch.tensor(targets)
    check_target_range(chosen, classes, f"--pairs {folder}")
    return Pairs(ends[:, 0], ends[:, 1], chosen, names)


def pairs_of_folder(
    landscape: Landscape, folder: Path, target: str, per_class: int, lowest: int | None, seed: int
) -> Pairs:
    """Random pairs of inputs that the network gives the class of their folder (without sub-folders: the same class), of
    all classes, or of the one that is named.

    The class of a folder is its name, where that is a class index or name; else the class predicted most often in it.
    """
    import torch

    from isthmus.cli.reading import read
    from isthmus.inputs.collection import open_collection
    from isthmus.inputs.pairs import pairs_within

    if not folder.exists():
        raise ImageError(f"--inputs {folder} is no folder.")
    found = read(open_collection(folder, kind=landscape.input_kind), landscape)
    if not bool((found.classes >= 0).any()):
        raise NetworkError(f"The network returns NaN or infinity for every input of {folder}.")
    groups, classes = found.groups, {int(each) for each in found.classes.tolist() if each >= 0}
    if target != "predicted":
        classes = {class_given(landscape, target, landscape.class_names)}
        groups = torch.where(torch.isin(found.groups, torch.tensor(list(classes))), found.groups, -1)
    index = pairs_within(groups, found.losses, per_group=per_class, lowest=lowest, seed=seed).tolist()
    if not index:
        no = "no class has" if target == "predicted" else f"the class {target} has not"
        raise InputError(
            f"--inputs {folder}: {no} two {_many(landscape)} that the network recognises, so there is no pair."
        )
    names = [(found.names[i], found.names[j]) for i, j in index]
    pairs = _pairs(found, [(i, j) for i, j in index], [int(groups[i]) for i, _ in index], names, found.skipped)
    wanted = per_class * len(classes)
    notes = [readable(note) for note in found.notes(landscape.class_names)]
    if target == "predicted" and all(label is None for label in found.labels):
        notes.append(
            f"Without sub-folders each counts for the class that the network sees, of which there are {len(classes)}; "
            "--target names one."
        )
    if len(index) < wanted:
        notes.append(f"{len(index)} of the {wanted} pairs asked for could be drawn from what is recognised.")
    return replace(pairs, notes=notes)


def _many(landscape: Landscape) -> str:
    return "images" if landscape.input_kind is None else landscape.input_kind.many


def _look(landscape: Landscape, sources: Sequence[str], names: Sequence[str]) -> Survey:
    """What the network sees in some inputs, by what a user types."""
    from isthmus.cli.reading import read
    from isthmus.inputs.collection import FileCollection

    return read(FileCollection(sources, names, landscape.input_kind), landscape)


def refuse_skipped(found: Survey) -> None:
    """Raises what was set aside as an error."""
    for name, reason in found.skipped.items():
        read = name in {found.names[row] for row in found.rows.tolist()}
        raise NetworkError(f"{reason.removesuffix('it.')}{name}.") if read else ImageError(reason)


def _pairs(
    found: Survey,
    ends: Sequence[tuple[int, int]],
    target: list[int],
    names: list[tuple[str, str]],
    skipped: Mapping[str, str],
) -> Pairs:
    import torch

    a, c = (found.x(torch.tensor(side)) for side in zip(*ends, strict=True))
    readable_names = [(readable(one), readable(other)) for one, other in names]
    reasons = {readable(name): readable(reason) for name, reason in skipped.items()}
    return Pairs(a, c, torch.tensor(target), readable_names, reasons)


def target_of(landscape: Landscape, text: str, predicted: Sequence[int], names: Sequence[str]) -> int:
    """The class that `--target` says: predicted, on which all inputs of these names agree, an index, or a name."""
    from isthmus.reports.style import class_name

    class_names = landscape.network.class_names
    if text == "predicted":
        other = next((k for k, index in enumerate(predicted) if index != predicted[0]), None)
        if other is not None:
            a, c = (_with_number(class_name(predicted[k], class_names), predicted[k]) for k in (0, other))
            raise InputError(
                f"The network predicts {a} for {names[0]} and {c} for {names[other]}; choose inputs of one class, or "
                "say which class you mean with --target."
            )
        return predicted[0]
    return class_given(landscape, text, class_names)


def _with_number(name: str, index: int) -> str:
    return name if name in (str(index), f"class {index}") else f"{name} ({index})"


def class_given(landscape: AbstractLandscape, text: str, names: Sequence[str] | None) -> int:
    """The class that `--target` says, by index or name, on a landscape whose classes are known."""
    import torch

    from isthmus.landscapes.arguments import class_named
    from isthmus.landscapes.validation import check_target_range

    index = class_named(text, names, "--target")
    check_target_range(torch.tensor([index]), landscape.classes or 0, "--target")
    return index


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
