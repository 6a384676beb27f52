"""A segment of a path, cut into the affine pieces of a network: every knot, with the logits there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from isthmus._shapes import Input, Logits, Parameters
from isthmus.errors import NetworkError
from isthmus.exact.operators import NotPiecewiseAffineError
from isthmus.exact.pieces import Pieces, Run, TooManyKnots
from isthmus.landscape import Landscape

KNOTS = 512  # held at once, where the landscape says nothing else
FEWEST_KNOTS = 64  # held at once in any case: a single layer of a network may break in as many places at once
SHORTEST = 1e-9  # of a segment: no interval below is cut further


@dataclass(frozen=True, eq=False)
class Cut:
    """A segment cut into pieces.

    Attributes:
        t: every knot (m,), from 0 to 1, in float64.
        logits: what the network says there (m, classes).
        unresolved: places of max-pooling whose knots could not be told apart.
    """

    t: Parameters
    logits: Logits
    unresolved: int

    @property
    def pieces(self) -> int:
        """Number of affine pieces."""
        return len(self.t) - 1


def cut_segment(
    landscape: Landscape,
    start: Input,
    end: Input,
    *,
    most: int | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Cut:
    """Runs the network on the whole segment at once, a stretch at a time.

    The segment is an affine function of t; every operator turns functions that are affine between knots into such
    functions, with knots of its own where it breaks (`operators`). What comes out is the network on the segment, up to
    rounding, whatever it is made of: residual sums meet with the knots of both.

    Args:
        landscape: of the network, in whose precision all is computed; knots are in float64.
        start, end: the ends, in data units.
        most: knots held at once; it bounds the memory.
        on_progress: called with the share of the segment that is done.

    Raises:
        NetworkError: the network is not made of affine operators, ReLU and its relatives, and max-pooling; the operator
            is named, and the module in which it runs.
    """
    most = max(FEWEST_KNOTS, most or landscape.batch_size or KNOTS)
    ends = landscape.prepare(torch.stack([start, end]))
    begin, length = 0.0, 1.0
    t: list[Tensor] = []
    logits: list[Tensor] = []
    unresolved = 0
    with landscape.fixed(), torch.no_grad(), _named_operators(landscape.network.model):
        while begin < 1:
            finish = min(1.0, begin + length)
            if 1 - finish < SHORTEST:
                finish = 1.0
            where = torch.tensor([begin, finish], dtype=torch.float64, device=ends.device)
            try:
                found = _run(landscape, ends, where, most)
            except TooManyKnots:
                length /= 2
                if length < SHORTEST:
                    raise NetworkError(
                        f"More than {most} pieces lie in a billionth of the segment; allow more with max_batch."
                    ) from None
                continue
            skip = 1 if t else 0  # a stretch begins where the last one ended
            t.append(found.knots[skip:].cpu())
            logits.append(found.numbers[skip:].cpu())
            unresolved += found.run.unresolved
            landscape.forward_equivalents += len(found.knots)
            length *= min(2.0, max(0.5, 0.7 * most / len(found.knots)))
            begin = finish
            if on_progress is not None:
                on_progress(begin)
    return Cut(torch.cat(t), torch.cat(logits), unresolved)


def _run(landscape: Landscape, ends: Tensor, where: Tensor, most: int) -> Pieces:
    share = where.to(ends.dtype).reshape(-1, *(1,) * (ends.ndim - 1))
    inputs = Pieces(where, torch.lerp(ends[:1], ends[1:], share), Run(most))
    logits: Any = landscape.network.logits(inputs)
    if not isinstance(logits, Pieces):
        raise NetworkError("The network's output does not depend on its input by operators that can be followed.")
    if logits.stale:
        raise NotPiecewiseAffineError("the output", "was changed in place through a view of it")
    return logits


@contextmanager
def _named_operators(model: nn.Module) -> Iterator[None]:
    """Says where in the network an operator is that cannot be followed."""
    names = {module: name for name, module in model.named_modules()}
    stack: list[str] = []

    def enter(module: nn.Module, _: object) -> None:
        stack.append(names.get(module, type(module).__name__))

    def leave(_: nn.Module, __: object, ___: object) -> None:
        stack.pop()

    hooks = (register_module_forward_pre_hook(enter), register_module_forward_hook(leave, always_call=False))
    try:
        yield
    except NotPiecewiseAffineError as error:
        where = f"in module '{stack[-1]}'" if stack and stack[-1] else "in the network itself"
        raise NetworkError(
            f"An exact profile needs a network of affine operators, ReLU and its relatives, and max-pooling; {where} "
            f"{error}. Use a sampled profile instead: isthmus.profile."
        ) from error
    finally:
        for hook in hooks:
            hook.remove()
