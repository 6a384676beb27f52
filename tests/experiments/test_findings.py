from __future__ import annotations

import math

from isthmus.estimates import Estimate
from isthmus.findings.findings import Table, cell, spread


def test_cells():
    assert spread(Estimate(0.5, 0.25, 0.75)) == "0.5 (0.25 to 0.75)"
    assert spread(Estimate(0.5, 0.25, 0.75), percent=True) == "50.0 % (25.0 to 75.0)"
    assert spread(Estimate(0.5, math.nan, math.nan)) == "0.5"
    assert spread(Estimate(math.nan, math.nan, math.nan)) == cell(None) == cell(math.nan) == "–"
    assert cell(1234) == "1,234" and cell(0.12345) == "0.123" and cell(0.5, percent=True) == "50.0 %"
    assert cell(True) == "yes" and cell("text") == "text"


def test_a_table_keeps_everything_in_its_file_and_shows_what_has_a_heading():
    table = Table(
        name="t",
        title="T",
        columns={"a": "A", "hidden": None, "b": "B"},
        rows=[{"a": 1, "hidden": 2.0, "b": Estimate(0.1, 0.0, 0.2), "stray": 3}],
        percent=frozenset({"b"}),
    )
    assert table.shown() == [["1", "10.0 % (0.0 to 20.0)"]]
    assert table.plain_rows() == [{"a": 1, "hidden": 2.0, "b": 0.1, "b_low": 0.0, "b_high": 0.2}]
