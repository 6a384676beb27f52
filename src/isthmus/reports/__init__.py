"""Reports: from connections to tables, figures and the page. Nothing here evaluates a network."""

from isthmus.reports.page import page
from isthmus.reports.profile_figure import profile_figure
from isthmus.reports.run import Run, write_run
from isthmus.reports.strip_figure import strip_figure
from isthmus.reports.summary import Summary, summarize

__all__ = ["Run", "Summary", "page", "profile_figure", "strip_figure", "summarize", "write_run"]
