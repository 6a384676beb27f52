"""rows_of: rows that scikit-learn's own checks accept; what they refuse is an error of ours, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from isthmus.errors import InputError


@contextmanager
def refused_in_one_line() -> Iterator[None]:
    """Turns the ValueError of a check into an InputError, which is one as well."""
    try:
        yield
    except InputError:
        raise
    except ValueError as error:
        raise InputError(str(error)) from error


def rows_of(estimator: Any, *given: Any, **how: Any) -> Any:
    """Rows (n, f) in float64, and classes where they were given, as `sklearn.utils.validation.validate_data` says."""
    with refused_in_one_line():
        return validate_data(estimator, *given, dtype=np.float64, **how)
