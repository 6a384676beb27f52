"""The barrier table of Vrabel et al. (2025), from a file that the reader has, to stand beside numbers of their own."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isthmus.errors import InputError

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
COLUMNS = ("Loss1", "Loss2", "Max Interpolated Loss")


@dataclass(frozen=True, kw_only=True)
class PaperSample:
    """Max losses and gaps of direct paths, in nats.

    Attributes:
        label: what they are.
        max_loss, gap: one number a pair.
    """

    label: str
    max_loss: tuple[float, ...]
    gap: tuple[float, ...]

    def quantiles(self) -> dict[str, list[float]]:
        """5, 25, 50, 75 and 95 % of both, named as those of direct paths."""
        return {
            "direct_max_loss": np.quantile(self.max_loss, QUANTILES).tolist(),
            "direct_gap": np.quantile(self.gap, QUANTILES).tolist(),
        }


def read_paper_samples(place: Path) -> list[PaperSample]:
    """The samples of a CSV file, or of all CSV files of a folder that have the columns of the paper's table.

    Raises:
        InputError: nothing there has these columns, or a value is no number.
    """
    files = sorted(place.glob("*.csv")) if place.is_dir() else [place]
    found = [sample for file in files if (sample := _read(file)) is not None]
    if not found:
        raise InputError(f"--paper {place} holds no CSV file with the columns {', '.join(COLUMNS)}.")
    return found


def _read(file: Path) -> PaperSample | None:
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                return None
            rows = [tuple(float(row[name]) for name in COLUMNS) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, TypeError) as error:
        raise InputError(f"--paper {file} cannot be read: {error}.") from error
    rows = [row for row in rows if all(map(math.isfinite, row))]
    if not rows:
        return None
    kind = next((name for name in ("adversarial", "within") if name in file.stem), file.stem)
    return PaperSample(
        label=f"Vrabel et al. 2025, {kind}",
        max_loss=tuple(row[2] for row in rows),
        gap=tuple(row[2] - max(row[0], row[1]) for row in rows),
    )
