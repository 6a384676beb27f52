"""Exploring: what can be asked for, who may ask, and the page in a browser."""

from __future__ import annotations

import base64
import io
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest
import torch
from PIL import Image

import isthmus
from isthmus.errors import InputError
from isthmus.exploring import Session

pytest.importorskip("starlette", reason="starlette is not installed (extra: explore)")
pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra: explore)")

from starlette.testclient import TestClient

from isthmus.exploring.server import HEADER, Address, application, explore_page, serve

NASTY = "<img src=x onerror=alert(1)>.png"
ADDRESS = Address(4321, "the-token")
HOME = "http://127.0.0.1:4321"


@pytest.fixture
def session(digits, digit_images):
    x, y = digit_images
    eights, ones = x[y == 8][:6], x[y == 1][:2]
    other = isthmus.Landscape(isthmus.load_network("untrained:digits?seed=1&classes=10"))
    names = [NASTY, *(f"image {k}" for k in range(1, 8))]
    made = Session(digits, names, [*eights, *ones], others={"fresh": other})
    yield made
    made.close()


@pytest.fixture
def client(session):
    closed: list[int] = []
    app = application(session, "<p>page</p>", ADDRESS, lambda: closed.append(1))
    made = TestClient(app, base_url=HOME, headers={HEADER: ADDRESS.token})
    made.closed = closed
    return made


def png(x: torch.Tensor) -> bytes:
    stream = io.BytesIO()
    Image.fromarray((x[0] * 255).round().byte().numpy()).save(stream, "PNG")
    return stream.getvalue()


def finished(session: Session, job, most: float = 60.0):
    end = time.monotonic() + most
    while job.state in ("waiting", "running") and time.monotonic() < end:
        time.sleep(0.02)
    return job


def test_a_path_its_certificate_its_attribution_and_other_networks(session, digits):
    job = finished(session, session.connect(0, 3, "predicted"))
    assert job.state == "done", job.message
    expected = isthmus.connect(digits, session.inputs[0][None], session.inputs[3][None], 8)[0]
    assert job.found.profile.max_loss == expected.profile.max_loss and job.evaluations > 0
    (pair,) = job.result["pairs"]
    assert pair["a"] == NASTY and pair["target"] == 8 and job.result["others"] == ["fresh"]
    certified = finished(session, session.certify(job.number))
    assert certified.state == "done" and certified.found.certified
    attributed = finished(session, session.attribute(job.number))
    assert attributed.result["attribution"].startswith("data:image/png;base64,")
    (line,) = finished(session, session.transfer(job.number)).result["transfer"]
    fresh = isthmus.profile(session.others["fresh"], job.found.path, 8).max_loss
    assert line[0] == "fresh" and line[2] == pytest.approx(fresh)


def test_new_work_ends_the_old(session):
    gate = threading.Event()
    blocked = session._begin("waiting", lambda job: [gate.wait(20), job.tell(isthmus.Progress(0, 0, 1))])
    job = session.connect(0, 1, "8")
    assert blocked.cancelled.is_set()
    gate.set()
    assert finished(session, job).state == "done" and finished(session, blocked).state == "cancelled"


def test_what_cannot_be_asked_is_said(session):
    with pytest.raises(InputError, match="sees 8 in A and 1 in C"):
        session.connect(0, 6, "predicted")
    with pytest.raises(InputError, match="no input of the number 99"):
        session.connect(0, 99, "8")
    with pytest.raises(InputError, match="no work of the number 7"):
        session.certify(7)
    job = finished(session, session.connect(0, 1, "eleven"))
    assert job.state == "failed" and "eleven" in job.message
    with pytest.raises(InputError, match="No path has been found"):
        session.attribute(job.number)


def test_images_are_found_by_class_and_by_name(session):
    assert session.listed(0, 48)["total"] == 8 and len(session.listed(2, 3)["images"]) == 3
    assert [each["number"] for each in session.listed(0, 48, "1")["images"]] == [6, 7]
    assert [each["number"] for each in session.listed(0, 48, "image 4")["images"]] == [4]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.png", b"", "no image that can be read"), ("../../etc/passwd", b"root:x", "no image that can be read"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "damaged|no image"),
        ("\x1b[2J.png", b"GIF89a", "damaged|no image"),
    ],
)  # fmt: skip
def test_files_that_are_none_are_refused(session, name, content, message):
    with pytest.raises(InputError, match=message) as caught:
        session.add(name, content)
    assert "/tmp" not in str(caught.value) and "\x1b" not in str(caught.value) and len(session.inputs) == 8


def test_a_dropped_file_is_an_input_like_others(session, digit_images):
    x = digit_images[0][:1]
    added = session.add(NASTY, png(x[0]))
    assert added["number"] == 8 and (session.inputs[8] - x[0]).abs().max() <= 0.5 / 255 + 1e-6
    assert session.listed(0, 48)["total"] == 9


def test_files_go_by_their_endings_only_where_these_are_some():
    from kinds_of_inputs import row_network

    session = Session(isthmus.Landscape(row_network()), [], [])
    added = session.add("one.csv", b"age,income,work\n30,52000,office\n")
    assert added["name"] == "one.csv" and tuple(session.inputs[0].shape) == (5,)
    for name in ("a." + "x" * 400, "junk", "b.csv"):
        with pytest.raises(InputError):
            session.add(name, b"junk")
    session.close()


def test_who_has_the_token_may_ask(client):
    assert client.get("/").text == "<p>page</p>"
    assert client.get("/api/images?count=2").json()["total"] == 8
    begun = client.post("/api/connect", json={"a": 0, "c": 1}).json()
    for _ in range(500):
        job = client.get(f"/api/jobs/{begun['job']}").json()
        if job["state"] == "done":
            break
        time.sleep(0.02)
    assert job["result"]["pairs"][0]["state"] == "good"
    answer = client.post("/api/close")
    assert answer.json() == {"closed": True} and client.closed == [1]
    assert answer.headers["x-frame-options"] == "DENY" and answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "headers",
    [
        {HEADER: "wrong"}, {HEADER: ""}, {HEADER: "tök".encode()}, {"host": "evil.example:4321"}, {"host": "127.0.0.1"},
        {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:1"},
    ],
)  # fmt: skip
def test_nobody_else_may(client, headers):
    for method, place in (("GET", "/"), ("GET", "/api/images"), ("POST", "/api/close"), ("POST", "/api/connect")):
        answer = client.request(method, place, headers=headers)
        assert answer.status_code == 403 and "page</p>" not in answer.text
    assert not client.closed


def test_requests_that_say_nothing_are_answered(client):
    for method, place, content in [
        ("GET", "/api/images?first=x", b""), ("POST", "/api/connect", b"{"), ("POST", "/api/connect", b"{}"),
        ("POST", "/api/connect", b"[1]"), ("GET", "/api/jobs/77", b""), ("POST", "/api/jobs/77/certify", b""),
        ("POST", "/api/jobs/1/destroy", b""), ("POST", "/api/images", b"no image"),
    ]:  # fmt: skip
        answer = client.request(method, place, content=content)
        assert answer.status_code == 400 and answer.json()["message"], place
    assert client.get("/nowhere").status_code == 404


def test_a_page_alone_can_be_asked_nothing():
    client = TestClient(application(None, "<p>run</p>", ADDRESS, lambda: None), base_url=HOME)
    assert client.get(f"/?token={ADDRESS.token}").text == "<p>run</p>"
    assert client.get("/api/images", headers={HEADER: ADDRESS.token}).status_code == 404


def test_the_page_runs_no_name(session):
    html = explore_page(session, ADDRESS, NASTY)
    assert "<img src=x" not in html and "export default" not in html and "connect-src 'self'" in html


@pytest.fixture
def served(session):
    """The address of a real server, in a thread; it is closed by the page or at the end."""
    found: list[Address] = []
    opened = threading.Event()

    def ready(address: Address) -> None:
        found.append(address)
        opened.set()

    thread = threading.Thread(target=serve, args=(session,), kwargs={"ready": ready}, daemon=True)
    thread.start()
    assert opened.wait(30)
    return str(found[0]), thread


@pytest.mark.filterwarnings("ignore::DeprecationWarning:uvicorn.*", "ignore::DeprecationWarning:websockets.*")
def test_two_dropped_images_show_a_path_within_seconds(served, browser, digit_images):
    address, thread = served
    x, y = digit_images
    page = browser.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("dialog", lambda dialog: failures.append(dialog.message))
    page.goto(address)
    page.wait_for_selector(".thumbnail", timeout=15_000)
    files = [base64.b64encode(png(each)).decode() for each in x[y == 8][8:10]]
    began = time.monotonic()
    page.evaluate(
        """async ([files, name]) => {
            const held = new DataTransfer();
            for (const file of files) {
                const bytes = Uint8Array.from(atob(file), (c) => c.charCodeAt(0));
                held.items.add(new File([bytes], name, { type: "image/png" }));
            }
            dispatchEvent(new DragEvent("drop", { dataTransfer: held, cancelable: true }));
        }""",
        [files, NASTY],
    )
    page.wait_for_selector("body[data-ready]", timeout=15_000)
    assert time.monotonic() - began < 5
    assert page.locator("#verdict").inner_text().startswith("8: connected")
    assert page.locator("#view input[type=range]").count() == 1
    page.click("#transfer")
    page.wait_for_selector("body[data-more=transfer]", timeout=15_000)
    assert "fresh" in page.locator("#more").inner_text()
    page.click("#close")
    page.wait_for_selector("body[data-closed]", timeout=15_000)
    thread.join(15)
    assert not thread.is_alive() and not failures
    page.close()


def test_the_program_says_where_it_is_and_ends_with_ctrl_c(digits, digit_pairs, tmp_path):
    isthmus.connect(digits, *digit_pairs).save(tmp_path / "run")
    command = [sys.executable, "-m", "isthmus", "explore", str(tmp_path / "run"), "--no-browser"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        address = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", program.stderr.readline())[0]
        with urllib.request.urlopen(address, timeout=30) as page:
            assert "<title>run · Isthmus</title>" in page.read().decode()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address[:-3], timeout=30)
        program.send_signal(signal.SIGINT)
        assert program.wait(30) == 0 and "closed" in program.stderr.read()


def test_what_cannot_be_explored_is_one_line(program, tmp_path):
    assert "saved connections" in program("explore", tmp_path, "--no-browser").one_line()
    done = program("explore", tmp_path, "--inputs", tmp_path, "--no-browser")
    assert done.code == 1 and "leave out --inputs" in done.err
    assert program("explore", "--port", 99999, "--no-browser").code == 1
