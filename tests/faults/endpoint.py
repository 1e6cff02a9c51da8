"""Faults at the language model's endpoint, through the real client; after each dead end the run is gone on with."""

import json
import logging
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from agent.run import ExitCode, execute
from agent.run_folder import open_run, start_run
from tests.agent.test_offline_run import TOOLS as PRETENDING
from tests.faults.quirks import FULL, PLAIN, QUIRKS, SCENARIOS, Answer, Call, completion
from tools.core.settings import Settings
from tools.label.tool import label_photos_in
from tools.runs.runtime import RunContext

TOOLS = [*PRETENDING, label_photos_in]
FINE = {ExitCode.FINISHED, ExitCode.NEEDS_ANSWER, ExitCode.FAILED}
_BAD_ANSWERS = ("FixArguments:", "StepFailed:", "Error")
_KEY = "sk-faults-4711-abcdefgh"


class Case(NamedTuple):
    """A quirk in a scenario, and what goes on afterwards: the mended endpoint, or the offline planner."""

    quirk: str
    scenario: str
    then: str


class Endpoint:
    """A server on this machine: what it answers depends on the conversation alone."""

    def __init__(self) -> None:
        self.case: Case | None = None  # None: mended
        self.released = threading.Event()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            disable_nagle_algorithm = True  # else a body waits 40 ms for the client to acknowledge its head
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._send(endpoint.answer(body["messages"]))

            def _send(self, answer: Answer) -> None:
                content = json.dumps(answer.body).encode() if answer.raw is None else answer.raw
                if answer.manner == "silent":
                    endpoint.released.wait()
                if answer.manner:
                    self.close_connection = True
                if answer.manner in ("close", "silent"):
                    return
                self.send_response(answer.status)
                for name, value in ({"Content-Type": answer.kind, "Retry-After-Ms": "1"} | answer.headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if answer.manner == "cut" else content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answer(self, messages: list[dict[str, Any]]) -> Answer:
        """What comes to a conversation."""
        turn = sum(m["role"] == "assistant" for m in messages)
        if self.case is None:
            return completion(_next_in_order(messages), 100 + turn)
        steps = SCENARIOS[self.case.scenario]
        together = 3 if self.case.scenario == "all at once" else 1
        answer = completion(steps[turn * together : (turn + 1) * together], turn * together)
        QUIRKS[self.case.quirk](answer)
        return answer

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def _next_in_order(messages: list[dict[str, Any]]) -> list[Call]:
    """The first step of a round that has not worked yet, as a sensible model calls it; none when all have."""
    names = {c["id"]: c["function"]["name"] for m in messages for c in m.get("tool_calls") or ()}
    worked = Counter(
        names.get(m["tool_call_id"]) for m in messages
        if m["role"] == "tool" and not str(m["content"]).startswith(_BAD_ANSWERS)
    )  # fmt: skip
    return next(([call] for call in FULL if not worked[call[0]]), [])


def cases(count: int, seed: int) -> Iterator[Case]:
    """Every quirk once, every scenario once, and other pairs of both; no pair twice."""
    chance = random.Random(seed)
    pairs = [(quirk, "as it should be") for quirk in QUIRKS] + [("none", scenario) for scenario in SCENARIOS]
    others = [(q, s) for q in QUIRKS for s in SCENARIOS if (q, s) not in set(pairs)]
    chance.shuffle(pairs)
    chance.shuffle(others)
    for number, (quirk, scenario) in enumerate(list(dict.fromkeys([*pairs, *others]))[:count]):
        yield Case(quirk, scenario, ("mended", "offline")[number % 2])


@dataclass
class Told:
    """What came of a case."""

    case: Case
    code: int
    error: str
    then: int | None  # code of what went on; None where nothing had to
    faults: list[str]


@contextmanager
def served(memory: Path) -> Iterator[Endpoint]:
    """The endpoint, with variables that lead to it; tries follow at once, and what was learnt is not looked up."""
    endpoint = Endpoint()
    variables = {"OPENAI_BASE_URL": endpoint.url, "OPENAI_API_KEY": _KEY, "SIGHTSMITH_MEMORY_DIR": str(memory)}
    with ExitStack() as stack:
        stack.callback(endpoint.close)
        stack.enter_context(mock.patch.dict("os.environ", variables))
        stack.enter_context(
            mock.patch("openai._base_client.BaseClient._calculate_retry_timeout", lambda *_a, **_k: 0.0)
        )
        stack.enter_context(mock.patch("agent.graph.recall_lessons", lambda _run: []))
        stack.enter_context(mock.patch("agent.graph.remember_run", lambda _run: None))
        stack.enter_context(mock.patch("agent.memory.remember_run", lambda _run: None))
        yield endpoint


def tried(case: Case, endpoint: Endpoint, folder: Path) -> Told:
    """One case, and the way on from where it ends."""
    endpoint.case = case
    patience = 0.5 if case.quirk == "silence" else 600.0  # only silence may run out of time
    settings = Settings(
        llm="m", runs_dir=folder, llm_retries=1, llm_timeout_s=patience, llm_max_calls=30, effort="quick"
    )  # fmt: skip
    run = start_run("build me an apple segmenter", settings, auto_approve=True)
    faults: list[str] = []
    code = _executed(run, faults)
    told = Told(case, code, run.record.error or "", None, faults)
    if code == ExitCode.FAILED and not told.error:
        faults.append("it failed without a sentence")
    if case.quirk in PLAIN and case.scenario == "as it should be" and code != ExitCode.FINISHED:
        faults.append(f"its meaning is plain, but it ended with {code}: {told.error[:200]}")
    if code != ExitCode.FINISHED:
        endpoint.case = None
        llm = "offline" if case.then == "offline" else None
        again = open_run(run.folder, auto_approve=True, llm=llm, changes={"llm_timeout_s": 600.0})
        answer = "apples" if code == ExitCode.NEEDS_ANSWER else None
        told.then = _executed(again, faults, answer)
        if told.then != ExitCode.FINISHED:
            faults.append(f"gone on with ({case.then}), it ended with {told.then}: {(again.record.error or '')[:300]}")
        again.dataset.close()
    faults += _left(run.folder)
    run.dataset.close()
    return told


class _Tracebacks(logging.Handler):
    """Hears what is logged with a traceback."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._faults = faults

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[0] is not None:
            self._faults.append(f"a traceback is logged: {record.getMessage()[:200]}")


def _executed(run: RunContext, faults: list[str], answer: str | None = None) -> int:
    hears = _Tracebacks(faults)
    logging.getLogger().addHandler(hears)
    try:
        code = execute(run, lambda _question: None, tools=TOOLS, answer=answer)
    except BaseException as error:
        faults.append(f"{type(error).__name__}: {error}")
        return -1
    finally:
        logging.getLogger().removeHandler(hears)
    if code not in FINE:
        faults.append(f"it ended with {code}")
    return int(code)


def _left(folder: Path) -> list[str]:
    """Tracebacks and keys in what a run wrote."""
    faults = []
    events = (folder / "events.jsonl").read_text(encoding="utf-8")
    for line in events.splitlines():
        event = json.loads(line)
        if event["kind"] == "traceback":
            faults.append(f"a traceback: {event['text'][-300:]}")
    if any(_KEY.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file()):
        faults.append("the key is in the run's folder")
    return faults
