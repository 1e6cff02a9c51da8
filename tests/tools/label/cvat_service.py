"""A CVAT server in a thread, as its SDK sees one: tasks are made, filled, exported; what it got is kept to look at."""

import base64
import io
import json
import re
import threading
import zipfile
from email.parser import BytesParser
from email.policy import HTTP
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.answering import Answering

USER, PASSWORD, TOKEN = "grower", "hunter2!!", "pat-0123456789"
TIME = "2026-01-01T00:00:00Z"


class CvatServer:
    """Holds tasks; `fault` is what it answers to everything but a login: a status, or bytes; `ending` of its work."""

    def __init__(self) -> None:
        self.tasks: dict[int, dict[str, Any]] = {}
        self.seen: list[str] = []  # method and path of every request
        self.fault: int | bytes | None = None
        self.ending = "finished"
        self._asked: dict[str, int] = {}
        service = self

        class Handler(Answering):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                place = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                service.seen.append(f"{self.command} {place.path}")
                if place.path == "/api/auth/login":
                    said = json.loads(body)
                    if (said["username"], said["password"]) != (USER, PASSWORD):
                        return self.answer(400, {"non_field_errors": ["Unable to log in with provided credentials."]})
                    cookies = [("Set-Cookie", "sessionid=s; Path=/"), ("Set-Cookie", "csrftoken=c; Path=/")]
                    return self.answer(200, {"key": "k"}, cookies)
                if not (f"Bearer {TOKEN}" == self.headers.get("Authorization") or "sessionid=s" in str(self.headers)):
                    return self.answer(401, {"detail": "Authentication credentials were not provided."})
                if isinstance(service.fault, int):
                    return self.answer(service.fault, {"detail": f"no, says {TOKEN}"})
                if isinstance(service.fault, bytes):
                    return self.send(200, service.fault, "application/json")
                return self.route(place.path, parse_qs(place.query), body)

            do_GET = do_POST = do_PATCH = do_HEAD = handle_one

            def route(self, path: str, query: dict[str, list[str]], body: bytes) -> None:
                if path == "/api/tasks" and self.command == "POST":
                    made = json.loads(body)
                    number = max(service.tasks, default=6) + 1
                    labels = [label["name"] for label in made["labels"]]
                    service.tasks[number] = {"name": made["name"], "labels": labels, "files": {}, "xml": b""}
                    return self.answer(201, self.task(number))
                if found := re.fullmatch(r"/api/requests/(.+)", path):
                    return self.answer(200, service.progress(found[1]))
                if path == "/packed.zip":
                    return self.send(200, service.packed(int(query["task"][0])), "application/zip")
                found = re.fullmatch(r"/api/tasks/(\d+)(/[^?]*)?", path)
                number = int(found[1]) if found else 0
                if number not in service.tasks:
                    return self.answer(404, {"detail": "No Task matches the given query."})
                rest = (found[2] or "").strip("/") if found else ""
                task = service.tasks[number]
                if rest == "":
                    return self.answer(200, self.task(number))
                if rest == "dataset/export":
                    assert query["format"] == ["CVAT for images 1.1"], query
                    assert query["save_images"][0].lower() == "true", query
                    return self.answer(202, {"rq_id": f"export-{number}"})
                if "Upload-Start" in self.headers:
                    return self.answer(202, {})
                if "Upload-Multiple" in self.headers:
                    head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
                    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
                        if name := part.get_filename():  # what stands before the name is cut off, as Django does
                            task["files"][name.rpartition("/")[2]] = part.get_payload(decode=True)
                    return self.answer(200, {})
                if "Upload-Finish" in self.headers:
                    return self.answer(202, {"rq_id": f"work-{number}-{rest.replace('/', '')}"})
                if self.command == "POST" and rest == "annotations":  # an upload is opened
                    name = base64.b64decode(self.headers["Upload-Metadata"].split()[1].split(",")[0]).decode()
                    where = f"{service.url}/api/tasks/{number}/annotations/upload"
                    return self.answer(201, {}, [("Location", where), ("Upload-Filename", name)])
                if self.command == "PATCH" and rest == "annotations/upload":
                    task["xml"] += body
                    return self.answer(204, None, [("Upload-Offset", str(len(task["xml"])))])
                raise AssertionError(f"{self.command} {path}")

            def task(self, number: int) -> dict[str, Any]:
                name = service.tasks[number]["name"]
                return {
                    "id": number, "name": name, "jobs": {"count": 1, "completed": 0, "validation": 0},
                    "labels": {"url": f"{service.url}/api/labels?task_id={number}"},
                }  # fmt: skip

            def answer(self, status: int, value: Any, headers: Any = ()) -> None:
                self.send(status, b"" if value is None else json.dumps(value).encode(), "application/json", headers)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def progress(self, request: str) -> dict[str, Any]:
        """At the second look what was asked for is done."""
        asked = self._asked[request] = self._asked.get(request, 0) + 1
        value = {
            "id": request, "status": "started" if asked == 1 else self.ending, "created_date": TIME,
            "message": "disk is full" if self.ending == "failed" else "",
            "operation": {"type": "export:dataset", "target": "task"},
        }  # fmt: skip
        if request.startswith("export-"):
            value["result_url"] = f"{self.url}/packed.zip?task={request.removeprefix('export-')}"
        return value

    def packed(self, number: int) -> bytes:
        """A task as CVAT packs it."""
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("annotations.xml", self.tasks[number]["xml"])
            for name, content in self.tasks[number]["files"].items():
                archive.writestr(f"images/{name}", content)
        return data.getvalue()

    def close(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()
