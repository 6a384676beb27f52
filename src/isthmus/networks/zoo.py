"""Classifiers of torchvision and timm, with the preprocessing that these libraries publish for them."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import math
import os
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import torch
from torch import nn

from isthmus._core.text import shorten
from isthmus.errors import MissingLibraryError, SpecError, WeightsError
from isthmus.inputs.preprocessing import Preprocessing
from isthmus.networks.reach import asked_once
from isthmus.networks.recipe import Recipe
from isthmus.networks.weights import fit_state

_declared: list[torch.library.Library] = []  # a declared operator lives as long as its Library object


def import_zoo(name: str) -> ModuleType:
    """Torchvision or timm; also beside a CPU-only torch, where torchvision's wheel alone fails to import."""
    _declare_missing_operators()
    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError, OSError) as error:
        raise MissingLibraryError(
            f"{name}: networks need {name}, which is absent or broken here ({str(error).splitlines()[0]}); "
            "install it: pip install 'isthmus[zoo]'."
        ) from error


def _declare_missing_operators() -> None:
    """Torchvision registers fake kernels for `nms` and `qnms` at import, and fails where its compiled part, which
    defines them, does not load. Classifiers never call them: declaring their signatures is enough.
    """
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            return
    except ImportError:
        return
    else:
        return
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]  # half-imported
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in ("nms", "qnms"):
        with contextlib.suppress(RuntimeError):  # declared already
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
    _declared.append(library)


@contextlib.contextmanager
def _download(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        why = shorten((str(error).splitlines() or [""])[0], 160)
        raise WeightsError(
            f"The published weights of {what} could not be had ({type(error).__name__}: {why}); give a file with "
            f"--weights, or use untrained:{what}."
        ) from error


def torchvision_recipe(name: str, pretrained: bool, classes: int | None) -> Recipe:
    """A classifier of torchvision by name, with its default weights if `pretrained`."""
    models: Any = import_zoo("torchvision").models
    if name not in models.list_models(module=models):
        raise SpecError(f"torchvision has no classifier '{name}'{_near(name, models.list_models(module=models))}.")
    options = {} if classes is None else {"num_classes": classes}
    published = models.get_model_weights(name).DEFAULT
    if name in ("googlenet", "inception_v3"):
        # The published weights of these two expect inputs that the network itself renormalises.
        options |= {"aux_logits": False, "init_weights": not pretrained, "transform_input": True}
    model: nn.Module = models.get_model(name, weights=None, **options)
    if pretrained:
        with _download(f"torchvision:{name}"):
            state = torch.hub.load_state_dict_from_url(published.url, progress=True, check_hash=True, weights_only=True)
            fit_state(model, state, f"Published weights of torchvision:{name}")
    transform = published.transforms()
    (crop,), (resize,) = transform.crop_size, transform.resize_size
    categories = published.meta.get("categories")
    return Recipe(
        model=model,
        mean=transform.mean,
        std=transform.std,
        class_names=categories if classes in (None, len(categories or ())) else None,
        preprocessing=Preprocessing(
            size=(crop, crop),
            resize=resize,
            interpolation=str(transform.interpolation.value),
            source=f"torchvision {published}",
        ),
    )


def timm_recipe(name: str, pretrained: bool, classes: int | None) -> Recipe:
    """A classifier of timm by name, with its published weights if `pretrained`."""
    import_zoo("torchvision")
    timm: Any = import_zoo("timm")
    if not timm.is_model(name.split(".", maxsplit=1)[0]):
        raise SpecError(f"timm has no model '{name}'{_near(name, timm.list_models())}.")
    options = {} if classes is None else {"num_classes": classes}
    with contextlib.ExitStack() as stack:
        stack.enter_context(plain_weights_only())
        if pretrained:
            stack.enter_context(_download(f"timm:{name}"))
            stack.enter_context(asked_once())
        model: nn.Module = timm.create_model(name, pretrained=pretrained, **options)
    config = timm.data.resolve_model_data_config(model)
    channels, height, width = config["input_size"]
    return Recipe(
        model=model,
        mean=config["mean"],
        std=config["std"],
        class_names=_imagenet_names(timm, model),
        preprocessing=Preprocessing(
            size=(height, width),
            resize=(math.floor(height / config["crop_pct"]), math.floor(width / config["crop_pct"])),
            crop_mode=config["crop_mode"],
            fill=tuple(round(255 * value) for value in (*config["mean"], 0, 0)[:3]),
            channels=channels,
            interpolation=config["interpolation"],
            source=f"timm {name} pretrained_cfg",
        ),
    )


def _imagenet_names(timm: Any, model: nn.Module) -> list[str] | None:
    """Names of the classes, where timm knows which part of ImageNet a network was made for."""
    subset = timm.data.infer_imagenet_subset(model)
    if subset is None:
        return None
    known = timm.data.ImageNetInfo(subset)
    return [known.index_to_description(index) for index in range(known.num_classes())]


def _near(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=3)
    return f"; near it: {', '.join(near)}" if near else ""


@contextlib.contextmanager
def plain_weights_only() -> Iterator[None]:
    """Inside, torch.load reads plain tensors and nothing else, whatever a library asks of it."""
    name = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
