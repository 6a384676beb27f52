"""What the experiment on real inputs says: tables and sentences from its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from isthmus.estimates import ClassDraws, Estimate, mean, median
from isthmus.experiments.real.measured import MeasuredPairs
from isthmus.findings.findings import Table, share, spread
from isthmus.studies import Group

SIZES = {
    "linf": "largest change of a value (data units)",
    "rms": "root mean square change (data units)",
    "l2_share": "L2 length / |AC|",
}
EFFECTS = {
    "gradient_undone": "along the negative gradient at B",
    "scrambled_undone": "random, with the spectrum of B′ − B",
    "random_undone": "random",
}


def shares_table(group: Group) -> Table:
    """Shares connected after each round."""
    row: dict[str, Any] = {"pairs": group.counted}
    columns: dict[str, str | None] = {"pairs": "pairs"}
    for number, estimate in enumerate(group.connected_after):
        columns[f"after_{number}"] = "direct" if number == 0 else f"after {number}"
        row[f"after_{number}"] = estimate
    row |= {"class_connected": group.class_connected, "deviation": group.deviation, "cost": group.cost}
    columns |= {"class_connected": "class kept", "deviation": "deviation", "cost": "forward-equivalents"}
    percent = frozenset(key for key in columns if key.startswith("after") or key in ("class_connected", "deviation"))
    note = "Shares of the pairs after so many rounds at most, with 95 % intervals from a bootstrap of whole classes."
    return Table(name="connected", title="Connected pairs", columns=columns, rows=[row], percent=percent, note=note)


def sizes_table(of: Mapping[str, Estimate], values: Mapping[str, Tensor]) -> Table:
    """How small B' - B is."""
    rows = [
        {
            "measure": label,
            "median": of[name],
            "low_5": float(np.quantile(values[name], 0.05)),
            "high_95": float(np.quantile(values[name], 0.95)),
        }
        for name, label in SIZES.items()
    ]
    columns = {"measure": "B′ − B", "median": "median", "low_5": "5 %", "high_95": "95 %"}
    note = "Over the bypassed pairs. Data units: 1 is the range of a pixel, 1/255 = 0.0039 one level of 8 bits."
    return Table(name="sizes", title="How small the bypass is", columns=columns, rows=rows, note=note)


def effects_table(of: Mapping[str, Estimate], values: Mapping[str, Tensor], draws: ClassDraws) -> Table:
    """What moves of equal length bring."""
    rows: list[dict[str, Any]] = [{"move": "B′ − B", "undone": 1.0, "better": None}]
    for name, label in EFFECTS.items():
        better = (values[name].numpy() >= 0.5).astype(float)
        rows.append({"move": label, "undone": of[name], "better": mean(better, draws)})
    rounded = (values["rounded_undone"].numpy() >= 0.5).astype(float)
    rows.append({"move": "B′ rounded to 8 bits", "undone": of["rounded_undone"], "better": mean(rounded, draws)})
    rows.append({"move": "foretold by the gradient at B", "undone": of["first_order"], "better": None})
    columns = {"move": "move of equal length from B", "undone": "share of the fall", "better": "half of it or more"}
    note = (
        f"Share of L(B) − L(B′), median over the bypassed pairs. Cosine between B′ − B and the negative gradient at B: "
        f"{spread(of['alignment'])}."
    )
    return Table(name="moves", title="Why so small a move matters", columns=columns, rows=rows,
                 percent=frozenset({"undone", "better"}), note=note)  # fmt: skip


def high_energies(measured: MeasuredPairs, draws: ClassDraws) -> dict[str, Estimate | float]:
    """Share of energy at high frequency of B' - B, C - A, B and white noise; empty where inputs have no spectrum."""
    assert measured.measures is not None
    if not measured.measures.spectra or measured.white is None:
        return {}
    found: dict[str, Estimate | float] = {
        name: median(high(shares).numpy(), draws) for name, shares in measured.measures.spectra.items()
    }
    return found | {"white": float(high(measured.white))}


def spectra_tables(energies: Mapping[str, Estimate | float]) -> list[Table]:
    """Energy at high frequency, where inputs have a spectrum."""
    if not energies:
        return []
    labels = {"bypass": "B′ − B", "images": "C − A", "peak": "B", "white": "white noise"}
    rows = [{"what": labels[name], "high": energy} for name, energy in energies.items()]
    columns = {"what": "of", "high": "energy above half the highest frequency"}
    note = "Frequency as distance from the origin of the spectrum, relative to the highest one along an axis."
    return [Table(name="spectrum", title="Where in the spectrum it lies", columns=columns, rows=rows,
                  percent=frozenset({"high"}), note=note)]  # fmt: skip


def pairs_table(measured: MeasuredPairs) -> Table:
    """Every bypass, for the file."""
    assert measured.measures is not None
    names = list(measured.measures.numbers)
    rows = [
        {"pair": number} | {name: float(measured.measures.numbers[name][place]) for name in names}
        for place, number in enumerate(measured.numbers)
    ]
    columns: dict[str, str | None] = dict.fromkeys(["pair", *names])
    return Table(name="bypasses", title="Every bypass", columns=columns, rows=rows)


def sentences(of: Mapping[str, Estimate], measured: MeasuredPairs, draws: ClassDraws) -> list[str]:
    """The findings in words."""
    assert measured.measures is not None
    beaten = mean((measured.measures.numbers["random_undone"].numpy() < 0.5).astype(float), draws)
    levels = 255 * of["linf"].value
    size = (
        f"B′ − B changes no value by more than {of['linf'].value:.3g} ({levels:.1f} levels of 8 bits) in the median of "
        f"{len(measured.numbers)} bypassed pairs; its length is {share(of['l2_share'].value)} of |AC|."
    )
    control = (
        f"A random move of equal length brings {share(of['random_undone'].value)} of the fall in loss, and one with "
        f"the same spectrum {share(of['scrambled_undone'].value)}; in {share(beaten.value)} of the pairs the random "
        "one brings less than half."
    )
    if max(of["random_undone"].value, of["scrambled_undone"].value) < 0.25:
        control += " It is the direction that matters, not the length."
    slope = (
        f"A step of equal length along the negative gradient at B brings {share(of['gradient_undone'].value)} of the "
        f"fall, and the cosine between it and B′ − B is {spread(of['alignment'])}. To first order the gradient "
        f"foretells {share(of['first_order'].value)} of the fall."
    )
    rounded = f"Rounded to 8 bits, as image files are, B′ brings {share(of['rounded_undone'].value)} of the fall."
    return [size, control, slope, rounded]


def high(shares: Tensor) -> Tensor:
    """Share of the energy in the upper half of the bands."""
    return shares[..., shares.shape[-1] // 2 :].sum(-1)


def judge_spectrum(energies: Mapping[str, Estimate | float], agrees: list[str], differs: list[str]) -> None:
    """Whether B' - B is a pattern of high frequency, and beside what."""
    if not energies:
        return
    of = {name: each.value if isinstance(each, Estimate) else each for name, each in energies.items()}
    text = (
        f"{share(of['bypass'])} of the energy of B′ − B lies above half the highest frequency, "
        f"{share(of['images'])} of that of C − A, and {share(of['white'])} of white noise's"
    )
    if of["bypass"] > of["white"]:
        agrees.append(f"{text}: it is finer than noise.")
    elif of["bypass"] > 2 * of["images"]:
        agrees.append(f"{text}: much finer than images are.")
        differs.append("B′ − B is coarser than white noise: a pattern of high frequency only beside the images.")
    else:
        differs.append(f"{text}: no pattern of high frequency.")
