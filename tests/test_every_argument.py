"""Every argument of every public function gets values of every wrong kind: each is used, or refused in one line."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import isthmus
from isthmus import detection, inputs, making, paths, percolation, profiles, reports, studies

pytestmark = pytest.mark.usefixtures("as_installed")

LONGEST = 900  # characters that a message may have


class Odd:
    """Something that nobody expects."""


class Unspeakable:
    """Something that cannot even say what it is."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


def values(x: torch.Tensor, landscape: isthmus.Landscape) -> dict[str, Any]:
    """Values of kinds that callers have been seen to give, by what they are."""
    return {
        "none": None,
        "flag": True,
        "negative": -1,
        "zero": 0,
        "number": 1.5,
        "nan": math.nan,
        "infinite": math.inf,
        "huge": 10**30,
        "text": "x",
        "empty text": "",
        "null character": "a\0b",
        "long text": "n" * 10**6,
        "lines": "a\nb",
        "bytes": b"x",
        "empty list": [],
        "list": [1],
        "nothing in a list": [None],
        "texts": ["a", "b"],
        "mapping": {1: 2},
        "set": {1},
        "iterator": iter([1, 2]),
        "nested": [[x]],
        "object": Odd(),
        "unspeakable": Unspeakable(),
        "class": Odd,
        "meta": torch.empty_like(x, device="meta"),
        "sparse": x.to_sparse(),
        "complex": x + 1j,
        "whole numbers": torch.tensor([3, 3]),
        "flags": torch.tensor([True, False]),
        "nan tensor": x * math.nan,
        "empty tensor": x[:0],
        "scalar tensor": torch.tensor(1.0),
        "half": x.half(),
        "big-endian": x.numpy().astype(">f4"),
        "objects": np.array([None, 1], dtype=object),
        "array of texts": np.array(["a", "b"]),
        "dates": np.array(["2020"], dtype="M8[D]"),
        "masked": np.ma.masked_array([1.0, 2.0], [1, 0]),
        "unsigned": np.array([2**63], dtype="u8"),
        "path": Path("nowhere/x"),
        "type of numbers": torch.float16,
        "domain": isthmus.Box(),
        "landscape": landscape,
        "network": landscape.network,
        "path of inputs": isthmus.Polyline(x[:2]),
    }


class World:
    """What calls need that are right, but for one argument."""

    def __init__(self, landscape: isthmus.Landscape, digit_images: Any, folder: Path) -> None:
        x, target = digit_images
        seen = landscape.evaluate(x, target).logits.argmax(1) == target
        self.landscape, self.x, self.target, self.folder = landscape, x[seen], target[seen], folder
        self.threes = self.x[self.target == 3]
        self.a, self.c = self.threes[:1], self.threes[1:2]
        self.three, self.four = torch.tensor([3]), torch.tensor([4])
        self.path = isthmus.Polyline(torch.cat([self.a, self.c]))

    def connect(self, **settings: Any) -> isthmus.Connections:
        return isthmus.connect(self.landscape, self.a, self.c, self.three, **settings)


Call = tuple[Callable[..., Any], dict[str, Any]]


def functions(w: World) -> dict[str, Call]:
    """Public functions, each with arguments that it takes."""
    found = w.connect()
    on = {"landscape": w.landscape}
    return {
        "profile": (isthmus.profile, {**on, "path": w.path, "target": 3, "sampling": None}),
        "exact_profile": (
            isthmus.exact_profile,
            {**on, "path": w.path, "target": 3, "dtype": None, "max_batch": None},
        ),
        "connect": (
            isthmus.connect,
            {**on, "a": w.a, "c": w.c, "target": w.three, "method": None, "threshold": None, "seed": 0,
             "sampling": None, "verify": None},
        ),
        "attack": (
            isthmus.attack,
            {**on, "x": w.a, "target": w.four, "method": making.PGD(epsilon=0.3, steps=2), "stop": None, "seed": 0},
        ),
        "synthesize": (
            isthmus.synthesize,
            {**on, "target": w.four, "shape": (1, 8, 8), "method": making.FromNoise(max_steps=2), "seed": 0},
        ),
        "attribute": (
            isthmus.attribute,
            {**on, "path": w.path, "output": 3, "exact": None, "tolerance": 1e-3, "most": 500},
        ),
        "barrier_graph": (
            isthmus.barrier_graph,
            {**on, "x": w.threes[:3], "target": torch.full((3,), 3), "method": None, "threshold": None, "most": 4,
             "budget": None, "drawn": 0, "seed": 0},
        ),
        "fill": (
            isthmus.fill,
            {**on, "corners": w.threes[None, :4], "target": w.three, "threshold": None,
             "method": isthmus.AdaptiveMesh(first=1, finest=3), "seed": 0},
        ),
        "shorten": (isthmus.shorten, {**on, "found": found, "segments": 2, "max_steps": 2}),
        "compare": (partial(isthmus.compare, found, found), {"names": ["u", "v"], "landscapes": None}),
        "compare runs": (lambda run: isthmus.compare(run, run), {"run": found}),
        "load_network": (
            isthmus.load_network,
            {"spec": "digits", "weights": None, "mean": None, "std": None, "size": None, "class_names": None},
        ),
        "load_images": (isthmus.load_images, {"source": w.folder, "preprocessing": None, "strict": False}),
        "evaluate": (w.landscape.evaluate, {"x": w.a, "target": w.three}),
        "gradient": (w.landscape.gradient, {"x": w.a, "target": w.three}),
        "Polyline": (isthmus.Polyline, {"vertices": w.path.vertices}),
        "Polyline.at": (w.path.at, {"t": 0.5}),
        "Bezier": (isthmus.Bezier, {"control_points": w.path.vertices}),
        "Bezier.at": (isthmus.Bezier(w.threes[:3]).at, {"t": 0.5}),
        "Connections.save": (found.save, {"folder": w.folder, "page": False}),
        "Connections.load": (isthmus.Connections.load, {"folder": w.folder}),
        "BarrierGraph.load": (isthmus.BarrierGraph.load, {"folder": w.folder}),
        "Fillings.load": (isthmus.Fillings.load, {"folder": w.folder}),
    }  # fmt: skip


def parts(w: World) -> dict[str, Call]:
    """What a call is made of: networks, landscapes, domains, methods; each is also used."""

    def landscape(**given: Any) -> Any:
        return isthmus.Landscape(**{"network": w.landscape.network, **given}).evaluate(w.a, w.three)

    def network(**given: Any) -> Any:
        return landscape(network=isthmus.Network(**given))

    found: dict[str, Call] = {
        "Landscape": (
            landscape,
            {"network": w.landscape.network, "loss": None, "domain": None, "max_batch": "auto", "autocast": None},
        ),
        "Network": (
            network,
            {"model": w.landscape.network.model, "mean": [0.3], "std": [0.4], "class_names": None,
             "input_shape": (1, 8, 8), "name": "n", "output": None, "input_kind": None, "preprocessing": None},
        ),
        "Box": (lambda **given: landscape(domain=isthmus.Box(**given)), {"low": 0.0, "high": 1.0}),
        "Ball": (
            lambda **given: landscape(domain=isthmus.Ball(**given)),
            {"center": w.a[0], "radius": 1.0, "norm": 2.0},
        ),
        "Sampling": (lambda **given: w.connect(sampling=isthmus.Sampling(**given)), own_defaults(isthmus.Sampling)),
        "AdaptiveMesh": (
            lambda **given: isthmus.fill(
                w.landscape, w.threes[None, :4], 3, method=isthmus.AdaptiveMesh(**{"finest": 3, **given})
            ),
            own_defaults(isthmus.AdaptiveMesh),
        ),
        "Preprocessing": (isthmus.Preprocessing, own_defaults(isthmus.Preprocessing)),
        "Feature": (inputs.Feature, own_defaults(inputs.Feature, name="age")),
        "Series": (inputs.Series, own_defaults(inputs.Series)),
        "Tokens": (inputs.Tokens, own_defaults(inputs.Tokens)),
        "Table": (inputs.Table, own_defaults(inputs.Table, features=(inputs.Feature(name="a", low=0, high=1),))),
    }  # fmt: skip
    for method in (isthmus.BarrierBypass, isthmus.BezierCurve, isthmus.StringMethod, isthmus.NudgedElasticBand,
                   isthmus.LevelSetTraversal, isthmus.StraightLine):  # fmt: skip
        found[method.__name__] = (partial(made_and_used, method, lambda it: w.connect(method=it)), own_defaults(method))
    for certifier in (isthmus.TaylorModels, isthmus.UniformSamples, isthmus.AffinePieces):
        used = partial(made_and_used, certifier, lambda it: w.connect(verify=it))
        found[certifier.__name__] = (used, own_defaults(certifier))
    for attack, given in ((making.PGD, {"epsilon": 0.3, "steps": 2}), (making.TargetedAdam, {"max_steps": 2})):
        used = partial(made_and_used, attack, lambda it: isthmus.attack(w.landscape, w.a, 4, method=it))
        found[attack.__name__] = (used, own_defaults(attack, **given))
    for generator in (making.FromNoise, making.Fourier):
        used = partial(made_and_used, generator, lambda it: isthmus.synthesize(w.landscape, 4, method=it))
        found[generator.__name__] = (used, own_defaults(generator, max_steps=2))
    return found


def others(w: World) -> dict[str, Call]:
    """Graphs, percolation and detection."""
    graph = isthmus.barrier_graph(w.landscape, w.threes[:4], 3)
    probe = detection.Probe(references=2, points=3)
    references = detection.References.draw(w.landscape, w.x, w.target, per_class=2)
    detector = detection.Detector.fit(w.landscape, references, w.x[:100], probe=probe, fpr=0.1)
    on, open_sites = {"landscape": w.landscape}, np.ones((4, 4), bool)
    flat = paths.Flat(w.threes[0], torch.stack([w.threes[1] - w.threes[0], w.threes[2] - w.threes[0]]))
    return {
        "minimax": (graph.minimax, {"i": 0, "j": 1}),
        "path": (graph.path, {"i": 0, "j": 1}),
        "components": (graph.components, {"level": 0.1}),
        "narrowest": (graph.narrowest, {"count": 5, "least": 2}),
        "apart": (graph.apart, {"level": None}),
        "known_threshold": (percolation.known_threshold, {"dimension": 3, "kind": "site"}),
        "series_threshold": (percolation.series_threshold, {"dimension": 5, "kind": "site"}),
        "Lattice": (percolation.Lattice, {"shape": (4, 4), "periodic": False}),
        "sweep": (
            percolation.sweep,
            {"lattice": percolation.Lattice((4, 4)), "kind": "site", "order": None, "seed": 0},
        ),
        "clusters_of": (percolation.clusters_of, {"is_open": open_sites, "periodic": False}),
        "routes": (percolation.routes, {"is_open": open_sites, "pairs": 2, "seed": 0}),
        "persistence": (percolation.persistence, {"values": np.arange(16.0).reshape(4, 4)}),
        "canonical": (percolation.canonical, {"values": np.arange(5.0), "p": 0.5}),
        "percolation.threshold": (
            percolation.threshold,
            {"dimension": 2, "kind": "site", "method": None, "effort": 0.01, "seed": 0, "workers": 1},
        ),
        "slice_map": (percolation.slice_map, {**on, "flat": flat, "target": 3, "points": 3}),
        "detection.threshold": (detection.threshold, {"clean": np.arange(50.0), "fpr": 0.1}),
        "References.draw": (
            detection.References.draw,
            {**on, "x": w.x, "y": w.target, "per_class": 2, "seed": 0},
        ),
        "Probe": (detection.Probe, own_defaults(detection.Probe)),
        "Detector.fit": (
            detection.Detector.fit,
            {**on, "references": references, "clean": w.x[:100], "attacked": None, "probe": probe, "model": None,
             "hold": None, "fpr": 0.1, "seed": 0},
        ),
        "Detector.judge": (detector.judge, {**on, "x": w.a}),
        "Detector.load": (detection.Detector.load, {"folder": w.folder, **on}),
    }  # fmt: skip


def figures_and_studies(w: World) -> dict[str, Call]:
    """What draws results, and what is kept in folders."""
    found = w.connect()
    axes = torch.stack([w.threes[1] - w.threes[0], w.threes[2] - w.threes[0]])
    grid = {"landscape": w.landscape, "flat": paths.Flat(w.threes[0], axes), "target": 3,
            "coordinates": [torch.linspace(0, 1, 5)] * 2}  # fmt: skip
    return {
        "profile_figure": (partial(reports.profile_figure, found[0]), {"class_names": None, "unit": None, "note": ""}),
        "strip_figure": (partial(reports.strip_figure, found[0]), {"class_names": None}),
        "Connections.plot": (found.plot, {"ax": None, "unit": None}),
        "grid_map": (profiles.grid_map, grid),
        "refined_map": (profiles.refined_map, grid),
        "Flat": (paths.Flat, {"origin": w.threes[0], "axes": axes}),
        "read_config.load": (studies.read_config, {"file": w.folder}),
        "parse_config.load": (studies.parse_config, {"content": {}, "where": "here"}),
        "Study.load": (studies.Study, {"folder": w.folder}),
        "Study.create.load": (studies.Study.create, {"folder": w.folder, "text": "x"}),
    }


def own_defaults(made: type, **given: Any) -> dict[str, Any]:
    parameters = inspect.signature(made).parameters
    return {name: given.get(name, each.default) for name, each in parameters.items()}


def made_and_used(made: Callable[..., Any], used: Callable[[Any], Any], **given: Any) -> Any:
    return used(made(**given))


@pytest.mark.parametrize("family", [functions, parts, others, figures_and_studies])
@pytest.mark.filterwarnings("ignore")
def test_every_value_is_used_or_refused_in_one_line(family, digits, digit_images, digit_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some of the values name folders to write
    w = World(digits, digit_images, digit_folder)
    wrong: list[str] = []
    tried = refused = 0
    for called, (call, right) in family(w).items():
        for argument in right:
            for what, value in values(torch.cat([w.a, w.c]), digits).items():
                tried += 1
                try:
                    call(**{**right, argument: value})
                except isthmus.IsthmusError as error:
                    refused += 1
                    if "\n" in str(error) or len(str(error)) > LONGEST:
                        wrong.append(f"{called}({argument}={what}): {len(str(error))} characters")
                except Exception as error:
                    wrong.append(f"{called}({argument}={what}): {type(error).__name__}: {str(error)[:80]}")
    assert not wrong, "\n".join(wrong)
    assert refused > tried / 2  # or this test would try nothing


@pytest.mark.parametrize("family", [functions, parts, others, figures_and_studies])
def test_the_arguments_that_stay_are_right(family, digits, digit_images, digit_folder, tmp_path):
    """Otherwise every value would be refused for another argument's sake."""
    w = World(digits, digit_images, digit_folder)
    for called, (call, right) in family(w).items():
        if called.endswith(".load"):
            continue  # there is nothing to load
        if called == "Connections.save":
            right = {**right, "folder": tmp_path / "saved"}
        call(**right)
