"""From pairs to a run's folder: solve, also go on with what was interrupted, write, and show."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus._core.bars import progress_bar
from isthmus.cli.clock import say_spent, spending
from isthmus.cli.options import readable
from isthmus.cli.pairing import Pairs
from isthmus.cli.terminal import drawing_progress, say_set_aside, show_result
from isthmus.errors import OutputError

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
    from isthmus.reports import Run, summarize, write_run

    say_set_aside(pairs.skipped)
    request = _request(landscape, pairs, task)
    done = _earlier(folder, request) if target.resume else {}
    for note in pairs.notes:
        print(f"isthmus: {note}", file=sys.stderr)
    open_numbers = [number for number in range(len(pairs.names)) if number not in done]
    interrupted = None
    description: dict[str, Any] = {}
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
    elif done:
        print("isthmus: every pair was finished already; nothing is left to do.", file=sys.stderr)
        return
    if not done:
        raise KeyboardInterrupt("interrupted: no pair was finished, nothing was written")
    kept = sorted(done)
    description |= {"request": request, "kept": kept}
    with spending("measuring"):
        connections, notes = _measured(
            landscape, Connections(tuple(done[number] for number in kept), description), task.added
        )
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
            f"Figures of the first {pictures} pairs are in {folder / 'pairs'}; --pictures {len(connections)} draws all."
        )
    say_spent()
    print(f"Look at it: {folder / 'index.html'}")
    if interrupted is not None:
        raise KeyboardInterrupt(
            f"interrupted: {len(kept)} of {len(pairs.names)} pairs are finished and kept in {folder}; "
            "the same command with --resume goes on"
        )


def _measured(landscape: Landscape, found: Connections, added: Added | None) -> tuple[Connections, list[str]]:
    """The connections with all columns that are wanted and with what rounding does to paths, and a note of that."""
    from isthmus.connecting.kept import AsKept, is_kept
    from isthmus.connecting.measuring import Added

    added = Added() if added is None else added
    rounds = len(found) > 0 and is_kept(landscape, found[0])
    asked = any(isinstance(each, AsKept) for each in added.measured)
    if rounds and not asked:
        added = replace(added, measured=(*added.measured, AsKept()))
    found = added.to(landscape, replace(found, pairs=tuple(replace(pair, measured={}) for pair in found)))
    if not rounds:
        return found, []
    through = sum(pair.measured["kept_connected"] for pair in found)
    connected = sum(pair.connected for pair in found)
    kind = found[0].drawn_as if landscape.input_kind is None else landscape.input_kind
    return found, [f"{through} of {connected} connected paths stay low through {kind.kept_as}."]


def _request(landscape: Landscape, pairs: Pairs, task: Task) -> dict[str, Any]:
    """What must be the same for an interrupted run to go on."""
    digest = hashlib.sha256(repr((pairs.names, pairs.target.tolist())).encode())
    for x in (pairs.a, pairs.c):
        digest.update(x.contiguous().numpy().tobytes())
    request = {
        **{key: value for key, value in landscape.describe().items() if key != "device"},
        "method": repr(task.method),
        "threshold": task.threshold,
        "seed": task.seed,
        "pairs": digest.hexdigest(),
        "verify": None if task.verify is None else repr(task.verify),
    }
    plain: dict[str, Any] = json.loads(json.dumps(request))  # as it will be read back
    return plain


def _earlier(folder: Path, request: dict[str, Any]) -> dict[int, Connection]:
    """The finished pairs of an interrupted run, by their numbers."""
    from isthmus import Connections
    from isthmus.results import MANIFEST

    if not (folder / MANIFEST).exists():
        return {}
    earlier = Connections.load(folder)
    before = earlier.description.get("request") or {}
    if before.get("verify") == "exact":  # as version 0.1 wrote it
        before["verify"] = "AffinePieces()"
    differing = [key for key in request if before.get(key) != request[key]]
    if differing:
        raise OutputError(
            f"{folder} holds a run that differs in {', '.join(differing)}, so it cannot be resumed; "
            "use --overwrite or another folder."
        )
    return dict(zip(earlier.description["kept"], earlier, strict=True))
