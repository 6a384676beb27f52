"""isthmus doctor: what is installed, and what works."""

from __future__ import annotations

from isthmus.errors import MissingLibraryError

MODULES = {"scikit-learn": "sklearn", "adversarial-robustness-toolbox": "art"}  # where it has another name


def doctor() -> None:
    """Say what is installed here and which network specs, devices and pictures work."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    import isthmus

    table = Table(title=f"Isthmus {isthmus.__version__}, Python {platform.python_version()}, {platform.system()}")
    table.add_column("what")
    table.add_column("found")
    for name, why in (
        ("torch", ""),
        ("numpy", ""),
        ("pyarrow", ""),
        ("scikit-learn", ""),
        ("torchvision", "torchvision: networks; pip install 'isthmus[zoo]'"),
        ("timm", "timm: networks; pip install 'isthmus[zoo]'"),
        ("ray", "isthmus study run --engine ray; pip install 'isthmus[ray]'"),
        ("foolbox", "attacks by name, isthmus attack --method foolbox:NAME; pip install 'isthmus[attacks]'"),
        (
            "adversarial-robustness-toolbox",
            "isthmus detect evaluate --attacks all; pip install 'isthmus[attacks]'",
        ),
        ("transformers", "hf-hub: networks; pip install 'isthmus[hub]'"),
        ("onnx2torch", "onnx: networks; pip install 'isthmus[onnx]'"),
    ):
        try:
            found = version(name)
        except PackageNotFoundError:
            found = f"absent, needed for {why}"
        else:
            found += _importing(MODULES.get(name, name))
        table.add_row(name, escape(found))
    for what, check in (("devices", _devices), ("digits network", _digits), ("torchvision networks", _torchvision)):
        table.add_row(what, escape(check()))
    Console().print(table)


def _importing(module: str) -> str:
    """Nothing for a library that can be imported; else why it cannot, since one that is there may be broken."""
    import warnings
    from importlib import import_module

    from isthmus.networks.zoo import import_zoo

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if module in ("torchvision", "timm", "transformers"):
                import_zoo("torchvision" if module == "transformers" else module)
            import_module(module)
    except MissingLibraryError as error:
        return "" if module == "transformers" else f", but cannot be imported: {error}"
    except Exception as error:  # noqa: BLE001 (a broken library raises almost anything)
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        return f", but cannot be imported: {line}"
    return ""


def _devices() -> str:
    import torch

    names = [f"cpu ({torch.get_num_threads()} threads)"]
    names += [f"cuda:{index} ({torch.cuda.get_device_name(index)})" for index in range(torch.cuda.device_count())]
    return ", ".join(names)


def _digits() -> str:
    from isthmus import IsthmusError, load_network

    try:
        return f"works, weights {str(load_network('digits').weights_hash)[:12]}"
    except IsthmusError as error:
        return f"broken: {error}"


def _torchvision() -> str:
    from isthmus import IsthmusError, load_network

    try:
        load_network("untrained:torchvision:squeezenet1_1?classes=10")
    except IsthmusError as error:
        return str(error)
    return "work"
