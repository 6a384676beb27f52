"""A few pairs of every trained network: certified, and rounded to what files hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import torch

from isthmus._core.progress import OnProgress, Progress
from isthmus.certificates import AffinePieces, TaylorModels
from isthmus.connecting import KeptOutcome, as_kept, connect
from isthmus.errors import NetworkError
from isthmus.landscapes import Landscape
from isthmus.studies import Study
from isthmus.studies.problem import open_landscape


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What was seen of some pairs of a network.

    Attributes:
        network: its name in the study.
        pairs: how many.
        connected: of these.
        certified: of these, the whole path.
        certificate: of which kind the certificates are.
        parts: median number of parts of a certificate.
        kept: connected pairs that stay so when they are rounded; None where files hold every input.
        kept_as: what they are rounded to.
    """

    network: str
    pairs: int
    connected: int
    certified: int
    certificate: str
    parts: float | None
    kept: int | None
    kept_as: str


def sampled(study: Study, count: int, tell: OnProgress, *, seed: int) -> list[Sample]:
    """Connects so many pairs of one class of every trained network again, evenly spaced among its pairs."""
    table = study.results.table(["pair", "network", "kind"]).to_pydict()
    chosen: dict[str, list[int]] = defaultdict(list)
    for pair, network, kind in zip(table["pair"], table["network"], table["kind"], strict=True):
        if kind == "within" and network.endswith("_trained"):
            chosen[network].append(pair)
    found = []
    for number, (network, pairs) in enumerate(chosen.items()):
        some = pairs[:: max(1, len(pairs) // count)][:count]
        found.append(_sample(study, network, some, seed))
        tell(Progress(number + 1, len(chosen), 0))
    return found


def _sample(study: Study, network: str, pairs: Sequence[int], seed: int) -> Sample:
    known = study.results.connections(pairs)
    landscape = open_landscape(study.config, study.folder, network, "cpu")
    assert isinstance(landscape, Landscape)
    ends = torch.stack([pair.path.ends for pair in known])
    target = torch.tensor([pair.target for pair in known])
    # Exact pieces where there are any: through residual convolutions of a wave they are four times as fast as models.
    again = None
    for certifier in (AffinePieces(), TaylorModels()):
        try:
            again = connect(landscape, ends[:, 0], ends[:, 1], target, verify=certifier, seed=seed, progress=False)
        except NetworkError:
            continue
        break
    if again is None:
        again = connect(landscape, ends[:, 0], ends[:, 1], target, seed=seed, progress=False)
    kinds = sorted({pair.certificate.kind for pair in again if pair.certificate is not None})
    parts = [pair.certificate.parts for pair in again if pair.certificate is not None]
    kind = landscape.input_kind
    rounds = kind is not None and kind.nearest(ends[:1, 0]) is not None
    kept = as_kept(landscape, again) if rounds else ()
    return Sample(
        network=network,
        pairs=len(again),
        connected=sum(pair.connected for pair in again),
        certified=sum(pair.certified for pair in again),
        certificate=", ".join(kinds) or "none",
        parts=median(parts) if parts else None,
        kept=sum(each.outcome is KeptOutcome.CONNECTED for each in kept) if rounds else None,
        kept_as=kind.kept_as if rounds and kind is not None else "",
    )
