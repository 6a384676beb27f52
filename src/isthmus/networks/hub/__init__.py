"""Classifiers of images, sounds and texts of the Hugging Face hub, through transformers."""

from __future__ import annotations

from collections.abc import Mapping

from isthmus.errors import SpecError
from isthmus.networks.hub.images import image_recipe
from isthmus.networks.hub.reading import Place, config_of, place_of
from isthmus.networks.hub.sounds import sound_recipe
from isthmus.networks.hub.tasks import task_of
from isthmus.networks.hub.texts import text_recipe
from isthmus.networks.reach import asked_once
from isthmus.networks.recipe import Recipe

OPTIONS = {"samples": "sounds", "tokens": "texts"}  # of a spec, and what they are options of

__all__ = ["OPTIONS", "Place", "place_of", "recipe"]


def recipe(name: str, pretrained: bool, classes: int | None, options: Mapping[str, int] | None = None) -> Recipe:
    """The classifier ORG/NAME, ORG/NAME@REVISION, or that in a local folder. Code of the repository is never run.

    Args:
        name: where it is.
        pretrained: whether to read its weights.
        classes: outputs of a head of one's own.
        options: those of `OPTIONS` that the spec gives.

    Raises:
        SpecError: it is no classifier of images, sounds or texts, or its inputs cannot be made as it wants them.
        WeightsError: it could not be read, or its head has no weights.
        MissingLibraryError: transformers, or a library that this model needs, is absent.
    """
    place = place_of(name)
    with asked_once(place.name):
        return _recipe(place, pretrained, classes, dict(options or {}))


def _recipe(place: Place, pretrained: bool, classes: int | None, given: dict[str, int]) -> Recipe:
    config = config_of(place, classes)
    task = task_of(place, config, pretrained)
    foreign = next((option for option in given if OPTIONS[option] != task), None)
    if foreign is not None:
        raise SpecError(f"{place} takes {task}, and {foreign} is an option of {OPTIONS[foreign]}; leave it out.")
    if task == "sounds":
        return sound_recipe(place, config, pretrained, given.get("samples"))
    if task == "texts":
        return text_recipe(place, config, pretrained, given.get("tokens"))
    return image_recipe(place, config, pretrained)
