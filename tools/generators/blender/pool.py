"""Worker processes that answer one JSON line with one JSON line; a dead or silent one is replaced.

It knows nothing of Blender: it hands out requests, watches the clock, and gives each request a bounded number of tries.
"""

import contextlib
import json
import logging
import os
import queue
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from tools.core.errors import StepFailed

log = logging.getLogger(__name__)

STDERR_LINES = 4  # of a dead worker's last words, kept in the reason
POLL_S = 0.2


@dataclass(frozen=True)
class WorkerReply:
    """What came of a request: an answer, or the reason why there is none."""

    index: int
    answer: dict[str, Any] | None
    reason: str
    seconds: float


@dataclass
class _Request:
    index: int
    body: dict[str, Any]
    tries: int = 0


@dataclass(eq=False)
class _Worker:
    process: subprocess.Popen[str]
    errors: IO[str]
    ready: bool = False
    request: _Request | None = None
    since: float = field(default_factory=time.monotonic)
    served: int = 0

    def send(self, body: dict[str, Any]) -> bool:
        """Write a line; False when the worker is gone."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(body) + "\n")
            self.process.stdin.flush()
        except (BrokenPipeError, OSError, ValueError):
            return False
        self.since = time.monotonic()
        return True

    def last_words(self) -> str:
        """The end of what it wrote on stderr."""
        self.errors.flush()
        size = self.errors.seek(0, os.SEEK_END)
        self.errors.seek(max(0, size - 4000))
        lines = [line.strip() for line in self.errors.read().splitlines() if line.strip()]
        return " | ".join(lines[-STDERR_LINES:])[-400:]


class WorkerPool:
    """A fixed number of workers, started when first needed and kept until `close`.

    Args:
        command: starts a worker.
        hello: the first line a worker gets; it answers {"ready": true}.
        workers: how many.
        timeout_s: seconds for one answer, and for a start.
        attempts: times a request may kill or hang a worker before it is given up.
        env: environment of the workers.
        max_served: answers after which a worker is replaced.
        max_rss_mb: memory a worker may report ("rss_mb" in an answer) before it is replaced.
    """

    def __init__(
        self,
        command: Sequence[str],
        hello: dict[str, Any],
        *,
        workers: int,
        timeout_s: float,
        attempts: int,
        env: dict[str, str] | None = None,
        max_served: int = 400,
        max_rss_mb: float = 2500.0,
    ) -> None:
        self.while_waiting: Callable[[], None] = lambda: None  # called several times a second; may raise to end `map`
        self._command, self._hello, self._env = list(command), hello, env
        self._size, self._timeout_s, self._attempts = workers, timeout_s, attempts
        self._max_served, self._max_rss_mb = max_served, max_rss_mb
        self._workers: list[_Worker] = []
        self._lines: queue.SimpleQueue[tuple[_Worker, str | None]] = queue.SimpleQueue()
        self._failed_starts = 0

    def map(self, bodies: Sequence[dict[str, Any]]) -> Iterator[WorkerReply]:
        """Yield a reply for each request as it comes, in any order.

        Raises:
            StepFailed: workers die before they are ready.
        """
        waiting = deque(_Request(i, dict(b, id=i)) for i, b in enumerate(bodies))
        left = len(waiting)
        try:
            while left:
                self.while_waiting()
                self._fill(min(self._size, left))
                self._hand_out(waiting)
                for reply in self._listen(waiting):
                    left -= 1
                    yield reply
        finally:
            # Abandoned half-way: what is still being worked on would be taken for an answer to the next call.
            for worker in [w for w in self._workers if w.request is not None]:
                self._end(worker)

    def close(self) -> None:
        """End all workers."""
        for worker in list(self._workers):
            self._end(worker)

    def pids(self) -> list[int]:
        """Processes that run now."""
        return [w.process.pid for w in self._workers]

    def _fill(self, wanted: int) -> None:
        while len(self._workers) < wanted:
            errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 closed in _end
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=self._env,
                start_new_session=True,  # Ctrl-C is for the parent, which ends workers in order
            )
            worker = _Worker(process, errors)
            self._workers.append(worker)
            threading.Thread(target=self._read, args=(worker,), daemon=True).start()
            worker.send(self._hello)

    def _read(self, worker: _Worker) -> None:
        assert worker.process.stdout is not None
        try:
            for line in worker.process.stdout:
                self._lines.put((worker, line))
        except ValueError:
            log.debug("worker %d: pipe closed while reading", worker.process.pid)
        self._lines.put((worker, None))

    def _hand_out(self, waiting: "deque[_Request]") -> None:
        for worker in self._workers:
            if worker.ready and worker.request is None and waiting:
                request = waiting.popleft()
                request.tries += 1
                worker.request = request
                worker.send(request.body)  # a broken pipe shows as the end of its output

    def _listen(self, waiting: "deque[_Request]") -> Iterator[WorkerReply]:
        """Take one line, or notice who has been silent for too long."""
        worker: _Worker | None = None
        line: str | None = None
        with contextlib.suppress(queue.Empty):  # nobody said anything: only look at the clock
            worker, line = self._lines.get(timeout=POLL_S)
        if worker is not None and worker in self._workers:
            if line is None:
                yield from self._died(worker, waiting)
            else:
                yield from self._answered(worker, line)
        for late in [w for w in self._workers if time.monotonic() - w.since > self._timeout_s]:
            if late.request is not None or not late.ready:
                yield from self._given_up(late, waiting, f"no answer within {self._timeout_s:g} s")

    def _answered(self, worker: _Worker, line: str) -> Iterator[WorkerReply]:
        try:
            answer = json.loads(line)
            if not isinstance(answer, dict):
                raise ValueError("not an object")
        except ValueError:
            log.debug("worker %d wrote a line that is no answer: %.200s", worker.process.pid, line)
            return
        if answer.get("ready") and not worker.ready:
            worker.ready, self._failed_starts = True, 0
            return
        request = worker.request
        if request is None or answer.get("id") != request.index:
            return
        seconds = time.monotonic() - worker.since
        worker.request = None
        worker.served += 1
        if worker.served >= self._max_served or float(answer.get("rss_mb", 0)) > self._max_rss_mb:
            self._end(worker)
        if "error" in answer:
            yield WorkerReply(request.index, None, str(answer["error"]), seconds)
        else:
            yield WorkerReply(request.index, answer, "", seconds)

    def _died(self, worker: _Worker, waiting: "deque[_Request]") -> Iterator[WorkerReply]:
        code = worker.process.wait()
        how = f"killed by signal {-code}" if code < 0 else f"ended with code {code}"
        yield from self._given_up(worker, waiting, f"the worker was {how}" if code < 0 else f"the worker {how}")

    def _given_up(self, worker: _Worker, waiting: "deque[_Request]", why: str) -> Iterator[WorkerReply]:
        """Replace a worker; its request is tried again or answered with the reason."""
        request, words = worker.request, worker.last_words()
        seconds = time.monotonic() - worker.since
        worker.request = None
        self._end(worker)
        log.warning("worker %d: %s; %s", worker.process.pid, why, words)
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts > self._attempts:
                self.close()
                raise StepFailed(f"render workers do not start: {why}; {words or 'they said nothing'}")
        if request is None:
            return
        if request.tries < self._attempts:
            waiting.appendleft(request)
        else:
            yield WorkerReply(request.index, None, f"{why}, {request.tries} times; {words}".rstrip("; "), seconds)

    def _end(self, worker: _Worker) -> None:
        if worker in self._workers:
            self._workers.remove(worker)
        worker.process.kill()
        worker.process.wait()
        for stream in (worker.process.stdin, worker.errors):
            try:
                if stream is not None:
                    stream.close()
            except OSError:
                log.debug("worker %d: pipe was broken", worker.process.pid)
