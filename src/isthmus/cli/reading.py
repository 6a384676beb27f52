"""Reading: inputs are read, and looked at once by the network, while somebody is told how far that is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from isthmus._core.bars import progress_bar
from isthmus._core.progress import Progress
from isthmus.cli.clock import spending

if TYPE_CHECKING:
    from isthmus import Landscape
    from isthmus.inputs.collection import Collection
    from isthmus.loading import Survey


def read(collection: Collection, landscape: Landscape) -> Survey:
    """What is known of the inputs of a collection, with the inputs."""
    from isthmus.inputs.files import FileCollection
    from isthmus.inputs.kinds import Images
    from isthmus.inputs.lost import what_is_lost
    from isthmus.loading import survey

    many = "inputs" if landscape.input_kind is None else landscape.input_kind.many
    with spending("reading"), progress_bar("reading", many, after=0.5) as tell:
        found = survey(collection, landscape, keep=True, on_input=lambda done, of: tell(Progress(done, of, 0)))
    if isinstance(collection, FileCollection) and isinstance(landscape.input_kind, Images):
        lost = what_is_lost(collection.sources, landscape.input_kind.preprocessing)
        if lost is not None:
            print(f"isthmus: note: {lost}", file=sys.stderr)
    return found
