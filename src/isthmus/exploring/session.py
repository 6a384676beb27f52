"""Session: the inputs that can be picked, and the work that is done on them, one thing at a time. Knows no network
protocol.
"""

from __future__ import annotations

import itertools
import math
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, final

import torch

from isthmus._core.progress import Progress
from isthmus._core.shapes import Input
from isthmus._core.text import visible
from isthmus.attributions import Attribution, attribute
from isthmus.certificates import Cheapest
from isthmus.connecting import Connection, Connections, connect
from isthmus.errors import InputError, IsthmusError
from isthmus.inputs.kinds import Images
from isthmus.inputs.kinds.named import fewer
from isthmus.landscapes import Landscape
from isthmus.landscapes.arguments import PREDICTED
from isthmus.profiles import profile
from isthmus.reports.displays.made import attribution_picture
from isthmus.reports.shown_pairs import show_pairs
from isthmus.reports.stored_pictures import LIMIT, Pictures
from isthmus.reports.style import class_name

LARGEST = 20_000_000  # bytes of a file that is dropped in
LONGEST = 12  # characters of an ending that is looked at
MOST = 500  # inputs that are dropped in
THUMBNAIL = 96  # pixels
KEPT = 50  # pieces of work that are remembered


def finite(value: float) -> float | None:
    """A number as JSON knows it; None for what is none."""
    return value if math.isfinite(value) else None


class Cancelled(Exception):  # noqa: N818 (no error: something else was asked for)
    """The work was given up for other work."""


@final
@dataclass(eq=False)
class Job:
    """A piece of work.

    Attributes:
        number: which.
        what: is done, in words.
        state: waiting, running, done, failed or cancelled.
        evaluations: forward-equivalents so far.
        result: of what is done, ready for JSON.
        message: why it failed.
        found: the connection, once there is one.
    """

    number: int
    what: str
    state: str = "waiting"
    evaluations: int = 0
    result: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    found: Connection | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def describe(self) -> dict[str, Any]:
        """As a page reads it."""
        return {
            "job": self.number,
            "what": self.what,
            "state": self.state,
            "evaluations": self.evaluations,
            "result": self.result,
            "message": self.message,
        }

    def tell(self, progress: Progress) -> None:
        """Takes progress, and ends the work that nobody waits for any more."""
        self.evaluations = progress.forward_equivalents
        if self.cancelled.is_set():
            raise Cancelled


@final
class Session:
    """What a page can ask for.

    Args:
        landscape: on the network.
        names, inputs: of the inputs that can be picked.
        others: further landscapes by name, on which paths can be looked at.
    """

    def __init__(
        self,
        landscape: Landscape,
        names: Sequence[str],
        inputs: Sequence[Input],
        *,
        others: dict[str, Landscape] | None = None,
    ) -> None:
        self.landscape, self.others = landscape, others or {}
        self.names, self.inputs = [visible(name) for name in names], list(inputs)
        self.predicted: list[int] = []
        self.losses: list[float] = []
        self._given = len(self.inputs)
        self._jobs: dict[int, Job] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="isthmus-explore")
        for first in range(0, len(self.inputs), 256):
            self._look(self.inputs[first : first + 256])

    def close(self) -> None:
        """Gives up all work."""
        for job in list(self._jobs.values()):
            job.cancelled.set()
        self._worker.shutdown(wait=True, cancel_futures=True)

    def listed(self, first: int, count: int, wanted: str = "") -> dict[str, Any]:
        """Some of the inputs whose name or class holds a word, with their pictures."""
        word = wanted.strip().lower()
        everything = range(len(self.inputs))
        # A class of that name, or else whatever has the word in its class or name.
        chosen = [k for k in everything if word == self._class(k).lower()] or [
            k for k in everything if word in self._class(k).lower() or word in self.names[k].lower()
        ]
        shown = chosen[max(0, first) : max(0, first) + min(max(0, count), 96)]
        return {"total": len(chosen), "images": [self.described(k) for k in shown]}

    def described(self, number: int) -> dict[str, Any]:
        """An input as a page shows it."""
        store = Pictures(THUMBNAIL)
        picture = store.urls[store.add(self.inputs[number], self.landscape.input_kind)]
        return {
            "number": number,
            "name": self.names[number],
            "class": self._class(number),
            "loss": finite(self.losses[number]),
            "picture": picture,
        }

    def add(self, name: str, content: bytes) -> dict[str, Any]:
        """Takes a file with an input.

        Raises:
            InputError: it is none that can be used, or too large, or there are too many already.
        """
        if len(content) > LARGEST:
            raise InputError(f"{visible(name)} has {len(content):,} bytes; at most {LARGEST:,} are taken.")
        if len(self.inputs) - self._given >= MOST:
            raise InputError(f"{MOST} inputs have been dropped in; that is the most.")
        with tempfile.TemporaryDirectory() as folder:
            kind = self.landscape.input_kind or Images()
            # Whatever an image is called, the content says what it is; other kinds of files go by their endings, and
            # of a table the first row is taken.
            ending = "" if isinstance(kind, Images) else PurePath(name).suffix.lower()
            file = Path(folder) / f"dropped{ending if ending[1:].isalnum() and len(ending) <= LONGEST else ''}"
            file.write_bytes(content)
            try:
                x = kind.open(file).read(0, kind)
            except IsthmusError as error:
                raise InputError(f"{visible(name)}: {str(error).replace(str(file), 'it')}") from error
        shape = self.inputs[0].shape if self.inputs else self.landscape.input_shape
        if shape is not None and tuple(x.shape) != tuple(shape):
            raise InputError(f"{visible(name)} has the shape {tuple(x.shape)}, others have {tuple(shape)}.")
        with self._lock:
            self._look([x])
            self.names.append(visible(name)[:200])
            self.inputs.append(x)
            return self.described(len(self.inputs) - 1)

    def job(self, number: int) -> Job:
        """A piece of work.

        Raises:
            InputError: there is none of that number.
        """
        if number not in self._jobs:
            raise InputError(f"There is no work of the number {number}.")
        return self._jobs[number]

    def connect(self, a: int, c: int, target: str) -> Job:
        """Begins to look for a path; earlier work is given up.

        Args:
            a, c: numbers of two inputs.
            target: a class, by name or index, or "predicted".
        """
        for number in (a, c):
            if not 0 <= number < len(self.inputs):
                raise InputError(f"There is no input of the number {number}.")
        if target == PREDICTED and self.predicted[a] != self.predicted[c]:
            seen = f"{self._class(a)} in A and {self._class(c)} in C"
            raise InputError(f"The network sees {seen}: name the class that you mean, or pick another input.")
        aim = self.predicted[a] if target == PREDICTED else target
        ends = (self.inputs[a], self.inputs[c])
        names = (self.names[a], self.names[c])

        def work(job: Job) -> None:
            x = [end[None] for end in ends]
            found = connect(self.landscape, x[0], x[1], aim, progress=job.tell)
            job.found, job.result = found[0], self._shown(found, names)

        return self._begin("connecting", work)

    def certify(self, number: int) -> Job:
        """Begins to certify a path that was found: at the least price, or by samples."""
        earlier, names = self._connected(number)

        def work(job: Job) -> None:
            ends = earlier.path.ends
            found = connect(
                self.landscape,
                ends[:1],
                ends[1:],
                earlier.target,
                verify=Cheapest(),
                threshold=earlier.threshold,
                progress=job.tell,
            )
            job.found, job.result = found[0], self._shown(found, names)

        return self._begin("certifying", work)

    def attribute(self, number: int) -> Job:
        """Begins to take the integral of the target's logit along a path that was found."""
        earlier, _ = self._connected(number)

        def work(job: Job) -> None:
            found = attribute(self.landscape, earlier.path, earlier.target, most=4000, progress=job.tell)
            named = found.named()
            if named is not None:
                job.result = {
                    "named": [[visible(name), f"{value:+.3g}"] for name, value in fewer(named)],
                    "text": _in_words(found),
                }
                return
            store = Pictures(224)
            picture = store.urls[store.add_pixels(attribution_picture(found), 224, 85)]
            job.result = {"attribution": picture, "text": _in_words(found)}

        return self._begin("attributing", work)

    def transfer(self, number: int) -> Job:
        """Begins to look at a path that was found, and at the straight one, on the other networks."""
        earlier, _ = self._connected(number)

        def work(job: Job) -> None:
            lines = []
            for name, landscape in self.others.items():
                both = [profile(landscape, path, earlier.target) for path in (earlier.direct_path, earlier.path)]
                job.tell(Progress(0, 0, sum(map(len, both))))
                lines.append([name, *(finite(each.max_loss) for each in both), both[1].class_connected])
            job.result = {"transfer": lines}

        return self._begin("looking on other networks", work)

    def _begin(self, what: str, work: Callable[[Job], None]) -> Job:
        with self._lock:
            for other in self._jobs.values():
                if other.state in ("waiting", "running"):
                    other.cancelled.set()
            job = Job(next(self._numbers), what)
            self._jobs[job.number] = job
            for old in sorted(self._jobs)[:-KEPT]:
                del self._jobs[old]

        def run() -> None:
            job.state = "running"
            try:
                job.tell(Progress(0, 0, 0))
                work(job)
                job.state = "done"
            except Cancelled:
                job.state = "cancelled"
            except IsthmusError as error:
                job.message, job.state = visible(str(error)), "failed"
            except Exception as error:  # noqa: BLE001 (the page must hear of it, and the next piece of work goes on)
                job.message, job.state = f"{type(error).__name__}: {visible(str(error))[:300]}", "failed"

        self._worker.submit(run)
        return job

    def _connected(self, number: int) -> tuple[Connection, tuple[str, str]]:
        job = self.job(number)
        if job.found is None or job.state != "done":
            raise InputError("No path has been found yet.")
        pair = job.result["pairs"][0]
        return job.found, (pair["a"], pair["c"])

    def _shown(self, found: Connections, names: tuple[str, str]) -> dict[str, Any]:
        shown = show_pairs(found, [names], [self.landscape.class_names], pictures_limit=LIMIT)
        return {"unit": self.landscape.unit, "others": list(self.others)} | shown

    def _look(self, some: Sequence[Input]) -> None:
        if some:
            logits = self.landscape.logits_of(torch.stack(list(some))).double().log_softmax(1)
            best = logits.max(1)
            self.predicted += best.indices.tolist()
            self.losses += (-best.values).tolist()

    def _class(self, number: int) -> str:
        return class_name(self.predicted[number], self.landscape.class_names)


def _in_words(found: Attribution) -> str:
    how = "exactly, piece by piece" if found.exact else f"to {found.completeness_error:.1g}"
    return (
        f"What raised and lowered the logit along the path found (of maps: red, blue), from {found.start:.3g} to "
        f"{found.end:.3g}; {found.gradients:,} gradients, {how}."
    )
