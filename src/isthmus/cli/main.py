"""The `isthmus` program. torch is imported inside the commands, so that --help answers at once."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Sequence

import cyclopts

import isthmus
from isthmus._core.bars import only_when_asked
from isthmus._core.text import visible
from isthmus.cli.attack import attack
from isthmus.cli.attribute import attribute
from isthmus.cli.compare import compare
from isthmus.cli.connect import connect
from isthmus.cli.demo import demo
from isthmus.cli.detect import detect
from isthmus.cli.doctor import doctor
from isthmus.cli.explore import explore
from isthmus.cli.fill import fill
from isthmus.cli.graph import graph
from isthmus.cli.holding import holding
from isthmus.cli.interruption import Terminated
from isthmus.cli.paper import paper
from isthmus.cli.percolate import percolate
from isthmus.cli.study import study
from isthmus.cli.synthesize import synthesize
from isthmus.errors import IsthmusError, IsthmusWarning, UnknownNameError

app = cyclopts.App(
    name="isthmus",
    help="Finds, measures and draws low-loss paths between the inputs of a fixed neural network.",
    version=isthmus.__version__,
    suppress_keyboard_interrupt=False,
    help_epilogue="Exit codes: 0 done, 1 bad input (one line says what), 2 usage, 130 Ctrl-C, 143 SIGTERM.",
)
app.command(demo)
app.command(connect)
app.command(compare)
app.command(graph)
app.command(fill)
app.command(synthesize)
app.command(attack)
app.command(attribute)
app.command(paper)
app.command(detect)
app.command(percolate)
app.command(study)
app.command(explore)
app.command(doctor)


class _Visible(logging.Formatter):
    """Messages without control characters."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the program and exits."""
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))


def run(arguments: Sequence[str]) -> int:
    """Runs the program and returns its exit code."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Visible("isthmus: %(message)s"))
    only_when_asked()
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("isthmus").setLevel(logging.INFO)  # what was taken of a file of weights
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", IsthmusWarning)
        warnings.showwarning = lambda message, *_, **__: print(
            f"isthmus: warning: {visible(str(message))}", file=sys.stderr
        )
        try:
            with holding():
                app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        except cyclopts.CycloptsError as error:
            chain = " ".join(["isthmus", *(error.command_chain or ())])
            print(f"isthmus: {visible(' '.join(str(error).split()))} See: {chain} --help", file=sys.stderr)
            return 2
        except IsthmusError as error:
            print(f"isthmus: {visible(' '.join(str(error).split()))}", file=sys.stderr)
            return 2 if isinstance(error, UnknownNameError) else 1
        except BrokenPipeError:  # who reads the output, such as head, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except KeyboardInterrupt as interrupt:
            print(f"isthmus: {visible(str(interrupt)) or 'interrupted; nothing was written'}", file=sys.stderr)
            return 143 if isinstance(interrupt, Terminated) else 130
    return 0
