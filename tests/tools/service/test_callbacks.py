"""Callbacks: signed, told until heard, and never led inside."""

import hashlib
import hmac
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.tools.service.parts import client, make_service, photo
from tests.tools.service.test_jobs import send, wait_for
from tests.waiting import wait_until
from tools.core.errors import FixArguments, StepFailed
from tools.service import callbacks
from tools.service.callbacks import check_url, is_public, sign


@pytest.fixture
def receiver():
    """A server on the loopback that keeps what it is told; `answers` are its next status codes."""
    heard, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True  # else a body waits 40 ms for the client to acknowledge its head

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append((self.path, dict(self.headers), body))
            self.send_response(answers.pop(0) if answers else 204)
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/inside")
            self.end_headers()

        def log_message(self, *_):
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port, heard, answers
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(callbacks, "_FIRST_WAIT_S", 0.01)


def told_how(http, job, state):
    """The callback of a job, once it has a state."""

    def callback():
        return http.get(f"/jobs/{job['id']}").json()["callback"]

    return wait_until(lambda: (now := callback())["state"] == state and now, lambda: f"{state}: {callback()}")


@pytest.mark.parametrize(
    ("url", "raises"),
    [
        ("https://example.com/done", None),
        ("http://93.184.215.14:8080/done", None),
        ("http://allowed.test/x", None),
        ("http://127.0.0.1/", "public"),
        ("http://127.8.9.1:6379/", "public"),
        ("http://0.0.0.0/", "public"),
        ("http://10.0.0.8/", "public"),
        ("http://172.16.0.1/", "public"),
        ("http://192.168.1.1/", "public"),
        ("http://169.254.169.254/latest/meta-data/", "public"),
        ("http://100.64.0.1/", "public"),
        ("http://224.0.0.1/", "public"),
        ("http://255.255.255.255/", "public"),
        ("http://[::1]/", "public"),
        ("http://[::]/", "public"),
        ("http://[::ffff:127.0.0.1]/", "public"),
        ("http://[::ffff:10.0.0.1]/", "public"),
        ("http://[64:ff9b::7f00:1]/", "public"),
        ("http://[2002:7f00:1::]/", "public"),
        ("http://[fe80::1]/", "public"),
        ("http://[fd00::1]/", "public"),
        ("file:///etc/passwd", "http"),
        ("gopher://example.com/", "http"),
        ("//example.com/", "http"),
        ("http:///x", "http"),
        ("http://me:word@example.com/", "without a user"),
        ("http://example.com:99999/", "cannot be read"),
        ("http://[::1", "cannot be read"),
        ("http://exa mple.com/", "characters"),
        ("http://example.com/\r\nX: y", "characters"),
        ("http://example.com\\@127.0.0.1/", "characters"),
        ("http://example.com/" + "x" * 3000, "too long"),
    ],
)
def test_addresses(url, raises):
    if raises is None:
        assert check_url(url, frozenset({"allowed.test"})).hostname
    else:
        with pytest.raises(FixArguments, match=raises):
            check_url(url, frozenset({"allowed.test"}))


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "localhost"])
def test_other_spellings_of_this_machine_are_found_out_when_resolved(host):
    import asyncio

    with pytest.raises((FixArguments, StepFailed)):
        asyncio.run(callbacks.resolve(check_url(f"http://{host}/", frozenset()), frozenset()))


def test_a_name_with_one_address_inside_is_refused_and_each_name_is_asked_once(monkeypatch):
    import asyncio

    asked = []

    def answer(host, port, *_, **__):
        asked.append(host)
        inside = "127.0.0.1" if host == "half.test" or len(asked) > 1 else "93.184.215.14"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in ("93.184.215.14", inside)]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    # The second answer would be loopback: who looks up again is led inside.
    assert asyncio.run(callbacks.resolve(check_url("http://rebind.test/", frozenset()), frozenset())) == "93.184.215.14"
    assert asked == ["rebind.test"]
    with pytest.raises(FixArguments, match="public"):
        asyncio.run(callbacks.resolve(check_url("http://half.test/", frozenset()), frozenset()))


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch, receiver):
    """A name that leads elsewhere when it is asked for the second time changes nothing: it is not asked."""
    import asyncio

    port, heard, _ = receiver
    real, asked = socket.getaddrinfo, []

    def answer(host, *arguments, **options):
        if host == "rebind.test":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return real(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    allowed = frozenset({f"rebind.test:{port}"})
    asyncio.run(callbacks.post(f"http://rebind.test:{port}/done", "s", b"{}", allowed, 5.0))
    assert asked == ["rebind.test"]
    assert heard[0][1]["Host"] == f"rebind.test:{port}"


def test_the_end_of_a_job_is_told_and_can_be_checked(tmp_path, receiver):
    port, heard, _ = receiver
    with client(make_service(tmp_path, callback_hosts={f"127.0.0.1:{port}"})) as http:
        job = send(http, photo(), "a.png", callback_url=f"http://127.0.0.1:{port}/done?x=1").json()
        wait_for(http, job)
        told_how(http, job, "sent")
        state = http.get(f"/jobs/{job['id']}").text
    ((path, headers, body),) = heard
    assert path == "/done?x=1"
    told = json.loads(body)
    assert (told["id"], told["status"], told["photos"]) == (job["id"], "finished", 1)
    moment, signature = (part.split("=")[1] for part in headers["X-Sightsmith-Signature"].split(","))
    wanted = hmac.new(job["callback_secret"].encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(signature, wanted)
    assert sign("other", int(moment), body) != headers["X-Sightsmith-Signature"]
    assert job["callback_secret"] not in state


def test_it_is_told_again_until_heard_and_a_redirect_is_not_followed(tmp_path, receiver, quick):
    port, heard, answers = receiver
    answers += [500, 302, 503]
    with client(make_service(tmp_path, callback_hosts={"127.0.0.1"})) as http:
        job = send(http, photo(), "a.png", callback_url=f"http://127.0.0.1:{port}/done").json()
        callback = told_how(http, job, "sent")
    assert callback["attempts"] == 4
    assert {path for path, *_ in heard} == {"/done"}


def test_it_gives_up_and_says_so(tmp_path, receiver, quick):
    port, heard, answers = receiver
    answers += [302] * 9
    with client(make_service(tmp_path, callback_hosts={"127.0.0.1"}, callback_attempts=2)) as http:
        job = send(http, photo(), "a.png", callback_url=f"http://127.0.0.1:{port}/done").json()
        callback = told_how(http, job, "failed")
    assert (len(heard), callback["error"]) == (2, "answered 302, not followed")


def test_what_was_not_told_before_a_kill_is_told_after(tmp_path, receiver, monkeypatch):
    port, heard, answers = receiver
    answers += [500]
    url = f"http://127.0.0.1:{port}/done"
    monkeypatch.setattr(callbacks, "_FIRST_WAIT_S", 60)
    with client(make_service(tmp_path, callback_hosts={"127.0.0.1"})) as http:
        job = send(http, photo(), "a.png", callback_url=url).json()
        wait_for(http, job)
        wait_until(lambda: heard, "it is told")
    with client(make_service(tmp_path, callback_hosts={"127.0.0.1"})) as http:
        told_how(http, job, "sent")
    assert len(heard) == 2


def test_a_job_that_would_call_inside_is_refused_when_it_is_sent(tmp_path):
    with client(make_service(tmp_path)) as http:
        refused = send(http, photo(), "a.png", callback_url="http://169.254.169.254/")
        assert refused.status_code == 422
        assert http.get("/jobs").json() == []
        # A name is looked up when the job ends: then it is refused, and the job says so.
        job = send(http, photo(), "a.png", callback_url="http://localhost:9/").json()
        callback = told_how(http, job, "failed")
    assert "not a public address" in callback["error"]


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2606:4700::1111", True), ("::ffff:8.8.8.8", True), ("::ffff:192.168.0.1", False),
     ("fe80::1%eth0", False), ("198.18.0.1", False), ("240.0.0.1", False), ("ff02::1", False)],
)  # fmt: skip
def test_public(address, public):
    assert is_public(address) == public
