"""Inputs and targets as people give them: the same numbers, whatever they come as."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import isthmus
from isthmus.errors import InputError
from isthmus.landscapes.arguments import targets_of

NAMES = ["tench", "great_grey_owl, great gray owl", "crane", "crane"]


@pytest.fixture(scope="module")
def named() -> isthmus.Landscape:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 4))
    return isthmus.Landscape(isthmus.Network(model, input_shape=(1, 2, 2), class_names=NAMES))


@pytest.mark.parametrize(
    "target", [8, np.int64(8), "8", torch.tensor(8), [8] * 3, (8, 8, 8), ["8"] * 3, np.full(3, 8), torch.full((3,), 8)]
)
def test_one_class_however_it_is_given(digits, digit_images, target):
    x = digit_images[0][:3]
    expected = digits.loss(x, torch.full((3,), 8))
    assert torch.equal(digits.loss(x, target), expected)
    assert torch.equal(digits.loss(x.numpy(), target), expected)
    assert torch.equal(digits.gradient(x.numpy(), target).gradient, digits.gradient(x, torch.full((3,), 8)).gradient)


def test_names_of_classes(named):
    assert targets_of(named, "tench", 2, []).tolist() == [0, 0]
    assert targets_of(named, "Great_Grey_Owl", 1, []).tolist() == [1]
    assert targets_of(named, NAMES[1], 1, []).tolist() == [1]
    assert targets_of(named, np.array(["tench", "tench"]), 2, []).tolist() == [0, 0]
    assert targets_of(named, ["tench", "great grey owl"], 2, []).tolist() == [0, 1]
    with pytest.raises(InputError, match=r"crane.*2 classes: \[2, 3\]"):
        targets_of(named, "crane", 1, [])
    with pytest.raises(InputError, match=r"tensch.*\['tench'\]"):
        targets_of(named, "tensch", 1, [])


def test_a_network_without_names_says_so():
    landscape = isthmus.Landscape(isthmus.Network(torch.nn.Linear(4, 3)))
    with pytest.raises(InputError, match="no names of classes"):
        landscape.loss(torch.rand(1, 4), "cat")


def test_the_class_predicted_is_that_of_all_inputs_of_a_thing(digits, digit_images):
    x = digit_images[0]
    seen = digits.logits(x).argmax(1)
    assert torch.equal(targets_of(digits, "predicted", len(x), [x]), seen)
    same, other = (x[seen == k][:4] for k in (3, 5))
    found = isthmus.connect(digits, same[:2], same[2:], "predicted", method=isthmus.StraightLine())
    assert [pair.target for pair in found] == [3, 3]
    with pytest.raises(InputError, match=r"1 of 2 are not so \(first: number 1, seen as 3, 5\)"):
        isthmus.connect(digits, same[:2], torch.stack([same[2], other[0]]), "predicted")
    with pytest.raises(InputError, match="give a class"):
        isthmus.synthesize(digits, "predicted")


@pytest.mark.usefixtures("as_installed")  # paths are annotated as what they hold
def test_arrays_give_what_tensors_give(digits, digit_images):
    x, y = digit_images
    eights = x[y == 8][:8]
    arrays = eights.numpy()
    one = isthmus.connect(digits, eights[:4], eights[4:], torch.full((4,), 8))
    other = isthmus.connect(digits, arrays[:4], arrays[4:], 8)
    assert [pair.profile.max_loss for pair in one] == [pair.profile.max_loss for pair in other]
    assert torch.equal(digits.logits(arrays), digits.logits(eights))
    assert torch.equal(digits.network.logits(arrays), digits.network.logits(eights))
    path = isthmus.Polyline(arrays[:2])
    assert isthmus.profile(digits, path, "predicted").max_loss == isthmus.profile(digits, path, 8).max_loss
    assert isthmus.exact_profile(digits, path, "8").max_loss == isthmus.exact_profile(digits, path, 8).max_loss
    assert torch.equal(isthmus.Bezier(arrays[:3]).at(0.5), isthmus.Bezier(eights[:3]).at(0.5))
    graph = isthmus.barrier_graph(digits, arrays, "predicted")
    assert torch.equal(graph.target, digits.logits(eights).argmax(1))
    filled = isthmus.fill(digits, arrays[None, :4], "predicted", threshold=10.0)
    assert filled[0].target == 8 and filled[0].filled
    attacked = isthmus.attack(digits, arrays[:2], 3)
    assert torch.equal(attacked.x, isthmus.attack(digits, eights[:2], torch.tensor([3, 3])).x)
    assert isthmus.synthesize(digits, [3, 5]).target.tolist() == [3, 5] and len(isthmus.synthesize(digits, 3)) == 1
    (found,) = isthmus.attribute(digits, [path], "predicted")
    assert found.end == pytest.approx(float(digits.logits(eights[1:2])[0, 8]), abs=1e-4)


def test_names_go_with_connections_and_are_kept(named, tmp_path):
    x = torch.rand(4, 1, 2, 2)
    found = isthmus.connect(named, x[:2], x[2:], "great grey owl", threshold=100.0)
    assert found[0].name_of(1).startswith("great_grey_owl") and found[0].name_of(99) == "class 99"
    again = isthmus.Connections.load(found.save(tmp_path / "run"))
    assert again[1].class_names == found[1].class_names and again.description.keys() == found.description.keys()


def test_a_name_comes_before_an_index():
    from isthmus.inputs.labels import named_class

    from_one = [str(number) for number in range(1, 11)]
    assert named_class("3", from_one) == 2 and named_class("10", from_one) == 9
    assert named_class("0", from_one) == 0 and named_class("-1", None) == -1  # no name: an index
    assert named_class("Crane", ["crane", "Crane"]) == 1
    assert named_class("--5", None) is None and named_class("٣", None) is None and named_class("9" * 30, None) is None


@pytest.mark.usefixtures("as_installed")
def test_what_cannot_be_an_input_or_a_target_is_one_line(digits, digit_images):
    x = digit_images[0][:2]
    masked = np.ma.masked_less(x.numpy(), 0.1)
    for call, message in [
        (lambda: digits.loss(masked, 8), "masked"),
        (lambda: digits.logits(torch.tensor(1.0)), "non-empty batch"),
        (lambda: isthmus.synthesize(digits, 5.0), "class indices"),
        (lambda: isthmus.synthesize(digits, None), "class indices"),
        (lambda: digits.evaluate(x, "8", validated=True), "must be tensors"),
        (lambda: isthmus.attribute(digits, x, 8), "path must be an AbstractPath"),
        (lambda: isthmus.exact_profile(digits, x, 8), "path must be a Polyline"),
        (lambda: isthmus.profile(digits, x, 8), "path must be an AbstractPath"),
        (lambda: isthmus.attack(digits, x, "predicted"), "sees already"),
    ]:
        with pytest.raises(InputError, match=message):
            call()
    assert torch.equal(digits.loss(x, np.array(8)), digits.loss(x, 8))
    assert digits.network.logits(x.double().numpy()).dtype == torch.float32


@pytest.mark.usefixtures("as_installed")
def test_the_class_predicted_is_known_where_a_number_would_do(digits, digit_images):
    """Outside of the domain, and where a loss of some other class is not finite."""
    x = digit_images[0][:2]
    outside = isthmus.Polyline(torch.stack([x[0], x[0] * 1.5]))
    with pytest.warns(isthmus.errors.DomainWarning):
        known = isthmus.profile(digits, outside, "predicted")
    assert known.target == int(digits.logits(x[:1]).argmax())

    class Masked(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = digits.network.model

        def forward(self, x):
            return self.inner(x).index_fill(1, torch.tensor([0]), -torch.inf)

    landscape = isthmus.Landscape(isthmus.Network(Masked(), mean=[0.305], std=[0.376], check=False))
    assert torch.isfinite(landscape.loss(x, "predicted")).all()


def test_attributed_paths_may_differ_in_shape(digits, digit_images):
    x = digit_images[0]
    short, long = isthmus.Polyline(x[:2]), isthmus.Polyline(x[:3])
    told = []
    before = digits.forward_equivalents
    found = isthmus.attribute(digits, [short, long], "predicted", progress=told.append)
    assert len(found) == 2 and told[-1].forward_equivalents == digits.forward_equivalents - before
