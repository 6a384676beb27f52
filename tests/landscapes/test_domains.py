from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from isthmus import Ball, Box, Unbounded
from isthmus.errors import InputError
from isthmus.landscapes.domains import Restricted

SEEDS = st.integers(0, 2**31 - 1)
DOMAINS = {
    "box": Box(0, 1),
    "box of tensors": Box(torch.tensor([0.0, -1.0, 0.2, 0.0, 0.0]), torch.tensor([1.0, 1.0, 0.9, 0.5, 2.0])),
    "l2 ball": Ball(torch.full((5,), 0.5), 0.4),
    "linf ball": Ball(torch.full((5,), 0.5), 0.3, math.inf),
    "unbounded": Unbounded(),
    "restricted": Restricted(0, 1, sums=(((0, 2, 3), 1.0),)),
    "restricted, two sums": Restricted(-2, 3, sums=(((0, 1), 1.0), ((2, 3, 4), -1.0))),
}


def draw(seed: int, domain, n: int = 6):
    random = torch.Generator().manual_seed(seed)
    x = torch.randn((n, 5), generator=random, dtype=torch.float64) * 2
    through = domain.project(torch.rand((n, 5), generator=random, dtype=torch.float64))
    normal = torch.randn((n, 5), generator=random, dtype=torch.float64)
    return x, through, normal


@pytest.mark.parametrize("name", DOMAINS)
@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_projection_lands_inside_and_moves_no_point_that_is_inside(name, seed):
    domain = DOMAINS[name]
    x, _, _ = draw(seed, domain)
    projected = domain.project(x)
    assert bool(domain.contains(projected).all())
    assert torch.allclose(domain.project(projected), projected)
    inside = domain.contains(x, 0.0)
    assert torch.equal(projected[inside], x[inside])


@pytest.mark.parametrize("name", DOMAINS)
@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_projection_is_the_nearest_point(name, seed):
    domain = DOMAINS[name]
    x, _, _ = draw(seed, domain)
    projected = domain.project(x)
    others = domain.project(
        projected + 0.3 * torch.randn(projected.shape, generator=torch.Generator().manual_seed(seed))
    )
    assert bool(((x - projected).norm(dim=1) <= (x - others).norm(dim=1) + 1e-9).all())


@pytest.mark.parametrize("name", DOMAINS)
@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_projection_to_plane_lands_in_both_and_is_the_nearest_such_point(name, seed):
    domain = DOMAINS[name]
    x, through, normal = draw(seed, domain)
    projected = domain.project_to_plane(x, through, normal)
    assert bool(domain.contains(projected).all())
    height = ((projected - through) * normal).sum(1).abs() / (normal**2).sum(1)
    assert float(height.max()) < 1e-6
    # Any other point of both is farther away; the segment from `through` stays in both, as both are convex.
    for share in (0.1, 0.5, 1.0):
        other = projected + share * (through - projected)
        assert bool(((x - projected).norm(dim=1) <= (x - other).norm(dim=1) + 1e-6).all())


@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_box_and_plane_agree_with_a_root_found_one_by_one(seed):
    box = Box(0, 1)
    x, through, normal = draw(seed, box)
    ours = box.project_to_plane(x, through, normal)
    for z, b, d, mine in zip(x, through, normal, ours, strict=True):
        root = brentq(lambda s, z=z, b=b, d=d: float((((z - s * d).clamp(0, 1) - b) * d).sum()), -1e3, 1e3, xtol=1e-13)
        assert torch.allclose(mine, (z - root * d).clamp(0, 1), atol=1e-5)


def test_a_plane_without_normal_is_no_constraint():
    x = torch.tensor([[0.5, 2.0]])
    zero = torch.zeros(1, 2)
    assert torch.equal(Box(0, 1).project_to_plane(x, zero, zero), torch.tensor([[0.5, 1.0]]))


def test_works_in_single_precision_on_images():
    random = torch.Generator().manual_seed(0)
    a, c = (torch.rand((4, 3, 32, 32), generator=random).round() for _ in range(2))
    peak = torch.lerp(a, c, 0.37)
    z = peak + 0.2 * torch.randn(peak.shape, generator=random)
    moved = Box(0, 1).project_to_plane(z, peak, c - a)
    height = ((moved - peak).double() * (c - a).double()).flatten(1).sum(1) / (c - a).double().flatten(1).norm(
        dim=1
    ) ** 2
    assert float(height.abs().max()) < 1e-6
    assert float(moved.min()) >= 0 and float(moved.max()) <= 1


def test_excess_is_the_distance_outside():
    assert torch.allclose(Box(0, 1).excess(torch.tensor([[0.5, 1.25], [-0.5, 0.5]])), torch.tensor([0.25, 0.5]))
    assert torch.allclose(
        Ball(torch.zeros(2), 1.0).excess(torch.tensor([[3.0, 4.0], [0.1, 0.0]])), torch.tensor([4.0, 0.0])
    )


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: Box(1, 0), "low <= high"),
        (lambda: Ball(torch.zeros(2), -1.0), "radius >= 0"),
        (lambda: Ball(torch.zeros(2), 1.0, 1), "norms 2 and"),
    ],
)
def test_impossible_domains_are_refused(make, expected):
    with pytest.raises(InputError, match=expected):
        make()


def test_images_projected_in_single_precision_are_inside():
    x = 3 * torch.randn((6, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    ball = Ball(torch.full((3, 64, 64), 0.5), 20.0)
    inside = ball.project(x)
    assert bool(ball.contains(inside).all()) and float(inside.sub(0.5).flatten(1).norm(dim=1).min()) > 19.999
    normal = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    assert bool(ball.contains(ball.project_to_plane(x, inside * 0.9 + 0.05, normal)).all())


def test_a_restricted_domain_against_a_solver():
    import numpy as np
    from scipy.optimize import minimize

    low, high = torch.tensor([0.0, 0.0, 0.0, -1.0, -2.0]), torch.tensor([1.0, 1.0, 1.0, 1.0, 0.5])
    domain = Restricted(low, high, sums=(((0, 1, 2), 1.0),))
    for seed in range(8):
        x, through, normal = draw(seed, domain, n=1)
        for plane in (False, True):
            found = domain.project_to_plane(x, through, normal)[0] if plane else domain.project(x)[0]
            constraints = [{"type": "eq", "fun": lambda v: v[:3].sum() - 1}]
            if plane:
                n, p = normal[0].numpy(), through[0].numpy()
                constraints.append({"type": "eq", "fun": lambda v, n=n, p=p: (v - p) @ n})
            best = minimize(
                lambda v, x=x: ((v - x[0].numpy()) ** 2).sum(),
                through[0].numpy(),
                bounds=list(zip(low.tolist(), high.tolist(), strict=True)),
                constraints=constraints,
                options={"ftol": 1e-14, "maxiter": 500},
            )
            assert np.allclose(found.numpy(), best.x, atol=2e-4), (seed, plane)


def test_what_a_restricted_domain_leaves_free():
    domain = Restricted(0, 1, sums=(((0, 1, 2), 1.0),), held=(4,))
    slope = torch.tensor([[1.0, 2.0, 6.0, 5.0, 7.0]])
    assert domain.free(slope).tolist() == [[-2.0, -1.0, 3.0, 5.0, 0.0]]
    assert torch.equal(Box(0, 1).free(slope), slope)
    assert domain.excess(torch.tensor([[0.2, 0.2, 0.2, 0.0, 0.0]])).tolist() == pytest.approx([0.4 / 3])
    with pytest.raises(InputError, match="share no coordinate"):
        Restricted(0, 1, sums=(((0, 1), 1.0), ((1, 2), 1.0)))
    with pytest.raises(InputError, match="not possible"):
        Restricted(0, 1, sums=(((0, 1), 3.0),))
