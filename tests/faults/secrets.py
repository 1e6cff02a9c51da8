"""Runs with every key and password set, some of them killed: what is left of these in files, logs and process lists."""

import json
import random
import signal
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

from tests.faults.jobs import Process, build
from tools.core.settings import Settings

KEYS = ("sk-chat-4711-abcdefgh", "plainimagekey4711", "labelserverkey4711")
PASSWORDS = ("chatpass4711", "imagepass4711", "visionpass4711", "labelpass4711")
# Clients send the user and password of an address in this form.
SECRETS = (*KEYS, *PASSWORDS, *(b64encode(f"owner:{password}".encode()).decode() for password in PASSWORDS))


class Repeats(BaseHTTPRequestHandler):
    """Refuses every key, and says which it was."""

    disable_nagle_algorithm = True  # else a body waits 40 ms for the client to acknowledge its head

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = {"error": {"message": f"key {self.headers.get('Authorization')} is wrong at {self.server.addresses}"}}
        data = json.dumps(said).encode()
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST

    def log_message(self, *_args):
        pass


def leaks(*texts):
    """Secrets that stand in texts."""
    return {secret for secret in SECRETS for text in texts if secret in text}


def files_of(folder):
    """What is in the files of a folder, whatever it is."""
    return [p.read_bytes().decode("utf-8", "replace") for p in folder.rglob("*") if p.is_file()]


SCENES = ("a run that finishes", "a run that is killed", "a model that is refused", "pictures that are refused")


@dataclass
class Told:
    """What came of one run."""

    scene: str
    code: int | None
    files: int = 0
    bytes: int = 0
    lists: int = 0  # command lines of processes that were looked at
    found: set[str] = field(default_factory=set)


@contextmanager
def variables() -> Iterator[dict[str, str]]:
    """The environment of somebody who has set every key, and a password in addresses of a server that tells."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Repeats)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    addresses = [f"http://owner:{password}@127.0.0.1:{server.server_address[1]}/v1" for password in PASSWORDS]
    server.addresses = addresses  # type: ignore[attr-defined]
    names = ("OPENAI_BASE_URL", "SIGHTSMITH_IMAGE_BASE_URL", "SIGHTSMITH_VLM_BASE_URL", "SIGHTSMITH_CVAT_URL")
    found = dict(zip(names, addresses, strict=True))
    found |= dict(zip(("OPENAI_API_KEY", "SIGHTSMITH_IMAGE_API_KEY", "SIGHTSMITH_CVAT_TOKEN"), KEYS, strict=True))
    assert found.keys() == Settings.secret_variables().keys()  # a new secret setting is to be scanned for too
    yield found | {
        "SIGHTSMITH_VLM_MODEL": "sees", "SIGHTSMITH_VLM_PRICE": "0.01", "SIGHTSMITH_IMAGE_PRICE": "0.01",
        "SIGHTSMITH_LLM_RETRIES": "0", "SIGHTSMITH_IMAGE_ATTEMPTS": "1", "SIGHTSMITH_VLM_ATTEMPTS": "1",
    }  # fmt: skip
    server.shutdown()
    server.server_close()


def tried(scene: str, folder: Path, given: dict[str, str], chance: random.Random) -> Told:
    """One run, gone on with where it was killed, and what is found of its secrets."""
    folder.mkdir(parents=True)
    job = build(1)
    job.variables |= given
    if scene == "a model that is refused":
        job.first[job.first.index("offline")] = "some-model"
    if scene == "pictures that are refused":
        job.variables["SIGHTSMITH_GENERATOR"] = "openai_images"
        job.first += ["--money", "1"]
    told = Told(scene, None)
    process = Process(job, folder, again=False)
    told.code = _watched(process, told, chance.uniform(1, 8) if scene == "a run that is killed" else float("inf"))
    if told.code is None:
        process.send(signal.SIGKILL)
        process.ended()
        if (folder / "runs" / "r" / "run.json").exists():
            told.code = _watched(Process(job, folder, again=True), told, float("inf"))
    kept = files_of(folder)
    told.files, told.bytes = len(kept), sum(map(len, kept))
    told.found |= leaks(*kept)
    return told


def _watched(process: Process, told: Told, until_s: float) -> int | None:
    """The exit code, or None once it has worked for so long; meanwhile command lines are looked at."""
    step_s, code = 0.0, None
    while code is None and process.worked_s <= until_s:
        step_s = min(step_s + 0.5, until_s)
        code = process.ended(step_s)
        for one in process.children():
            try:
                told.found |= leaks(" ".join(one.cmdline()))
                told.lists += 1
            except psutil.Error:  # ended since
                continue
    return code
