"""isthmus explore: pick two images in a browser, and watch the path being found."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from isthmus.cli.options import NetworkOptions, landscape_of, readable
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus.exploring import Session
    from isthmus.exploring.server import Address


def explore(
    run: Path | None = None,
    /,
    *,
    images: Annotated[Path | None, Parameter(name=["--inputs", "--images"])] = None,
    on: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    port: int = 0,
    browser: bool = True,
    network: NetworkOptions = NetworkOptions(),
) -> None:
    """Open a page on this machine in which you pick two images and watch the path being found.

    Nobody else can reach it: it listens on this machine alone, and its address ends with a token. Ctrl-C closes it.

    Parameters
    ----------
    run
        A folder of isthmus connect: its page is shown, and nothing can be asked of it.
    images
        A folder of images to pick from; by default the digits, on the embedded network. More can be dropped in.
    on
        Other networks, as SPEC or SPEC,WEIGHTS, on which paths can be looked at.
    port
        The port; by default one that is free.
    browser
        Open the page in a browser.
    """
    from isthmus.exploring.server import serve

    def ready(address: Address) -> None:
        print(f"Open {address}\nCtrl-C closes it.", file=sys.stderr, flush=True)
        if browser:
            import webbrowser

            webbrowser.open(str(address))

    if run is not None:
        if images is not None or on:
            raise InputError("A run is shown as it is; leave out --inputs and --on, or the run.")
        serve(None, page=_page_of(run), port=port, ready=ready)
    else:
        serve(_session(images, on or [], network), title=f"Explore {readable(network.network)}", port=port, ready=ready)
    print("closed", file=sys.stderr)


def _page_of(run: Path) -> str:
    from isthmus import Connections
    from isthmus.reports import page

    found = Connections.load(run)
    return page(found, title=readable(run.name))


def _session(images: Path | None, on: list[str], network: NetworkOptions) -> Session:
    from isthmus.cli.compare import landscape_named
    from isthmus.cli.reading import read
    from isthmus.exploring import Session
    from isthmus.inputs.arrays import digits
    from isthmus.inputs.collection import open_collection

    landscape = landscape_of(network)
    collection = digits() if images is None else open_collection(images, kind=landscape.input_kind)
    found = read(collection, landscape)
    for name, reason in found.skipped.items():
        print(f"isthmus: set aside {readable(name)}: {readable(reason)}", file=sys.stderr)
    rows = found.rows.tolist()
    others = {text: landscape_named(text, network.device) for text in on}
    return Session(landscape, [readable(found.names[k]) for k in rows], list(found.x(found.rows)), others=others)
