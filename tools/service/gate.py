"""What is refused before anything of a body is read: other pages, wrong keys, too much at once, too much to come.

Pure ASGI, because FastAPI reads a body before it asks whether the sender may send one.
"""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.responses import JSONResponse

from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.service.keys import ANYBODY, Keys
from tools.service.metrics import Metrics

log = logging.getLogger(__name__)
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_PATHS = frozenset({"/health", "/ready"})  # a load balancer has no key
_SAFE = ("GET", "HEAD", "OPTIONS")  # methods that change nothing
_SMALL_BYTES = 1 << 20  # bodies of JSON
_MULTIPART_BYTES = 1 << 16  # of headers around a file
_RECENT = 50  # answers that say how fast the queue moves
_LONGEST_WAIT_S = 60


class Queue:
    """Images that are accepted and not yet answered, and how fast they go."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.waiting = 0
        self._ends: deque[float] = deque(maxlen=_RECENT)

    def leave(self) -> None:
        """One is answered."""
        self.waiting -= 1
        self._ends.append(time.monotonic())

    def retry_after_s(self) -> int:
        """Whole seconds until about half of the queue is answered, at the recent pace."""
        if len(self._ends) < 2:
            return 1
        pace = (self._ends[-1] - self._ends[0]) / (len(self._ends) - 1)
        return min(_LONGEST_WAIT_S, max(1, math.ceil(self.waiting / 2 * pace)))


class Gate:
    """Stands before the routes."""

    def __init__(
        self, app: App, *, keys: Keys | None, queue: Queue, metrics: Metrics, settings: Settings,
        hosts: Collection[str] = (),
    ) -> None:  # fmt: skip
        self._app = app
        self._keys = keys
        self._hosts = frozenset(hosts)
        self._queue = queue
        self._metrics = metrics
        self._patience_s = settings.service.body_timeout_s
        self._limits = {
            "/predict": settings.service.photo_mb * 10**6 + _MULTIPART_BYTES,
            "/jobs": settings.ui.upload_mb * 10**6 + _MULTIPART_BYTES,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path, limit = scope["path"], self._limits.get(scope["path"], _SMALL_BYTES)
        refusal = self._refusal(scope, limit)
        if refusal is not None:
            self._metrics.refused(refusal.status_code)
            return await refusal(scope, receive, send)
        bounded, counted = self._bounded(receive, limit), self._counted(scope, send)
        if path != "/predict" or scope["method"] != "POST":
            return await self._app(scope, bounded, counted)
        self._queue.waiting += 1
        try:
            await self._app(scope, bounded, counted)
        finally:
            self._queue.leave()

    def _refusal(self, scope: Scope, limit: int) -> JSONResponse | None:
        path, headers = scope["path"], {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        if self._hosts and _name(host) not in self._hosts:
            return _refuse(400, f"this service answers as {', '.join(sorted(self._hosts))} alone")
        if self._keys is None and _is_foreign_page(headers, scope.get("scheme", "http"), host, scope["method"]):
            return _refuse(403, "a page of another origin may not call a service without keys")
        scope.setdefault("state", {})["key"] = ANYBODY
        if self._keys is not None and path not in OPEN_PATHS:
            try:
                key = self._keys.find(_presented(headers))
            except StepFailed as error:
                log.error("%s", error)
                return _refuse(503, "the keys of this service cannot be read")
            if key is None:
                return _refuse(401, "send a key of this service as X-API-Key", {"WWW-Authenticate": "Bearer"})
            scope["state"]["key"] = key
        length = headers.get(b"content-length", "0")
        if not length.isascii() or not length.isdigit():
            return _refuse(400, "Content-Length is not a number")
        if int(length[:20]) > limit:
            return _refuse(413, f"at most {limit // 10**6} MB are taken here", {"Connection": "close"})
        if path == "/predict" and scope["method"] == "POST" and self._queue.waiting >= self._queue.limit:
            wait = self._queue.retry_after_s()
            said = f"{self._queue.waiting} pictures are waiting; come again in {wait} s"
            return _refuse(429, said, {"Retry-After": str(wait)})
        return None

    def _counted(self, scope: Scope, send: Send) -> Send:
        """Count the answer by its route, which is known by then."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.answered(getattr(scope.get("route"), "path", "none"), message["status"])
            await send(message)

        return counted

    def _bounded(self, receive: Receive, limit: int) -> Receive:
        """Count what comes: a length may be a lie, or missing. A sender that stops sending is let go."""
        left, ended = limit, False

        async def bounded() -> Message:
            nonlocal left, ended
            if ended:  # the body is there; what can still come is a disconnect, for which there is time
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self._patience_s)
            except TimeoutError:
                raise HTTPException(408, "the body stopped coming") from None
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"at most {limit // 10**6} MB are taken here", {"Connection": "close"})
            ended = not message.get("more_body", False)
            return message

        return bounded


def _name(host: str) -> str:
    """The name or address in a Host header, without its port; empty when it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_foreign_page(headers: dict[bytes, str], scheme: str, host: str, method: str) -> bool:
    """Whether a browser says that it asks for a page which this service did not serve.

    Browsers send Origin with whatever may change something, and no page can leave it out or forge it; programs send
    none. Sec-Fetch-Site says the same of requests that have no origin.
    """
    origin = headers.get(b"origin")
    if origin is not None:
        return origin.lower() != f"{scheme}://{host}".lower()
    return method not in _SAFE and headers.get(b"sec-fetch-site", "none") not in ("none", "same-origin")


def _presented(headers: dict[bytes, str]) -> str:
    """The key of a request: X-API-Key, or a bearer token as Prometheus sends it."""
    bearer = headers.get(b"authorization", "")
    return headers.get(b"x-api-key") or (bearer[7:] if bearer[:7].lower() == "bearer " else "")


def _refuse(status: int, said: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": said}, status, headers)
