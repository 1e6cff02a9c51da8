"""Choosing a chat model, and the real client against a local server that speaks the OpenAI protocol, with faults."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool

from agent.cli.ways import with_way
from agent.llm import OFFLINE, chat_model, choose, failure, redact
from agent.planner import OfflinePlanner
from agent.run import ExitCode, execute
from agent.run_folder import start_run
from tests.agent.test_graph import train_model
from tests.answering import Answering
from tests.impatience import NUMBER, give_up_on_silence
from tests.waiting import LONG_S
from tools.core.errors import Code, StepFailed
from tools.core.settings import Settings

KEY = "sk-secret-4711-abcdefgh"


def message(content: str = "", **call: Any) -> dict[str, Any]:
    """A chat completion: text, or a call of name=... with args={...}."""
    said: dict[str, Any] = {"role": "assistant", "content": content}
    if call:
        function = {"name": call["name"], "arguments": json.dumps(call.get("args", {}))}
        said["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
    choice = {"index": 0, "message": said, "finish_reason": "tool_calls" if call else "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


def fault(status: int, text: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"message": text, "type": "t", "code": "c"}}


class Endpoint:
    """A server on this machine that answers what its script says, in order; the last answer repeats."""

    def __init__(self) -> None:
        self.script: list[Any] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.models: Any = {
            "object": "list",
            "data": [{"id": "tiny-7b", "object": "model", "created": 1, "owned_by": "me"}],
        }
        self.silent: set[str] = set()  # numbers of the requests that get no answer
        self.release = threading.Event()
        endpoint = self

        class Handler(Answering):
            def do_GET(self) -> None:
                self.send(200, json.dumps(endpoint.models).encode())

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.keys.append(self.headers.get("Authorization", ""))
                endpoint.requests.append(body)
                step = endpoint.script.pop(0) if len(endpoint.script) > 1 else endpoint.script[0]
                if step == "silence":
                    endpoint.silent.add(self.headers.get(NUMBER, ""))
                    endpoint.release.wait()
                elif step == "cut":
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", "5000")
                    self.end_headers()
                    self.wfile.write(b'{"id": "c", "choi')
                elif step == "drip":  # a piece now and then, without an end
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.end_headers()
                    with contextlib.suppress(OSError):
                        while not endpoint.release.wait(0.002):
                            self.wfile.write(b" ")
                            self.wfile.flush()
                elif isinstance(step, bytes):
                    self.send(200, step)
                else:
                    status, value = step if isinstance(step, tuple) else (200, step)
                    self.send(status, json.dumps(value).encode(), headers=[("Retry-After-Ms", "10")])

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def endpoint(monkeypatch) -> Iterator[Endpoint]:
    server = Endpoint()
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setattr("openai._base_client.BaseClient._calculate_retry_timeout", lambda *_a, **_k: 0.01)
    yield server
    server.close()


def settings(**changed: Any) -> Settings:
    return Settings(**{"llm": "tiny", "llm_timeout_s": LONG_S, "llm_retries": 2} | changed)


@tool
def look(where: str) -> str:
    """Look."""
    return where


# Choice ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "changed", "name", "why"),
    [
        ({}, {}, OFFLINE, "neither OPENAI_API_KEY nor OPENAI_BASE_URL"),
        ({"OPENAI_API_KEY": ""}, {}, OFFLINE, "neither"),
        ({"OPENAI_API_KEY": KEY}, {}, "gpt-4.1-mini", "at api.openai.com: OPENAI_API_KEY is set"),
        ({"OPENAI_API_KEY": KEY, "OPENAI_MODEL": "big"}, {}, "big", "language model big"),
        ({"OPENAI_BASE_URL": "http://me:pw@host:1/v1"}, {}, "", "at http://***@host:1/v1: OPENAI_BASE_URL is set"),
        ({"OPENAI_API_KEY": KEY}, {"llm": "offline"}, OFFLINE, "the settings name it"),
        ({"OPENAI_API_KEY": KEY}, {"profile": "offline"}, OFFLINE, "the profile is offline"),
        ({"OPENAI_API_KEY": KEY}, {"llm": "qwen3"}, "qwen3", "the settings name it"),
    ],
)
def test_the_choice_is_made_and_explained(monkeypatch, environment, changed, name, why):
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    choice = choose(Settings(**changed))
    assert choice.name == name
    assert why in choice.why
    assert KEY not in choice.why
    assert "pw" not in choice.why


def test_no_endpoint_gives_the_planner_with_the_runs_library(tmp_path):
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "Zorb.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    planner = chat_model(Settings(), folder=tmp_path, assets=assets)
    assert isinstance(planner, OfflinePlanner)
    assert planner.known("zorbs") == ("Zorb.obj", [])
    assert planner.known("apples")[0] == "apple"
    (assets / "bad.glb").write_text("x")
    with pytest.raises(StepFailed, match=r"bad\.glb"):
        chat_model(Settings(), folder=tmp_path, assets=assets)


def test_a_named_model_without_an_endpoint_says_what_is_missing():
    with pytest.raises(StepFailed, match="needs a key, or the address") as caught:
        chat_model(Settings(llm="gpt-9"))
    assert caught.value.data == {"check": "key"}


# The real client ------------------------------------------------------------------------------------------------------


def test_a_call_of_a_tool_comes_back(endpoint):
    endpoint.script = [message(name="look", args={"where": "up"})]
    answer = chat_model(settings()).bind_tools([look]).invoke([HumanMessage("hi")])
    assert answer.tool_calls[0]["name"] == "look"
    assert answer.tool_calls[0]["args"] == {"where": "up"}
    sent = endpoint.requests[0]
    assert (sent["model"], sent["temperature"]) == ("tiny", 0)
    assert sent["tools"][0]["function"]["name"] == "look"
    assert endpoint.keys == [f"Bearer {KEY}"]


def test_a_server_of_ones_own_needs_no_key_and_is_asked_for_its_model(endpoint, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    endpoint.script = [message("hello")]
    assert chat_model(settings(llm="auto")).invoke("hi").text == "hello"
    assert endpoint.requests[0]["model"] == "tiny-7b"
    assert endpoint.keys == ["Bearer not-needed"]
    endpoint.models = {"object": "list", "data": []}
    with pytest.raises(StepFailed, match="lists no model"):
        chat_model(settings(llm="auto"))


@pytest.mark.parametrize("bad", [fault(429, "slow down"), fault(500, "oops"), fault(503, "busy"), "cut"])
def test_a_passing_fault_is_tried_again(endpoint, bad):
    endpoint.script = [bad, message("fine")]
    assert chat_model(settings()).invoke("hi").text == "fine"
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize(
    ("script", "tries", "words"),
    [
        ([fault(401, f"Incorrect API key provided: {KEY}")], 1, "refused the key (401)"),
        ([fault(403, "not yours")], 1, "refused the key (403): not yours"),
        ([fault(404, "model tiny does not exist")], 1, "no such model or address (404): model tiny does not exist"),
        ([fault(400, "tools are not supported")], 1, "refused the request (400): tools are not supported"),
        ([fault(429, "quota used up")], 3, "no more requests for now (429): quota used up"),
        ([fault(500, "kaputt")], 3, "failed (500): kaputt"),
        ([fault(418, "teapot")], 1, "answered 418: teapot"),
        (["cut"], 3, "cut off half-way"),
        (["silence"], 3, "did not answer in time"),
        ([b"<html>not json"], 1, "could not be read"),
        ([b'{"hello": 1}'], 1, "could not be read"),
        ([b"[]"], 1, "could not be read"),
    ],
)
def test_a_lasting_fault_is_explained_with_the_way_out_and_no_key(endpoint, monkeypatch, script, tries, words):
    endpoint.script = script
    limits = give_up_on_silence(monkeypatch, endpoint.silent)
    model = chat_model(settings(llm_timeout_s=432.1))
    with pytest.raises(Exception) as caught:
        model.invoke("hi")
    found = failure(caught.value)
    sentence = with_way(str(found), found.code, found.data, Path("runs") / "apples-2")
    assert words in sentence and "--" not in str(found)
    assert sentence.endswith("Or go on without a model: sightsmith resume apples-2 --llm offline")
    assert KEY not in sentence
    assert "\n" not in sentence
    assert len(endpoint.requests) == tries
    assert limits == [432.1] * tries


def test_an_answer_that_drips_without_an_end_is_given_up(endpoint):
    """No piece is late, so no time-out of the client strikes."""
    endpoint.script = ["drip"]
    model = chat_model(settings(llm_timeout_s=LONG_S))
    assert model.total_s == 2 * 3 * LONG_S
    model.total_s = 0.3
    with pytest.raises(Exception) as caught:
        model.invoke("hi")
    assert "did not answer in time" in str(failure(caught.value))


def test_a_closed_port_is_explained(endpoint, monkeypatch):
    with socket.socket() as held:  # bound, not listening
        held.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://user:hunter2@127.0.0.1:{held.getsockname()[1]}/v1")
        with pytest.raises(Exception) as caught:
            chat_model(settings(llm_retries=0)).invoke("hi")
    assert "connection refused" in str(failure(caught.value))
    assert "hunter2" not in str(failure(caught.value))


def test_an_error_that_no_client_raised_is_still_a_sentence():
    assert "did not answer in time" in str(failure(TimeoutError("timed out")))
    assert "KeyError" in str(failure(KeyError("x")))
    assert "cannot be reached" in str(failure(ConnectionError("no route")))


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Bearer abc123def", "abc123def"), ("http://u:hunter2@h/v1", "hunter2"),
        ("key sk-proj-abcdef is bad", "abcdef"),
        ('{"api_key": "qwertz99"}', "qwertz99"), ("api-key=qwertz99&x=1", "qwertz99"), ("token=qwertz99", "qwertz99"),
        ("my plain-secret-key", "plain-secret-key"),
    ],
)  # fmt: skip
def test_secrets_are_redacted(monkeypatch, text, secret):
    monkeypatch.setenv("OPENAI_API_KEY", "plain-secret-key")
    Settings()  # what is secret in it is known from then on
    assert secret not in redact(text)


def test_an_answer_is_limited_and_a_server_that_takes_no_limit_is_asked_without(endpoint):
    endpoint.script = [message("fine")]
    chat_model(settings(llm_max_tokens=1000)).invoke("hi")
    assert endpoint.requests[0]["max_tokens"] == 1000
    endpoint.script = [fault(400, "max_tokens is too large: maximum context length is 2048"), message("fine")]
    model = chat_model(settings())
    assert [model.invoke("hi").text, model.invoke("hi").text] == ["fine", "fine"]
    assert ["max_tokens" in sent for sent in endpoint.requests[1:]] == [True, False, False]


@pytest.mark.parametrize(
    "usage",
    ["15 tokens", 15, [], None, {"prompt_tokens": "10", "completion_tokens": None, "total_tokens": 1.5},
     {"prompt_tokens_details": 5, "completion_tokens_details": {"reasoning_tokens": "2"}}],
)  # fmt: skip
def test_tokens_that_are_no_counts_spoil_no_answer(endpoint, usage):
    endpoint.script = [message("fine") | {"usage": usage}]
    assert chat_model(settings()).invoke("hi").text == "fine"


def test_tries_are_told(endpoint):
    endpoint.script = [fault(503, "busy"), fault(503, "busy"), message("fine")]
    told: list[str] = []
    chat_model(settings(llm_retries=3, llm_timeout_s=60), told=told.append).invoke("hi")
    assert told == [f"no answer of the language model yet: try {n} of 4, 60 s" for n in (2, 3)]


@pytest.mark.parametrize(
    "said",
    [
        fault(400, "registry.ollama.ai/library/x does not support tools"),
        fault(400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
        {"error": "does not support tools"},
    ],
)
def test_a_server_that_calls_no_tools_is_told_from_one_that_is_broken(endpoint, said):
    endpoint.script = [said]
    with pytest.raises(Exception) as caught:
        chat_model(settings()).invoke("hi")
    assert "lets this model call no tools" in str(failure(caught.value))


# Through the whole graph ----------------------------------------------------------------------------------------------


def test_a_run_works_through_the_real_client_despite_faults(endpoint, tmp_path):
    endpoint.script = [fault(429, "slow"), message(name="look", args={"where": 3}), fault(500, "x"), message(),
                       message(name="train_model"), "cut", message("A model is trained.")]  # fmt: skip
    run = start_run("segment apples", settings(runs_dir=tmp_path, memory_dir=tmp_path / "memory"))
    assert execute(run, lambda _q: None, tools=[look, train_model]) is ExitCode.FINISHED
    assert KEY not in (run.folder / "run.json").read_text()
    assert KEY not in (run.folder / "events.jsonl").read_text()
    roles = [m["role"] for m in endpoint.requests[-1]["messages"]]
    assert roles[0] == "system"
    assert roles.count("tool") == 2


def test_a_run_whose_model_is_gone_fails_with_the_way_out(endpoint, tmp_path):
    endpoint.script = [fault(401, f"bad key {KEY}")]
    run = start_run("segment apples", settings(runs_dir=tmp_path, memory_dir=tmp_path / "memory"))
    assert execute(run, lambda _q: None, tools=[look, train_model]) is ExitCode.FAILED
    assert "refused the key (401)" in run.record.error
    assert (run.record.error_code, run.record.error_data) == (Code.WITHOUT_MODEL, {"check": "key"})
    assert KEY not in (run.folder / "run.json").read_text() + (run.folder / "events.jsonl").read_text()


def odd_calls() -> list[Any]:
    """One call of `look` in each of the ways that servers have of writing it, and a refusal in words."""
    args = {"where": "up"}
    ways = []
    for arguments in (args, json.dumps(json.dumps(args)), json.dumps(args) + "</tool_call>", repr(args)):
        odd = message(name="look")
        odd["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] = arguments
        ways.append(odd)
    for call_id in (None, "", 7):
        odd = message(name="functions.look", args=args)
        odd["choices"][0]["message"]["tool_calls"][0]["id"] = call_id
        ways.append(odd)
    legacy = message()
    legacy["choices"][0]["message"] = {"function_call": {"name": "look", "arguments": json.dumps(args)}}
    texts = [
        "<tool_call>" + json.dumps({"name": "look", "arguments": args}) + "</tool_call>",
        json.dumps({"name": "look", "parameters": args}),
    ]
    return [*ways, legacy, *map(message, texts)]


@pytest.mark.parametrize("odd", odd_calls())
def test_an_odd_call_is_taken(endpoint, tmp_path, odd):
    endpoint.script = [odd, message(name="train_model"), message("A model is trained.")]
    run = start_run("segment apples", settings(runs_dir=tmp_path, memory_dir=tmp_path / "memory"))
    assert execute(run, lambda _q: None, tools=[look, train_model]) is ExitCode.FINISHED
    answered = [m["content"] for m in endpoint.requests[-1]["messages"] if m["role"] == "tool"]
    assert answered[0] == "up"


@pytest.mark.parametrize("arguments", ["7", '{"where": "u', "[1, 2]", '{"where": "\\ud800"}'])
def test_arguments_that_mean_nothing_are_told_to_the_model(endpoint, tmp_path, arguments):
    odd = message(name="look")
    odd["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] = arguments
    endpoint.script = [odd, message(name="train_model"), message("A model is trained.")]
    run = start_run("segment apples", settings(runs_dir=tmp_path, memory_dir=tmp_path / "memory"))
    assert execute(run, lambda _q: None, tools=[look, train_model]) is ExitCode.FINISHED
    answered = [m["content"] for m in endpoint.requests[-1]["messages"] if m["role"] == "tool"]
    assert "FixArguments" in answered[0] or answered[0] == "\ufffd"


def test_a_refusal_is_shown(endpoint, tmp_path):
    refusal = message()
    refusal["choices"][0]["message"] = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
    endpoint.script = [refusal]
    run = start_run("segment apples", settings(runs_dir=tmp_path, memory_dir=tmp_path / "memory"))
    assert execute(run, lambda _q: None, tools=[look, train_model]) is ExitCode.FAILED
    assert "I cannot help with that" in run.record.error
