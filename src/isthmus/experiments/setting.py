"""Setting: on which network and which inputs an experiment is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isthmus.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the reader chooses; every experiment has defaults on the embedded network.

    Attributes:
        network: spec of the network.
        weights: its weights, where they are not the spec's own.
        images: a folder of images, or an `.npz` file; the embedded digits by default.
        mean, std, size: replace what comes with the spec.
        per_class: pairs of each class, of each kind.
        lowest_loss: only the so many inputs of lowest loss of each class take part.
        compare: further networks, each a spec and a file of weights or None, for experiments about several.
        inputs: three image files, for the map of the plane through them.
        seed: of everything that is drawn.
        device: where networks are evaluated.
        max_batch: inputs evaluated at once.
        autocast: whether networks run in bfloat16.
    """

    network: str = "digits"
    weights: Path | None = None
    images: Path | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    size: tuple[int, int] | None = None
    per_class: int | None = None
    lowest_loss: int | None = None
    compare: tuple[tuple[str, Path | None], ...] = ()
    inputs: tuple[Path, Path, Path] | None = None
    seed: int = 0
    device: str = "auto"
    max_batch: int | str = "auto"
    autocast: bool = False

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
            "max_batch": self.max_batch,
            "autocast": self.autocast,
        }
        return {key: value for key, value in table.items() if value is not None}

    def images_table(self) -> dict[str, Any]:
        """The `[images.NAME]` table of a study.

        Raises:
            InputError: a network of the reader's own without images, or images that are not there.
        """
        if self.images is not None:
            if not self.images.exists():
                raise InputError(f"--images {self.images} does not exist.")
            return {"source": _text(self.images)}
        if self.network.removeprefix("untrained:").partition("?")[0] != "digits":
            raise InputError("--network needs --images: the embedded digits fit the embedded network only.")
        return {"source": "digits"}

    def study(self, title: str, pairs: list[dict[str, Any]]) -> dict[str, Any]:
        """The content of a study of these pairs, on the setting's network and images."""
        return {
            "title": f"{title}: {self.about()}",
            "seed": self.seed,
            "images": {"inputs": self.images_table()},
            "networks": {"network": self.network_table()},
            "pairs": pairs,
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
