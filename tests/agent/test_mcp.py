"""Other agents use Sightsmith by MCP: tried with the SDK's own client, on both transports, refusals included."""

import asyncio
import json
import os
import socket
import subprocess
from contextlib import asynccontextmanager

import httpx
import numpy as np
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.memory import create_connected_server_and_client_session
from mcp.types import ElicitResult

from agent import detached
from agent.mcp.door import Door, question_text
from agent.mcp.server import http_app, make_server
from tests.waiting import LONG_S
from tools.core.processes import module_command
from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.images import write_image
from tools.runs.runtime import read_record, write_json
from tools.service.keys import Keys

PLAN = {"kind": "approve", "plan": {"pictures": "24 of 64 px", "money": "$0.00", "classes": ["apple"]}}


@pytest.fixture
def worker(monkeypatch):
    """What a worker writes into its run, without one: it asks for approval, and works once it has it."""
    heard = []

    def spawn(folder, arguments, secrets):
        answers = [a.removeprefix("--answer=") for a in arguments if a.startswith("--answer=")]
        heard.append((folder.name, answers, secrets))
        record = read_record(folder)
        record.question, record.status = (None, "finished") if answers == ["yes"] else (PLAN, "needs_answer")
        if answers == ["no"]:
            record.question, record.status, record.error = None, "stopped", "the plan was declined"
        record.approved = answers == ["yes"]
        write_json(folder / "run.json", record.model_dump(mode="json"))

    monkeypatch.setattr(detached, "_spawn", spawn)
    return heard


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    write_image(folder / "a.png", np.zeros((8, 8, 3), np.uint8))
    return folder


def door(tmp_path, **options):
    runs = tmp_path / "runs"
    runs.mkdir(exist_ok=True)
    return Door(runs, settings=Settings(runs_dir=runs, llm="offline"), **options)


def answering(action, **content):
    async def answer(_context, asked):
        answer.asked.append(asked.message)
        return ElicitResult(action=action, content=content or None)

    answer.asked = []
    return answer


def talk(server, conversation, **client):
    """Run a conversation with a server in this process."""

    async def session():
        async with create_connected_server_and_client_session(server, **client) as connected:
            return await conversation(connected)

    return asyncio.run(session())


def text_of(result):
    return result.content[0].text


def call(the_door, name, client=None, **arguments):
    return talk(make_server(the_door), lambda s: s.call_tool(name, arguments), **(client or {}))


def test_what_is_offered(tmp_path):
    async def look(session):
        return (await session.list_tools()).tools, (await session.list_resource_templates()).resourceTemplates

    tools, resources = talk(make_server(door(tmp_path)), look)
    assert {t.name for t in tools} >= {
        "build",
        "answer",
        "status",
        "watch",
        "stop",
        "predict",
        "label",
        "export",
        "list_runs",
    }
    assert all(t.description for t in tools)
    assert {t.name for t in tools if t.annotations and t.annotations.readOnlyHint} == {"status", "watch", "list_runs"}
    assert {r.uriTemplate for r in resources} == {"sightsmith://runs/{run}", "sightsmith://runs/{run}/report"}


def test_a_plan_is_put_to_the_person_and_begins_when_he_says_yes(tmp_path, worker):
    person = answering("accept", approve=True)
    result = call(door(tmp_path), "build", {"elicitation_callback": person}, request="segment apples")
    said = json.loads(text_of(result))
    assert said["status"] == "finished" and [a for _, a, _ in worker] == [[], ["yes"]]
    assert "24 of 64 px" in person.asked[0]
    record = read_record(tmp_path / "runs" / said["run"])
    assert record.visitor and record.options["money"] == 0.0  # no path in a request counts, and nothing may be spent


@pytest.mark.parametrize(
    ("action", "content", "answers", "status"),
    [
        ("accept", {"approve": False}, [[], ["no"]], "stopped"),
        ("decline", {}, [[], ["no"]], "stopped"),
        ("cancel", {}, [[]], "needs_answer"),
    ],
)
def test_without_a_yes_nothing_begins(tmp_path, worker, action, content, answers, status):
    client = {"elicitation_callback": answering(action, **content)}
    result = call(door(tmp_path), "build", client, request="segment apples")
    assert json.loads(text_of(result))["status"] == status
    assert [a for _, a, _ in worker] == answers


def test_a_client_that_cannot_ask_gets_the_plan_and_may_answer_it(tmp_path, worker):
    the_door = door(tmp_path)
    said = json.loads(text_of(call(the_door, "build", request="segment apples")))
    assert said["status"] == "needs_answer" and said["question"]["plan"] == PLAN["plan"]
    assert call(the_door, "answer", run=said["run"], text="").isError
    assert json.loads(text_of(call(the_door, "answer", run=said["run"], text="yes")))["status"] == "finished"
    assert [a for _, a, _ in worker] == [[], ["yes"]]


def test_an_explicit_argument_approves(tmp_path, worker):
    said = json.loads(text_of(call(door(tmp_path), "build", request="segment apples", approve=True)))
    assert said["status"] == "finished" and [a for _, a, _ in worker] == [[], ["yes"]]


def spoken(monkeypatch, reply):
    """What `sightsmith ask` prints, without a process."""
    asked = []

    async def command(_door, *arguments, also=()):
        asked.append((arguments, also))
        return json.dumps(reply)

    monkeypatch.setattr(Door, "command", command)
    return asked


def test_a_follow_up_is_answered_and_the_run_is_a_visitors_from_then_on(tmp_path, worker, photos, monkeypatch):
    the_door = door(tmp_path, photos=(photos,))
    run = detached.start("segment apples", the_door.settings, {})
    assert not read_record(tmp_path / "runs" / run).visitor
    asked = spoken(monkeypatch, {"outcome": "answered", "text": "because of the shade", "run": run})
    said = call(the_door, "follow_up", run=run, message="why --is it low?", photos=[str(photos / "a.png")])
    assert json.loads(text_of(said))["text"] == "because of the shade"
    ((arguments, codes),) = asked
    assert arguments == ("ask", "--json", f"--photo={photos / 'a.png'}", "--", run, "why --is it low?")
    assert 3 in codes and read_record(tmp_path / "runs" / run).visitor
    assert call(the_door, "follow_up", run=run, message="try it", photos=["/etc"]).isError and len(asked) == 1


def test_a_plan_of_a_follow_up_waits_for_the_person(tmp_path, worker, monkeypatch):
    the_door = door(tmp_path)
    run = detached.start("segment apples", the_door.settings, {})
    spoken(monkeypatch, {"outcome": "waits", "text": "a plan", "run": run})
    said = json.loads(text_of(call(the_door, "follow_up", run=run, message="also find pears")))
    assert said["status"] == "needs_answer" and said["question"]["plan"] == PLAN["plan"]
    client = {"elicitation_callback": answering("accept", approve=True)}
    again = json.loads(text_of(call(the_door, "follow_up", client, run=run, message="also find pears")))
    assert again["status"] == "finished"


def test_a_follow_up_never_spends_what_the_owner_gave_to_a_run_of_his_own(tmp_path, worker, monkeypatch):
    the_door = door(tmp_path, money=4.0)
    folder = tmp_path / "runs" / detached.start("segment apples", the_door.settings, {})
    record = read_record(folder)
    record.task = TaskSpec(
        kind="segment", classes=[ClassSpec(name="apple")], budget=Budget(images=8, rounds=1, money=3)
    )  # fmt: skip
    write_json(folder / "run.json", record.model_dump(mode="json"))
    asked = spoken(monkeypatch, {"outcome": "answered", "text": "", "run": folder.name})
    for _ in range(2):  # its money is counted once
        assert not call(the_door, "follow_up", run=folder.name, message="more").isError
    assert the_door.promised == 3.0
    refused = call(door(tmp_path), "follow_up", run=folder.name, message="more")
    assert refused.isError and "--money" in text_of(refused) and len(asked) == 2


def test_money_is_refused_beyond_what_the_owner_gave_for_all_runs_together(tmp_path, worker):
    refused = call(door(tmp_path), "build", request="segment apples", money=5, approve=True)
    assert refused.isError and "--money" in text_of(refused) and not worker
    assert not list((tmp_path / "runs").iterdir())
    the_door = door(tmp_path, money=6.0)
    assert not call(the_door, "build", request="segment apples", money=5).isError
    again = call(the_door, "build", request="segment pears", money=2)
    assert again.isError and "$1.00" in text_of(again)
    assert read_record(tmp_path / "runs" / worker[0][0]).options["money"] == 5.0


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("build", {"request": "segment apples", "real": "PATH"}),
        ("build", {"request": "segment apples", "few": "PATH"}),
        ("predict", {"run": "r", "photos": ["PATH"]}),
        ("label", {"photos": ["PATH"], "classes": "apple"}),
    ],
)
def test_photos_are_read_only_where_the_owner_allowed_it(tmp_path, photos, worker, tool, arguments):
    the_door = door(tmp_path, photos=(photos,))
    outside = tmp_path / "private"
    outside.mkdir()
    (photos / "way out").symlink_to(outside)
    detached.start("segment apples", the_door.settings, {})
    (tmp_path / "runs" / "segment-apples").rename(tmp_path / "runs" / "r")
    count = len(worker)
    for path in (outside, tmp_path / "nowhere", photos / ".." / "private", photos / "way out"):
        given = {k: ([str(path)] if v == ["PATH"] else str(path) if v == "PATH" else v) for k, v in arguments.items()}
        refused = call(the_door, tool, **given)
        assert refused.isError and "--photos" in text_of(refused)
    assert len(worker) == count
    assert the_door.place(str(photos / "a.png")) == (photos / "a.png").resolve()


@pytest.mark.parametrize("run", ["../photos", "..", "", ".photos", "/etc", "no-such-run"])
def test_a_run_is_named_by_its_name_alone(tmp_path, photos, run):
    for tool, more in (("status", {}), ("export", {}), ("predict", {"photos": []}), ("answer", {"text": "yes"})):
        assert call(door(tmp_path), tool, run=run, **more).isError


def test_runs_and_reports_are_resources(tmp_path, worker):
    the_door = door(tmp_path)
    detached.start("segment apples", the_door.settings, {})
    (tmp_path / "runs/segment-apples/report.md").write_text("# Apples\n")

    async def read(session):
        uris = ("sightsmith://runs", "sightsmith://runs/segment-apples", "sightsmith://runs/segment-apples/report")
        return [(await session.read_resource(u)).contents[0] for u in uris]

    runs, record, report = talk(make_server(the_door), read)
    assert json.loads(runs.text)[0]["run"] == "segment-apples"
    assert json.loads(record.text)["request"] == "segment apples"
    assert (report.text, report.mimeType) == ("# Apples\n", "text/markdown")


def test_progress_is_told_on_the_way(tmp_path, worker):
    told = []

    async def progress(done, _total, message):
        told.append((done, message))

    async def work(session):
        await session.call_tool("build", {"request": "segment apples", "approve": True}, progress_callback=progress)

    talk(make_server(door(tmp_path)), work)
    assert [m for _, m in told] == ["needs answer", "finished"] and told[0][0] < told[1][0]


def test_a_plan_is_shown_line_by_line():
    assert question_text(PLAN) == "pictures: 24 of 64 px\nmoney: $0.00\nclasses: apple"
    assert question_text({"question": "Which one?", "options": ["red", "green"]}) == "Which one?\n- red\n- green"


# Transports ---------------------------------------------------------------------------------------------------------


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def command(tmp_path, *flags):
    return module_command("agent.cli.app", "mcp", "--runs-dir", str(tmp_path / "runs"), *flags)


@asynccontextmanager
async def over_stdio(tmp_path, *flags, **client):
    program, *arguments = command(tmp_path, *flags)
    server = StdioServerParameters(command=program, args=arguments, env=dict(os.environ))
    async with stdio_client(server) as (read, write), ClientSession(read, write, **client) as session:
        await session.initialize()
        yield session


@asynccontextmanager
async def over_http(tmp_path, *flags, **client):
    port = free_port()
    process = subprocess.Popen([*command(tmp_path, *flags), "--http", "--port", str(port)], stderr=subprocess.DEVNULL)
    try:
        await listening(port)
        url = f"http://127.0.0.1:{port}/mcp"
        async with streamable_http_client(url) as (read, write, _), ClientSession(read, write, **client) as session:
            await session.initialize()
            session.url = url
            yield session
    finally:
        process.terminate()
        process.wait()


async def listening(port):
    deadline = asyncio.get_running_loop().time() + LONG_S
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            assert asyncio.get_running_loop().time() < deadline, "the server does not listen"
            await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("transport", [over_stdio, over_http])
def test_both_transports_answer_and_refuse_a_path_and_a_spend(tmp_path, photos, transport):
    async def session():
        async with transport(tmp_path, "--photos", str(photos)) as connected:
            tools = {t.name for t in (await connected.list_tools()).tools}
            runs = (await connected.read_resource("sightsmith://runs")).contents[0].text
            asked = {"request": "segment apples", "approve": True}
            spend = await connected.call_tool("build", asked | {"money": 3})
            path = await connected.call_tool("build", asked | {"real": str(tmp_path)})
            return tools, runs, spend, path

    tools, runs, spend, path = asyncio.run(session())
    assert {"build", "predict", "label", "export"} <= tools and json.loads(runs) == []
    assert spend.isError and "$3.00 is more than the $0.00" in text_of(spend)
    assert path.isError and str(photos) in text_of(path)
    assert not list((tmp_path / "runs").iterdir())


def ask(app, **headers):
    async def post():
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        base = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8765") as client:
            return (await client.post("/mcp", json=body, headers=base | headers)).status_code

    return asyncio.run(post())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example:8765"}, 421),  # a name that was made to point here (DNS rebinding)
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:3000"}, 403),  # a page of another program on this machine
    ],
)
def test_other_pages_and_names_are_refused(tmp_path, headers, status):
    server = make_server(door(tmp_path))
    app = http_app(server)

    async def started():
        async with server.session_manager.run():
            transport = httpx.ASGITransport(app=app)
            base = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8765") as client:
                return (await client.post("/mcp", json={}, headers=base | headers)).status_code

    assert asyncio.run(started()) == status


def test_with_keys_only_who_sends_one_is_answered(tmp_path):
    keys = Keys(tmp_path / "keys.json")
    secret = keys.add("me")
    passed = []

    class Server:
        def streamable_http_app(self):
            async def app(_scope, _receive, send):
                passed.append(1)
                await send({"type": "http.response.start", "status": 204, "headers": []})
                await send({"type": "http.response.body", "body": b""})

            return app

    app = http_app(Server(), keys)
    assert ask(app) == 401 and ask(app, authorization="Bearer wrong") == 401 and not passed
    assert ask(app, authorization=f"Bearer {secret}") == 204 and passed


@pytest.mark.slow
def test_an_open_address_without_a_key_is_refused(tmp_path):
    done = subprocess.run(
        command(tmp_path, "--http", "--host", "0.0.0.0", "--keys", str(tmp_path / "none.json")),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and "sightsmith keys add" in done.stderr


@pytest.mark.slow
def test_a_run_from_request_to_export(tmp_path, photos, monkeypatch):  # what is asked and told meanwhile goes both ways
    monkeypatch.setenv("SIGHTSMITH_GENERATOR", "tests.fakes:ShapeGenerator")
    monkeypatch.setenv("SIGHTSMITH_SIZE_PX", "64")
    monkeypatch.setenv("SIGHTSMITH_TRAINER", "tests.faults.jobs:ShortTrainer")
    monkeypatch.setenv("SIGHTSMITH_LLM", "offline")
    person, told = answering("accept", approve=True), []

    async def progress(_done, _total, message):
        told.append(message)

    async def session():
        async with over_http(tmp_path, "--photos", str(photos), elicitation_callback=person) as connected:
            asked = {"request": "segment apples", "images": 24, "rounds": 1, "effort": "quick", "wait": True}
            made = json.loads(text_of(await connected.call_tool("build", asked, progress_callback=progress)))
            seen = await connected.call_tool("predict", {"run": made["run"], "photos": [str(photos)]})
            written = await connected.call_tool("export", {"run": made["run"], "formats": ["llava"]})
            return made, seen, written

    made, seen, written = asyncio.run(session())
    # News is a look now and then: a stage that is over before the next one is not told.
    assert made["status"] == "finished" and person.asked and any("round 1" in t for t in told), (made, told)
    assert not seen.isError and json.loads(text_of(seen))["pictures"] == 1
    assert not written.isError and (tmp_path / "runs" / made["run"] / "export/dataset_llava/balance.json").is_file()
