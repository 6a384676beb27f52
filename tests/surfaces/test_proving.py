"""Surfaces of which every point is proven to be low."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

import isthmus
from isthmus.certificates.taylor.boxes import Boxes
from isthmus.certificates.taylor.patches import Patches
from isthmus.errors import InputError, NetworkError
from isthmus.surfaces.loops import Quadrilateral
from isthmus.surfaces.patching import patches_of
from isthmus.surfaces.surface import Surface
from isthmus.testing import Annulus


class Spike(nn.Module):
    """Of class 0 everywhere but about one point, where the loss is 4.02 (0.018 elsewhere)."""

    def __init__(self, at: tuple[float, ...], width: float) -> None:
        super().__init__()
        size = len(at)
        self.away, self.sum, self.logits = nn.Linear(size, 2 * size), nn.Linear(2 * size, 1), nn.Linear(1, 2)
        with torch.no_grad():
            self.away.weight.copy_(torch.cat([torch.eye(size), -torch.eye(size)]) / width)
            self.away.bias.copy_(torch.cat([-torch.tensor(at), torch.tensor(at)]) / width)
            self.sum.weight.fill_(-1.0)
            self.sum.bias.fill_(1.0)
            self.logits.weight.copy_(torch.tensor([[-8.0], [0.0]]))
            self.logits.bias.copy_(torch.tensor([4.0, 0.0]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits(self.sum(self.away(x).relu()).relu())


def spike(*at: float, width: float = 0.02) -> isthmus.Landscape:
    network = isthmus.Network(Spike(at, width), input_shape=(len(at),))
    return isthmus.Landscape(network, domain=isthmus.Box(-2, 2))


SQUARE = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
SPACE = torch.cat([SQUARE, torch.zeros(4, 1)], 1)


@pytest.fixture
def rough() -> Surface:
    """A surface with hats of several levels, two of them on one node, some at the sides."""
    random = torch.Generator().manual_seed(0)
    nodes = torch.tensor([[1, 1, 1], [3, 2, 5], [3, 0, 4], [5, 9, 21], [5, 10, 20], [4, 8, 8], [6, 64, 1]])
    loop = Quadrilateral(torch.rand((4, 3, 2), generator=random))
    return Surface(loop, nodes, 0.1 * torch.randn((7, 3, 2), generator=random))


def test_patches_are_the_surface_and_all_of_it(rough: Surface) -> None:
    patches = patches_of(rough)
    assert sum(each.side**2 for each in patches) == 1.0
    u, v = torch.rand(2, 2000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    low, side = torch.stack([each.low for each in patches]), torch.tensor([each.side for each in patches]).double()
    inside = (torch.stack([u, v], 1)[:, None] - low) / side[:, None]
    holds = ((inside >= 0) & (inside < 1)).all(2)
    assert bool((holds.sum(1) == 1).all())
    number = holds.int().argmax(1)
    within = inside[torch.arange(len(u)), number]
    point = Boxes(number, within, within, torch.zeros(len(u)).double())
    assert torch.allclose(Patches(patches).middles(point), rough.at(u, v).double(), atol=1e-6)
    assert len(patches) < 200  # large where nothing was moved
    flat = patches_of(Surface(rough.loop))
    assert len(flat) == 1 and torch.equal(flat[0].corners, rough.corners.double())


@pytest.mark.parametrize("order", [1, 2, 4])
def test_polynomials_of_cells_are_the_surface_there(rough: Surface, order: int) -> None:
    ground = Patches(patches_of(rough))
    every = Boxes.whole(len(ground), 2, 2)
    made = ground.inputs(every, order)
    assert made.order == order
    s = 2 * torch.rand(2, len(every), generator=torch.Generator().manual_seed(2), dtype=torch.float64) - 1
    where = every.middle + (every.high - every.low) / 2 * s.T
    u, v = ground.places(every, where).T
    powers = torch.tensor(made.monomials.powers)
    weights = (s.T[:, None] ** powers).prod(2)
    exact = Surface(Quadrilateral(rough.corners.double()), rough.nodes, rough.moves.double()).at(u, v)
    off = (torch.einsum("nk,kn...->n...", weights, made.coefficients) - exact).abs()
    assert bool((off <= made.radius + 1e-14).all())
    if order > 1:
        assert float(made.radius.max()) < 1e-10  # a patch is such a polynomial


@pytest.fixture(scope="module")
def proven(digits: isthmus.Landscape, digit_images: tuple) -> isthmus.Fillings:
    x, target = digit_images
    members = [x[(digits.logits(x).argmax(1) == digit) & (target == digit)] for digit in range(10)]
    corners = torch.stack([each[4 * part : 4 * part + 4] for each in members for part in range(3)])
    every = isthmus.fill(digits, corners, "predicted")
    hard = torch.tensor([each.flat_max_loss - each.threshold for each in every]).argsort(descending=True)[:6]
    return isthmus.fill(digits, corners[hard], "predicted", verify=isthmus.TaylorModels())


def test_digits_are_proven_and_no_point_is_above_the_bound(digits, proven) -> None:
    assert {str(each.outcome) for each in proven} == {"filled", "filled already by the plain surface"}
    random = torch.Generator().manual_seed(5)
    for each in proven:
        assert each.proven and each.certificate.kind == "taylor" and each.certificate.covers == 1
        assert each.certificate.bound <= each.threshold
        u, v = torch.rand(2, 4000, generator=random, dtype=torch.float64)
        loss = digits.loss(each.surface.at(u, v), torch.full((4000,), each.target))
        assert float(loss.max()) <= each.certificate.bound + 1e-5
        assert each.certificate.parts >= len(patches_of(each.surface))


def test_proofs_are_saved_and_cost_what_they_cost(digits, proven, tmp_path) -> None:
    again = isthmus.Fillings.load(proven.save(tmp_path / "proven"))
    assert [each.certificate for each in again] == [each.certificate for each in proven]
    assert all(each.proven for each in again)
    corners = torch.stack([each.surface.corners for each in proven])
    plain = isthmus.fill(digits, corners, "predicted")
    assert not any(each.proven for each in plain)
    for one, other in zip(proven, plain, strict=True):
        assert one.forward_equivalents >= other.forward_equivalents + 3 * one.certificate.parts


def test_a_spike_that_random_points_miss_is_found_and_gone_around() -> None:
    landscape = spike(0.31, 0.17, 0.0)
    missed = isthmus.fill(landscape, SPACE[None], 0)[0]
    assert missed.outcome is isthmus.surfaces.Outcome.FLAT  # and wrongly so: that is what samples are worth
    found = isthmus.fill(landscape, SPACE[None], 0, verify="taylor")[0]
    assert found.outcome is isthmus.surfaces.Outcome.FILLED and found.proven
    there = landscape.loss(found.surface.at(0.655, 0.585)[None], torch.tensor([0]))
    assert float(there) <= found.threshold < float(landscape.loss(torch.tensor([[0.31, 0.17, 0.0]]), torch.tensor([0])))


def test_a_spike_in_the_plane_is_no_proof() -> None:
    found = isthmus.fill(spike(0.31, 0.17), SQUARE[None], 0, verify=isthmus.TaylorModels())[0]
    assert not found.filled and not found.proven and found.max_loss > found.threshold


def test_what_is_left_undecided_is_said() -> None:
    few = isthmus.TaylorModels(order=1, most=1)
    found = isthmus.fill(spike(0.31, 0.17, 0.021), SPACE[None], 0, verify=few)[0]
    assert found.filled and not found.proven  # the spike lies beside the surface
    shown = found.certificate
    assert 0.5 < shown.covers < 1 and "left undecided" in shown.subject_to
    assert "688 random points were all at or below" in shown.subject_to


def test_deep_networks_with_kinks_are_given_up_soon_and_points_count_as_before() -> None:
    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.Linear(3, 64), nn.ReLU()]
    for _ in range(30):
        layers += [nn.Linear(64, 64), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(64, 4))
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
    landscape = isthmus.Landscape(isthmus.Network(model, input_shape=(3,)), domain=isthmus.Box(-2, 2))
    target = landscape.logits(SPACE).argmax(1)[:1]
    plain = isthmus.fill(landscape, SPACE[None], target, threshold=50.0)[0]
    found = isthmus.fill(landscape, SPACE[None], target, threshold=50.0, verify=isthmus.TaylorModels(most=100))[0]
    assert found.filled and not found.proven and found.certificate.kind == "samples"
    assert "could prove nothing of it" in found.certificate.subject_to
    assert found.certificate.bound == plain.certificate.bound
    assert found.forward_equivalents < plain.forward_equivalents + 4000


@pytest.mark.parametrize("width", [1e-9, 1e-10])
def test_cells_too_small_to_count_are_not_forgotten(width: float) -> None:
    """A spike of a billionth: what is left undecided there is no share that a float could tell from nothing."""
    network = isthmus.Network(Spike((0.31, 0.17), width).double(), input_shape=(2,))
    landscape = isthmus.Landscape(network, domain=isthmus.Box(-2, 2))
    found = isthmus.fill(landscape, SQUARE[None].double(), 0, verify="taylor")[0]
    assert not found.proven
    if found.certificate is not None:
        assert found.certificate.covers < 1 and "left undecided" in found.certificate.subject_to
        assert "100.00%" not in found.certificate.claim


class Cancelling(nn.Module):
    """In float32 the second logit is off where u and v are, and right at the corners."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(2, 2), nn.Linear(2, 2)
        with torch.no_grad():
            for layer in (self.one, self.two):
                layer.weight.copy_(torch.tensor([[0.0, 0.0], [1e7, 1e7]]))
                layer.bias.zero_()
            self.one.bias.copy_(torch.tensor([3.0, 0.1]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.one(x) - self.two(x)


def test_a_network_that_is_another_one_in_float64_proves_nothing_and_spoils_no_other_loop() -> None:
    landscape = isthmus.Landscape(isthmus.Network(Cancelling(), input_shape=(2,)), domain=isthmus.Box(-2, 2))
    good = torch.zeros(4, 2)  # of one point: nothing is lost there
    found = isthmus.fill(landscape, torch.stack([good, SQUARE * 0.73]), 0, threshold=3.0, verify="taylor")
    assert [each.filled for each in found] == [True, True]
    assert not found[1].proven and found[1].certificate.kind == "samples"
    assert "nothing could be proven: The network in float64 differs from itself" in found[1].certificate.subject_to


def test_where_nothing_can_be_proven_it_says_so_at_once(digits, digit_images) -> None:
    taylor = isthmus.TaylorModels()
    with pytest.raises(InputError, match="verified by UniformSamples"):
        isthmus.fill(digits, digit_images[0][None, :4], 3, verify="pieces")
    with pytest.raises(NetworkError, match="need a Landscape on a network"):
        isthmus.fill(Annulus(2), Annulus(2).beside[None], 0, verify=taylor)
    corners = digit_images[0][:4]
    line = isthmus.Polyline
    sides = [line(corners[[0, 1]]), line(corners[[1, 3]]), line(corners[[2, 3]]), line(corners[[0, 2]])]
    with pytest.raises(InputError, match="between four corners"):
        isthmus.fill(digits, None, 0, sides=[sides], verify=taylor)


def test_networks_in_float64_are_charged_as_others_are() -> None:
    costs = []
    for dtype in (torch.float32, torch.float64):
        landscape = spike(0.31, 0.17, 0.2)
        landscape.network.model.to(dtype)
        found = isthmus.fill(landscape, SPACE[None].to(dtype), 0, verify=isthmus.TaylorModels())[0]
        assert found.proven
        costs.append(found.forward_equivalents)
    assert abs(costs[0] - costs[1]) < 20  # points at which the two are compared


def test_the_command_proves_and_its_page_says_so(program, tmp_path) -> None:
    done = program("fill", "--loops", 2, "--no-highest", "--verify", "taylor", "--out", tmp_path / "out")
    assert done.code == 0 and re.search("2 of 2 filled.* 2 proven at every point", done.out)
    page = (tmp_path / "out" / "index.html").read_text()
    assert page.count("Proven: no loss above") == 2 and "random points" not in page
    again = program("fill", "--loops", 2, "--no-highest", "--verify", "samples", "--resume", "--out", tmp_path / "out")
    assert again.code == 1 and "differ" in again.err  # it was another question
