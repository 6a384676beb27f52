"""Real networks and photographs. Skipped, with the reason, where they are absent."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest
import torch

from isthmus import BarrierBypass, Landscape, Sampling, connect, load_network
from isthmus.profiles import profile_many


@pytest.fixture(scope="module")
def cifar(assets):
    from benchmarks.assets import cifar_network, cifar_pairs

    landscape = Landscape(cifar_network())
    return landscape, cifar_pairs(landscape, 24, seed=1)


def test_cifar_pairs_are_connected_at_little_cost_and_little_deviation(cifar):
    landscape, (a, c, target) = cifar
    found = connect(landscape, a, c, target)
    assert sum(pair.connected for pair in found) >= 23
    assert statistics.median(pair.forward_equivalents for pair in found) <= 80
    assert max(pair.path.deviation for pair in found) < 0.05
    for pair in found:
        vertices = pair.path.vertices.double()
        assert bool(landscape.domain.contains(pair.path.vertices, 0.0).all())
        if pair.rounds == 1 and len(vertices) == 3:
            d = vertices[2] - vertices[0]
            b = pair.direct_path.at(pair.direct.argmax_t).double()
            assert abs(float(((vertices[1] - b) * d).sum() / (d * d).sum())) < 1e-6


def test_cifar_profiles_agree_with_dense_scans(cifar):
    landscape, (a, c, target) = cifar
    ends = list(torch.stack([a[:6], c[:6]], dim=1))
    ours = profile_many(landscape, ends, target[:6])
    dense = profile_many(landscape, ends, target[:6], sampling=Sampling.even(801))
    for quick, scan in zip(ours, dense, strict=True):
        assert scan.max_loss - quick.max_loss <= max(0.02, 0.02 * quick.max_loss)


@pytest.mark.slow
def test_the_published_procedure_connects_too_and_leaves_the_box(cifar):
    landscape, (a, c, target) = cifar
    method = replace(BarrierBypass.paper(), max_steps=60)
    found = connect(landscape, a[:6], c[:6], target[:6], method=method)
    assert all(pair.steps == 60 and len(pair.path.vertices) == 3 for pair in found)
    assert max(float(landscape.domain.excess(pair.path.vertices).max()) for pair in found) > 1e-4


@pytest.mark.filterwarnings("ignore")
@pytest.mark.slow
def test_photographs(assets, program, tmp_path):
    from isthmus.errors import MissingLibraryError
    from isthmus.networks.zoo import import_zoo

    try:
        import_zoo("torchvision")
    except MissingLibraryError as error:
        pytest.skip(str(error))
    folder = assets / "imagenet20" / "n02099601"
    landscape = Landscape(load_network("torchvision:resnet18", weights=assets / "models" / "imagenet_resnet18.npz"))
    from isthmus import load_images

    images = load_images(sorted(folder.iterdir())[:12], preprocessing=landscape.network.preprocessing)
    loss = landscape.loss(images.x, torch.full((len(images),), 207))
    a, c = (images.files[index] for index in loss.argsort()[:2].tolist())
    weights = assets / "models" / "imagenet_resnet18.npz"
    ran = program("connect", a, c, "--network", "torchvision:resnet18", "--weights", weights, "--target", 207,
                  "--out", tmp_path / "run")  # fmt: skip
    assert ran.code == 0 and "1 in the end" in ran.out
    assert (tmp_path / "run" / "strip.png").stat().st_size > 10_000
