"""Classifiers of sound that take the wave itself: Wav2Vec2, HuBERT, WavLM and their like."""

from __future__ import annotations

from typing import Any

from isthmus.errors import SpecError
from isthmus.inputs.kinds import Series
from isthmus.networks.hub.reading import Place, model_of, part_of
from isthmus.networks.hub.waves import OfUnitVariance
from isthmus.networks.recipe import Recipe
from isthmus.networks.text import class_names_of

EXTRACTOR = "Wav2Vec2FeatureExtractor"  # of all models that take waves


def sound_recipe(place: Place, config: Any, pretrained: bool, samples: int | None) -> Recipe:
    """A classifier of waves (samples,) between -1 and 1; one second of them, if `samples` does not say another length.

    Raises:
        SpecError: it takes spectrograms.
    """
    extractor = part_of(place, "AutoFeatureExtractor")
    found = type(extractor).__name__
    if found != EXTRACTOR:
        raise SpecError(
            f"{place}: its {found} makes spectrograms without gradients, and paths of sound need them; taken are "
            f"models of waves ({EXTRACTOR}). Make a Network of your own of this one, whose inputs are spectrograms."
        )
    if extractor.feature_size != 1:
        raise SpecError(f"{place}: its {found} has feature_size={extractor.feature_size}; taken is 1, a single wave.")
    model = model_of(place, "AutoModelForAudioClassification", config, pretrained)
    length = int(extractor.sampling_rate) if samples is None else samples
    return Recipe(
        model=OfUnitVariance(model) if extractor.do_normalize else model,
        inner=model,
        input_shape=(length,),
        class_names=class_names_of(model),
        input_kind=Series(rate=float(extractor.sampling_rate), length=length, flat=True),
    )
