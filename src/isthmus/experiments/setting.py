"""Setting: on which network and which inputs an experiment is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isthmus.errors import InputError
from isthmus.experiments.methods import BYPASS
from isthmus.inputs.required import needs_images
from isthmus.loading import NetworkChoice


@dataclass(frozen=True, kw_only=True)
class Setting(NetworkChoice):
    """What the reader chooses, beside the network; every experiment has defaults on the embedded network.

    Attributes:
        images: a folder of images, or an `.npz` file; the embedded digits by default.
        per_class: pairs of each class, of each kind.
        lowest_loss: only the so many inputs of lowest loss of each class take part.
        compare: further networks, each a spec and a file of weights or None, for experiments about several.
        inputs: three image files, for the map of the plane through them.
        seed: of everything that is drawn.
    """

    images: Path | None = None
    per_class: int | None = None
    lowest_loss: int | None = None
    compare: tuple[tuple[str, Path | None], ...] = ()
    inputs: tuple[Path, Path, Path] | None = None
    seed: int = 0

    @property
    def embedded(self) -> bool:
        """Whether it is the embedded digits that inputs come from."""
        return self.images is None

    def network_table(self, spec: str | None = None, weights: Path | None = None) -> dict[str, Any]:
        """The `[networks.NAME]` table of a study: of the setting's network, or of another on the same inputs."""
        given = spec is not None
        table = {
            "spec": spec if spec is not None else self.network,
            "weights": _text(weights if given else self.weights),
            "mean": None if self.mean is None else list(self.mean),
            "std": None if self.std is None else list(self.std),
            "size": None if self.size is None else list(self.size),
            "loss": self.loss,
            "domain": self.domain,
            "max_batch": self.max_batch,
            "autocast": self.autocast,
        }
        return {key: value for key, value in table.items() if value is not None}

    def images_table(self) -> dict[str, Any]:
        """The `[inputs.NAME]` table of a study.

        Raises:
            InputError: a network of the reader's own without images, or images that are not there.
        """
        if self.images is not None:
            if not self.images.exists():
                raise InputError(f"--inputs {self.images} does not exist.")
            return {"source": _text(self.images)}
        needs_images(self.images, self.network)
        return {"source": "digits"}

    def study(self, title: str, pairs: list[dict[str, Any]]) -> dict[str, Any]:
        """The content of a study of these pairs, on the setting's network and images."""
        return {
            "title": f"{title}: {self.about()}",
            "seed": self.seed,
            "inputs": {"inputs": self.images_table()},
            "networks": {"network": self.network_table()},
            "pairs": pairs,
            "connect": dict(BYPASS),
        }

    def drawn(self, per_class: int) -> dict[str, Any]:
        """Settings of kinds that draw real inputs, with an experiment's own number of pairs as the default."""
        table = {"per_class": per_class if self.per_class is None else self.per_class, "lowest_loss": self.lowest_loss}
        return {key: value for key, value in table.items() if value is not None}

    def about(self) -> str:
        """Network and inputs, in words."""
        inputs = "handwritten digits" if self.images is None else self.images.name
        network = "the embedded network" if self.network == "digits" else self.network
        return f"{network}, {inputs}"


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())
