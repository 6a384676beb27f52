"""Bars: who sees one, and what it says."""

from __future__ import annotations

import io
import sys
import threading
import time
from types import ModuleType, SimpleNamespace

import pytest

from isthmus._core import bars
from isthmus._core.bars import progress_bar, renamed, telling
from isthmus._core.progress import Progress
from isthmus.errors import InputError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch) -> Terminal:
    """A terminal from now on; a fixture would be undone when pytest begins to capture the test itself."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(bars, "_unasked", True)  # whatever ran here before
    return made


@pytest.fixture
def notebook(monkeypatch):
    """IPython as a kernel of Jupyter has it, and what was shown."""
    shown: list[str] = []

    class Handle:
        def update(self, html):
            shown.append(html.data)

    display = ModuleType("IPython.display")
    display.HTML = lambda data: SimpleNamespace(data=data)
    display.display = lambda _, display_id: Handle()
    module = ModuleType("IPython")
    module.get_ipython = lambda: SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", module)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return shown


def work(progress) -> None:
    with telling(progress, "connecting", "pairs") as tell:
        for done in range(3):
            tell(Progress(done, 2, 100 * done))


def test_a_callable_is_told_everything():
    told: list[Progress] = []
    work(told.append)
    assert [each.done for each in told] == [0, 1, 2]


def test_nobody_looks_on(capsys):
    work(None)
    work(False)
    assert capsys.readouterr() == ("", "")


def test_lines_where_there_is_no_terminal(capsys, monkeypatch):
    monkeypatch.setattr(bars, "PLAIN_EVERY", 0.0)
    work(True)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("connecting: 0/2 pairs") and lines[1].endswith("s left")
    assert "100 forward-equivalents" in lines[1]


def test_a_bar_on_a_terminal_goes_away_again(monkeypatch):
    screen = terminal(monkeypatch)
    work(True)
    assert "connecting" in screen.getvalue() and "pairs" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K") or "\x1b[?25h" in screen.getvalue()


def test_short_work_has_no_bar_unless_asked_for(monkeypatch):
    screen = terminal(monkeypatch)
    work(None)
    assert screen.getvalue() == ""
    monkeypatch.setattr(bars, "AFTER", 0.0)
    work(None)
    assert "connecting" in screen.getvalue()


def test_programs_that_speak_for_themselves_have_none(monkeypatch):
    screen = terminal(monkeypatch)
    monkeypatch.setattr(bars, "AFTER", 0.0)
    monkeypatch.setattr(bars, "_unasked", True)
    bars.only_when_asked()
    work(None)
    assert screen.getvalue() == ""
    work(True)
    assert screen.getvalue()


def test_one_bar_at_a_time(monkeypatch):
    screen = terminal(monkeypatch)
    with telling(True, "outer", "pairs") as tell:
        tell(Progress(0, 1, 0))
        work(True)
    assert "outer" in screen.getvalue() and "connecting" not in screen.getvalue()
    work(True)  # and the place is free again
    assert "connecting" in screen.getvalue()


def test_other_threads_have_none_that_was_not_asked_for(monkeypatch):
    screen = terminal(monkeypatch)
    monkeypatch.setattr(bars, "AFTER", 0.0)
    thread = threading.Thread(target=work, args=(None,))
    thread.start()
    thread.join()
    assert screen.getvalue() == ""


def test_a_bar_in_a_notebook_is_taken_away_at_the_end(notebook):
    with progress_bar("<b>", "pairs") as tell:
        tell(Progress(1, 2, 100))
        tell(Progress(2, 2, 200))
    assert '<progress value="1" max="2"' in notebook[0] and "&lt;b&gt;: 1 of 2 pairs" in notebook[0]
    assert notebook[-1] == ""


def test_a_bar_is_taken_away_after_an_error(notebook):
    with pytest.raises(KeyboardInterrupt), telling(True, "connecting", "pairs") as tell:  # noqa: PT012
        tell(Progress(1, 2, 100))
        raise KeyboardInterrupt
    assert notebook[-1] == ""
    work(True)
    assert len(notebook) > 2


def test_the_name_of_version_0_1_is_still_taken():
    @renamed
    def call(*, progress=None):
        return progress

    assert call(on_progress=print) is print and call(progress=False) is False


def test_what_is_part_of_other_work_has_no_bar(monkeypatch):
    """Also where the outer work has none, because it was told so or tells somebody else."""
    screen = terminal(monkeypatch)
    monkeypatch.setattr(bars, "AFTER", 0.0)
    for outer in (False, lambda _: None):
        with telling(outer, "outer", "pairs"):
            work(None)
        assert screen.getvalue() == ""
    work(None)
    assert "connecting" in screen.getvalue()


def test_any_thread_may_tell_and_there_is_one_bar(monkeypatch):
    made: list[int] = []
    monkeypatch.setattr(bars, "_on_terminal", lambda *_: (made.append(1) or time.sleep(0.05), (print, lambda: None))[1])
    terminal(monkeypatch)
    with progress_bar("growing", "runs", after=1e-9) as tell:
        threads = [threading.Thread(target=tell, args=(Progress(1, 4, 0),)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(made) == 1


def test_a_single_tell_at_the_end_is_heard(capsys):
    with progress_bar("attributing", "paths") as tell:
        time.sleep(0.6)
        tell(Progress(1, 1, 10))
    assert "attributing: 1/1 paths" in capsys.readouterr().err


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("progress", [0, "no", 1.0])
def test_what_is_no_progress_is_refused(progress):
    with pytest.raises(InputError, match="progress must be"):
        work(progress)


def test_both_names_are_one_too_many():
    @renamed
    def call(*, progress=None):
        return progress

    with pytest.raises(InputError, match="the same"):
        call(on_progress=print, progress=True)
