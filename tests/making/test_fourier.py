from __future__ import annotations

import pytest
import torch

import isthmus
from isthmus import IsthmusError
from isthmus.landscapes.features import FeatureLandscape
from isthmus.making import Fourier, synthesize


def flat(shape: tuple[int, ...], classes: int = 3) -> isthmus.Landscape:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        numbers = int(torch.tensor(shape).prod())
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(numbers, classes))
        model[1].weight.data *= 3
    return isthmus.Landscape(isthmus.Network(model, input_shape=shape))


def test_every_class_of_the_digits(digits):
    target = torch.arange(10)
    found = synthesize(digits, target, method=Fourier(), seed=2)
    assert found.success.all() and found.x.min() >= 0 and found.x.max() <= 1
    torch.testing.assert_close(digits.loss(found.x, target), found.loss)
    done = found.steps < 256
    assert done.sum() >= 5 and (found.loss[done] <= 5e-4).all()


@pytest.mark.parametrize(
    "shape", [(1, 8, 8), (2, 9, 7), (3, 33, 41), (4, 16, 15), (3, 64, 40), (13,), (2, 31), (1, 12, 512)]
)
def test_any_shape_and_any_number_of_channels(shape):
    landscape = flat(shape)
    start, end = (
        synthesize(landscape, torch.tensor([0, 2]), method=Fourier(max_steps=steps, goal=None)) for steps in (1, 60)
    )
    assert end.x.shape == (2, *shape) and end.x.min() >= 0 and end.x.max() <= 1
    assert (end.loss < start.loss - 0.05).all() and end.success.any()


def test_an_input_depends_on_its_own_seed_only(digits):
    target = torch.tensor([3, 4, 3])
    together = synthesize(digits, target, seed=[5, 6, 8], method=Fourier())
    alone = synthesize(digits, target[2:], seed=[8], method=Fourier())
    assert alone.steps[0] == together.steps[2]
    torch.testing.assert_close(alone.x[0], together.x[2], atol=1e-4, rtol=0)


def test_views_shift_scale_and_turn():
    picture = torch.zeros(1, 1, 65, 65)
    picture[0, 0, 32, 40:44] = 1
    generators = [torch.Generator().manual_seed(4)]
    still = Fourier(jitter=0, zoom=0, turn=0)._view(picture, generators)
    torch.testing.assert_close(still, picture, atol=1e-5, rtol=0)

    def middle(x: torch.Tensor) -> torch.Tensor:
        where = torch.stack(torch.meshgrid(torch.arange(65.0), torch.arange(65.0), indexing="ij"))
        return (where * x[0, 0]).sum((1, 2)) / x.sum()

    moved = [
        middle(Fourier(jitter=0.2, zoom=0, turn=0)._view(picture, [torch.Generator().manual_seed(k)])) for k in range(9)
    ]
    distances = [float((place - middle(picture)).abs().max()) for place in moved]
    assert max(distances) > 4 and max(distances) <= 13.1
    turned = middle(Fourier(jitter=0, zoom=0, turn=90)._view(picture, [torch.Generator().manual_seed(1)]))
    centre = torch.tensor([32.0, 32.0])
    assert float((turned - centre).norm()) == pytest.approx(float((middle(picture) - centre).norm()), abs=0.2)
    assert float((turned - middle(picture)).norm()) > 1


def test_fourier_pictures_are_smoother_than_noise():
    landscape = flat((3, 48, 48))
    smooth = synthesize(landscape, torch.tensor([1]), method=Fourier(max_steps=30, goal=None)).x
    rough = synthesize(landscape, torch.tensor([1]), method=isthmus.making.FromNoise(max_steps=30, goal=0.0)).x

    def roughness(x: torch.Tensor) -> float:
        return float(x.diff(dim=-1).pow(2).mean() / x.var())

    assert roughness(smooth) < 0.5 * roughness(rough)


def test_channels_and_units_of_layers(digits):
    network = digits.network
    layer = FeatureLandscape(network, "2")
    target = torch.tensor([0, 5, 31])
    found = synthesize(layer, target, method=Fourier(max_steps=40, goal=None))
    shown = layer.logits(found.x)
    start = synthesize(layer, target, method=Fourier(max_steps=1, goal=None))
    assert shown.shape == (3, 32)
    assert (found.loss < start.loss).all()
    torch.testing.assert_close(-shown.gather(1, target[:, None])[:, 0], found.loss)
    activations = network.model[:3]((found.x - 0.305) / 0.376)
    torch.testing.assert_close(shown, activations.mean((2, 3)), atol=1e-4, rtol=1e-4)
    unit = FeatureLandscape(network, "2", position=(1, 2))
    torch.testing.assert_close(unit.logits(found.x), activations[:, :, 1, 2], atol=1e-4, rtol=1e-4)
    logit = FeatureLandscape(network)
    torch.testing.assert_close(logit.logits(found.x), digits.logits(found.x), atol=1e-4, rtol=1e-4)
    assert not any(module._forward_hooks for module in network.model.modules())


class Tokens(torch.nn.Module):
    """The first layer gives tokens (n, tokens, channels), as transformers do."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = torch.nn.Linear(4, 6)
        self.head = torch.nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.embed(x.reshape(len(x), 5, 4)).mean(1))


def test_tokens_come_before_channels():
    network = isthmus.Network(Tokens(), input_shape=(1, 5, 4))
    x = torch.rand(2, 1, 5, 4)
    expected = network.model.embed(x.reshape(2, 5, 4)).detach()
    torch.testing.assert_close(FeatureLandscape(network, "embed").logits(x), expected.mean(1))
    torch.testing.assert_close(FeatureLandscape(network, "embed", position=(3,)).logits(x), expected[:, 3])


@pytest.mark.usefixtures("as_installed")
def test_what_cannot_be_is_said(digits):
    with pytest.raises(IsthmusError, match="no layer 'conv1'; there are 0, 1, 2"):
        FeatureLandscape(digits.network, "conv1")
    with pytest.raises(IsthmusError, match="32 channels, 0 to 31, got 32"):
        synthesize(FeatureLandscape(digits.network, "2"), torch.tensor([32]), method=Fourier(max_steps=2))
    with pytest.raises(IsthmusError, match=r"positions \(4, 4\), got \(9, 9\)"):
        FeatureLandscape(digits.network, "2", position=(9, 9)).logits(torch.rand(1, 1, 8, 8))
    free = isthmus.Landscape(digits.network, domain=isthmus.Unbounded())
    with pytest.raises(IsthmusError, match="domain is a Box"):
        synthesize(free, torch.tensor([1]), method=Fourier())
    with pytest.raises(IsthmusError, match="Fourier needs"):
        Fourier(zoom=1.0)
