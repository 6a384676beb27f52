"""The display of images that were read: the first of each folder, and what was set aside."""

from __future__ import annotations

from isthmus._core.text import amount, shorten, visible
from isthmus.inputs.images import Images
from isthmus.reports.displays.base import display_of
from isthmus.reports.displays.card import card, facts, of_inputs, paragraph

MOST = 8


@display_of.register
def of_images(found: Images) -> str:
    """One image of each of the first folders, or the first images where there is one folder."""
    folders = sorted(set(found.folders))
    rows = [found.folders.index(folder) for folder in folders[:MOST]]
    if len(folders) == 1:
        rows = list(range(min(MOST, len(found))))
    captions = [shorten(visible(found.folders[k] if len(folders) > 1 else found.files[k].name), 18) for k in rows]
    aside = list(found.skipped.items())
    return card(
        f"{amount(len(found), 'image')} of shape {tuple(found.x.shape[1:])}, in {amount(len(folders), 'folder')}",
        of_inputs([found.x[k] for k in rows], captions),
        facts({"set aside": amount(len(aside), "file") if aside else None}),
        *(paragraph(visible(reason)) for _, reason in aside[:3]),
    )
