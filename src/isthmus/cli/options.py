"""Options that several commands share, and how their texts become objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from isthmus._core.text import visible
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus import Landscape
    from isthmus.loading import NetworkChoice
    from isthmus.results import ResultFolder
    from isthmus.studies import OnRay


@Parameter(name="*")
@dataclass(frozen=True)
class NetworkOptions:
    """Which network."""

    network: str = "digits"
    """Network spec: digits, torchvision:NAME, timm:NAME, hf-hub:ORG/NAME, py:PACKAGE.MODULE:FACTORY (runs its
    code), untrained:SPEC?seed=0&classes=10."""
    weights: Path | None = None
    """Weights: .safetensors, .npz, .pt or .pth with plain tensors. Without it, those that the spec's library
    publishes."""
    mean: str | None = None
    """Per-channel mean, as 0.485,0.456,0.406, in the place of the spec's own."""
    std: str | None = None
    """Per-channel standard deviation, likewise."""
    size: str | None = None
    """Input size in pixels, as 32 or 240x320 (height x width), in the place of the spec's own."""
    device: str = "auto"
    """auto (a CUDA device where there is one), cpu, cuda, cuda:1."""
    max_batch: str = "auto"
    """Inputs evaluated at once: auto or a number. It bounds the memory."""
    loss: str = "cross-entropy"
    """What makes an input low: cross-entropy, margin, or py:PACKAGE.MODULE:NAME (runs its code)."""
    domain: str = "auto"
    """Where inputs may lie: auto (as the network's kind of inputs says: between 0 and 1 for images), box (between 0 and
    1), unbounded, or py:PACKAGE.MODULE:NAME."""
    autocast: bool = False
    """Run the network in bfloat16 mixed precision (for accelerators)."""

    def untrained(self, seed: int) -> NetworkOptions:
        """The same network with fresh weights."""
        spec = self.network.partition("?")[0] if self.network.startswith("untrained:") else f"untrained:{self.network}"
        return replace(self, network=f"{spec}?seed={seed}", weights=None)


@Parameter(name="*")
@dataclass(frozen=True)
class OutputOptions:
    """Where results go."""

    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None
    """Folder for the results, by default isthmus-run (isthmus-demo for the demo); made if need be, and empty unless one
    of the next two is given."""
    overwrite: bool = False
    """Replace an earlier run in that folder; other files there are left alone."""
    resume: bool = False
    """Go on with an earlier run in that folder that was interrupted."""
    pictures: int = 5
    """Draw figures (PNG and SVG files) for the first so many pairs; the page holds all of them."""


@Parameter(name="*")
@dataclass(frozen=True)
class EngineOptions:
    """Who does the work."""

    engine: Literal["local", "ray"] = "local"
    """local: this process. ray: workers of a Ray cluster (pip install "isthmus[ray]")."""
    workers: int | None = None
    """With ray on this machine: tasks at a time; by default as many as the CPUs allow."""
    address: str | None = None
    """With ray: a running cluster, such as auto or 10.0.0.1:6379; all its nodes must see the folder of a study."""
    cpus: float = 1
    """With ray: CPUs, and threads, of each worker."""
    gpus: float = 0
    """With ray: GPUs of each worker; with some, --device cuda."""

    def checked(self) -> EngineOptions:
        """Itself.

        Raises:
            InputError: some of it cannot be meant.
        """
        at_least("--workers", self.workers, 1)
        if self.engine == "local" and (self.workers is not None or self.address is not None):
            raise InputError("--workers and --address belong to --engine ray.")
        return self

    def cluster(self) -> OnRay | None:
        """The cluster; None for this process."""
        from isthmus.studies import OnRay

        if self.engine == "local":
            return None
        return OnRay(address=self.address, workers=self.workers, cpus=self.cpus, gpus=self.gpus)


def choice_of(options: NetworkOptions) -> NetworkChoice:
    """What the options name, as the library takes it."""
    from isthmus.loading import NetworkChoice

    mean, std = numbers("--mean", options.mean), numbers("--std", options.std)
    return NetworkChoice(
        network=options.network,
        weights=options.weights,
        mean=None if mean is None else tuple(mean),
        std=None if std is None else tuple(std),
        size=size_of(options.size),
        loss=options.loss,
        domain=options.domain,
        device=options.device,
        max_batch=batch_size(options.max_batch),
        autocast=options.autocast,
    )


def landscape_of(options: NetworkOptions) -> Landscape:
    """The landscape that the options name, on a network."""
    from isthmus import Landscape

    landscape = choice_of(options).open()
    if not isinstance(landscape, Landscape):
        raise InputError(
            f"--network {options.network} is a landscape of its own; give a network, or use isthmus study."
        )
    return landscape


def batch_size(text: str) -> int | str:
    """`auto`, or a number of inputs."""
    if text != "auto" and (not text.isdecimal() or int(text) < 1):
        raise InputError(f"--max-batch must be auto or a whole number >= 1, got {text}.")
    return text if text == "auto" else int(text)


def claimed(
    out: Path, schema: str, *, overwrite: bool, resume: bool = False, resumable: bool = False, parts: Sequence[str] = ()
) -> ResultFolder:
    """The folder for the results, checked before any work is spent, and held until the command ends."""
    from isthmus.cli.holding import hold
    from isthmus.results import claim

    return hold(claim(out, schema, overwrite=overwrite, resume=resume, resumable=resumable, parts=parts))


def claimed_for_run(options: OutputOptions, default: str) -> ResultFolder:
    """The same for a run of pairs, which can be resumed."""
    at_least("--pictures", options.pictures, 0)
    out = Path(default) if options.out is None else options.out
    schema = "isthmus/connect-result/1"
    return claimed(out, schema, overwrite=options.overwrite, resume=options.resume, resumable=True)


def at_least(name: str, value: int | None, least: int) -> None:
    """Refuses counts that would mean something else."""
    if value is not None and value < least:
        raise InputError(f"{name} must be at least {least}, got {value}.")


def readable(name: str) -> str:
    """A name that may come from a file system, where names need not be text, and may hold what moves a cursor."""
    return visible(name.encode("utf-8", "replace").decode())


def numbers(name: str, text: str | None) -> list[float] | None:
    """Numbers with commas between."""
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InputError(f"{name} must be numbers with commas between, as 0.5,0.5,0.5, got '{text}'.") from error


def fraction(name: str, text: str | None) -> float | None:
    """A number, or a fraction as radii are often written."""
    if text is None:
        return None
    try:
        return float(Fraction(text.strip()))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise InputError(f"{name} must be a number or a fraction, as 0.03 or 8/255, got '{text}'.") from error


def size_of(text: str | None) -> tuple[int, int] | None:
    """Height and width in pixels."""
    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise InputError(f"--size must be a number of pixels, as 32, or HEIGHTxWIDTH, as 240x320, got '{text}'.")
    return int(parts[0]), int(parts[-1])
