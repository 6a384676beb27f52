"""Attention as one function: how far its rows move when queries, keys and values do."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.model import Model
from isthmus.certificates.taylor.rounding import gamma, norm, up


def attending(shares: Model, values: Model, result: Enclosure, roughly: Tensor) -> Tensor:
    """2-norms (b, n, 1) that the rows of the remainder of sum_j p_ij v_j do not exceed.

    With o = sum_j p_j v_j and scores s_j = c q k_j, the derivative is

        do = sum_j p_j dv_j + sum_j p_j (v_j - o) ds_j,    ds_j = c (dq k_j + q dk_j).

    Since sum_j p_j (v_j - o) = 0, any vector may be taken off all keys, and what is common to keys or to values has no
    part in it:

        |do| <= sum_j p_j |dv_j| + c |dq| sum_j p_j |v_j - o| |k_j - k| + c |q| sum_j p_j |v_j - o| |dk_j|.

    All norms are the largest wherever polynomials and remainders go, by the mean value theorem along a remainder.

    Args:
        shares: p (b, n, m), which knows its scores.
        values: v (b, m, d).
        result: o of the polynomials.
        roughly: what the rows of the remainder are known not to exceed (b, n, 1).
    """
    scores = shares.scores
    assert scores is not None
    query, key, scale = scores.query, scores.key, abs(scores.scale) * (1 + 1e-12)
    share = (up(shares.magnitudes) + shares.radius).clamp(max=1.0)
    reach = values.norms(-1)
    key_reach, query_reach = key.norms(-2), query.norms(-1)
    keys = key.coefficients.transpose(-1, -2)
    middle = shares.coefficients[0] @ keys[0]  # it is taken off all keys
    from_result = _apart(result.coefficients[0], values.coefficients[0])
    from_result = from_result + _moves(result.coefficients) + norm(result.radius, -1).unsqueeze(-1) + roughly
    from_result = share * up(from_result + (_moves(values.coefficients) + reach).transpose(-1, -2))
    key_moves = _moves(keys).transpose(-1, -2) + key_reach
    from_middle = up(_apart(middle, keys[0]) + key_moves)
    largest_query = norm(query.coefficients[0], -1).unsqueeze(-1) + _moves(query.coefficients) + query_reach

    by_query = query_reach * (from_result * from_middle).sum(-1, keepdim=True)
    by_keys = largest_query * (from_result * key_reach).sum(-1, keepdim=True)
    layer = _layer_before(key, -2)
    if layer is not None:  # q W_k is often shorter than |q| |W_k|
        gained = norm(query.coefficients[0] @ layer.weight, -1).unsqueeze(-1)
        gained = gained + layer.gain * (_moves(query.coefficients) + query_reach)
        each = gained * layer.reach.unsqueeze(-2) + largest_query * layer.rest.unsqueeze(-2)
        by_keys = torch.minimum(by_keys, (from_result * each).sum(-1, keepdim=True))
    layer = _layer_before(query, -1)
    if layer is not None:
        apart = _apart(middle @ layer.weight, keys[0] @ layer.weight) + layer.gain * key_moves
        own = layer.reach.unsqueeze(-1) * (from_result * apart).sum(-1, keepdim=True)
        own = own + layer.rest.unsqueeze(-1) * (from_result * from_middle).sum(-1, keepdim=True)
        by_query = torch.minimum(by_query, own)
    found: Tensor = up(share @ reach + scale * (by_query + by_keys), 4 * share.shape[-1] + 64)
    return found


class Before(NamedTuple):
    """The layer from whose inputs queries or keys are: x = W u + r.

    Attributes:
        weight: W (b, d, inputs).
        gain: its spectral norm (b, 1, 1).
        reach: what the remainders of u do not exceed, row by row (b, n).
        rest: and those of r (b, n).
    """

    weight: Tensor
    gain: Tensor
    reach: Tensor
    rest: Tensor


def _layer_before(x: Model, axis: int) -> Before | None:
    """Where it is known, and the same for all rows of a matrix."""
    if x.ball is None or x.ball.layer is None:
        return None
    rows = x.ball.rows(axis)
    group = x.ball.group.movedim(axis, -1)[..., 0]
    part = x.ball.layer.part(rows[:, 0]) if bool((rows == rows[:, :1]).all()) else None
    if part is None or bool((x.ball.group.movedim(axis, -1) != group[..., None]).any()):
        return None
    layer = x.ball.layer
    weight = torch.stack(part.weights)[part.which] * layer.factor
    gain = up(part.gains[part.which])[:, None, None]
    return Before(weight, gain, layer.reach[group], layer.rest[group])


def _apart(one: Tensor, other: Tensor) -> Tensor:
    """Distances (b, n, m) of rows (b, n, d) and (b, m, d), rounded up."""
    size = torch.linalg.vector_norm(one, dim=-1).unsqueeze(-1) + torch.linalg.vector_norm(other, dim=-1).unsqueeze(-2)
    between: Tensor = torch.cdist(one, other, compute_mode="donot_use_mm_for_euclid_dist")
    apart: Tensor = up(between, 64) + gamma(64) * size
    return apart


def _moves(coefficients: Tensor) -> Tensor:
    """How far rows (o, b, n, d) go from where they are at s = 0 (b, n, 1)."""
    return up(torch.linalg.vector_norm(coefficients[1:], dim=-1).sum(0), 64).unsqueeze(-1)
