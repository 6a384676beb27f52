"""What the terminal shows: progress while work goes on, and the result in a table."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from isthmus._core.bars import PLAIN_EVERY, progress_bar

if TYPE_CHECKING:
    from isthmus import Connections
    from isthmus.experiments import Findings
    from isthmus.reports import Summary
    from isthmus.studies import Estimate, StudySummary
    from isthmus.studies.plan import Plan


@contextmanager
def stage_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Progress of what goes through several stages: a line for each of them, at its begin and every few seconds."""
    last, stage = time.monotonic(), ""

    def tell(what: str, done: int, total: int) -> None:
        nonlocal last, stage
        now = time.monotonic()
        if what == stage and now - last < PLAIN_EVERY:
            return
        last, stage = now, what
        print(f"{what}: {done}/{total}", file=sys.stderr, flush=True)

    yield tell


@contextmanager
def drawing_progress(total: int, unit: str = "pairs") -> Iterator[Callable[[], None]]:
    """The same for figures, which take a second each."""
    from isthmus import Progress

    done = 0
    with progress_bar("drawing", unit) as tell:

        def drawn() -> None:
            nonlocal done
            done += 1
            tell(Progress(done, total, 0))

        yield drawn


SAID = 8  # inputs that were set aside, of which the terminal says why


def say_set_aside(
    skipped: Mapping[str, str], most: int = SAID, rest: str = "were set aside; the page lists them all"
) -> None:
    """Which inputs could not be used, and why; the names are readable. Of more than `most` it says how many, and
    `rest`.
    """
    for name, reason in list(skipped.items())[:most]:
        print(f"isthmus: set aside {name}: {reason}", file=sys.stderr)
    if len(skipped) > most:
        print(f"isthmus: and {len(skipped) - most} more {rest}.", file=sys.stderr)


def say_plan(made: Plan) -> None:
    """What a reader should know of the pairs that were drawn, and the inputs set aside."""
    for note in made.notes:
        print(f"isthmus: note: {note}", file=sys.stderr)
    for inputs, names in made.skipped.items():
        say_set_aside(names, 5, f"of {inputs}; the table lists them all")


def show_result(
    connections: Connections,
    summary: Summary,
    names: Sequence[tuple[str, str]],
    class_names: Sequence[str] | None,
    most: int = 20,
) -> None:
    """The table of the first pairs and the summary below it."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from isthmus.reports.style import class_name, percent, shorten

    console = Console(highlight=False)
    wide = console.width >= 120  # what a narrow terminal leaves out is in the table file and on the page
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("pair", "A", "C", "target") if wide else ("pair", "target"):
        table.add_column(heading, no_wrap=True)
    losses = ("direct max", "found max") if wide else ("direct", "found")
    numbers = (*losses, "threshold", "deviation", *(("rounds", "cost", "keeps class") if wide else ()))
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("connected", no_wrap=True)
    for number, (pair, ends) in enumerate(list(zip(connections, names, strict=True))[:most]):
        table.add_row(
            str(number),
            *(escape(shorten(name, 24)) for name in (ends if wide else ())),
            escape(shorten(class_name(pair.target, class_names), 24 if wide else 12)),
            f"{pair.direct.max_loss:.4g}",
            f"{pair.profile.max_loss:.4g}",
            f"{pair.threshold:.4g}",
            percent(pair.path.deviation),
            *((str(pair.rounds), str(pair.forward_equivalents)) if wide else ()),
            *(("yes" if pair.class_connected else "no",) if wide else ()),
            "yes" if pair.connected else pair.outcome.name.lower().replace("_", " "),
            style="" if pair.connected else "yellow",
        )
    console.print(table)
    if len(connections) > most:
        console.print(f"... and {len(connections) - most} more pairs, in table.parquet and on the page.")
    if summary.pairs:
        share, plural = 100 / summary.pairs, "" if summary.pairs == 1 else "s"
        console.print(
            f"{summary.pairs} pair{plural}: {summary.connected_directly} connected by the direct path "
            f"({share * summary.connected_directly:.0f} %), {summary.connected} in the end "
            f"({share * summary.connected:.0f} %), {summary.class_connected} keep their class all along."
            + (f" {summary.certified} certified: shown for the whole path." if summary.certified else "")
        )


def show_groups(summary: StudySummary) -> None:
    """The table of a study's groups."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    wide = console.width >= 130
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("network, inputs, kind", overflow="fold")
    headings = ("pairs", "direct", "connected", "keeps class", "gap before", "gap", "deviation", "cost")
    for heading in headings if wide else headings[:4]:
        table.add_column(heading, justify="right", no_wrap=True)
    for group in summary.groups:
        shares = (group.connected_directly, group.connected, group.class_connected)
        rest = (
            *(f"{group.medians[name].value:.3g}" for name in ("direct_gap", "gap")),
            f"{100 * group.deviation.value:.2g} %" if group.deviation.value == group.deviation.value else "none",
            f"{group.cost:.0f}",
        )
        table.add_row(
            escape(f"{group.network}, {group.inputs}, {group.kind}"),
            str(group.pairs),
            *(_percent(share, wide) for share in shares),
            *(rest if wide else ()),
        )
    console.print(table)
    console.print(
        "Shares of the pairs"
        + (", with 95 % intervals over classes" if wide else "")
        + ": connected by the direct path, connected in the end (relative to the ends, unless the study gives a "
        "threshold), and the class kept all along."
        + (" Gaps, cost: medians. Deviation: mean over bypassed pairs." if wide else "")
    )
    failed = sum(group.pairs - group.counted for group in summary.groups)
    if failed or summary.set_aside:
        console.print(
            f"{failed} pairs could not be measured, {summary.set_aside} inputs were set aside; the table says why.",
            style="yellow",
        )


def _percent(share: Estimate, interval: bool) -> str:
    text = f"{100 * share.value:.1f} %"
    if not interval or share.low != share.low:  # a single class has no interval
        return text
    return f"{text} ({100 * share.low:.1f} to {100 * share.high:.1f})"


def say_findings(findings: Findings) -> None:
    """What an experiment has found, sentence by sentence."""
    print(f"{findings.title}{'' if findings.title.endswith('?') else '.'} {findings.about}")
    for heading, sentences in (
        ("Found here", findings.found),
        ("As the paper says", findings.agrees),
        ("Not as the paper says, or not shown", findings.differs),
    ):
        if sentences:
            print(f"{heading}:")
        for sentence in sentences:
            print(f"  - {sentence}")
