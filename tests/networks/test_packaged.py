"""Real networks that come inside packages: speech or not, and types of files from their bytes."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
import torch

import isthmus
from isthmus.connecting import as_kept

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed (extra: onnx)")


def test_a_detector_of_speech():
    if find_spec("silero_vad") is None:
        pytest.skip("silero-vad is not installed (extra: test)")
    pytest.importorskip("espeakng_loader", reason="espeakng-loader is not installed (extra: kinds)")
    from benchmarks import speech

    network = speech.load()
    landscape = isthmus.Landscape(network)
    x = torch.cat([speech.speech(8), speech.other(8)])
    with torch.no_grad():
        ours = network.model.parts(x).sigmoid()
    assert float((ours - speech.by_onnxruntime(x)).abs().max()) < 1e-3
    seen = landscape.logits(x).argmax(1)
    assert int((seen[:8] == 1).sum()) >= 5 and int((seen[8:] == 0).sum()) >= 5
    said = x[:8][seen[:8] == 1]
    found = isthmus.connect(landscape, said[:2], said[2:4], "speech")
    assert all(pair.connected and pair.profile.class_connected for pair in found)
    assert all(float(pair.path.at(torch.linspace(0, 1, 30)).abs().max()) <= 1 + 1e-6 for pair in found)


@pytest.mark.slow
def test_two_python_files():
    pytest.importorskip("magika", reason="magika is not installed (extra: test)")
    from pathlib import Path

    from benchmarks import file_types

    network = file_types.load()
    kind, landscape = network.input_kind, isthmus.Landscape(network)
    files = [Path(isthmus.__file__).with_name(name) for name in ("registries.py", "errors.py")]
    a, c = (kind.embed(file.read_text())[None] for file in files)
    python = network.class_names.index("python")
    assert landscape.logits(torch.cat([a, c])).argmax(1).tolist() == [python, python]
    found = isthmus.connect(landscape, a, c, python)
    assert found[0].connected
    kept = as_kept(landscape, found, points=9)[0]
    assert "texts" in str(kept) and kind.text(a[0]).startswith('"""')
