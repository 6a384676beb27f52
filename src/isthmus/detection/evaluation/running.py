"""evaluate: what detectors, baselines and controls are worth against attacks, on inputs that taught none of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from isthmus._core.progress import OnStage
from isthmus._core.shapes import Inputs, OtherInputs, OtherTargets, Targets
from isthmus.detection.evaluation.comparisons import learned_rows, single_rows
from isthmus.detection.evaluation.innocent import shifted_rates
from isthmus.detection.evaluation.knowing import adaptive_success
from isthmus.detection.evaluation.rows import Row
from isthmus.detection.evaluation.workbench import EvaluationPlan, Successes, Workbench
from isthmus.errors import InputError
from isthmus.landscapes import NetworkLandscape
from isthmus.results import Kept


@dataclass(frozen=True, eq=False)
class Evaluated:
    """What an evaluation has found.

    Attributes:
        rows: the table.
        shifted: false-positive rates of innocent inputs: name of the score, shift, strength, rate, inputs.
        adaptive: SR of adaptive attacks: detector, aim, epsilon, steps, sr, misled, inputs.
        tried: attacks: name, inputs tried, successful and verified ones.
        cost: forward-equivalents an input takes.
        recognised, mistaken: inputs.
        notes: what a reader should know.
    """

    rows: list[Row]
    shifted: list[dict[str, Any]]
    adaptive: list[dict[str, Any]]
    tried: list[dict[str, Any]]
    cost: int
    recognised: int
    mistaken: int
    notes: list[str] = field(default_factory=list)


def evaluate(
    landscape: NetworkLandscape,
    x: Inputs,
    y: Targets,
    setting: EvaluationPlan,
    *,
    pool: tuple[OtherInputs, OtherTargets] | None = None,
    kept: Kept | None = None,
    tell: OnStage = lambda *_: None,
) -> Evaluated:
    """Makes the attacks, verifies them, learns without each of them in turn, and judges on inputs held out.

    Args:
        landscape: of the network.
        x, y: labelled inputs (n, *input), (n,).
        setting: what is tried.
        pool: inputs and classes to draw references from; by default some of `x` are set aside for that.
        kept: where what takes long is kept.
        tell: called on the way.

    Raises:
        InputError: too few inputs or references, or no successful attack.
    """
    measured = Workbench(landscape, x, y, setting, pool, kept or Kept(None), tell)
    attacked: dict[str, Successes] = {}
    tried: list[dict[str, Any]] = []
    for named in measured.setting.attacks:
        made = measured.attacked(named)
        good = len(made.source)
        tried.append({"attack": named.name, "family": named.family, "tried": int(made.tried.sum()), "succeeded": good})
        if measured.test[made.source].sum() < 1 or measured.teach[made.source].sum() < 1:
            measured.notes.append(f"{named.name}: {good} attacks succeeded, too few to be counted.")
        else:
            attacked[named.name] = made
    if not attacked:
        raise InputError("No attack led the network astray, so there is nothing to tell apart; give larger radii.")
    rows = [*learned_rows(measured, attacked), *single_rows(measured, attacked)]
    return Evaluated(
        rows=rows,
        shifted=shifted_rates(measured, attacked),
        adaptive=adaptive_success(measured, attacked, rows),
        tried=tried,
        cost=measured.probe.cost,
        recognised=len(measured.y),
        mistaken=len(measured.given.mistaken),
        notes=measured.notes,
    )
