from __future__ import annotations

import pytest
import torch

import isthmus
from isthmus.errors import InputError
from isthmus.loading.fitting import Examples, digits_to_train_on, fit, labelled, save_state
from isthmus.networks.small import SMALL


def test_training_and_held_out_digits_do_not_overlap(digit_images):
    held_out = {x.numpy().tobytes() for x in digit_images[0]}
    shared = sum(x.numpy().tobytes() in held_out for x in digits_to_train_on().x)
    assert len(digits_to_train_on().y) + len(held_out) >= 1790 and shared <= 3  # some digits are alike to the pixel


@pytest.mark.parametrize("name", list(SMALL))
def test_small_networks_learn(name, digit_images, tmp_path):
    spec = f"py:isthmus.networks.small:{name}"
    network = isthmus.load_network(f"untrained:{spec}?seed=0")
    before = {key: value.clone() for key, value in network.model.state_dict().items()}
    kept = fit(network, digits_to_train_on(), batches=150, keep=(0, 1, 150))
    assert set(kept) == {0, 1, 150}
    # The network itself stays as it was, and so does the first state.
    for key, value in network.model.state_dict().items():
        assert torch.equal(value, before[key]) and torch.equal(kept[0][key], before[key])
    save_state(kept[150], tmp_path / "weights.safetensors")
    learned = isthmus.load_network(spec, weights=tmp_path / "weights.safetensors")
    x, y = digit_images
    accuracy = (isthmus.Landscape(learned).logits(x).argmax(1) == y).float().mean()
    assert accuracy > 0.8
    assert learned.input_shape == (1, 8, 8)


def test_fitting_is_the_same_every_time():
    network = isthmus.load_network("untrained:digits?seed=3")
    torch.manual_seed(0)
    one = fit(network, digits_to_train_on(), batches=5, keep=(5,), seed=2)[5]
    torch.manual_seed(1)
    state = torch.get_rng_state()
    other = fit(network, digits_to_train_on(), batches=5, keep=(5,), seed=2)[5]
    assert all(torch.equal(one[key], other[key]) for key in one)
    assert torch.equal(torch.get_rng_state(), state)  # the caller's random numbers are the caller's


def test_more_classes_than_outputs():
    network = isthmus.load_network("untrained:digits?seed=0")
    examples = Examples(torch.rand(70, 1, 8, 8), torch.arange(70) % 12)
    with pytest.raises(InputError, match="12 classes, the network 10 outputs"):
        fit(network, examples, batches=2, keep=(2,))


def test_labelled_folders(digit_folder, tmp_path):
    network = isthmus.load_network("digits")
    examples = labelled(digit_folder, network)
    assert len(examples.x) == 80 and set(examples.y.tolist()) == set(range(10))
    for word in ("ant", "bee"):
        (tmp_path / word).mkdir()
        for file in sorted((digit_folder / "3").iterdir())[:2]:
            (tmp_path / word / file.name).write_bytes(file.read_bytes())
    assert labelled(tmp_path, network).y.tolist() == [0, 0, 1, 1]
