"""From pairs to a run's folder: solve, also go on with what was interrupted, write, and show."""

from __future__ import annotations

import hashlib
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus._core.bars import progress_bar
from isthmus._core.files import as_read
from isthmus._core.text import amount
from isthmus.cli.clock import say_spent, spending
from isthmus.cli.options import readable
from isthmus.cli.pairing import Pairs
from isthmus.cli.resuming import same_request
from isthmus.cli.terminal import drawing_progress, say_set_aside, show_result

if TYPE_CHECKING:
    from isthmus import Certifier, Connection, Connections, Landscape
    from isthmus.connecting.connectors import AnyConnector
    from isthmus.connecting.measuring import Added
    from isthmus.results import ResultFolder


@dataclass(frozen=True, kw_only=True)
class Task:
    """How pairs are to be connected; see `isthmus.connect`."""

    method: AnyConnector
    threshold: float | None = None
    verify: Certifier | None = None
    added: Added | None = None
    seed: int = 0


def solve_and_write(
    landscape: Landscape, pairs: Pairs, task: Task, target: ResultFolder, *, pictures: int, title: str
) -> None:
    """Connects the pairs, writes the folder and prints the table. Ctrl-C keeps what is finished."""
    folder = target.path
    from isthmus import Connections, connect
    from isthmus.connecting import Interrupted
    from isthmus.connecting.measuring import Added
    from isthmus.reports import Run, summarize, write_run

    say_set_aside(pairs.skipped)
    request = _request(landscape, pairs, task)
    done, description = _earlier(folder, request) if target.resume else ({}, {})
    for note in pairs.notes:
        print(f"isthmus: {note}", file=sys.stderr)
    measuring = Added() if task.added is None else task.added
    measuring.check(landscape)  # before anything is connected
    open_numbers = [number for number in range(len(pairs.names)) if number not in done]
    interrupted: KeyboardInterrupt | None = None
    if open_numbers:
        with spending("connecting"), progress_bar("connecting", "pairs") as tell:
            try:
                found = connect(
                    landscape,
                    pairs.a[open_numbers],
                    pairs.c[open_numbers],
                    pairs.target[open_numbers],
                    method=task.method,
                    threshold=task.threshold,
                    seed=task.seed,
                    verify=task.verify,
                    progress=tell,
                )
                numbers: tuple[int, ...] = tuple(range(len(open_numbers)))
            except Interrupted as stop:
                found, numbers, interrupted = stop.finished, stop.numbers, stop
        done |= {open_numbers[number]: pair for number, pair in zip(numbers, found, strict=True)}
        description = found.description
    elif done and {column.name for each in measuring.measured for column in each.columns} <= _measured_of(done):
        print("isthmus: every pair was finished already; nothing is left to do.", file=sys.stderr)
        return
    if not done:
        raise KeyboardInterrupt("interrupted: no pair was finished, nothing was written")
    kept = sorted(done)
    description |= {"request": request, "kept": kept}
    unmeasured = Connections(tuple(replace(done[number], measured={}) for number in kept), description)
    try:
        with spending("measuring"):
            connections, notes = _measured(landscape, unmeasured, measuring)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (what was connected is not lost for what fails here)
        interrupted = error if isinstance(error, KeyboardInterrupt) else interrupted
        connections = replace(unmeasured, extra=measuring.own)
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        notes = [f"Columns are missing, since they could not be measured ({reason}); --resume tries again."]
    names = [pairs.names[number] for number in kept]
    class_names = landscape.network.class_names
    run = Run(
        connections=connections,
        names=names,
        class_names=class_names,
        title=readable(title),
        command=readable(shlex.join(["isthmus", *sys.argv[1:]])),
        skipped=pairs.skipped,
        notes=[*pairs.notes, *notes],
        pictures=pictures,
    )
    with spending("drawing"), drawing_progress(min(len(connections), pictures)) as drawn:
        write_run(run, target, on_pair=drawn)
    show_result(connections, summarize(connections), names, class_names)
    for note in notes:
        print(note)
    if 0 < pictures < len(connections):
        print(
            f"Figures of the first {amount(pictures, 'pair')} are in {folder / 'pairs'}; --pictures "
            f"{len(connections)} draws all."
        )
    say_spent()
    print(f"Look at it: {folder / 'index.html'}")
    if interrupted is not None:
        raise KeyboardInterrupt(
            f"interrupted: {len(kept)} of {len(pairs.names)} pairs are finished and kept in {folder}; "
            "the same command with --resume goes on"
        )


def _measured(landscape: Landscape, found: Connections, added: Added) -> tuple[Connections, list[str]]:
    """The connections with all columns that are wanted and with what rounding does to paths, and a note of that."""
    from isthmus.connecting.kept import AsKept, is_kept, kind_of

    rounds = len(found) > 0 and is_kept(landscape, found[0])
    asked = any(isinstance(each, AsKept) for each in added.measured)
    if rounds and not asked:
        added = replace(added, measured=(*added.measured, AsKept()))
    found = added.to(landscape, found)
    if not rounds:
        return found, []
    through = sum(pair.measured["kept_connected"] for pair in found)
    connected = sum(pair.connected for pair in found)
    kept_as = kind_of(landscape, found[0]).kept_as
    return found, [f"{through} of {connected} connected paths stay low through {kept_as}."]


def _measured_of(pairs: dict[int, Connection]) -> set[str]:
    """The columns that were measured of all of some pairs."""
    return set.intersection(*(set(pair.measured) for pair in pairs.values()))


def _request(landscape: Landscape, pairs: Pairs, task: Task) -> dict[str, Any]:
    """What must be the same for an interrupted run to go on."""
    digest = hashlib.sha256(repr((pairs.names, pairs.target.tolist())).encode())
    for x in (pairs.a, pairs.c):
        digest.update(x.contiguous().numpy().tobytes())
    request = {
        **landscape.describe_anywhere(),
        "method": repr(task.method),
        "threshold": task.threshold,
        "seed": task.seed,
        "pairs": digest.hexdigest(),
        "verify": None if task.verify is None else repr(task.verify),
    }
    return as_read(request)


def _earlier(folder: Path, request: dict[str, Any]) -> tuple[dict[int, Connection], dict[str, Any]]:
    """The finished pairs of an interrupted run, by their numbers, and how they were made."""
    from isthmus import Connections
    from isthmus.results import MANIFEST

    if not (folder / MANIFEST).exists():
        return {}, {}
    earlier = Connections.load(folder)
    before = earlier.description.get("request") or {}
    if before.get("verify") == "exact":  # as version 0.1 wrote it
        before["verify"] = "AffinePieces()"
    same_request(folder, before, request)
    return dict(zip(earlier.description["kept"], earlier, strict=True)), earlier.description
