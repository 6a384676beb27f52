"""The command line: names become objects here, and nowhere else. Only the public API is used below."""

from isthmus.cli.main import main

__all__ = ["main"]
