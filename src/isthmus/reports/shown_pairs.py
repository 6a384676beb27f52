"""Pairs as the script of a page reads them: curves, classes, and pictures that are stored once.

A polyline is straight between its vertices, so a page holds pictures of the vertices only and blends neighbours as the
slider moves: exactly the inputs of the path, up to 8 bits and the compression of large pictures. Other paths are shown
as a polyline near them.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from isthmus.connecting.columns import Column
from isthmus.connecting.connection import Connection, Outcome
from isthmus.inputs.kinds import InputKind
from isthmus.paths import Polyline
from isthmus.profiles import Profile
from isthmus.reports import style
from isthmus.reports.profile_figure import class_bands, looked_along
from isthmus.reports.stored_pictures import Pictures
from isthmus.reports.strip_figure import strip_figure

MOST_POINTS = 200  # of a profile
STORED = 8  # most probable classes kept of each evaluated point; the page shows five
BINS = 100  # of the path, in each of which the places are counted at which a certifier looked
STRAIGHT = 2e-3  # of the length of a path that is no polyline: how far what the page shows may lie from it
SIZES = (224, 160, 112, 80)  # pixels of a picture's longer side: the first with which the page stays small
PLACES, FEWEST, ALL = 65, 9, 1500  # at which a path is shown whose pictures do not blend: of one, at least, of all


def show_pairs(
    pairs: Sequence[Connection],
    names: Sequence[tuple[str, str]],
    class_names: Sequence[Sequence[str] | None],
    *,
    pictures_limit: int,
    extras: Sequence[Mapping[str, Any]] | None = None,
    columns: Sequence[Column] = (),
    strips: bool = False,
) -> dict[str, Any]:
    """The data of some pairs, ready for JSON.

    Args:
        pairs: the pairs.
        names: what the two ends of each are called.
        class_names: names of the classes of each pair's network, if it has any.
        pictures_limit: characters that all pictures together may take.
        extras: more to say of each pair.
        columns: of somebody's own, shown with each pair.
        strips: whether each pair has its strip figure.
    """
    drawn = any(not pair.drawn_as.blends for pair in pairs)
    for size, places in _sizes(len(pairs)) if drawn else [(size, FEWEST) for size in SIZES]:
        store = Pictures(size)
        shown = [_pair(number, pair, names[number], store, places) for number, pair in enumerate(pairs)]
        if store.characters <= pictures_limit:
            break
    for number, data in enumerate(shown):
        used = {data["target"], *_classes(data["direct"], data["found"])}
        known = class_names[number] or pairs[number].class_names
        data["classes"] = {str(index): style.class_name(index, known) for index in sorted(used)}  # as JSON has keys
        data.update({} if extras is None else extras[number])
        data["own"] = [
            [column.label or column.name, _plain(column.read(pairs[number]))] for column in columns if column.shown
        ]
        if strips:
            data["strip"] = _strip(pairs[number], class_names[number])
    return {"pictures": store.urls, "pairs": shown}


def _sizes(pairs: int) -> Iterator[tuple[int, int]]:
    """Sizes of pictures and numbers of places that are tried: letters stay readable for as long as that is possible."""
    places = min(PLACES, max(FEWEST, ALL // max(1, pairs)))
    while places > FEWEST:
        yield SIZES[0], places
        places = max(FEWEST, places // 2)
    yield from ((size, FEWEST) for size in SIZES)


def _strip(pair: Connection, class_names: Sequence[str] | None) -> str:
    """The strip figure as a data URL."""
    stream = io.BytesIO()
    strip_figure(pair, class_names=class_names).savefig(stream, format="jpeg", dpi=90, pil_kwargs={"quality": 80})
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _pair(number: int, pair: Connection, names: tuple[str, str], store: Pictures, places: int) -> dict[str, Any]:
    shown, kind = pair.path.to_polyline(STRAIGHT), pair.drawn_as
    t = shown.t
    direct, found = _profile(pair.direct, (0.0, 1.0)), _profile(pair.profile, t.tolist())
    extra: dict[str, Any] = {}
    if pair.aside_t is not None:
        pixels, caption = kind.change(pair.path.at(pair.aside_t), pair.direct_path.at(pair.direct.argmax_t))
        if kind.blends:
            extra = {"difference": store.add_difference(pixels), "change": caption}
        else:
            extra = {"difference": store.add_pixels(pixels, store.largest, 0, drawn=True), "change": caption}
    if kind.blends:
        pictures = [store.add(vertex, kind) for vertex in shown.vertices]
        looks = {"direct": {"pictures": [pictures[0], pictures[-1]]}, "found": {"pictures": pictures}}
    else:
        looks = {"direct": _places(pair.direct_path, kind, store, places)}
        looks["found"] = _places(shown, kind, store, places) if pair.moved else looks["direct"]
    return extra | {
        "id": number,
        "a": names[0],
        "c": names[1],
        "target": pair.target,
        "threshold": _number(pair.threshold),
        "outcome": pair.verdict,
        "state": "good" if pair.connected else "bad",
        "directMax": _number(pair.direct.max_loss),
        "directGap": _number(pair.direct.gap),
        "directConnected": pair.outcome is Outcome.DIRECT,
        "max": _number(pair.profile.max_loss),
        "gap": _number(pair.profile.gap),
        "classConnected": pair.class_connected,
        "deviation": _number(pair.path.deviation),
        "lengthRatio": _number(pair.path.length_ratio),
        "rounds": pair.rounds,
        "steps": pair.steps,
        "cost": pair.forward_equivalents,
        "certificate": None if pair.certificate is None else str(pair.certificate),
        "density": None if pair.certificate is None else looked_along(pair, BINS).tolist(),
        "certified": pair.certified,
        "band": _band(pair),
        "peak": _number(pair.direct.argmax_t),
        "direct": direct | {"vertices": [0, 1], "rounds": [0, 0]} | looks["direct"],
        "found": found
        | {
            "vertices": [_number(v) for v in t.tolist()],
            "rounds": list(pair.vertex_rounds) or [0] * len(t),
        }
        | looks["found"],
    }


def _places(path: Polyline, kind: InputKind, store: Pictures, count: int) -> dict[str, Any]:
    """Pictures of so many places and of the vertices, and what words say of each against the first."""
    t = torch.unique(torch.cat([torch.linspace(0, 1, count, dtype=torch.float64), path.t.double()]))
    x = path.at(t)
    readings = [kind.reading(x[0]), *(kind.reading(each, x[0]) for each in x[1:])]
    found: dict[str, Any] = {
        "places": [_number(v, 5) for v in t.tolist()],
        "pictures": [store.add(each, kind) for each in x],
    }
    return found | ({"readings": readings} if any(readings) else {})


def _band(pair: Connection) -> list[list[float | None]]:
    """Begin, end, lower and upper bound of at most so many intervals, as far as the bounds are finite; neighbours are
    joined where there are more.
    """
    band = None if pair.certificate is None else pair.certificate.band
    if band is None:
        return []
    rows = torch.stack([band.begin, band.end, band.lower, band.upper], 1)[band.upper.isfinite()]
    every = max(1, -(-len(rows) // MOST_POINTS))
    joined = [
        (float(some[0, 0]), float(some[-1, 1]), float(some[:, 2].min()), float(some[:, 3].max()))
        for some in torch.split(rows, every)
    ]
    return [[_number(value, 5) for value in row] for row in joined]


def _profile(profile: Profile, vertices: Sequence[float]) -> dict[str, Any]:
    rows = _thin(profile, vertices)
    probabilities = profile.logits[rows].double().softmax(1).nan_to_num(0)
    # A few more than the page shows, since it interpolates between evaluated points.
    values, classes = probabilities.topk(min(STORED, probabilities.shape[1]), dim=1)
    top = [
        [[index, round(value, 4)] for index, value in zip(*row, strict=True)]
        for row in zip(classes.tolist(), values.tolist(), strict=True)
    ]
    bands = class_bands(profile)
    return {
        "t": [_number(value, 5) for value in profile.t[rows].tolist()],
        "loss": [_number(value) for value in profile.loss[rows].tolist()],
        "bands": [[_number(begin, 4), _number(end, 4), index] for begin, end, index in bands],
        "top": top,
    }


def _thin(profile: Profile, vertices: Sequence[float]) -> Tensor:
    """Rows of a profile that the page shows: all of them, or some, with the ends, the vertices and the maximum."""
    if len(profile) <= MOST_POINTS:
        return torch.arange(len(profile))
    even = torch.linspace(0, len(profile) - 1, MOST_POINTS).long()
    kept = torch.searchsorted(profile.t, torch.tensor(vertices, dtype=torch.float64)).clamp_max(len(profile) - 1)
    rows = torch.cat([even, kept, profile.loss.argmax()[None]]).tolist()
    return torch.tensor(sorted(set(rows)))


def _classes(*profiles: dict[str, Any]) -> set[int]:
    """Every class that the page names."""
    named = {index for profile in profiles for row in profile["top"] for index, _ in row}
    return named | {index for profile in profiles for _, _, index in profile["bands"]}


def _plain(value: Any) -> Any:
    """A value of somebody's own column as the page shows it."""
    return _number(value) if isinstance(value, float) else value if isinstance(value, int) else str(value)


def _number(value: float, digits: int = 6) -> float | None:
    """A number of so many significant digits; NaN and infinity, which JSON does not know, become null."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None
