"""sized_landscapes: fully connected networks of several widths and depths, before and after training."""

from __future__ import annotations

from isthmus._core.progress import OnStage
from isthmus._core.random import lent_seed
from isthmus.landscapes import AbstractLandscape, Landscape
from isthmus.loading.fitting import digits_to_train_on, fit
from isthmus.networks.small import sized_mlp

SIZES = ((16, 2), (64, 1), (64, 2), (64, 4), (256, 2))  # width, hidden layers
BATCHES = 400


def sized_landscapes(*, seed: int = 0, tell: OnStage = lambda *_: None) -> dict[str, AbstractLandscape]:
    """Landscapes on 8 x 8 handwritten digits by name, each size twice; trains for a few seconds."""
    examples = digits_to_train_on()
    found: dict[str, AbstractLandscape] = {}
    for number, (width, depth) in enumerate(SIZES):
        tell("training", number, len(SIZES))
        with lent_seed(seed):
            fresh, trained = (sized_mlp(width, depth) for _ in range(2))
        trained.model.load_state_dict(fit(fresh, examples, batches=BATCHES, keep=[BATCHES], seed=seed)[BATCHES])
        layers = f"{depth} hidden layer{'' if depth == 1 else 's'} of {width}"
        found[f"{layers}, trained"] = Landscape(trained)
        found[f"{layers}, untrained"] = Landscape(fresh)
    return found
