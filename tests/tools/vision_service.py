"""A server on this machine that speaks the chat half of the OpenAI protocol, images included."""

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


class VisionService:
    """`answer(image, question)` gives the text; a number is a status to fail with, bytes are sent as they are."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[np.ndarray, str]] = []
        self.keys: list[str] = []
        self.shown: list[list[dict[str, Any]]] = []  # what came before each question
        service = self

        class Handler(Answering):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                text, image = body["messages"][-1]["content"]
                service.shown.append(body["messages"][:-1])
                data = base64.b64decode(image["image_url"]["url"].split(",", 1)[1])
                seen = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
                service.asked.append((seen, text["text"]))
                service.keys.append(self.headers.get("Authorization", ""))
                said = service.answer(seen, text["text"])
                with suppress(OSError):
                    if isinstance(said, int):
                        self.send(said, json.dumps({"error": {"message": "no", "type": "t", "code": "c"}}).encode())
                    elif isinstance(said, bytes):
                        self.send(200, said)
                    else:
                        message = {"role": "assistant", "content": said}
                        choice = {"index": 0, "finish_reason": "stop", "message": message}
                        whole = {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"]}
                        self.send(200, json.dumps(whole | {"choices": [choice]}).encode())

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
