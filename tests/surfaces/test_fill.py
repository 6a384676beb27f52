"""fill: loops of which is known whether they can be filled, and digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import isthmus
from isthmus.errors import DomainError, InputError, OutputError
from isthmus.surfaces import Fillings, Outcome
from isthmus.testing import Annulus, Disconnected, Ring, ToyLandscape


def dense(
    landscape: isthmus.AbstractLandscape, found: isthmus.surfaces.Filling, seed: int, points: int = 3000
) -> torch.Tensor:
    """Losses of random points of a surface."""
    u, v = torch.rand(2, points, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return landscape.loss(found.surface.at(u, v), torch.full((points,), found.target))


@pytest.mark.parametrize("dimensions", [2, 3, 12])
def test_a_hole_is_not_filled_whatever_the_dimension(dimensions: int) -> None:
    landscape = Annulus(dimensions)
    corners = torch.stack([landscape.around, landscape.beside])
    for threshold in (0.05, 0.5, 0.9):
        around, beside = isthmus.fill(landscape, corners, 0, threshold=threshold)
        assert around.outcome is Outcome.TORN
        assert not around.filled
        assert around.max_loss > threshold
        assert around.certificate is None
        assert beside.filled
    over = isthmus.fill(landscape, corners[:1], 0, threshold=landscape.filling + 0.01)[0]
    assert over.outcome is Outcome.FLAT


def test_basins_that_lie_apart_are_not_filled() -> None:
    landscape = Disconnected()
    corners = torch.zeros(1, 4, 3, dtype=torch.float64)
    corners[0, :, 0] = torch.tensor([-1.0, 1.0, -1.0, 1.0])
    corners[0, 2:, 1] = 1.0
    found = isthmus.fill(landscape, corners, 0)[0]
    assert found.outcome in (Outcome.ABOVE_THRESHOLD, Outcome.TORN)
    u, _ = found.peak
    assert found.max_loss == pytest.approx(landscape.barrier, rel=0.2)
    assert 0.3 < u < 0.7  # it says where


def test_a_surface_that_stood_on_a_peak_is_lifted_over_it() -> None:
    landscape, loop = Ring(3), Annulus(3).around[None]
    found = isthmus.fill(landscape, loop, 0)[0]
    assert found.outcome is Outcome.FILLED
    assert float(dense(landscape, found, 1).max()) <= found.threshold
    flat = isthmus.fill(landscape, loop, 0, method=isthmus.AdaptiveMesh(lifts=0))[0]
    assert flat.outcome is Outcome.TORN  # in the plane of its corners there is a hole
    assert torch.equal(found.surface.corners, loop[0])


@pytest.fixture(scope="module")
def filled(digits: isthmus.Landscape, digit_images: tuple) -> isthmus.Fillings:
    x, target = digit_images
    keep = digits.loss(x, target) < 0.005
    corners, targets = [], []
    for digit in range(10):
        members = x[keep & (target == digit)]
        for first in range(0, len(members) - 3, 4):
            corners.append(members[first : first + 4])
            targets.append(digit)
    everything = isthmus.fill(digits, torch.stack(corners), torch.tensor(targets), threshold=0.01)
    chosen = sorted(everything, key=lambda each: -each.flat_above)[:8]
    return Fillings(
        (*chosen, *[each for each in everything if each.outcome is Outcome.FLAT][:2]), everything.description
    )


def test_digits_are_filled_and_points_that_nobody_chose_say_so(
    digits: isthmus.Landscape, filled: isthmus.Fillings
) -> None:
    assert all(each.filled for each in filled)
    assert sum(each.outcome is Outcome.FILLED for each in filled) >= 4
    for number, each in enumerate(filled):
        seen = dense(digits, each, number)
        assert float((seen > each.threshold).double().mean()) <= 1e-3
        assert float(seen.max()) <= each.threshold + 0.01
        assert each.max_loss <= each.threshold
        assert each.seen.loss.max() == each.max_loss
        assert each.certificate is not None
        assert each.certificate.covers == 0.99
        assert each.certificate.holds
        assert not np.isnan(each.eight_bits)
        nodes = each.surface.nodes.double()
        if len(nodes):
            x = each.surface.at(nodes[:, 1] / 2 ** nodes[:, 0], nodes[:, 2] / 2 ** nodes[:, 0])
            assert bool(digits.domain.contains(x).all())
        corners = each.surface.at(torch.tensor([0.0, 1.0, 0.0, 1.0]), torch.tensor([0.0, 0.0, 1.0, 1.0]))
        assert torch.equal(corners, each.surface.corners)


def test_what_is_told_of_a_surface_is_true_of_it(digits: isthmus.Landscape, filled: isthmus.Fillings) -> None:
    found = max(filled, key=lambda each: each.moved)
    u, v = torch.from_numpy(found.seen.u), torch.from_numpy(found.seen.v)
    loss = digits.loss(found.surface.at(u, v), torch.full((len(u),), found.target))
    assert np.abs(loss.numpy() - found.seen.loss).max() < 1e-4
    predicted = digits.logits(found.surface.at(u, v)).argmax(1)
    assert found.class_kept == bool((predicted == found.target).all())
    assert found.moved == len(found.surface.nodes) > 0
    assert found.flat_above > 0
    assert found.flat_max_loss > found.threshold
    assert found.area_ratio() > 1
    line = found.surface.line(v=0.5, points=65)
    assert isthmus.profile(digits, line, found.target).max_loss <= found.threshold + 0.01
    assert torch.equal(found.surface.line(u=0.0).ends, found.surface.corners[[0, 2]])


def test_a_plain_surface_has_one_highest_loss(filled: isthmus.Fillings) -> None:
    plain = [each for each in filled if not each.moved]
    assert plain and all(each.flat_max_loss == each.max_loss for each in plain)


def test_costs_are_those_of_the_landscape(digits: isthmus.Landscape, filled: isthmus.Fillings) -> None:
    corners = torch.stack([each.surface.corners for each in filled[:3]])
    landscape = isthmus.Landscape(digits.network)
    landscape.logits(corners[0])  # the number of classes is known from here on
    landscape.forward_equivalents = 0
    found = isthmus.fill(landscape, corners, torch.tensor([each.target for each in filled[:3]]), threshold=0.01)
    assert sum(each.forward_equivalents for each in found) == landscape.forward_equivalents
    assert max(each.forward_equivalents for each in found) < 4000


def test_together_is_as_alone(digits: isthmus.Landscape, filled: isthmus.Fillings) -> None:
    for number in (0, 5):
        alone = isthmus.fill(digits, filled[number].surface.corners[None], filled[number].target, threshold=0.01)[0]
        assert alone.outcome is filled[number].outcome
        assert torch.equal(alone.surface.nodes, filled[number].surface.nodes)


def test_corners_of_two_classes_are_not_filled_and_it_says_where(
    digits: isthmus.Landscape, digit_images: tuple
) -> None:
    x, target = digit_images
    corners = torch.stack([x[target == 3][0], x[target == 3][1], x[target == 8][0], x[target == 3][2]])
    with pytest.warns(isthmus.IsthmusWarning, match="not seen in 1 of 4"):
        given = isthmus.fill(digits, corners[None], 3)[0]
    assert given.filled  # its threshold is that of the strange corner: nothing is asked
    with pytest.warns(isthmus.IsthmusWarning, match="are these the right classes"):
        asked = isthmus.fill(digits, corners[None], 3, threshold=0.1)[0]
    assert asked.outcome is Outcome.CORNER_ABOVE_THRESHOLD
    assert asked.peak == (0, 1)


def test_a_loop_of_paths_keeps_its_sides(digits: isthmus.Landscape, filled: isthmus.Fillings) -> None:
    found = max(filled, key=lambda each: each.flat_above)
    corners, target = found.surface.corners, found.target
    order = ((0, 1), (1, 3), (2, 3), (0, 2))
    a, c = (corners[[pair[side] for pair in order]] for side in (0, 1))
    connected = isthmus.connect(digits, a, c, torch.full((4,), target), threshold=found.threshold)
    sides = [[each.path for each in connected]]
    looped = isthmus.fill(digits, None, target, sides=sides, threshold=found.threshold)[0]
    assert looped.filled
    t = torch.linspace(0, 1, 33, dtype=torch.float64)
    zero, one = torch.zeros(33), torch.ones(33)
    for path, u, v in zip(sides[0], (t, one, t, zero), (zero, t, one, t), strict=True):
        assert torch.allclose(looped.surface.at(u, v), path.at(t).to(torch.float32), atol=1e-6)
    straight = [[isthmus.Polyline(corners[list(pair)]) for pair in order]]
    held = isthmus.fill(digits, None, target, sides=straight, threshold=found.threshold)[0]
    assert held.outcome is (
        Outcome.FILLED
        if max(each.direct.max_loss for each in connected) <= found.threshold
        else Outcome.SIDE_ABOVE_THRESHOLD
    )
    with pytest.raises(InputError, match="must meet"):
        isthmus.fill(digits, None, target, sides=[[*sides[0][:3], sides[0][1]]])


class Broken(ToyLandscape):
    """No number in the middle."""

    def __init__(self) -> None:
        super().__init__(domain=isthmus.Box(-2, 2))

    def height(self, x: torch.Tensor) -> torch.Tensor:
        return torch.where((x**2).sum(1) < 0.1, torch.nan, 0.01 * (x**2).sum(1))


def test_a_loss_that_is_no_number_is_told() -> None:
    found = isthmus.fill(Broken(), Annulus(2).around[None], 0)[0]
    assert found.outcome is Outcome.NOT_FINITE
    assert not found.filled
    assert not np.isfinite(found.max_loss)


class Spike(ToyLandscape):
    """A spike so narrow that lattices miss it."""

    def __init__(self, width: float) -> None:
        super().__init__(domain=isthmus.Box(-2, 2))
        self.width = width

    def height(self, x: torch.Tensor) -> torch.Tensor:
        away = ((x - torch.tensor([0.31, 0.17]).to(x)) ** 2).sum(1)
        return 2 * torch.exp(-away / self.width**2)


@pytest.mark.parametrize("width", [0.05, 0.1, 0.4])
def test_what_lattices_miss_random_points_find_and_no_luck_lets_it_pass_later(width: float) -> None:
    landscape, corners = Spike(width), torch.tensor([[[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]]]).double()
    for seed in range(3):
        # In the plane there is no way around it: each surface with about this boundary covers it.
        found = isthmus.fill(landscape, corners, 0, seed=seed)[0]
        assert not found.filled
        assert found.max_loss > 10 * found.threshold


def test_they_are_saved_and_loaded_whole(tmp_path: Path, filled: isthmus.Fillings) -> None:
    folder = filled.save(tmp_path / "surfaces")
    again = Fillings.load(folder)
    assert again.table().equals(filled.table())
    for one, other in zip(again, filled, strict=True):
        u, v = torch.rand(2, 50, dtype=torch.float64)
        assert torch.equal(one.surface.at(u, v), other.surface.at(u, v))
        assert one.outcome is other.outcome
        assert one.certificate == other.certificate
    with pytest.raises(OutputError, match="exists"):
        filled.save(folder)
    ring = isthmus.fill(Ring(3), Annulus(3).around[None], 0)
    assert Fillings.load(ring.save(tmp_path / "ring")).table().equals(ring.table())


def test_bad_arguments_are_refused(digits: isthmus.Landscape, filled: isthmus.Fillings) -> None:
    corners = filled[0].surface.corners[None]
    with pytest.raises(InputError, match="exactly one"):
        isthmus.fill(digits, None, 0)
    with pytest.raises(InputError, match="0 \\.\\.\\. 9"):
        isthmus.fill(digits, corners, 12)
    with pytest.raises(DomainError, match="corners must lie"):
        isthmus.fill(digits, corners + 1, 0)
    with pytest.raises(InputError, match="first <= finest"):
        isthmus.AdaptiveMesh(first=5, finest=4)
    with pytest.raises(InputError, match="u and v in"):
        filled[0].surface.at(1.2, 0.0)
    with pytest.raises(InputError, match="takes u or v"):
        filled[0].surface.line()
    with pytest.raises(InputError, match="four paths"):
        isthmus.fill(digits, None, 0, sides=[[isthmus.Polyline(corners[0, :2])]])


def test_what_comes_of_a_loop_has_nothing_to_do_with_the_others(digits, digit_pairs):
    a, c, target = digit_pairs
    corners = torch.stack([a[:8:2], a[1:8:2], c[:8:2], c[1:8:2]], 1)
    same = (target[:8:2] == target[1:8:2]).nonzero()[:, 0]
    corners, target = corners[same], target[:8:2][same]
    together = isthmus.fill(digits, corners, target, seed=3)
    turned = isthmus.fill(digits, corners.flip(0), target.flip(0), seed=3)
    assert len(together) >= 2
    for one, other in zip(together, turned[::-1], strict=True):
        assert np.array_equal(one.seen.u[-688:], other.seen.u[-688:]) and one.outcome is other.outcome
        assert one.max_loss == pytest.approx(other.max_loss, rel=1e-5)
    other_seed = isthmus.fill(digits, corners, target, seed=4)
    assert not np.array_equal(together[0].seen.u[-688:], other_seed[0].seen.u[-688:])


def test_interrupted_surfaces_are_taken_up_again(program, tmp_path, monkeypatch):
    from isthmus.surfaces import keeping

    monkeypatch.setattr(keeping, "NUMBERS", 128)  # two loops a part
    out, begun = tmp_path / "out", []

    def stopping(*given, **settings):
        begun.append(len(given[1]))
        if len(begun) == 3:
            raise KeyboardInterrupt
        return isthmus.fill(*given, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(keeping, "fill", stopping)
        stopped = program("fill", "--loops", 5, "--no-highest", "--out", out)
    assert stopped.code == 130 and begun == [2, 2, 1]
    assert len(list((out / "loops").iterdir())) == 2
    assert program("fill", "--loops", 5, "--out", out).code == 1  # not empty: --resume or another folder
    again = []

    def counting(*given, **settings):
        again.append(len(given[1]))
        return isthmus.fill(*given, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(keeping, "fill", counting)
        assert program("fill", "--loops", 5, "--no-highest", "--out", out, "--resume").code == 0
    assert again == [1] and not (out / "loops").exists()
    done = program("fill", "--loops", 5, "--no-highest", "--out", out, "--resume")
    assert done.code == 0 and "nothing is left to do" in done.err
    other = program("fill", "--loops", 2, "--no-highest", "--out", out, "--resume")
    assert other.code == 1 and "differs in loops" in other.one_line() and len(isthmus.Fillings.load(out)) == 5
    (out / "loops").mkdir()
    (out / "loops" / "mine.txt").write_text("not yours")
    assert program("fill", "--loops", 2, "--no-highest", "--out", out, "--overwrite").code == 0
    assert (out / "loops" / "mine.txt").read_text() == "not yours"
    whole = isthmus.fill(*_loops_of(out))
    resumed = isthmus.Fillings.load(out)
    for one, other in zip(whole, resumed, strict=True):
        assert one.outcome is other.outcome and np.array_equal(one.seen.u[-688:], other.seen.u[-688:])


def _loops_of(out):
    found = isthmus.Fillings.load(out)
    landscape = isthmus.Landscape(isthmus.load_network("digits"))
    corners = torch.stack([each.surface.loop.corners for each in found])
    return landscape, corners, torch.tensor([each.target for each in found])


def test_parts_that_are_there_are_not_worked_on_again(digits, digit_images, tmp_path):
    from isthmus.surfaces.keeping import fill_kept, packed

    x, target = digit_images
    ones = x[target == 1][:24].reshape(6, 4, 1, 8, 8)
    aims, asked = torch.ones(6, dtype=torch.long), []

    def elsewhere(parts):
        asked.append([len(part.target) for part in parts])
        for number, part in enumerate(parts):
            if len(asked) == 1 and number == 1:
                raise KeyboardInterrupt
            yield number, packed(isthmus.fill(digits, part.corners, part.target))

    with pytest.raises(KeyboardInterrupt):
        fill_kept(digits, ones, aims, tmp_path, elsewhere=elsewhere)
    found = fill_kept(digits, ones, aims, tmp_path, elsewhere=elsewhere)
    assert asked == [[4, 2], [2]] and len(found) == 6
    here = isthmus.fill(digits, ones, aims)
    assert [each.max_loss for each in found] == pytest.approx([each.max_loss for each in here], abs=1e-6)
