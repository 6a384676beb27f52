"""load_network: from a spec such as `torchvision:resnet18` to a Network.

| spec | network |
|---|---|
| `digits` | the small network that ships with Isthmus |
| `torchvision:NAME` | a classifier of torchvision |
| `timm:NAME` | a classifier of timm |
| `hf-hub:ORG/NAME` | a classifier of the Hugging Face hub, or of a local folder `hf-hub:./FOLDER` |
| `hf-hub:ORG/NAME@REVISION` | the same as of a branch, tag or commit |
| `hf-hub:NAME?samples=16000` | one of sounds, on waves of so many samples; one second by default |
| `hf-hub:NAME?tokens=32` | one of texts, of so many tokens |
| `onnx:PATH/model.onnx` | a classifier in an ONNX file, without its softmax; `?output=0` chooses one of several |
| `exported:FILE?code=1`, `torchscript:FILE?code=1` | a program of PyTorch: reading it may run the code in it |
| `py:PACKAGE.MODULE:FACTORY` | what FACTORY() returns: a module or a Network. This runs the code of that module |
| `untrained:SPEC?seed=0&classes=10` | the same architecture with fresh weights |
| `torchvision:NAME?classes=5`, `timm:NAME?classes=5` | with a head of your own, whose weights you give |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl

import torch
from torch import nn

from isthmus._core.annotated import as_annotated
from isthmus._core.random import lent_seed
from isthmus._core.registry import OWN, load_own
from isthmus.errors import SpecError
from isthmus.inputs.preprocessing import Preprocessing
from isthmus.networks import digits, hub, onnx, programs, zoo
from isthmus.networks.network import Network
from isthmus.networks.recipe import Recipe, recipe_of
from isthmus.networks.weights import fit_weights

WHOLE = ("onnx", *programs.FORMATS)  # files that hold weights and all else
Source = Callable[[str, bool, int | None], Recipe]


@as_annotated
def load_network(
    spec: str,
    *,
    weights: str | Path | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    size: tuple[int, int] | None = None,
    class_names: Sequence[str] | None = None,
    device: str | torch.device | None = None,
) -> Network:
    """The network that a spec names.

    Args:
        spec: see the table at the head of `isthmus.networks.specs`.
        weights: a file with a state dict, see `isthmus.networks.weights.read_weights`; without it the weights that the
            spec's own library publishes, which are downloaded if need be.
        mean, std, size: replace the normalisation and the (height, width) that come with the spec.
        class_names: replace the class names that come with the spec.
        device: where the network goes.

    Raises:
        SpecError: the spec names nothing known.
        WeightsError: the weights cannot be read, are not plain tensors, or do not fit; the first keys are named.
        MissingLibraryError: the spec's library is absent or broken.
    """
    with torch.random.fork_rng(devices=[]):  # layers draw their first weights from the global generator
        recipe = _recipe(spec, pretrained=weights is None)
    if weights is not None:
        if spec.startswith("untrained:"):
            raise SpecError(
                f"'{spec}' asks for fresh weights, but weights {weights} were given; leave out one of them."
            )
        fit_weights(recipe.model if recipe.inner is None else recipe.inner, Path(weights))
    preprocessing = recipe.preprocessing
    if recipe.input_kind is not None and size is not None:
        raise SpecError(f"'{spec}' takes {recipe.input_kind.many}, and a size is one of images; leave it out.")
    if preprocessing is None and recipe.input_kind is None and (size is not None or _takes_images(recipe, mean)):
        preprocessing = Preprocessing(channels=_channels(recipe.model, mean or recipe.mean))
    if size is not None:
        assert preprocessing is not None
        preprocessing = replace(preprocessing, size=size, resize=None, crop_mode="center", source="given")
    shape = recipe.input_shape
    if preprocessing is not None and preprocessing.size is not None:
        shape = (preprocessing.channels, *preprocessing.size)
    return Network(
        recipe.model if device is None else recipe.model.to(device),
        mean=recipe.mean if mean is None else mean,
        std=recipe.std if std is None else std,
        input_shape=shape,
        class_names=recipe.class_names if class_names is None else class_names,
        preprocessing=preprocessing,
        input_kind=recipe.input_kind,
        output=recipe.output,
        name=spec,
    )


def _takes_images(recipe: Recipe, mean: Sequence[float] | None) -> bool:
    """Whether files are read as images by a network that does not say what it takes: not where it begins otherwise."""
    first = next((m for m in recipe.model.modules() if isinstance(m, nn.Conv1d | nn.Conv2d | nn.Linear)), None)
    return mean is not None or recipe.mean is not None or isinstance(first, nn.Conv2d)


def _channels(model: nn.Module, mean: Sequence[float] | None) -> int:
    """Channels of the images that a network of unknown origin takes."""
    first = next((module for module in model.modules() if isinstance(module, nn.Conv2d)), None)
    if first is not None:
        return first.in_channels
    return len(mean) if mean is not None else Preprocessing.channels


def _recipe(spec: str, pretrained: bool) -> Recipe:
    if spec.startswith("untrained:"):
        return _untrained(spec.removeprefix("untrained:"))
    if spec.partition(":")[0] in WHOLE:
        return _whole(spec, pretrained)
    inner, options = _parted(spec, ("classes", *_own_options(spec)))
    if "classes" in options and pretrained:
        raise SpecError(f"'{spec}': a head of your own needs weights of your own, or untrained:{spec}.")
    return _source(inner, options)(inner.partition(":")[2], pretrained, options.get("classes"))


def _own_options(spec: str) -> tuple[str, ...]:
    """Options that only this source of networks has."""
    return tuple(hub.OPTIONS) if spec.startswith("hf-hub:") else ()


def _whole(spec: str, own_weights: bool) -> Recipe:
    """A network whose file holds all of it."""
    prefix = spec.partition(":")[0]
    inner, options = _parted(spec, ("output",) if prefix == "onnx" else ("code",))
    if not own_weights:
        raise SpecError(f"'{spec}' comes with its weights, and others were given; leave them out, or use py:.")
    path = inner.removeprefix(f"{prefix}:")
    if not path:
        expected = "onnx:PATH/model.onnx" if prefix == "onnx" else f"{prefix}:FILE?code=1"
        raise SpecError(f"'{prefix}:' names no file; expected {expected}.")
    if prefix == "onnx":
        return onnx.recipe(path, options.get("output"))
    return programs.recipe(prefix, path, allowed=options.get("code") == 1)


def _parted(spec: str, known: tuple[str, ...]) -> tuple[str, dict[str, int]]:
    """A spec and its options, whole numbers."""
    inner, _, query = spec.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if set(options) - set(known) or not all(value.isdecimal() for value in options.values()):
        names = " and ".join([", ".join(known[:-1]), known[-1]] if len(known) > 1 else known)
        raise SpecError(f"'{spec}': the options are {names}, whole numbers, as in ?{known[-1]}=10.")
    return inner, {key: int(value) for key, value in options.items()}


def _source(spec: str, options: Mapping[str, int]) -> Source:
    prefix, colon, rest = spec.partition(":")
    if spec == "digits":
        return digits.recipe
    sources: dict[str, Source] = {
        "torchvision": zoo.torchvision_recipe,
        "timm": zoo.timm_recipe,
        "hf-hub": partial(hub.recipe, options={key: options[key] for key in hub.OPTIONS if key in options}),
        "py": _python,
    }
    if prefix in WHOLE:
        raise SpecError(f"'{spec}' comes with its weights; load it as it is.")
    if not colon or prefix not in sources or not rest:
        raise SpecError(
            f"'{spec}' is no network spec; expected digits, torchvision:NAME, timm:NAME, hf-hub:ORG/NAME, "
            "onnx:PATH/model.onnx, exported:FILE, torchscript:FILE, py:PACKAGE.MODULE:FACTORY or untrained:SPEC."
        )
    return sources[prefix]


def _untrained(rest: str) -> Recipe:
    inner, options = _parted(rest, ("seed", "classes", *_own_options(rest)))
    classes = options.get("classes")
    with lent_seed(options.get("seed", 0)):  # layers know only the global generator
        return _source(inner, options)(inner.partition(":")[2], False, classes)


def _python(rest: str, pretrained: bool, classes: int | None) -> Recipe:
    if classes is not None:
        raise SpecError(f"'py:{rest}': classes cannot be changed for py: networks; let the factory do it.")
    made = call_factory(f"{OWN}{rest}")
    if isinstance(made, Network):
        return recipe_of(made)
    if isinstance(made, nn.Module):
        return Recipe(model=made)
    raise SpecError(f"'py:{rest}' returned a {type(made).__name__}; expected a torch.nn.Module or an isthmus.Network.")


def call_factory(spec: str) -> object:
    """What the factory of a `py:` spec returns. The code of its module runs.

    Raises:
        SpecError: the module or the factory is not there, or fails.
    """
    factory = load_own(spec)
    try:
        return factory()
    except Exception as error:
        raise SpecError(f"'{spec}' could not be loaded: {type(error).__name__}: {error}.") from error
