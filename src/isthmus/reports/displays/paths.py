"""Displays of paths, profiles and certificates."""

from __future__ import annotations

import torch

from isthmus.certificates import Certificate
from isthmus.paths import AbstractPath
from isthmus.profiles import Profile
from isthmus.reports import style
from isthmus.reports.displays.base import display_of
from isthmus.reports.displays.card import card, facts, number, of_inputs
from isthmus.reports.displays.chart import Line, Mark, bands, chart
from isthmus.reports.profile_figure import class_bands

PICTURES = 7  # of a path
MOST = 400  # points of a curve


@display_of.register
def of_path(path: AbstractPath) -> str:
    """Its shape, and inputs along it."""
    t = torch.linspace(0, 1, PICTURES, dtype=torch.float64)
    return card(
        repr(path),
        facts(
            {
                "length": f"{number(path.length)} in data units; {number(path.length_ratio)} times the straight one",
                "deviation": f"{100 * path.deviation:.2g} % of the straight one",
            }
        ),
        of_inputs(list(path.at(t)), [f"t = {each:.2f}" for each in t.tolist()]),
    )


@display_of.register
def of_profile(profile: Profile) -> str:
    """The curve, and the classes along it."""
    classes = {profile.target, *profile.predicted.tolist()}
    names = {index: style.class_name(index, profile.class_names) for index in classes}
    colors = style.band_colors(profile.predicted.tolist(), profile.target)
    stretches = [(begin, end, names[index], colors[index]) for begin, end, index in class_bands(profile)]
    return card(
        f"{type(profile).__name__} for {names[profile.target]}",
        chart(
            [line_of(profile, 1.0, "loss", style.FOUND)],
            marks=[Mark(x=profile.argmax_t, y=profile.max_loss, name="highest", color=style.PEAK)],
            x_label="t",
            y_label="loss",
        ),
        bands([("class", 1.0, stretches)]),
        facts(
            {
                "max loss": f"{number(profile.max_loss)} at t = {profile.argmax_t:.3g}; gap {number(profile.gap)}",
                "looked at": f"{len(profile):,} points, at most {profile.resolution:.3g} apart",
            }
        ),
    )


@display_of.register
def of_certificate(certificate: Certificate) -> str:
    """What was shown, and on what it rests."""
    return card(
        f"Certificate ({certificate.kind}): {certificate.claim}",
        facts(
            {
                "threshold": number(certificate.threshold),
                "covers": f"{certificate.covers:.2%} of it",
                "in parts": f"{certificate.parts:,}",
                "subject to": certificate.subject_to,
            }
        ),
        state=certificate.whole,
    )


def line_of(profile: Profile, reach: float, name: str, color: str) -> Line:
    """The curve of a profile: all its points, or so many with the highest among them."""
    rows = torch.arange(len(profile))
    if len(profile) > MOST:
        even = torch.linspace(0, len(profile) - 1, MOST).long()
        rows = torch.tensor(sorted({*even.tolist(), int(profile.loss.argmax())}))
    return Line(x=(profile.t[rows] * reach).tolist(), y=profile.loss[rows].tolist(), name=name, color=color)
