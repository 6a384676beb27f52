"""Reading: inputs are read, and looked at once by the network, while somebody is told how far that is."""

from __future__ import annotations

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
    from isthmus.loading import survey

    many = "inputs" if landscape.input_kind is None else landscape.input_kind.many
    with spending("reading"), progress_bar("reading", many, after=0.5) as tell:
        return survey(collection, landscape, keep=True, on_input=lambda done, of: tell(Progress(done, of, 0)))
