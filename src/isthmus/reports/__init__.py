"""Reports: from connections to tables, figures and the page. Nothing here evaluates a network."""

from isthmus.reports.attribution_figure import attribution_figure
from isthmus.reports.barriers_figure import barriers_figure
from isthmus.reports.filling_figure import filling_figure
from isthmus.reports.graph_figure import graph_figure
from isthmus.reports.page import page
from isthmus.reports.paper_sample import PaperSample, read_paper_samples
from isthmus.reports.profile_figure import profile_figure
from isthmus.reports.run import Run, write_run
from isthmus.reports.sheet_figure import sheet_figure
from isthmus.reports.strip_figure import strip_figure
from isthmus.reports.study_page import ShownPair, StudyReport, study_page
from isthmus.reports.study_report import write_study_report
from isthmus.reports.summary import Summary, summarize

__all__ = [
    "PaperSample",
    "Run",
    "ShownPair",
    "StudyReport",
    "Summary",
    "attribution_figure",
    "barriers_figure",
    "filling_figure",
    "graph_figure",
    "page",
    "profile_figure",
    "read_paper_samples",
    "sheet_figure",
    "strip_figure",
    "study_page",
    "summarize",
    "write_run",
    "write_study_report",
]
