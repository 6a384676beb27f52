"""Whether there are inputs for a network, which is known from its name."""

from __future__ import annotations

from isthmus.errors import InputError


def needs_images(images: object, network: str) -> None:
    """Refuses a network of the reader's own without inputs for it, before it is loaded.

    Raises:
        InputError: there are none.
    """
    if images is None and network.removeprefix("untrained:").partition("?")[0] != "digits":
        raise InputError("--network needs --inputs: the embedded digits fit the embedded network only.")
