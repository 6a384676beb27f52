"""The start of the program, also of `python -m isthmus`: all is imported inside, so that Ctrl-C is clean even then."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the program and exits."""
    try:
        from isthmus.cli import main as run
    except KeyboardInterrupt:
        print("isthmus: interrupted; nothing was written", file=sys.stderr)
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
