"""compare: several runs on the same pairs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, telling
from isthmus.comparing.comparison import Comparison
from isthmus.comparing.rows import distinct, matched, runs_of_connections
from isthmus.comparing.transfer import Transfer, transfers
from isthmus.connecting.connections import Connections
from isthmus.errors import InputError
from isthmus.inputs.kinds import Arrays, Images
from isthmus.landscapes import AbstractLandscape


@as_annotated
def compare(
    *runs: Connections | str | Path | Mapping[str, Connections] | Sequence[Connections | str | Path],
    names: Sequence[str] | None = None,
    landscapes: Sequence[AbstractLandscape] | Mapping[str, AbstractLandscape] | None = None,
    seed: int = 0,
    progress: Tell = None,
) -> Comparison:
    """The same pairs in several runs: on several networks, with several methods, or with other settings.

    Pairs are the same where both ends are: bit for bit in float32, in the same order. Texts are the same word for
    word on all networks; in runs that were saved on one only, for their files hold vectors. What only some runs have
    is left out, and counted.

    Args:
        runs: what `connect` found, or folders in which that was saved; or one list of them, or one mapping from
            names to them.
        names: of the runs; by default those of their networks, with their methods or numbers where these are alike.
        landscapes: the landscape of each run, in the same order or by name: the paths of each run are looked at on all
            of them then, beside controls; see `Comparison.transfer`.
        seed: of the bootstrap.
        progress: as `connect` takes it.

    Raises:
        InputError: fewer than two runs, no pair in common, names that do not fit, landscapes on which the runs were not
            made, or for which the same numbers are other inputs.
    """
    if len(runs) == 1 and isinstance(runs[0], list | tuple):
        runs = tuple(runs[0])
    if len(runs) == 1 and isinstance(runs[0], Mapping):
        given = {str(name): _read(run) for name, run in runs[0].items()}
        if names is not None:
            raise InputError("compare takes names in the mapping or as names=, not both.")
    else:
        read = [_read(run) for run in runs]
        given = dict(zip(distinct(_names(read) if names is None else names, len(read)), read, strict=True))
    if len(given) < 2:
        raise InputError(f"compare needs at least two runs, got {len(given)}.")
    rows = runs_of_connections(given)
    places = matched(rows)
    on = _landscapes(landscapes, list(given))
    for name, landscape in (on or {}).items():
        _check_own(name, given[name], landscape)
    _check_space(on or {})
    found: tuple[Transfer, ...] = ()
    if on is not None:
        with telling(progress, "looking at paths on other networks", "paths") as tell:
            found = tuple(transfers(given, on, places, seed=seed, on_progress=tell))
    return Comparison(
        runs=tuple(rows), places=tuple(map(tuple, places)), transfer=found, asked=on is not None, seed=seed
    )


def _read(run: object) -> Connections:
    if isinstance(run, Connections):
        return run
    if isinstance(run, str | Path):
        return Connections.load(run)
    raise InputError(f"compare takes what isthmus.connect found, or its folder, got a {type(run).__name__}.")


def _names(runs: Sequence[Connections]) -> list[str]:
    """Networks where they tell the runs apart, else networks with methods, else with numbers."""
    networks = [str((run.description.get("network") or {}).get("name") or "run") for run in runs]
    if len(set(networks)) == len(networks):
        return networks
    methods = [str(run.description.get("method") or "").partition("(")[0] for run in runs]
    alike = len(set(networks)) == 1
    both = [m if alike else f"{n}, {m}" for n, m in zip(networks, methods, strict=True)]
    if len(set(both)) == len(both) and all(both):
        return both
    return [f"{network} {number}" for number, network in enumerate(networks, start=1)]


def _landscapes(
    given: Sequence[AbstractLandscape] | Mapping[str, AbstractLandscape] | None, names: Sequence[str]
) -> dict[str, AbstractLandscape] | None:
    if given is None:
        return None
    by_name = dict(given) if isinstance(given, Mapping) else dict(zip(names, given, strict=False))
    if set(by_name) != set(names) or (not isinstance(given, Mapping) and len(given) != len(names)):
        raise InputError(f"landscapes must be one for each run ({', '.join(names)}), got {len(given)}.")
    return {name: by_name[name] for name in names}


def _check_space(landscapes: Mapping[str, AbstractLandscape]) -> None:
    """Refuses to look at paths on a network for which the same numbers are another input: texts have the vectors of
    their own network, rows the spreads of their own table.
    """
    kinds = {name: landscape.input_kind for name, landscape in landscapes.items()}
    said = {name: kind for name, kind in kinds.items() if kind is not None and not isinstance(kind, Images | Arrays)}
    if not said:
        return
    first, known = next(iter(said.items()))
    for name in kinds:
        if name not in said:
            raise InputError(
                f"Paths of '{first}' cannot be looked at on '{name}': it does not say that its inputs are "
                f"{known.many}; give its network the same kind of input."
            )
        if json.dumps(said[name].numbers(), default=str) != json.dumps(known.numbers(), default=str):
            raise InputError(
                f"Paths of '{first}' cannot be looked at on '{name}': the same numbers are another input there. "
                "Compare the runs without their landscapes."
            )


def _check_own(name: str, run: Connections, landscape: AbstractLandscape) -> None:
    """Refuses a landscape on which the run was not made: its thresholds would be held against other losses."""
    # As files hold them: a run that was loaded has lists where one in memory has tuples.
    made, now = (json.loads(json.dumps(each, default=str)) for each in (run.description, landscape.describe()))
    for key in ("network", "loss", "domain"):
        one, other = made.get(key), now.get(key)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            parts = ("weights_sha256", "structure_sha256", "mean", "std", "output")
            differ = [part for part in parts if one.get(part) != other.get(part)]
        else:
            differ = [] if one is None or one == other else [key]
        if differ:
            what = ", ".join(differ).replace("_sha256", "")
            raise InputError(f"The landscape given for the run '{name}' is not the one it was made on: other {what}.")
