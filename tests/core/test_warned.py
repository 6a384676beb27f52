from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import torch, isthmus

landscape = isthmus.Landscape(isthmus.load_network("digits"))
x = torch.zeros(1, 1, 8, 8)
isthmus.connect(landscape, x, x, 3)  # here
path = isthmus.Polyline(torch.stack([x[0], x[0] + 2]))
isthmus.profile(landscape, path, 3)  # and here
"""


def test_a_warning_points_at_the_line_of_the_caller(tmp_path):
    """However many decorators and calls lie between; a program of its own, because the tests put more between."""
    script = tmp_path / "mine.py"
    script.write_text(SCRIPT)
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    lines = [line for line in ran.stderr.splitlines() if "Warning: " in line]
    assert [line.split(":")[:2] for line in lines] == [[str(script), "6"], [str(script), "8"]], ran.stderr
