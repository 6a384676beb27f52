"""Sets of inputs that are no images, of what installs with packages; written as files, and read as everybody's are."""

from __future__ import annotations

import csv
import importlib
import inspect
import io
import pkgutil
import random
import re
import shutil
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from isthmus._core.files import write_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

CORPORA = ("numpy", "scipy", "sklearn", "torch")  # whose docstrings are read
LANGUAGES = ("cs", "de", "en", "es", "fi", "fr", "hu", "it", "pl", "sv")
CHARACTERS, WORDS = 16, 12  # tokens of a text
LEAST = 4  # words of a sentence
HELD = 3  # every so manieth input is held out of training


@dataclass(frozen=True, kw_only=True)
class Set:
    """A set of labelled inputs.

    Attributes:
        kind: of its inputs.
        classes: how many.
        about: what it is, in words, with its source.
        write: writes it to a folder, and says where it is in there.
        networks: factories of the networks that are trained on it, by their names.
    """

    kind: str
    classes: int
    about: str
    write: Callable[[Path], Path]
    networks: Mapping[str, str]


def labelled_rows(name: str) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """The columns of a table by name, and the class of each row."""
    from sklearn import datasets

    found = {"breast-cancer": datasets.load_breast_cancer, "wine": datasets.load_wine}[name]()
    columns = {str(feature): found.data[:, k] for k, feature in enumerate(found.feature_names)}
    return columns, [str(found.target_names[index]) for index in found.target]


def _table(name: str, folder: Path) -> Path:
    columns, labels = labelled_rows(name)
    lines = zip(*[values.tolist() for values in columns.values()], labels, strict=True)
    return _csv(folder / f"{name}.csv", [*columns, "label"], lines)


def _speech(name: str, folder: Path) -> Path:
    from isthmus.experiments.kinds.speech import spoken
    from isthmus.inputs.kinds.series.files import write_wave

    place = folder / name
    for label, number, wave, rate in spoken(name):
        write_wave(wave[None], place / label / f"{number:04d}.wav", rate)
    return place


def _names(folder: Path) -> Path:
    """Names of countries, languages and cities in ten languages (Unicode CLDR, in Babel): which language is it?"""
    return _csv(folder / "languages.csv", ["text", "label"], names_of_languages())


@lru_cache
def names_of_languages() -> tuple[tuple[str, str], ...]:
    """Names with the language that each is of; those that two languages have are left out."""
    from babel import Locale

    found: dict[str, set[str]] = {}
    for language in LANGUAGES:
        locale = Locale(language)
        words = [str(word) for each in (locale.territories, locale.languages) for word in each.values()]
        found[language] = {word.lower() for word in words if len(word) <= CHARACTERS}
    count = Counter(word for words in found.values() for word in words)
    return tuple((word, language) for language, words in found.items() for word in sorted(words) if count[word] == 1)


def _docstrings(folder: Path) -> Path:
    """First sentences of docstrings of four libraries: which library is it?"""
    return _csv(folder / "docstrings.csv", ["text", "label"], sentences())


@lru_cache
def sentences() -> tuple[tuple[str, str], ...]:
    """First sentences of at least four words, with the library that each is from; no sentence twice."""
    found: dict[str, str | None] = {}
    for library in CORPORA:
        for module in _modules(library):
            for thing in _documented(module, library):
                text = _first_sentence(thing)
                if text is not None:
                    found[text] = library if found.get(text, library) == library else None
    return tuple(sorted((text, label) for text, label in found.items() if label is not None))


def _modules(library: str) -> Iterator[ModuleType]:
    """A package and the public modules in it, as far as they can be imported here."""
    package = importlib.import_module(library)
    yield package
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_") or info.name in ("conftest", "testing", "tests", "distributed"):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = importlib.import_module(f"{library}.{info.name}")
        except Exception:  # noqa: BLE001, S112 (a part that does not import here has no docstrings here)
            continue
        yield module


def _documented(module: ModuleType, library: str) -> Iterator[object]:
    """Public functions and classes of a module that are the library's own, and public members of these classes."""
    for name, thing in sorted(vars(module).items()):
        own = str(getattr(thing, "__module__", "") or "").partition(".")[0] == library
        if name.startswith("_") or not own or not callable(thing):
            continue
        yield thing
        if inspect.isclass(thing):
            yield from (each for key, each in sorted(vars(thing).items()) if not key.startswith("_") and callable(each))


def _first_sentence(thing: object) -> str | None:
    """The words of the first sentence of a docstring, where they are few enough and no call is among them."""
    doc = inspect.getdoc(thing)
    first = re.split(r"(?<=[.!?])\s|\n\n", doc.strip(), maxsplit=1)[0] if doc else ""
    words = re.findall(r"[a-z]+", first.lower())
    return " ".join(words) if LEAST <= len(words) <= WORDS and "(" not in first else None


def places_of(name: str, folder: Path) -> dict[str, Path]:
    """Where the parts of a set lie in a folder, by their names.

    `train` and `held-out`, of which every third input is; `shuffled`, the first with its classes shuffled; and
    `unlabelled`, the second without classes.
    """
    places = {part: folder / name / part for part in ("train", "held-out", "shuffled", "unlabelled")}
    return (
        places if SETS[name].kind == "series" else {part: place.with_suffix(".csv") for part, place in places.items()}
    )


def parts(name: str, folder: Path) -> dict[str, Path]:
    """The same, written where they are not there."""
    one, places = SETS[name], places_of(name, folder)
    done = folder / name / "done"
    if not done.exists():
        shutil.rmtree(folder / name, ignore_errors=True)
        (_parts_of_folder if one.kind == "series" else _parts_of_file)(one.write(folder / name / "all"), places)
        write_text(done, "")
    return places


def _parts_of_file(source: Path, places: Mapping[str, Path]) -> None:
    with source.open(newline="", encoding="utf-8") as stream:
        head, *rows = list(csv.reader(stream))
    held = [row for number, row in enumerate(rows) if number % HELD == 0]
    train = [row for number, row in enumerate(rows) if number % HELD]
    labels = _shuffled([row[-1] for row in train])
    _csv(places["train"], head, train)
    _csv(places["held-out"], head, held)
    _csv(places["shuffled"], head, [[*row[:-1], label] for row, label in zip(train, labels, strict=True)])
    _csv(places["unlabelled"], head[:-1], [row[:-1] for row in held])


def _parts_of_folder(source: Path, places: Mapping[str, Path]) -> None:
    files = sorted(source.rglob("*.wav"))
    held = files[::HELD]
    train = [file for number, file in enumerate(files) if number % HELD]
    labels = _shuffled([file.parent.name for file in train])
    for number, (file, label) in enumerate(zip(train, labels, strict=True)):
        _copy(file, places["train"] / file.parent.name / file.name)
        _copy(file, places["shuffled"] / label / f"{number:05d}.wav")
    for number, file in enumerate(held):
        _copy(file, places["held-out"] / file.parent.name / file.name)
        _copy(file, places["unlabelled"] / f"{number:05d}.wav")


def _shuffled(labels: list[str]) -> list[str]:
    random.Random(0).shuffle(labels)
    return labels


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _csv(file: Path, head: Sequence[str], lines: Iterable[Sequence[object]]) -> Path:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(lines)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, stream.getvalue())
    return file


_HOME = "py:isthmus.experiments.kinds.networks"

SETS: Mapping[str, Set] = MappingProxyType(
    {
        "breast-cancer": Set(
            kind="table",
            classes=2,
            about="569 tumours, 30 measurements (Wolberg et al. 1995, in scikit-learn)",
            write=lambda folder: _table("breast-cancer", folder),
            networks={"mlp": f"{_HOME}:breast_cancer_mlp", "gelu": f"{_HOME}:breast_cancer_gelu"},
        ),
        "wine": Set(
            kind="table",
            classes=3,
            about="178 wines, 13 measurements (Aeberhard and Forina 1991, in scikit-learn)",
            write=lambda folder: _table("wine", folder),
            networks={"mlp": f"{_HOME}:wine_mlp", "gelu": f"{_HOME}:wine_gelu"},
        ),
        "digits": Set(
            kind="series",
            classes=10,
            about="the ten digits spoken in English by 40 synthetic voices (eSpeak NG), 0.5 s at 8 kHz",
            write=lambda folder: _speech("digits", folder),
            networks={"cnn": f"{_HOME}:digits_cnn", "resnet": f"{_HOME}:digits_resnet"},
        ),
        "tongues": Set(
            kind="series",
            classes=6,
            about="the numbers from one to twenty spoken in six languages by synthetic voices (eSpeak NG)",
            write=lambda folder: _speech("tongues", folder),
            networks={"cnn": f"{_HOME}:tongues_cnn", "resnet": f"{_HOME}:tongues_resnet"},
        ),
        "languages": Set(
            kind="tokens",
            classes=10,
            about="names of countries and languages in ten languages, letter by letter (Unicode CLDR, in Babel)",
            write=_names,
            networks={"transformer": f"{_HOME}:languages_transformer", "cnn": f"{_HOME}:languages_cnn"},
        ),
        "docstrings": Set(
            kind="tokens",
            classes=4,
            about="first sentences of docstrings of NumPy, SciPy, scikit-learn and PyTorch, word by word",
            write=_docstrings,
            networks={"transformer": f"{_HOME}:docstrings_transformer", "cnn": f"{_HOME}:docstrings_cnn"},
        ),
    }
)
