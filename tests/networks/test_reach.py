"""Whether the hub answers is asked once; where it does not, nobody waits for a minute."""

from __future__ import annotations

import http.server
import importlib.util
import threading
import time

import pytest

from isthmus.errors import WeightsError
from isthmus.networks import load_network
from isthmus.networks.reach import asked_once

constants = pytest.importorskip("huggingface_hub.constants", reason="huggingface_hub is not installed (extra: hub)")
CLOSED = "http://127.0.0.1:9"  # nobody listens there


class Refusing(http.server.BaseHTTPRequestHandler):
    """Answers that it has nothing, which is an answer."""

    def do_HEAD(self):
        self.server.asked += 1
        self.send_error(404)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    server.asked = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_hub_that_answers_is_asked_as_usual(hub, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{hub.server_port}")
    with asked_once():
        assert not constants.HF_HUB_OFFLINE
    assert hub.asked == 1


def test_without_an_answer_the_cache_is_read_and_nothing_else(monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "ENDPOINT", CLOSED)
    with asked_once(str(tmp_path)):  # a folder: nobody is asked
        assert not constants.HF_HUB_OFFLINE
    with asked_once("someone/something"):
        assert constants.HF_HUB_OFFLINE
    assert not constants.HF_HUB_OFFLINE


@pytest.mark.parametrize("spec", ["timm:resnet18.a1_in1k", "hf-hub:someone/something"])
def test_nobody_waits_for_a_hub_that_is_out_of_reach(spec, monkeypatch, tmp_path):
    for library in ("timm", "transformers"):
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed (extra: hub)")
    monkeypatch.setattr(constants, "ENDPOINT", CLOSED)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    began = time.monotonic()
    with pytest.raises(WeightsError, match="could not be"):
        load_network(spec)
    assert time.monotonic() - began < 15  # five tries a file take 30 to 50
