"""Exceptions and warnings.

Every message is one line that says what was expected, what came, and what to do. The command line prints it and
exits with code 1; in Python it is an ordinary exception that also derives from the nearest built-in one.
"""

from __future__ import annotations

LONGEST = 800  # characters of a message: whatever else it holds was a value of somebody's


def one_line(message: str) -> str:
    """The message in one line; what somebody's values make longer than anyone would read is left out."""
    line = " ".join(message.split()) if "\n" in message or "\r" in message else message
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} … {line[-LONGEST // 4 :]}"


class IsthmusError(Exception):
    """Base of every error that Isthmus raises on purpose."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*(one_line(each) if isinstance(each, str) else each for each in arguments))


class InputError(IsthmusError, ValueError):
    """Inputs or targets that cannot be used: shapes, types, NaN, targets out of range."""


class DomainError(InputError):
    """Inputs outside the landscape's domain."""


class NetworkError(IsthmusError, ValueError):
    """A network whose outputs cannot define a landscape."""


class SpecError(IsthmusError, ValueError):
    """A network spec that names nothing known."""


class UnknownNameError(SpecError):
    """No member of a family has that name."""


class WeightsError(IsthmusError, ValueError):
    """Weights that cannot be read safely or do not fit the network."""


class ImageError(IsthmusError, ValueError):
    """An image file that cannot be read or used."""


class OutputError(IsthmusError, OSError):
    """A folder or file that cannot be written, or was damaged since it was written."""


class StudyError(IsthmusError, ValueError):
    """A study that cannot be read, begun or gone on with."""


class DetectorError(IsthmusError, ValueError):
    """A detector that cannot be read, or was fitted for another network."""


class MissingLibraryError(IsthmusError, ImportError):
    """An optional library is absent or broken."""


class OutOfMemoryError(IsthmusError, MemoryError):
    """Not even one input at a time fits the memory."""


class IsthmusWarning(UserWarning):
    """Base of every warning that Isthmus gives."""


class ProbabilitiesWarning(IsthmusWarning):
    """The network's outputs look like probabilities, not logits."""


class DomainWarning(IsthmusWarning):
    """A path leaves the landscape's domain."""
