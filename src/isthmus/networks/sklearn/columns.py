"""A ColumnTransformer of scikit-learn as a module: every column through its own scaler or encoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.errors import NetworkError
from isthmus.inputs.kinds import Feature, Table
from isthmus.networks.sklearn.scalers import scaler


class Columns(nn.Module):
    """Chosen coordinates through a module each, side by side."""

    def __init__(self, places: list[list[int]], parts: list[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        for number, chosen in enumerate(places):
            self.register_buffer(f"places_{number}", torch.tensor(chosen))

    def forward(self, x: Tensor) -> Tensor:
        """What the next step gets."""
        return torch.cat([part(x[:, self.get_buffer(f"places_{k}")]) for k, part in enumerate(self.parts)], 1)


def columns(step: Any, table: Table | None) -> Columns:
    """A fitted ColumnTransformer, for rows of a table whose features are the columns that it was fitted on.

    Without a table, all columns must be numbers.

    Raises:
        NetworkError: it encodes in a way that has no module here, or categories differ from those of the table.
    """
    count = int(step.n_features_in_)
    features = (Feature(name=""),) * count if table is None else table.features
    if len(features) != count:
        raise NetworkError(f"The ColumnTransformer takes {count} columns, and the table has {len(features)} features.")
    ends = np.cumsum([feature.width for feature in features])
    names = [str(name) for name in getattr(step, "feature_names_in_", range(count))]
    places: list[list[int]] = []
    parts: list[nn.Module] = []
    for _, transformer, given in step.transformers_:
        chosen = _numbers(given, names)
        if not chosen or (isinstance(transformer, str) and transformer == "drop"):
            continue
        starts = [int(ends[k]) - features[k].width for k in chosen]
        if type(transformer).__name__ == "OneHotEncoder":
            orders = [_order(transformer, k, features[column], names[column]) for k, column in enumerate(chosen)]
            places.append([start + place for start, order in zip(starts, orders, strict=True) for place in order])
            parts.append(nn.Identity())
            continue
        words = [names[column] for column in chosen if features[column].categories]
        if words:
            raise NetworkError(f"Column {words[0]} holds words in the table, and is encoded without a OneHotEncoder.")
        passed = type(transformer).__name__ == "FunctionTransformer" and transformer.func is None
        places.append(starts)
        parts.append(nn.Identity() if passed else scaler(transformer))
    return Columns(places, parts)


def as_fitted(step: Any, frame: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Columns of a table with the categories that the encoders were fitted on, which need not be words."""
    names = [str(name) for name in getattr(step, "feature_names_in_", range(len(frame)))]
    own = list(frame)
    found = dict(frame)
    for _, transformer, given in step.transformers_:
        if type(transformer).__name__ == "OneHotEncoder":
            for number, k in enumerate(_numbers(given, names)):
                meant = {str(each): each for each in transformer.categories_[number].tolist()}
                found[own[k]] = [meant.get(word, word) for word in frame[own[k]]]
    return found


def _numbers(given: Any, names: list[str]) -> list[int]:
    """Columns as numbers: they are said by names, numbers, a slice or a mask."""
    if isinstance(given, str):
        return [names.index(given)]
    if isinstance(given, int):
        return [given]
    if isinstance(given, slice) and isinstance(given.start or given.stop, str):  # by names, the last among them
        first = 0 if given.start is None else names.index(given.start)
        last = len(names) if given.stop is None else names.index(given.stop) + 1
        return list(range(first, last))
    listed = list(range(len(names))[given]) if isinstance(given, slice) else list(given)
    if listed and all(isinstance(each, bool | np.bool_) for each in listed):
        return [k for k, kept in enumerate(listed) if kept]
    return [names.index(each) if isinstance(each, str) else int(each) for each in listed]


def _order(encoder: Any, number: int, feature: Feature, name: str) -> list[int]:
    """Which of the feature's categories each output of the encoder is."""
    if not feature.categories:
        raise NetworkError(f"Column {name} is encoded as categories; give a table in which it holds words.")
    if getattr(encoder, "_infrequent_enabled", False):
        raise NetworkError(f"Column {name}: rare categories count as one here; fit the OneHotEncoder without that.")
    known = [str(each) for each in encoder.categories_[number]]
    if set(known) != set(feature.categories):
        other = next(iter(set(known) ^ set(feature.categories)))
        raise NetworkError(
            f"Column {name}: the OneHotEncoder and the table know different categories, such as '{other}'; give the "
            "table of the rows that it was fitted on."
        )
    dropped = None if encoder.drop_idx_ is None else encoder.drop_idx_[number]
    return [feature.categories.index(word) for k, word in enumerate(known) if k != dropped]
