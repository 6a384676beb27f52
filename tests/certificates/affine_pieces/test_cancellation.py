"""Large terms that cancel take the digits of what is left with them: noticed, and then computed in float64."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import isthmus
from isthmus.certificates.affine_pieces import exact_profile
from isthmus.errors import NetworkError

MIDDLE = 0.3017


class Bump(nn.Module):
    """Flat, but for a bump of .01 by .001 on the path, which only those see who have all the digits of their input."""

    def __init__(self, there_and_back: nn.Module):
        super().__init__()
        self.there_and_back = there_and_back

    def forward(self, x):
        off = (self.there_and_back(x) - torch.tensor([0.5304, MIDDLE]).to(x)).abs() / torch.tensor([0.01, 0.001]).to(x)
        height = torch.relu(1 - off.sum(1, keepdim=True))
        return torch.cat([1 - 3 * height, 0 * height], 1)


class Shift(nn.Module):
    def __init__(self, by: float):
        super().__init__()
        self.by = by

    def forward(self, x):
        return x + self.by - self.by


class InPlace(Shift):
    def forward(self, x):
        return x.add(self.by).sub_(self.by)


def eye(bias: float) -> nn.Linear:
    made = nn.Linear(2, 2)
    made.weight.data, made.bias.data = torch.eye(2), torch.full((2,), bias)
    return made


def normed(by: float) -> nn.Module:
    norm = nn.BatchNorm1d(2, eps=0.0)
    norm.running_mean.fill_(by)
    return nn.Sequential(eye(by), norm)


def pixels(by: float) -> nn.Module:
    """The same in convolutions."""
    there, back = nn.Conv1d(2, 2, 1), nn.Conv1d(2, 2, 1)
    for layer, bias in ((there, by), (back, -by)):
        layer.weight.data, layer.bias.data = torch.eye(2)[:, :, None], torch.full((2,), bias)
    return nn.Sequential(nn.Unflatten(1, (2, 1)), there, back, nn.Flatten())


class Rows(nn.Module):
    """A layer of which the weights cancel, and no bias."""

    def __init__(self, by: float):
        super().__init__()
        self.by = by
        self.back = nn.Linear(3, 2, bias=False)
        self.back.weight.data = torch.tensor([[1.0, 0, -1], [0, 1, -1]])

    def forward(self, x):
        return self.back(torch.cat([x + self.by, x[:, :1] * 0 + self.by], 1))


WAYS = [Shift, InPlace, lambda by: nn.Sequential(eye(by), eye(-by)), normed, pixels, Rows]


@pytest.mark.parametrize("way", WAYS)
def test_a_bump_that_float32_does_not_see_is_found(way):
    network = isthmus.Network(Bump(way(1e5)).eval(), input_shape=(2,), check=False)
    path = isthmus.Polyline(torch.tensor([[0.0, MIDDLE], [1.0, MIDDLE]]))
    found = exact_profile(isthmus.Landscape(network), path, 0)
    assert found.max_loss == pytest.approx(math.log1p(math.exp(2)), abs=1e-4)
    assert abs(found.argmax_t - 0.5304) < 1e-4


@pytest.mark.parametrize("way", WAYS)
def test_what_float64_does_not_see_is_refused(way):
    network = isthmus.Network(Bump(way(1e14)).eval(), input_shape=(2,), check=False)
    path = isthmus.Polyline(torch.tensor([[0.0, MIDDLE], [1.0, MIDDLE]]))
    with pytest.raises(NetworkError, match="large terms cancel"):
        exact_profile(isthmus.Landscape(network), path, 0)


def test_ordinary_networks_stay_in_their_precision(digits, digit_pairs):
    a, c, y = (part[0] for part in digit_pairs)
    assert exact_profile(digits, isthmus.Polyline(torch.stack([a, c])), int(y)).difference > 1e-9


def test_networks_without_weights_are_computed_in_float64_too():
    network = isthmus.Network(Shift(0.1), input_shape=(2,), check=False)
    assert network.in_precision(torch.float64, torch.zeros(2)).dtype == torch.float64 and network.dtype == torch.float32
