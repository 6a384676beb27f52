"""barrier_graph: from inputs to the graph of their barriers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from isthmus import registries
from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.given import tensor_of
from isthmus._core.progress import Progress
from isthmus._core.random import numpy_generator
from isthmus._core.shapes import AnyInputs, AnyTargets, Inputs, Targets
from isthmus._core.versions import versions
from isthmus.connecting.connectors import AnyConnector, BarrierBypass
from isthmus.errors import InputError
from isthmus.graphs.bypassing import bypass
from isthmus.graphs.candidates import candidates
from isthmus.graphs.edges import Edges, Floats, Numbers, key_of
from isthmus.graphs.graph import BarrierGraph
from isthmus.graphs.search import Look, search
from isthmus.graphs.segments import look_at
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.arguments import targets_of
from isthmus.landscapes.validation import check_inputs
from isthmus.profiles import Sampling

SLACK = 0.01  # the default threshold is this much above the highest input
TOLERANCE = 1e-3
CANDIDATES, DRAWN = 64, 200


@renamed
@as_annotated
def barrier_graph(
    landscape: AbstractLandscape,
    x: AnyInputs,
    target: AnyTargets,
    *,
    method: AnyConnector | str | None = None,
    threshold: float | None = None,
    most: int = CANDIDATES,
    budget: int | None = None,
    drawn: int = DRAWN,
    tolerance: float = TOLERANCE,
    sampling: Sampling | None = None,
    seed: int = 0,
    known: Edges | None = None,
    look: Look | None = None,
    progress: Tell = None,
) -> BarrierGraph:
    """How inputs of a class hang together: the minimum spanning tree of the max losses of the paths between them.

    Not all pairs are looked at. The loss of its higher end bounds what a segment can be, so that nothing is left to
    look for where an input is joined to lower ones at its own loss: `settled` says for which share of pairs that is.

    Args:
        landscape: the landscape.
        x: the inputs (n, *input), in data units, inside the domain.
        target: the class, of all or of each (n,), by number or name, or "predicted"; inputs of different classes have
            no edge.
        method: leads those edges around their peaks that keep the graph from being one region at the threshold;
            `BarrierBypass()` by default, `StraightLine()` leaves them as they are.
        threshold: that level; by default the highest loss of the inputs + 0.01.
        most: candidates of every input among those of lower loss; with as many as there are inputs the tree is that of
            all pairs.
        budget: segments looked at, at most; by default as many as it takes.
        drawn: pairs of one target that are looked at beside, drawn at random: they tell what pairs are like.
        tolerance: a segment that is higher than its ends by no more than this counts as low as these.
        sampling: how densely segments are looked at.
        seed: of draws.
        known: edges that were looked at before, on the same inputs.
        look: looks at segments elsewhere than here.
        progress: as `connect` takes it; it tells of the inputs that are settled.

    Raises:
        InputError: shapes, types, targets or values that cannot be used; DomainError where inputs lie outside.
    """
    x, targets = _check(landscape, x, target, most, budget, drawn, tolerance)
    before = landscape.forward_equivalents
    x = x.detach().cpu()
    method = BarrierBypass() if method is None else registries.METHODS.given(method)
    description = landscape.describe() | {
        "unit": landscape.unit,
        "method": repr(method),
        "candidates": most,
        "budget": budget,
        "drawn": drawn,
        "sampling": repr(sampling or Sampling()),
        "threshold": f"highest input + {SLACK}" if threshold is None else "given",
        "seed": seed,
        "versions": versions(),
    }
    with telling(progress, "the graph", "inputs") as on_progress, landscape.fixed():
        seen = landscape.evaluate(x, targets)
        loss = landscape.in_float64(seen, targets).cpu()
        level = float(loss.max()) + SLACK if threshold is None else float(threshold)
        chosen = candidates(landscape, x, targets, loss, most=most, seed=seed)
        edges = Edges.none() if known is None else known
        elsewhere = 0

        def looking(i: Numbers, j: Numbers) -> Edges:
            nonlocal elsewhere
            spent = landscape.forward_equivalents
            found = look_at(landscape, x, targets, i, j, sampling=sampling) if look is None else look(i, j)
            # What workers looked at, or an interrupted run before this one, is not in the landscape's count.
            elsewhere += int(found.cost.sum()) - (landscape.forward_equivalents - spent)
            return found

        def tell(edges: Edges) -> None:
            spent = landscape.forward_equivalents - before + elsewhere
            on_progress(Progress(_settled(loss.numpy(), edges, tolerance), len(x), spent))

        lots = _draw(targets, drawn, seed)
        fresh = ~np.isin(key_of(*lots, len(x)), key_of(edges.i, edges.j, len(x)))
        if fresh.any():
            edges = Edges.join([edges, looking(*(side[fresh] for side in lots))])
            tell(edges)
        edges = replace(edges, drawn=np.isin(key_of(edges.i, edges.j, len(x)), key_of(*lots, len(x))))
        limit = 2**62 if budget is None else budget
        edges = search(loss.numpy(), chosen, looking, tolerance=tolerance, budget=limit, known=edges, on_edges=tell)
        edges, paths = bypass(
            landscape, x, targets, loss.numpy(), edges, method=method, level=level, sampling=sampling, seed=seed
        )
    return BarrierGraph(
        input_kind=landscape.input_kind,
        x=x,
        target=targets,
        loss=loss.numpy(),
        predicted=seen.logits.argmax(1).cpu().numpy(),
        edges=edges,
        paths=paths,
        threshold=level,
        tolerance=tolerance,
        cost=landscape.forward_equivalents - before + elsewhere,
        description=description,
    )


def _check(
    landscape: AbstractLandscape,
    x: AnyInputs,
    target: AnyTargets,
    most: int,
    budget: int | None,
    drawn: int,
    tolerance: float,
) -> tuple[Inputs, Targets]:
    x = tensor_of("x", x)
    check_inputs("x", x, landscape.domain, landscape.input_kind)
    targets = targets_of(landscape, target, len(x), [x])
    if most < 1 or (budget is not None and budget < 0) or drawn < 0 or not tolerance >= 0:
        raise InputError(
            "barrier_graph needs most >= 1, budget >= 0, drawn >= 0 and tolerance >= 0, got "
            f"{most}, {budget}, {drawn} and {tolerance}."
        )
    return x, targets


def _draw(target: Targets, count: int, seed: int) -> tuple[Numbers, Numbers]:
    """Pairs (i, j), i < j, of inputs of one target, evenly drawn from all such pairs, without repetition."""
    order = target.argsort(stable=True).numpy()
    sizes = np.unique(target.numpy(), return_counts=True)[1]
    pairs = sizes * (sizes - 1) // 2
    total = int(pairs.sum())
    random = numpy_generator(seed)
    ranks = random.permutation(total)[:count] if total <= 2**22 else np.unique(random.integers(total, size=count))
    group = np.searchsorted(pairs.cumsum(), ranks, side="right")
    within = ranks - (pairs.cumsum() - pairs)[group]
    # Of pairs (a, b), a < b, in the order of b: b (b - 1) / 2 come before those of b.
    b = ((1 + np.sqrt(1 + 8.0 * within)) / 2).astype(np.int64)
    b -= b * (b - 1) // 2 > within
    b += (b + 1) * b // 2 <= within
    a = within - b * (b - 1) // 2
    first = (sizes.cumsum() - sizes)[group]
    one, other = order[first + a], order[first + b]
    return np.minimum(one, other), np.maximum(one, other)


def _settled(loss: Floats, edges: Edges, tolerance: float) -> int:
    """Inputs that an edge joins to a lower one at their own loss."""
    higher = np.where(loss[edges.i] > loss[edges.j], edges.i, edges.j)
    return len(np.unique(higher[edges.max_loss <= loss[higher] + tolerance]))
