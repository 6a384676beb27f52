"""What a model of the hub is for: read from its configuration, and refused where it is no classifier of one class."""

from __future__ import annotations

import importlib
from typing import Any, Literal, get_args

from isthmus.errors import SpecError
from isthmus.networks.hub.reading import Place

Task = Literal["images", "sounds", "texts"]
_LISTS: dict[Task, str] = {"images": "IMAGE", "sounds": "AUDIO", "texts": "SEQUENCE"}
TAKEN = "...ForImageClassification, ...ForAudioClassification and ...ForSequenceClassification (of sounds or texts)"


def task_of(place: Place, config: Any, pretrained: bool) -> Task:
    """What the inputs of a classifier are.

    Args:
        place: where it is, for messages.
        config: its configuration.
        pretrained: whether its weights are wanted; without them a model that was trained for something else may lend
            its architecture, where that knows one kind of inputs.

    Raises:
        SpecError: it is none, or its classes are not such that one of them is right.
    """
    declared = [str(name) for name in getattr(config, "architectures", None) or ()]
    lists = {task: _known(name) for task, name in _LISTS.items()}
    found = [task for task in get_args(Task) if any(name in _names(lists[task]) for name in declared)]
    if not found and (not declared or not pretrained):
        found = [task for task in get_args(Task) if config.model_type in lists[task]]
    if len(found) != 1:
        what = " or ".join(declared) or f"model of type {config.model_type}, whose config.json names no architecture"
        raise SpecError(f"{place} is a {what}; taken are classifiers: {TAKEN}.")
    _check_classes(place, config)
    task: Task = found[0]
    return task


def _known(name: str) -> dict[str, str | tuple[str, ...]]:
    """Classifiers of transformers, by the type of the model."""
    module = importlib.import_module("transformers.models.auto.modeling_auto")
    return dict(getattr(module, f"MODEL_FOR_{name}_CLASSIFICATION_MAPPING_NAMES"))


def _names(known: dict[str, str | tuple[str, ...]]) -> set[str]:
    return {name for names in known.values() for name in ((names,) if isinstance(names, str) else names)}


def _check_classes(place: Place, config: Any) -> None:
    kind = getattr(config, "problem_type", None)
    if kind == "multi_label_classification":
        raise SpecError(
            f"{place} gives several labels at once (problem_type is {kind}), but logits of classes of which one is "
            "right are needed; wrap it in a Network of your own that returns the two logits (-z/2, z/2) of one label."
        )
    if kind == "regression" or config.num_labels < 2:
        raise SpecError(
            f"{place} gives a number (problem_type is {kind}, num_labels is {config.num_labels}), but logits of at "
            "least two classes are needed; name a classifier."
        )
