"""from_sklearn: a classifier of scikit-learn as an exact Network."""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from isthmus._core.random import generator
from isthmus._core.shapes import Inputs
from isthmus.errors import NetworkError
from isthmus.inputs.kinds import Table
from isthmus.networks.checks import first_line
from isthmus.networks.network import Network
from isthmus.networks.sklearn.classifiers import KNOWN, classifier_layers
from isthmus.networks.sklearn.columns import Columns, as_fitted, columns
from isthmus.networks.sklearn.scalers import Scale, scaler

TOLERANCE = 1e-4  # between softmax and predict_proba: above the rounding of float32


def from_sklearn(estimator: object, *, table: Table | None = None, class_names: Sequence[str] | None = None) -> Network:
    """A fitted classifier of scikit-learn as a network; see the table above for which.

    Args:
        estimator: the classifier, or a pipeline that ends in one.
        table: what its features are; inputs are then rows of this table, and the estimator sees them in their units.
            Without it inputs are the estimator's own features.
        class_names: replace `classes_`.

    Raises:
        NetworkError: the estimator is none of these, is not fitted, has other features than the table, or the network
            does not reproduce its `predict_proba`.
    """
    steps = [step for _, step in getattr(estimator, "steps", [("", estimator)])]
    last: Any = steps[-1]
    before = [step for step in steps[:-1] if step is not None and not isinstance(step, str)]  # "passthrough" is none
    if not hasattr(last, "classes_"):
        raise NetworkError(f"{_name(last)} is no fitted classifier; fit it, and give one of {KNOWN}.")
    if not isinstance(last.classes_, np.ndarray) or last.classes_.ndim != 1:
        raise NetworkError(f"{_name(last)} answers several questions at once; give a classifier of one.")
    first: Any = estimator if before else last
    mixed = bool(before) and type(before[0]).__name__ == "ColumnTransformer"
    width = int(first.n_features_in_) if table is None or not mixed else table.width
    order = None if table is None else _order(first, table, width, mixed)
    layers = [columns(step, table) if mixed and step is before[0] else scaler(step) for step in before]
    reordered = [] if order is None else [Columns([order], [nn.Identity()])]
    module = nn.Sequential(*reordered, *layers, *classifier_layers(last)).eval()
    network = Network(
        module,
        mean=None if table is None else table.mean,
        std=None if table is None else table.std,
        input_shape=(width,),
        class_names=[str(each) for each in last.classes_] if class_names is None else class_names,
        input_kind=table,
        name=f"{_name(last)} behind {', '.join(map(_name, before))}" if before else _name(last),
    )
    _check_same(estimator, network, _rows(module, table, width), mixed, order)
    return network


def _order(estimator: object, table: Table, width: int, mixed: bool) -> list[int] | None:
    """Which coordinate of a row is each feature of the estimator; None, where they stand in the same order.

    A category is the feature COLUMN_CATEGORY, as `pandas.get_dummies` calls it.

    Raises:
        NetworkError: the estimator has other features.
    """
    own = [str(name) for name in getattr(estimator, "feature_names_in_", ())]
    if mixed:
        own = own if len(own) == len(table.names) else []
        theirs = list(table.names)
    else:
        theirs = [
            f"{feature.name}_{category}" if category else feature.name
            for feature in table.features
            for category in (feature.categories or ("",))
        ]
    if table.width != width:
        raise NetworkError(
            f"{_name(estimator)} takes {width} features, and rows of the table have {table.width} coordinates; give "
            "the table of the features that it was fitted on."
        )
    if not own or own == theirs:
        return None
    if not mixed and sorted(own) == sorted(theirs) and len(set(own)) == len(own):
        return [theirs.index(name) for name in own]
    first = next(k for k in range(len(own)) if own[k] != theirs[k])
    raise NetworkError(
        f"Feature {first} of {_name(estimator)} is '{own[first]}', and that of the table '{theirs[first]}'; give the "
        "table of the columns that it was fitted on, in their order."
    )


def _check_same(estimator: Any, network: Network, x: Inputs, mixed: bool, order: list[int] | None) -> None:
    table = network.input_kind
    rows: Any = network.standardised(x).double().numpy()
    rows = rows if order is None else rows[:, order]
    if mixed and isinstance(table, Table):
        steps = getattr(estimator, "steps", None)
        frame = as_fitted(steps[0][1] if steps else estimator, table.frame(x))
        named = hasattr(estimator, "feature_names_in_")
        rows = importlib.import_module("pandas").DataFrame(frame) if named else _array(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rows without names
        try:
            expected = estimator.predict_proba(rows)
        except Exception as error:  # of whatever its steps are made of
            raise NetworkError(
                f"{_name(estimator)} does not take rows of the table ({first_line(error)}): are words where it was "
                "fitted on words, and numbers where on numbers?"
            ) from error
    with torch.no_grad():
        found = torch.softmax(network.logits(x).double(), 1).numpy()
    worst = float(np.abs(found - expected).max()) if found.shape == expected.shape else math.inf
    if not worst <= TOLERANCE:
        raise NetworkError(
            f"The softmax of the network differs from predict_proba of {_name(estimator)} by {worst:.1g} (at most "
            f"{TOLERANCE:g}): its probabilities are made another way; give the model as a torch module."
        )


def _array(frame: dict[str, list[Any]]) -> NDArray[Any]:
    """Columns side by side: as objects where some are words."""
    columns = [np.array(values, dtype=object if isinstance(values[0], str) else float) for values in frame.values()]
    return np.stack(columns, axis=1)


def _rows(module: nn.Module, table: Table | None, width: int) -> Inputs:
    """Random inputs around those that it was fitted on, as far as a table or the first scaler tells."""
    rows: Inputs = torch.randn((64, width), generator=generator(0))
    if table is not None:
        return rows if (nearest := table.nearest(rows)) is None else nearest
    first = next((each for each in module.modules() if isinstance(each, Scale)), None)
    return rows if first is None or len(first.spread) != width else rows * first.spread + first.center


def _name(estimator: object) -> str:
    return type(estimator).__name__
