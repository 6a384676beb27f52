"""Detector: what was fitted on one network, judging that network's inputs, as plain files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed
from isthmus._core.files import as_read, cannot_write, read_json, sha256, write_whole
from isthmus._core.given import tensor_of
from isthmus._core.random import generator
from isthmus._core.shapes import AnyInputs, AnyOtherInputs, Mask
from isthmus._core.versions import versions
from isthmus.detection.conformal import Conformal, fewest_scores
from isthmus.detection.curve_classifier import CurveClassifier
from isthmus.detection.novelty import ConnectivityNovelty
from isthmus.detection.probe import Look, Probe
from isthmus.detection.references import References
from isthmus.detection.scores import Score, score_from
from isthmus.errors import DetectorError, InputError, OutputError
from isthmus.estimates import Floats
from isthmus.landscapes import NetworkLandscape
from isthmus.landscapes.validation import check_inputs
from isthmus.networks.weights import hash_weights
from isthmus.results import read_sealed, write_sealed
from isthmus.results.sealed import SEAL

ABOUT, ARRAYS = "detector.json", "detector.safetensors"
FORMAT, UNSEALED = "isthmus/detector/2", "isthmus/detector/1"  # version 0.1 wrote no seal
Model = Literal["logistic", "boosting", "novelty"]


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What a detector says of inputs.

    Attributes:
        predicted: class that the network sees (n,).
        score: suspicion (n,); higher is more suspicious, NaN where it could not be told.
        p_value: share of clean inputs at least as suspicious (n,).
        flagged: whether p_value <= fpr (n,).
        curves: the reason: loss along the segments to "references" and, where there are any, "views" (n, s, m).
    """

    predicted: NDArray[np.int64]
    score: Floats
    p_value: Floats
    flagged: NDArray[np.bool_]
    curves: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.score)


@dataclass(frozen=True, eq=False)
class Detector:
    """A score with its p-values, and everything that judging an input takes.

    Attributes:
        model: what it was learned with.
        score: features -> suspicion.
        conformal: what suspicions clean inputs have.
        fpr: share of clean inputs that may be flagged.
        probe: where inputs are looked at from.
        references: what they are connected with.
        bands: 5 %, 50 % and 95 % of the loss of clean inputs along segments to "references" and "views" (3, m).
        network: the network it belongs to.
    """

    model: Model
    score: Score
    conformal: Conformal
    fpr: float
    probe: Probe
    references: References
    bands: Mapping[str, Floats]
    network: Mapping[str, Any]

    @classmethod
    @renamed
    @as_annotated
    def fit(
        cls,
        landscape: NetworkLandscape,
        references: References,
        clean: AnyInputs,
        attacked: AnyOtherInputs | None = None,
        *,
        probe: Probe | None = None,
        model: Model | None = None,
        hold: Mask | None = None,
        fpr: float = 0.05,
        seed: int = 0,
        progress: Tell = None,
    ) -> Detector:
        """Learns from clean inputs, and from attacked ones where there are any.

        Args:
            landscape: of the network to be guarded.
            references: what inputs are connected with.
            clean: clean inputs (n, *input), other than the references.
            attacked: successful attacks (m, *input); without them what is unusual is flagged.
            probe: where inputs are looked at from.
            model: "logistic" or "boosting" with attacked inputs (by default the first), "novelty" without.
            hold: with attacked inputs, which clean ones set the p-values and teach nothing (n,), half of them at random
                by default. None of the attacked ones may have been made from these.
            fpr: share of clean inputs that may be flagged.
            seed: of the split, and of what the model draws.
            progress: as `isthmus.connect` takes it, with inputs.

        Raises:
            InputError: a model that does not fit what is given, or too few inputs, to learn from or held.
        """
        chosen: Model = model or ("novelty" if attacked is None else "logistic")
        if (chosen == "novelty") != (attacked is None):
            raise InputError("The models logistic and boosting need attacked inputs, novelty takes clean ones only.")
        clean = tensor_of("clean", clean)
        attacked = None if attacked is None else tensor_of("attacked", attacked)
        for name, x in (("clean", clean), ("attacked", attacked)):
            if x is not None:
                check_inputs(name, x, landscape.domain, landscape.input_kind)
        random = generator(seed)
        learns_from = seed % 2**32  # scikit-learn takes no other
        if not 0 < fpr < 1:
            raise InputError(f"fpr must be a number in (0, 1), got {fpr!r}.")
        if len(clean) < 2 / fpr:
            raise InputError(
                f"A false-positive rate of {fpr} needs at least {round(2 / fpr)} clean inputs, half of them for the "
                f"p-values, got {len(clean)}."
            )
        if hold is not None:
            _check_hold(hold, len(clean), fpr)
        probe = probe or Probe()
        look = probe.look(landscape, clean, references, progress=progress)
        rows, predicted = look.rows.numpy(), look.judged.numpy()
        score: Score
        if chosen == "novelty" or attacked is None:
            fitted = ConnectivityNovelty(fpr, class_column=rows.shape[1], random_state=learns_from)
            fitted.fit(np.column_stack([rows, predicted]))
            score, conformal = fitted.score_, fitted.conformal_
        else:
            if hold is None:
                hold = torch.rand(len(clean), generator=random).argsort() < len(clean) // 2
            held = hold.numpy()
            bad = probe.look(landscape, attacked, references, progress=progress).rows.numpy()
            learn = np.concatenate([rows[~held], bad])
            learned = CurveClassifier(chosen, random_state=learns_from).fit(
                learn, np.arange(len(learn)) >= (~held).sum()
            )
            score = learned.score_
            conformal = Conformal.of(score.of(rows[held]), predicted[held], fpr)
        return cls(chosen, score, conformal, fpr, probe, references, _bands(look), identity(landscape))

    @renamed
    @as_annotated
    def judge(
        self,
        landscape: NetworkLandscape,
        x: AnyInputs,
        *,
        progress: Tell = None,
    ) -> Verdicts:
        """Judges inputs (n, *input); `progress` is as `isthmus.connect` takes it, with inputs.

        Raises:
            InputError: inputs that cannot be used; DetectorError: the landscape is of another network.
        """
        self.check(landscape)
        x = tensor_of("x", x)
        shape = tuple(self.references.x.shape[1:])
        if tuple(x.shape[1:]) != shape:
            raise InputError(f"The detector was fitted on inputs of shape {shape}, got {tuple(x.shape[1:])}.")
        check_inputs("x", x, landscape.domain, landscape.input_kind)
        look = self.probe.look(landscape, x, self.references, progress=progress)
        predicted, score = look.judged.numpy(), self.score.of(look.rows.numpy())
        p_value = self.conformal.p_values(score, predicted)
        curves = {"references": look.to_references.double().numpy()}
        if look.to_views.shape[1]:
            curves["views"] = look.to_views.double().numpy()
        return Verdicts(predicted, score, p_value, p_value <= self.fpr, curves)

    def check(self, landscape: NetworkLandscape) -> None:
        """Refuses a network that the detector was not fitted for.

        Raises:
            DetectorError: weights, normalisation or preprocessing differ, or what it computes does: it must say of the
                references what the network of the detector said of them.
        """
        mine, other = dict(self.network), identity(landscape)
        for key, what in IDENTITY.items():
            known, now = mine.get(key), other[key]
            if isinstance(known, dict) and isinstance(now, dict):
                now = {name: now.get(name) for name in known}  # an earlier version did not know all of them
            if known != now:
                raise DetectorError(
                    f"The detector was fitted for a network with other {what} ({str(mine.get(key))[:60]} there, "
                    f"{str(other[key])[:60]} here); use that network, or fit a detector for this one."
                )
        said = landscape.logits_of(self.references.x).cpu().double()
        before = self.references.logits.double()
        room = 1e-3 * (1 + float(before.abs().max()))
        if said.shape != before.shape or not bool(((said - before).abs() <= room).all()):
            raise DetectorError(
                "The detector was fitted for a network with the same weights that computes something else: of the "
                "detector's references this one says other logits (another activation, a hook?). Fit a detector for it."
            )

    @as_annotated
    def save(self, folder: Path) -> None:
        """Writes `detector.json` and `detector.safetensors`, which holds the reference inputs as well.

        Raises:
            OutputError: it cannot be written.
        """
        from safetensors.torch import save_file

        arrays = {f"score.{name}": values for name, values in self.score.arrays().items()} | {
            "conformal.scores": self.conformal.scores,
            "conformal.classes": self.conformal.classes,
            **{f"band.{name}": band for name, band in self.bands.items()},
        }
        tensors = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in arrays.items()} | {
            f"references.{name}": value.contiguous() for name, value in vars(self.references).items()
        }
        with cannot_write(folder):
            folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / ARRAYS, lambda file: save_file(tensors, file))
        about = {
            "format": FORMAT,
            "model": self.model,
            "score": self.score.name,
            "fpr": self.fpr,
            "fewest": self.conformal.fewest,
            "probe": self.probe.describe(),
            "features": self.probe.names,
            "cost": self.probe.cost,
            "network": dict(self.network),
            "arrays_sha256": sha256(folder / ARRAYS),
            "versions": versions(),
        }
        write_sealed(folder / ABOUT, about)

    @classmethod
    @as_annotated
    def load(cls, folder: Path, landscape: NetworkLandscape) -> Detector:
        """Reads a detector for the network that it was fitted for. No code of the files is ever run.

        Raises:
            DetectorError: no detector there, one of another network, or one whose features are computed otherwise now.
            OutputError: it was damaged or changed.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        if not (folder / ABOUT).is_file():
            raise DetectorError(f"{folder} holds no detector; 'isthmus detect fit' writes one.")
        about = read_sealed(folder / ABOUT, unsealed=True)
        sealed = SEAL in read_json(folder / ABOUT)
        if about.get("format") != (FORMAT if sealed else UNSEALED):
            raise DetectorError(f"{folder / ABOUT} is no detector of the format {FORMAT}.")
        try:
            whole = sha256(folder / ARRAYS) == about["arrays_sha256"]
            found = load_file(folder / ARRAYS) if whole else {}
        except (OSError, SafetensorError) as error:
            raise OutputError(f"{folder / ARRAYS} cannot be read: {error}.") from error
        if not whole:
            raise OutputError(f"{folder / ARRAYS} was damaged or changed since it was written (its SHA-256 differs).")
        try:
            probe = Probe.of(about["probe"])
            scores = {name[6:]: value.numpy() for name, value in found.items() if name.startswith("score.")}
            detector = cls(
                about["model"],
                score_from(about["score"], scores),
                Conformal(found["conformal.scores"].numpy(), found["conformal.classes"].numpy(), about["fewest"]),
                about["fpr"],
                probe,
                References(*(found[f"references.{name}"] for name in ("x", "target", "logits"))),
                {name[5:]: value.numpy() for name, value in found.items() if name.startswith("band.")},
                about["network"],
            )
        except (KeyError, TypeError) as error:
            raise DetectorError(f"{folder / ABOUT} is incomplete: {error}.") from error
        if about["features"] != probe.names:
            raise DetectorError(f"{folder} was written by another version, whose features were others; fit it again.")
        detector.check(landscape)
        return detector


IDENTITY = {
    "weights_sha256": "weights",
    "mean": "mean",
    "std": "standard deviation",
    "preprocessing": "preprocessing",
}


def identity(landscape: NetworkLandscape) -> dict[str, Any]:
    """What makes a network the one that a detector belongs to."""
    network = landscape.network
    return as_read(network.describe()) | {"weights_sha256": hash_weights(network.model)}


def _bands(look: Look) -> dict[str, Floats]:
    """5 %, 50 % and 95 % of the loss of clean inputs along their segments."""
    found = {}
    for name, loss in (("references", look.to_references), ("views", look.to_views)):
        if loss.shape[1]:
            found[name] = np.quantile(loss.double().numpy(), (0.05, 0.5, 0.95), axis=(0, 1))
    return found


def _check_hold(hold: Mask, count: int, fpr: float) -> None:
    """Refuses a split with which no input could be flagged, or of which nothing could be learned.

    Raises:
        InputError: no mask of the right length; too few held, or none left to learn from.
    """
    if not isinstance(hold, torch.Tensor) or hold.dtype != torch.bool or hold.shape != (count,):
        got = f"{hold.dtype} of shape {tuple(hold.shape)}" if isinstance(hold, torch.Tensor) else type(hold).__name__
        raise InputError(f"hold must say True or False of each of the {count} clean inputs, got {got}.")
    held, fewest = int(hold.sum()), fewest_scores(fpr)
    if held < fewest or count - held < 1:
        raise InputError(
            f"With a false-positive rate of {fpr} at least {fewest} clean inputs must be held, and one left to learn "
            f"from, got {held} held of {count}: nothing would ever be flagged."
        )
