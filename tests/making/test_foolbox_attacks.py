from __future__ import annotations

import math
import sys

import pytest
import torch

import isthmus
from isthmus import IsthmusError
from isthmus.making import PGD, Foolbox, attack

pytest.importorskip("foolbox", reason="foolbox is not installed (extra: attacks)")


@pytest.fixture(scope="module")
def sources(digits, digit_images):
    x, y = digit_images
    right = digits.logits(x).argmax(1) == y
    return x[right][:60], y[right][:60]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("L2CarliniWagnerAttack", {"steps": 100, "binary_search_steps": 3}),
        ("LinfDeepFoolAttack", {}),
        ("L2DeepFoolAttack", {}),
        ("L2FMNAttack", {"steps": 60}),
    ],
)
def test_attacks_that_look_for_the_smallest_change(digits, sources, name, settings):
    x, y = (part[:12] for part in sources)
    before = digits.forward_equivalents
    gradients = [parameter.grad for parameter in digits.network.model.parameters()]
    found = attack(digits, x, y, method=Foolbox(name=name, settings=settings))
    assert found.success.sum() >= 11 and found.valid.all() and (found.l2[found.success] > 0).all()
    assert digits.forward_equivalents - before > 12 * 20
    after = [parameter.grad for parameter in digits.network.model.parameters()]
    assert all(one is other for one, other in zip(gradients, after, strict=True))


@pytest.mark.parametrize(("norm", "epsilon", "name"), [(math.inf, 0.1, "LinfPGD"), (2, 0.7, "L2PGD")])
def test_our_pgd_is_as_strong_as_foolboxs(digits, sources, norm, epsilon, name):
    """Equal steps, step size and restarts; both are random, so that a pair or two may differ."""
    x, y = sources
    ours = attack(digits, x, y, method=PGD(epsilon=epsilon, norm=norm, steps=20, relative_step=0.1))
    settings = {"steps": 20, "rel_stepsize": 0.1}
    theirs = attack(digits, x, y, method=Foolbox(name=name, epsilon=epsilon, settings=settings))
    assert theirs.valid.all() and theirs.success.sum() > 5
    assert ours.success.sum() >= theirs.success.sum() - 2


def mnist(assets):
    import numpy as np

    network = isthmus.load_network(
        "py:benchmarks.networks:mnist_cnn", weights=assets / "models" / "mnist_cnn_robust.npz"
    )
    arrays = np.load(assets / "mnist" / "mnist_subset.npz")
    return network, torch.tensor(arrays["test_x"]).float()[:, None] / 255, torch.tensor(arrays["test_y"]).long()


def cifar(assets):
    network = isthmus.load_network(
        "py:benchmarks.networks:cifar_cnn", weights=assets / "models" / "cifar10_cnn_robust.npz"
    )
    images = isthmus.load_images(assets / "cifar10" / "test", preprocessing=network.preprocessing)
    classes = sorted(set(images.folders))
    return network, images.x, torch.tensor([classes.index(label) for label in images.folders])


@pytest.mark.parametrize(
    ("source", "epsilons"),
    [(mnist, {0.1: 0.914, 0.2: 0.865, 0.3: 0.764}), (cifar, {2 / 255: 0.542})],
    ids=["mnist_cnn_robust", "cifar10_cnn_robust"],
)
@pytest.mark.slow
def test_robust_accuracy_of_real_networks(assets, source, epsilons):
    """At most 0.5 points above foolbox's at equal steps, step size and restarts."""
    network, x, y = source(assets)
    landscape = isthmus.Landscape(network)
    for epsilon, known in epsilons.items():
        found = attack(landscape, x, y, method=PGD(epsilon=epsilon))
        accuracy = 1 - float(found.success.float().mean())
        settings = {"steps": 20, "rel_stepsize": 0.1}
        other = attack(landscape, x, y, method=Foolbox(name="LinfPGD", epsilon=epsilon, settings=settings))
        theirs = 1 - float(other.success.float().mean())
        assert found.valid.all() and other.valid.all() and accuracy <= theirs + 0.005
        assert accuracy == pytest.approx(known, abs=0.01)


def test_toward_a_class_and_the_seed(digits, sources):
    x, y = (part[:10] for part in sources)
    method = Foolbox(name="LinfPGD", epsilon=0.4, toward=True, settings={"steps": 40, "rel_stepsize": 0.1})
    state = torch.get_rng_state()
    one, other = (attack(digits, x, (y + 3) % 10, method=method, seed=4) for _ in range(2))
    assert torch.equal(one.x, other.x) and one.success.sum() >= 7
    assert torch.equal(torch.get_rng_state(), state)


def test_what_cannot_be_is_said(digits, sources, monkeypatch):
    x, y = sources
    with pytest.raises(IsthmusError, match=r"near it: .*L2CarliniWagnerAttack"):
        Foolbox(name="CarliniWagner")
    with pytest.raises(IsthmusError, match="unexpected keyword"):
        Foolbox(name="LinfPGD", epsilon=0.1, settings={"stepsize": 1})
    with pytest.raises(IsthmusError, match="cannot stop at a loss"):
        attack(digits, x, y, method=Foolbox(name="LinfPGD", epsilon=0.1), stop=0.1)
    free = isthmus.Landscape(digits.network, domain=isthmus.Unbounded())
    with pytest.raises(IsthmusError, match="domain is a Box"):
        attack(free, x, y, method=Foolbox(name="LinfPGD", epsilon=0.1))
    monkeypatch.setitem(sys.modules, "foolbox", None)
    with pytest.raises(IsthmusError, match="pip install"):
        Foolbox(name="LinfPGD")
