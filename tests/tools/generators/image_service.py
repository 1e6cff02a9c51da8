"""A server on this machine that speaks the image half of the OpenAI protocol, with faults by script."""

import base64
import io
import json
import threading
from contextlib import suppress
from http.server import ThreadingHTTPServer
from typing import Any

import numpy as np
from PIL import Image

from tests.answering import Answering
from tests.impatience import NUMBER
from tests.waiting import wait_until


def png(size=64, colour=(200, 40, 40)) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((size, size, 3), colour, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def fault(status: int, text: str, code: str = "c") -> tuple[int, dict[str, Any]]:
    return status, {"error": {"message": text, "type": "t", "code": code}}


class ImageService:
    """Answers as `script` says, in order; the last answer repeats: "picture", "link", "silence", "cut", bytes, faults.

    Silence lasts until it is closed.

    It keeps its own books: what it delivered is what it would charge for.
    """

    def __init__(self) -> None:
        self.script: list[Any] = ["picture"]
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.charged = 0  # deliveries begun, also those that the client never saw whole
        self.running = self.most_running = 0
        self.delay_s = 0.0
        self.together = 0  # nobody is answered before so many have asked
        self.broken_links = 0
        self.silent: set[str] = set()  # numbers of the requests that get no answer
        self.release = threading.Event()
        self._lock = threading.Lock()
        service = self

        class Handler(Answering):
            def do_GET(self) -> None:
                with service._lock:
                    broken = service.broken_links > 0
                    service.broken_links -= broken
                self.send(503 if broken else 200, png(48, (40, 200, 40)), "image/png")

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with service._lock:
                    service.requests.append(body)
                    service.keys.append(self.headers.get("Authorization", ""))
                    step = service.script.pop(0) if len(service.script) > 1 else service.script[0]
                    service.charged += not isinstance(step, tuple)
                    service.running += 1
                    service.most_running = max(service.most_running, service.running)
                try:
                    wait_until(lambda: service.most_running >= service.together, "they ask at once")
                    service.release.wait(service.delay_s)
                    with suppress(OSError):  # the client is gone
                        self._answer(step)
                finally:
                    with service._lock:
                        service.running -= 1

            def _answer(self, step: Any) -> None:
                if step == "silence":
                    service.silent.add(self.headers.get(NUMBER, ""))
                    service.release.wait()
                elif step == "cut":
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", "50000")
                    self.end_headers()
                    self.wfile.write(b'{"created": 1, "data": [{"b64_')
                elif isinstance(step, bytes):
                    self.send(200, step)
                elif isinstance(step, tuple):
                    self.send(step[0], json.dumps(step[1]).encode())
                else:
                    entry = {"url": f"{service.root}/p.png"} if step == "link" else {
                        "b64_json": base64.b64encode(png()).decode(), "revised_prompt": "as I saw it"}  # fmt: skip
                    self.send(200, json.dumps({"created": 1, "data": [entry]}).encode())

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.url = f"{self.root}/v1"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()
