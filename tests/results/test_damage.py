"""Whatever the project stores and reads back: a bit that flipped, or an end that is missing, never changes a result."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import isthmus
from isthmus import detection
from isthmus.errors import IsthmusError
from isthmus.inputs.collection import open_collection
from isthmus.studies import Study

Read = Callable[[Path], Any]


def a_run(landscape: isthmus.Landscape, x: torch.Tensor, folder: Path) -> Read:
    isthmus.connect(landscape, x[:2], x[2:4], "predicted", threshold=9.0, verify=isthmus.AffinePieces()).save(folder)
    return lambda place: [
        (each.row(), each.path.tensors()["vertices"].tolist(), each.profile.loss.tolist())
        for each in isthmus.Connections.load(place)
    ]


def a_graph(landscape: isthmus.Landscape, x: torch.Tensor, folder: Path) -> Read:
    isthmus.barrier_graph(landscape, x[:5], 3).save(folder)

    def read(place: Path) -> Any:
        graph = isthmus.BarrierGraph.load(place)
        return graph.table().to_pylist(), graph.x.tolist(), graph.minimax(0, 4)

    return read


def surfaces(landscape: isthmus.Landscape, x: torch.Tensor, folder: Path) -> Read:
    method = isthmus.AdaptiveMesh(first=1, finest=3)
    isthmus.fill(landscape, x[None, :4], 3, method=method).save(folder)
    return lambda place: [
        (each.row(), each.seen.loss.tolist(), each.surface.at(0.3, 0.6).tolist())
        for each in isthmus.Fillings.load(place)
    ]


def a_detector(landscape: isthmus.Landscape, x: torch.Tensor, folder: Path) -> Read:
    digits = open_collection("digits")
    some = torch.stack([digits.read(number, None) for number in range(300)])
    seen = landscape.evaluate(some, torch.zeros(len(some), dtype=torch.long)).logits.argmax(1)
    probe = detection.Probe(references=2, points=3)
    references = detection.References.draw(landscape, some[100:], seen[100:], per_class=2)
    detection.Detector.fit(landscape, references, some[:100], probe=probe, fpr=0.1).save(folder)

    def read(place: Path) -> Any:
        judged = detection.Detector.load(place, landscape).judge(landscape, x[:3])
        return judged.p_value.tolist(), judged.flagged.tolist(), judged.score.tolist()

    return read


def a_study(landscape: isthmus.Landscape, x: torch.Tensor, folder: Path) -> Read:
    text = """
        title = "t"
        [images.digits]
        source = "digits"
        [networks.digits]
        spec = "digits"
        [[pairs]]
        kind = "within"
        per_class = 1
    """
    Study.create(folder, text).run(device="cpu")

    def read(place: Path) -> Any:
        study = Study(place)
        return study.results.table().to_pylist(), study.status().pairs

    return read


def arrays(landscape: isthmus.Landscape, x: torch.Tensor, folder: Path) -> Read:
    folder.mkdir()
    np.savez_compressed(folder / "images.npz", x=x[:4].numpy(), y=np.arange(4))

    def read(place: Path) -> Any:
        found = open_collection(place / "images.npz")
        return [(found.read(number, None).tolist(), found.labels[number]) for number in range(len(found))]

    return read


@pytest.fixture(scope="module", params=[a_run, a_graph, surfaces, a_detector, a_study, arrays])
def stored(request, digits, digit_images, tmp_path_factory) -> tuple[Path, Read, Any]:
    x, target = digit_images
    seen = digits.evaluate(x, target).logits.argmax(1) == target
    folder = tmp_path_factory.mktemp("stored") / "whole"
    read = request.param(digits, x[seen & (target == 3)], folder)
    return folder, read, read(folder)


def damaged(content: bytes, place: float, bit: int | None) -> bytes:
    """The content with a bit flipped, or cut off there."""
    at = min(int(place * len(content)), len(content) - 1)
    if bit is None:
        return content[:at]
    return content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.integers(0, 99), place=st.floats(0, 1, exclude_max=True), bit=st.none() | st.integers(0, 7))
def test_no_damage_changes_a_result(stored, tmp_path, which, place, bit):
    whole, read, right = stored
    broken = tmp_path / "broken"
    shutil.rmtree(broken, ignore_errors=True)
    shutil.copytree(whole, broken)
    files = sorted(file for file in broken.rglob("*") if file.is_file() and file.stat().st_size)
    file = files[which % len(files)]
    file.write_bytes(damaged(file.read_bytes(), place, bit))
    try:
        found = read(broken)
    except IsthmusError:
        return
    assert found == right  # the file is not read, or nothing of it that counts was hit


def test_no_bit_of_a_list_of_arrays_leaves_one_out(digits, digit_images, tmp_path):
    """One that lengthens the comment of a member swallows the next, the labels."""
    folder = tmp_path / "arrays"
    read = arrays(digits, digit_images[0], folder)
    file, right = folder / "images.npz", read(folder)
    content = file.read_bytes()
    for at in range(content.index(b"PK\x01\x02"), len(content)):
        for bit in range(8):
            file.write_bytes(content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :])
            try:
                found = read(folder)
            except IsthmusError:
                continue
            assert found == right, (at, bit)


def test_bytes_after_the_end_of_an_archive_are_no_damage(digits, digit_images, tmp_path):
    folder = tmp_path / "arrays"
    read = arrays(digits, digit_images[0], folder)
    file, right = folder / "images.npz", read(folder)
    file.write_bytes(file.read_bytes() + b"\0" * 100)
    assert read(folder) == right
