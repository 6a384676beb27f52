"""Registry: the members of a family by the names that the command line, studies and docs use."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from isthmus.errors import IsthmusError, SpecError, UnknownNameError

T = TypeVar("T")
OWN = "py:"  # begins the name of what somebody else has written: py:PACKAGE.MODULE:NAME


class Registry(Mapping[str, Callable[..., T]], Generic[T]):
    """Makers of one family's members by name; `py:PACKAGE.MODULE:NAME` names one of somebody else's.

    A place is written `package.module:name`, in this package as `.module:name`; it is imported when it is first used.

    Args:
        family: what a member is called in messages.
        base: place of the class that every member is an instance of.
        entries: place of the class or the function that makes the member of each name.
    """

    def __init__(self, family: str, base: str, entries: Mapping[str, str]) -> None:
        self.family, self._base = family, base
        self._entries: dict[str, str | Callable[..., T]] = dict(entries)

    def __getitem__(self, name: str) -> Callable[..., T]:
        entry = self._entries[name]
        if not isinstance(entry, str):
            return entry
        found: Callable[..., T] = imported(entry)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def base(self) -> type:
        """The class that every member is an instance of."""
        found: type = imported(self._base)
        return found

    def register(self, name: str, maker: Callable[..., T]) -> None:
        """Adds a member under a name that is still free, for as long as the program runs."""
        if self._entries.setdefault(name, maker) is not maker:
            raise SpecError(f"There is a {self.family} '{name}' already; give yours another name.")

    def maker(self, name: str) -> Any:
        """What makes the member of that name; one of somebody else's may be the member itself.

        Raises:
            UnknownNameError: there is none; the nearest names are listed.
            SpecError: what somebody else has written cannot be loaded.
        """
        if name in self._entries:
            return self[name]
        if not name.startswith(OWN):
            near = get_close_matches(name, self._entries, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(self._entries)},"
            hint = hint if near else f"{hint} or py:PACKAGE.MODULE:NAME for one of your own."
            raise UnknownNameError(f"There is no {self.family} '{name}'; {hint}")
        return load_own(name)

    def make(self, name: str, **settings: Any) -> T:
        """The member of that name, with its settings.

        Raises:
            SpecError: see `maker`; or what somebody else has written fails, or is no member of this family.
        """
        found = self.maker(name)
        member = found if isinstance(found, self.base) else make_own(name, found, **settings)
        if not isinstance(member, self.base):
            raise SpecError(
                f"'{name}' gives a {type(member).__name__}; expected a {self.family} ({self.base.__name__})."
            )
        return cast("T", member)

    def given(self, member: T | str) -> T:
        """A member as it may be given: itself, or its name."""
        return self.make(member) if isinstance(member, str) else member


def imported(place: str) -> Any:
    """What stands at `package.module:name`, or at `.module:name` in this package; the name may have dots."""
    module, _, name = place.partition(":")
    return attrgetter(name)(importlib.import_module(module, "isthmus"))


def load_own(name: str) -> Any:
    """What `py:PACKAGE.MODULE:NAME` names, looked for in the working directory too. The module's code runs.

    Raises:
        SpecError: the module or the name in it is not there, or the module fails.
    """
    place = name.removeprefix(OWN)
    module, colon, attribute = place.partition(":")
    if not colon or not module or not attribute:
        raise SpecError(f"'{name}': expected py:PACKAGE.MODULE:NAME.")
    with _here_on_path() as here:
        try:
            return imported(place)
        except Exception as error:
            raise SpecError(
                f"'{name}' could not be loaded: {type(error).__name__}: {error}; is the module importable from {here}?"
            ) from error


def make_own(name: str, maker: Any, **settings: Any) -> Any:
    """What a maker of that name makes.

    Raises:
        SpecError: it is somebody else's, and fails.
    """
    if not name.startswith(OWN):
        return maker(**settings)
    try:
        return maker(**settings)
    except IsthmusError:
        raise
    except Exception as error:
        raise SpecError(f"'{name}' could not be made: {type(error).__name__}: {error}.") from error


@contextmanager
def _here_on_path() -> Iterator[str]:
    here = str(Path.cwd())
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        yield here
    finally:
        if added:
            sys.path.remove(here)


def source_of(name: str) -> Path | None:
    """The file of a module that `py:PACKAGE.MODULE:NAME` names, where it was loaded before."""
    file = getattr(sys.modules.get(name.removeprefix(OWN).partition(":")[0]), "__file__", None)
    return None if file is None else Path(file)
