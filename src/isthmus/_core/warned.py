"""warn: a warning that points at the line of the caller's code, however many of our own calls lie between."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

from isthmus.errors import IsthmusWarning

PACKAGE = str(Path(__file__).parents[1]) + os.sep


def warn(message: str, category: type[Warning] = IsthmusWarning) -> None:
    """Warns in the name of whoever called into the package."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
