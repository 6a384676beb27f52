"""What a method is shown of the pairs that are worked on, as one batch; their paths side by side; and what it may give
back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from isthmus.connecting.connectors import Segments
from isthmus.connecting.pair import PairWork, Span
from isthmus.errors import InputError
from isthmus.paths import AbstractPath, Bundle


def lay_out(work: Sequence[PairWork]) -> Bundle:
    """The present paths side by side; every pair learns the positions of its corners."""
    bundle = Bundle.of([pair.path for pair in work])
    owner = bundle.owner.numpy()
    begins = np.searchsorted(owner, np.arange(1, len(work)))
    for pair, corners in zip(work, np.split(bundle.corners.double().numpy(), begins), strict=True):
        pair.corners = corners
    return bundle


def segments_of(stretches: Sequence[tuple[PairWork, Span | None]]) -> Segments:
    """Stretches of the paths of pairs, or where there is None the whole of them, as a connector is shown them."""
    pairs = list({id(pair): pair for pair, _ in stretches}.values())
    number = {id(pair): place for place, pair in enumerate(pairs)}
    rows = torch.tensor([number[id(pair)] for pair, _ in stretches])
    peaks = [
        (span.peak, span.loss) if span else (pair.profile.argmax_t, pair.profile.max_loss) for pair, span in stretches
    ]
    # Not with lists of numbers: these are moved to the device, one by one.
    start, end = (
        torch.stack([pair.vertices[getattr(span, side)] if span else pair.path.ends[place] for pair, span in stretches])
        for place, side in enumerate(("left", "right"))
    )
    t, loss, threshold = torch.tensor(
        [(*peak, pair.threshold) for peak, (pair, _) in zip(peaks, stretches, strict=True)], dtype=torch.float64
    ).unbind(1)
    target = torch.tensor([pair.direct.target for pair, _ in stretches])
    return Segments(
        start=start,
        end=end,
        peak=Bundle.of([pair.path for pair in pairs]).at(rows, t),
        peak_loss=loss.to(start.device),
        target=target.to(start.device),
        threshold=threshold.to(start.device),
    )


def check_ends(before: Sequence[AbstractPath], proposed: Sequence[AbstractPath]) -> None:
    """Whether proposed paths lead from end to end of those before; all are compared in one go.

    Raises:
        InputError: the ends of one are others.
    """
    both = list(enumerate(zip(before, proposed, strict=True)))
    wrong = [number for number, (old, new) in both if old.ends.shape != new.ends.shape]
    if not wrong:
        had, has = (torch.stack([path.ends for path in paths]) for paths in (before, proposed))
        wrong = (had != has.to(had)).flatten(1).any(1).cpu().nonzero()[:, 0].tolist()
    if wrong:
        raise InputError(
            f"A method proposed a {type(proposed[wrong[0]]).__name__} whose ends are not those of the pair, bit for "
            "bit."
        )
