"""Every operator that can be followed, against the network itself; and what is refused."""

from __future__ import annotations

import pytest
import torch
from certificates.affine_pieces.common import agrees, bends, landscape_of, segment
from torch import nn
from torch.nn import functional

import isthmus
from isthmus.certificates.affine_pieces import exact_profile
from isthmus.errors import NetworkError

CONSTANT = torch.linspace(-1, 1, 96, dtype=torch.float64).reshape(1, 6, 4, 4)


class Says(nn.Module):
    """A function as a model: (1, 6, 4, 4) -> anything, of which four mixtures are the logits."""

    def __init__(self, function) -> None:
        super().__init__()
        self.function = function
        self.register_buffer("precision", torch.zeros(1))  # a model without weights would be one in float32

    def forward(self, x):
        h = self.function(x).flatten(1)
        weight = torch.sin(torch.arange(4.0 * h.shape[1], dtype=x.dtype)).reshape(h.shape[1], 4)
        return h @ weight


def relu_read_by_two(x):
    h = torch.relu(x)
    return torch.cat([functional.max_pool2d(h, 2).flatten(1), h.flatten(1)], dim=1)


def relu_in_place(x):
    h = 3 * x
    pooled = functional.max_pool2d(h.relu_(), 2)
    return pooled + h[:, :, ::2, ::2]


def before_and_after_relu(x):
    h = x - 0.1
    return torch.relu(h) - h


def joined_relus(x):
    return functional.max_pool2d(torch.cat([torch.relu(x), torch.relu(1 - x)], dim=1), 2)


def joined_relu_and_others(x):
    return functional.max_pool2d(torch.cat([torch.relu(x), functional.relu6(x), x], dim=1), 2)


def joined_unlike_relus(x):
    return functional.max_pool2d(torch.cat([torch.relu(x), x.clamp_min(0.3)], dim=1), 2)


def max_pool_in_three(x):
    return functional.max_pool3d(x.reshape(x.shape[0], 2, 3, 4, 4), 2)


def alone(function):
    """The function for a batch of one; batches of several, with which networks are tried, stay as they are."""
    return lambda x: function(x) if len(x) == 1 else x


def written_out(x):
    h = torch.zeros(len(x), 6, 4, 4, dtype=x.dtype)
    torch.clamp_min(x, 0, out=h)
    return 50 * x + 0.1 * h


def other_data(x):
    h = 2 * x
    h.data = torch.relu(h)
    return 50 * x + 0.05 * h


def laid_out_in_place(x):
    h = 2 * x
    h.to(memory_format=torch.channels_last).relu_()
    return 50 * x + 0.05 * h


def laid_out_as_it_is(x):
    h = functional.conv2d(x, CONSTANT[0, :, None].repeat(1, 6, 1, 1)[:, :, :3, :3], padding=1)
    other = h.to(memory_format=torch.contiguous_format)
    other.relu_()
    return 200 * x + 0.05 * (h + other)


def layer_on_what_was_changed(x):
    h = 2 * x
    h[:, :1].relu_()
    return functional.linear(h, CONSTANT[0, 0])


FOLLOWED = {
    "relu": torch.relu,
    "relu6": functional.relu6,
    "hardtanh": lambda x: functional.hardtanh(x, -0.3, 0.7),
    "hardtanh with whole bounds": lambda x: functional.hardtanh(x, 0, 1),
    "hardtanh of modules": nn.Hardtanh(0, 1),
    "hardtanh in place": lambda x: functional.hardtanh_(2 * x, -1, 2),
    "hardsigmoid": lambda x: functional.hardsigmoid(4 * x),
    "repeated": lambda x: torch.relu(x).repeat(1, 2, 1, 3),
    "contiguous": lambda x: torch.relu(x).contiguous().relu_() + 1,
    "numbers alone": lambda x: torch.relu(x.sum((1, 2, 3)))[:, None],
    "leaky": lambda x: functional.leaky_relu(x, 0.1),
    "softshrink": lambda x: functional.softshrink(x, 0.4),
    "abs": lambda x: (2 * x).abs_(),
    "clamp": lambda x: x.clamp(-0.5, 0.5),
    "clamp from below": lambda x: (1 * x).clamp_min_(0.2),
    "clamp from above": lambda x: (1 * x).clamp_max_(0.2),
    "threshold": lambda x: functional.threshold(x, 0.5, 0.5),
    "maximum of two": lambda x: torch.maximum(x[:, :3], 2 * x[:, 3:]),
    "minimum with a constant": lambda x: torch.minimum(x, CONSTANT),
    "maximum with a constant first": lambda x: torch.maximum(CONSTANT, x),
    "max of two tensors": lambda x: torch.max(x[:, :3], x[:, 3:]),
    "amax": lambda x: x.amax((2, 3)),
    "amax keeps axes": lambda x: x.amax(1, keepdim=True) + x,
    "max along": lambda x: x.max(dim=1).values,
    "max pool": lambda x: functional.max_pool2d(x, 2),
    "max pool over relu": lambda x: functional.max_pool2d(torch.relu(x), 3, stride=1, padding=1),
    "max pool over a threshold": lambda x: functional.max_pool2d(x.clamp_min(-0.4), 2),
    "max pool twice over relu": lambda x: functional.max_pool2d(functional.max_pool2d(torch.relu(x), 2, stride=1), 2),
    "max pool over relu6": lambda x: functional.max_pool2d(functional.relu6(3 * x), 2),
    "max pool over joined relus": joined_relus,
    "max pool over unlike relus": joined_unlike_relus,
    "max pool over relu and others": joined_relu_and_others,
    "dilated max pool": lambda x: functional.max_pool2d(x, 2, stride=1, dilation=2),
    "max pool that ends outside": lambda x: functional.max_pool2d(x, 3, stride=2, ceil_mode=True),
    "max pool of unequal sides": lambda x: functional.max_pool2d(x, (1, 3), stride=(2, 1), padding=(0, 1)),
    "max pool in one dimension": lambda x: functional.max_pool1d(x.flatten(2), 3, stride=2),
    "max pool in three": max_pool_in_three,
    "adaptive max pool": lambda x: functional.adaptive_max_pool2d(x, 3),
    "adaptive max pool over relu": lambda x: functional.adaptive_max_pool2d(torch.relu(x), (1, 2)),
    "average pool": lambda x: functional.avg_pool2d(torch.relu(x), 3, 2, 1),
    "adaptive average pool": lambda x: functional.adaptive_avg_pool2d(torch.relu(x), 3),
    "stack": lambda x: torch.stack([torch.relu(x), -x], dim=2),
    "split": lambda x: torch.cat(torch.relu(x).chunk(3, dim=1)[::-1], dim=1) + x,
    "unequal parts": lambda x: torch.relu(x).split([1, 5], dim=1)[1],
    "unbind": lambda x: torch.relu(x).unbind(1)[2],
    "index": lambda x: torch.relu(x)[:, [0, 3, 3]],
    "roll": lambda x: torch.relu(x).roll(1, dims=2),
    "flip": lambda x: torch.relu(x).flip(3),
    "a product of matrices": lambda x: torch.relu(x).flatten(2) @ CONSTANT[:, :2].reshape(1, 16, 2),
    "upsample": lambda x: functional.interpolate(torch.relu(x), scale_factor=2, mode="bilinear"),
    "upsample to the nearest": lambda x: functional.interpolate(torch.relu(x), scale_factor=2),
    "pixel shuffle": lambda x: functional.pixel_shuffle(torch.relu(x)[:, :4], 2),
    "channel shuffle": lambda x: functional.channel_shuffle(torch.relu(x), 3),
    "zeros like it": lambda x: torch.cat([torch.zeros_like(x), torch.relu(x)], dim=1),
    "reflected": lambda x: functional.pad(torch.relu(x), (1, 1, 1, 1), mode="reflect"),
    "transposed convolution": lambda x: functional.conv_transpose2d(torch.relu(x), CONSTANT[0, :, None], stride=2),
    "convolution in groups": lambda x: functional.conv2d(torch.relu(x), CONSTANT[0, :, None], groups=6, padding=1),
    "dilated convolution": lambda x: functional.conv2d(torch.relu(x), CONSTANT[:, :, :2, :2], dilation=2),
    "a layer on sequences": lambda x: functional.linear(torch.relu(x), CONSTANT[0, :3, 0], CONSTANT[0, 0, 0, :3]),
    "a layer by keywords": lambda x: functional.linear(input=torch.relu(x), weight=CONSTANT[0, 0]),
    "joined by keywords": lambda x: torch.cat(tensors=[torch.relu(x), x], dim=1),
    "joined to nothing": lambda x: torch.cat([torch.relu(x), torch.empty(0), torch.relu(x[:, :0])], dim=1),
    "another layout": lambda x: torch.relu(x.to(memory_format=torch.channels_last)) + x,
    "weights on the right": lambda x: torch.relu(x) @ CONSTANT[0, 0],
    "weights on the left": lambda x: torch.matmul(CONSTANT[0, 0], torch.relu(x)),
    "einsum": lambda x: torch.einsum("bchw, cd -> bdhw", torch.relu(x), CONSTANT[0, :, 0]),
    "einsum, the input second": lambda x: torch.einsum("hw,bchw->bc", CONSTANT[0, 0], torch.relu(x)),
    "einsum of dots": lambda x: torch.einsum("...hw,hv->...vw", torch.relu(x), CONSTANT[0, 0]),
    "einsum with a batch of one": lambda x: torch.einsum("bchw,b->bc", torch.relu(x), CONSTANT[0, 0, 0, :1]),
    "padded in a circle": lambda x: functional.pad(torch.relu(x), (1, 2, 0, 1), mode="circular"),
    "circular convolution": nn.Conv2d(6, 3, 3, padding=1, padding_mode="circular"),
    "amin": lambda x: x.amin((2, 3)),
    "min along": lambda x: x.min(dim=1, keepdim=True).values + x,
    "masked": lambda x: torch.relu(x).masked_fill(CONSTANT > 0, 0.3),
    "masked in place": lambda x: (2 * x).masked_fill_(CONSTANT > 0, 0.3),
    "chosen by a mask": lambda x: torch.where(CONSTANT[0] > 0, torch.relu(x), 0.2 * x),
    "chosen or a constant": lambda x: torch.where(CONSTANT > 0, CONSTANT, torch.relu(x)),
    "mixed": lambda x: torch.lerp(torch.relu(x), x, 0.3) + torch.lerp(CONSTANT, x, 2 * CONSTANT),
    "summed so far": lambda x: torch.relu(x).cumsum(2),
    "windows": lambda x: torch.relu(x).unfold(2, 3, 1),
    "unfolded and folded": lambda x: functional.fold(functional.unfold(torch.relu(x), 2), (4, 4), 2),
    "upsampled in three": lambda x: functional.interpolate(torch.relu(x)[:, None], size=(5, 6, 7), mode="trilinear"),
    "fmax": lambda x: torch.fmax(x[:, :3], x[:, 3:]),
    "zeros of its kind": lambda x: torch.cat([x.new_zeros(x.shape[0], 2, 4, 4), torch.relu(x)], dim=1),
    "relu read by two": relu_read_by_two,
    "relu in place": relu_in_place,
    "before and after relu": before_and_after_relu,
}  # fmt: skip


@pytest.mark.parametrize("name", FOLLOWED)
def test_followed(name):
    landscape, path = landscape_of(Says(FOLLOWED[name])), segment(6, 4, 4, seed=2)
    found = exact_profile(landscape, path, 1)
    agrees(landscape, path, found)
    assert bool((found.t.diff() > 0).all())


def test_what_is_changed_in_place_keeps_its_precision():
    def narrow(x):
        h = x.float()
        h.add_(CONSTANT)
        return functional.conv2d(torch.relu(h), CONSTANT.float()[:, :, :3, :3]).double()

    landscape, path = landscape_of(Says(narrow)), segment(6, 4, 4)
    agrees(landscape, path, exact_profile(landscape, path, 0), atol=1e-5)


PRUNED = [
    "max pool over relu",
    "max pool over joined relus",
    "adaptive max pool over relu",
    "max pool",
    "maximum of two",
]


@pytest.mark.parametrize("name", [*PRUNED, "max pool over a threshold"])
def test_no_knot_is_in_vain(name):
    """Neurons that lose in every window leave no knots, and neither do changes of the winner below zero."""
    landscape = landscape_of(Says(FOLLOWED[name]))
    for seed in range(4):
        found = exact_profile(landscape, segment(6, 4, 4, seed=seed), 0)
        assert found.pieces[0] > 8
        assert float(bends(found).min()) > 1e-7


REFUSED = {
    "hardshrink": (functional.hardshrink, "hardshrink"),
    "sign": (torch.sign, "sign"),
    "the largest of all": (lambda x: x * 1 + x.max(), "max works along the batch"),
    "the place of the largest": (lambda x: x.flatten(1)[:, x.flatten(1).max(dim=1).indices], "reads where the largest"),
    "the place of the largest as a number": (lambda x: x.max(1).indices.to(x.dtype), "reads where the largest"),
    "a pooled place in a sum": (
        lambda x: sum(functional.max_pool2d(x, 2, return_indices=True)),
        "reads where the largest",
    ),
    "weights from the input": (lambda x: functional.prelu(CONSTANT, x.mean((0, 2, 3))), "along the batch"),
    "softmax": (lambda x: x.softmax(1), "softmax"),
    "max along the batch": (lambda x: x.amax(0, keepdim=True), "along the batch"),
    "stacked along the batch": (lambda x: torch.stack([x, x]).sum(0), "along the batch"),
    "another batch in a product": (lambda x: torch.bmm(x.flatten(2), torch.ones(2, 16, 3, dtype=x.dtype)), "batch"),
    "moved": (lambda x: x.transpose(0, 1).sum(1)[None], "transpose moves the batch"),
    "permuted": (lambda x: x.permute(1, 0, 2, 3).sum(1)[None], "permute moves the batch"),
    "reshaped": (lambda x: x.reshape(6, 16).sum(0, keepdim=True), "of which the first is no batch"),
    "repeated along the batch": (lambda x: x.repeat(2, 1, 1, 1).mean(0, keepdim=True), "repeats the batch"),
    "a constant with a batch": (lambda x: (x + CONSTANT.repeat(2, 1, 1, 1)).mean(0, keepdim=True), "mixes the members"),
    "a constant over the input": (lambda x: CONSTANT / (x + 9), "depends on the input"),
    "whole parts": (lambda x: torch.div(x, 0.1, rounding_mode="floor"), "depends on the input"),
    "a mixture by the input": (lambda x: torch.lerp(CONSTANT, CONSTANT, x), "weights that depend"),
    "weights made of it": (lambda x: functional.linear(CONSTANT.flatten(1), x.flatten(2)[0]), "right side|batch"),
    "einsum of its square": (lambda x: torch.einsum("bchw,bchw->b", x, x), "moves the batch"),
    "einsum over the batch": (lambda x: torch.einsum("bchw,bd->dchw", x, CONSTANT[0, :1, 0]), "batch"),
    "einsum of what is no batch": (alone(lambda x: torch.einsum("cb->b", x.flatten(1))), "moves the batch"),
    "einsum with another batch": (
        alone(lambda x: torch.einsum("bc,bd->bcd", x.flatten(1), CONSTANT[0, 0, :2])[:1]),
        "mul mixes the members",
    ),
    "einsum without a batch": (
        alone(lambda x: torch.einsum("...bc,bd->...dc", x.flatten(1), CONSTANT[0, 0, :1])[:1]),
        "moves the batch|along the batch",
    ),
    "weights on the left of rows": (alone(lambda x: CONSTANT[0, 0, :1, :1] @ x.flatten(1)), "right side"),
    "weights with a batch": (alone(lambda x: (x.mean(1) @ CONSTANT[0])[:1]), "batch"),
    "a layer on what was changed": (layer_on_what_was_changed, "through a view"),
    "out": (written_out, "given as out"),
    "other data": (other_data, "in the place of one"),
    "numpy": (lambda x: torch.tensor(x.detach().numpy()), "leaves PyTorch"),
    "another layout, in place": (laid_out_in_place, "through a view"),
    "a layout that may be its own": (laid_out_as_it_is, "through a view"),
    "bytes": (lambda x: x.view(torch.int64).to(x.dtype), "reads numbers as"),
    "an axis before the batch": (lambda x: x.expand(2, *x.shape).mean(0), "moves the batch"),
    "a layer on places": (
        lambda x: torch.matmul(x.max(1).indices, torch.ones(4, 2, dtype=torch.long)),
        "reads where the largest",
    ),
    "padded along the batch": (
        lambda x: functional.pad(x, (0, 0, 0, 0, 0, 0, 0, 1)).sum(0, keepdim=True),
        "mixes the members",
    ),
    "a constant of more axes": (lambda x: (x + CONSTANT.repeat(2, 1, 1, 1, 1)).sum(0), "mixes the members"),
    "statistics of the batch": (lambda x: functional.batch_norm(x, None, None, training=True), "statistics of the"),
    "stretched in place": (lambda x: x[:, :1].mul_(CONSTANT), "changes the shape"),
    "nothing of it": (lambda x: CONSTANT, "does not depend on its input"),
    "unpooled": (lambda x: functional.max_unpool2d(*functional.max_pool2d(x, 2, return_indices=True), 2), "unpool"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    function, says = REFUSED[name]
    with pytest.raises((NetworkError, RuntimeError, IndexError), match=says):
        exact_profile(landscape_of(Says(function), check=False), segment(6, 4, 4), 0)


@pytest.mark.parametrize("spec", ["squeezenet1_1", "shufflenet_v2_x0_5", "mobilenet_v2", "regnet_x_400mf", "resnet18"])
def test_networks_of_torchvision(spec):
    network = isthmus.load_network(f"untrained:torchvision:{spec}?seed=0&classes=5")
    network.model.double()
    landscape = isthmus.Landscape(network, domain=isthmus.Unbounded())
    random = torch.Generator().manual_seed(0)
    p, q = torch.rand((2, 3, 64, 64), generator=random, dtype=torch.float64)
    path = isthmus.Polyline(torch.stack([p, torch.lerp(p, q, 3e-4)]))
    found = exact_profile(landscape, path, 0)
    assert found.pieces[0] > 3
    where = torch.linspace(0, 1, 60, dtype=torch.float64)
    from isthmus.certificates.affine_pieces.pieces import between

    logits = landscape.logits(path.at(where))
    scale = float(logits.std(0).max())
    assert float((between(found.t, found.logits, where) - logits).abs().max()) < 1e-7 * scale
