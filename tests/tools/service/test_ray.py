"""The real thing: Ray Serve on the loopback, a replica killed under load, the server killed with a job in hand."""

import concurrent.futures
import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image

from tests.waiting import LONG_S, wait_until
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.models import checkpoint
from tools.models.networks import build_network
from tools.runs.runtime import Best, RunRecord, write_json

pytest.importorskip("ray")
REPOSITORY = Path(__file__).parents[3]


def photo(seed):
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (96, 96, 3), np.uint8)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def run(tmp_path):
    """A run with a tiny detector of the true architecture."""
    network = build_network("yolo11n", ["apple"], seed=1)
    folder = tmp_path / "runs" / "tiny"
    checkpoint.save(folder / "w.safetensors", network.state_dict(), architecture="yolo11n", names=["apple"], size_px=64)
    task = TaskSpec(kind="detect", classes=[ClassSpec(name="apple")], budget=Budget(images=24, rounds=1))
    best = Best(round=1, weights="w.safetensors", threshold=0.3)
    record = RunRecord(name="tiny", request="apples", created="2026-01-01T00:00:00Z", task=task, best=best)
    write_json(folder / "run.json", record.model_dump(mode="json"))
    return folder


class Server:
    """`sightsmith serve` in a process group of its own."""

    def __init__(self, run, **environment):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.ray_tmp = f"/tmp/ss{os.getpid()}"  # a path of a socket has at most 107 characters
        command = [sys.executable, "-m", "agent.cli.app", "serve", run.name, "--runs-dir", str(run.parent), "--port",
                   str(port), "--replicas", "2", "--batch-size", "4", "--max-wait-ms", "5"]  # fmt: skip
        path = os.pathsep.join(p for p in (str(REPOSITORY), os.environ.get("PYTHONPATH", "")) if p)
        own = {"PYTHONPATH": path, "RAY_TMPDIR": self.ray_tmp, "OMP_NUM_THREADS": "1"}
        self.log = (run.parent / "server.log").open("ab")
        self.process = subprocess.Popen(command, env=os.environ | own | environment, stdout=self.log, stderr=self.log)

    def wait(self):
        def said():
            return Path(self.log.name).read_text()[-2000:]

        def ready():
            assert self.process.poll() is None, said()
            with contextlib.suppress(httpx.HTTPError):
                return httpx.get(f"{self.url}/ready", timeout=10).status_code == 200

        wait_until(ready, lambda: f"the server is ready: {said()}")
        return self

    def below(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def replicas(self):
        return [p for p in self.below() if p.name().startswith("ray::ServeRepl")]

    def end(self, number=signal.SIGTERM):
        """Replicas that outlive the server; Ray's own agents look a minute for their head and are not waited for."""
        below = self.below() if self.process.poll() is None else []
        replicas = [p for p in below if p.name().startswith("ray::ServeRepl")]
        self.process.send_signal(number)
        try:
            self.process.wait(LONG_S)
        finally:
            _, alive = psutil.wait_procs(replicas, 120)
            for process in below:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self.log.close()
        return alive


def state_of(server, job):
    return httpx.get(f"{server.url}/jobs/{job['id']}", timeout=LONG_S).json()


@pytest.mark.slow
def test_no_accepted_request_is_lost_when_replicas_or_the_server_are_killed(run):
    server = Server(run).wait()
    try:

        def ask(i):
            with httpx.Client(timeout=LONG_S) as http:
                answer = http.post(f"{server.url}/predict", files={"file": ("a.png", photo(i))})
                return answer.status_code

        first = server.replicas()
        assert len(first) == 2
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(ask, i) for i in range(48)]
            wait_until(lambda: sum(a.done() for a in asked) >= 8, "eight are answered")
            os.kill(first[0].pid, signal.SIGKILL)
            answered = [a.result() for a in asked]
        assert answered == [200] * 48

        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for i in range(60):
                archive.writestr(f"{i}.png", photo(i))
        job = httpx.post(
            f"{server.url}/jobs", files=[("files", ("p.zip", packed.getvalue()))], timeout=LONG_S
        ).raise_for_status().json()  # fmt: skip
        wait_until(lambda: state_of(server, job)["done"] >= 8, lambda: f"eight are done: {state_of(server, job)}")
    finally:
        alive = server.end(signal.SIGKILL)
    assert [p.name() for p in alive] == []

    server = Server(run).wait()
    try:
        state = wait_until(
            lambda: (now := state_of(server, job))["status"] == "finished" and now,
            lambda: f"finished: {state_of(server, job)}",
        )
        text = httpx.get(f"{server.url}/jobs/{job['id']}/results", timeout=LONG_S).text
        names = [json.loads(line)["photo"] for line in text.splitlines()]
        assert sorted(names) == sorted(f"{i}.png" for i in range(60))
        assert (state["done"], state["broken"]) == (60, 0)
    finally:
        server.end()
