"""Runs in processes of their own: what is said of them, starting, stopping, deleting."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from agent import detached
from agent.mcp.story import Story
from agent.run_folder import lock, start_run
from tests.waiting import wait_until
from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.runs.runtime import read_record


@pytest.fixture
def folder(tmp_path):
    return start_run("segment apples", Settings(runs_dir=tmp_path / "runs", llm="offline"), name="r").folder


def test_a_run_marked_running_without_a_process_is_stopped_and_says_why(folder):
    assert detached.current(folder).status == "stopped"
    (folder / detached.LOG).write_text("Traceback\nImportError: no module named x\n")
    assert detached.current(folder).error == "ImportError: no module named x"


def test_what_a_worker_said_while_it_worked_is_no_reason(folder):
    (folder / detached.LOG).write_text("WARNING tools.data.real: 3 photos have no label\n")
    assert "ended without a word" in detached.current(folder).error


def test_a_worker_that_was_killed_says_by_what(folder, monkeypatch):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    monkeypatch.setitem(detached._children, folder.resolve(), child)
    child.kill()
    child.communicate()
    record = detached.current(folder)
    assert record.status == "stopped"
    assert "signal 9 (SIGKILL)" in record.error
    assert "memory" in record.error


def test_a_worker_from_before_the_machine_was_restarted_says_so(folder):
    (folder / ".worker").write_text("999999999")
    os.utime(folder / ".worker", (1, 1))
    assert "the machine was restarted" in detached.current(folder).error


@pytest.mark.parametrize(("note", "status"), [("4711 started", "running"), ("4711", "stopped")])
def test_a_worker_that_is_slow_to_take_its_lock_is_at_work(folder, monkeypatch, note, status):
    hours_ago = time.time() - 7200
    process = SimpleNamespace(status=lambda: psutil.STATUS_RUNNING, create_time=lambda: hours_ago)
    monkeypatch.setattr(psutil, "Process", lambda _pid: process)
    (folder / ".worker").write_text(note)  # the second had its lock, and let it go
    os.utime(folder / ".worker", (hours_ago, hours_ago))
    assert detached.current(folder).status == status


def test_a_held_run_is_running(folder):
    with lock(folder):
        assert detached.worker(folder) == os.getpid()
        assert detached.current(folder).status == "running"
        with pytest.raises(FixArguments, match="another process"):
            detached.go_on(folder, {})
        with pytest.raises(FixArguments, match="stop it first"):
            detached.delete(folder)
    assert folder.exists()


@pytest.mark.parametrize("content", ["", "nobody", "999999999", "1"])
def test_a_note_of_another_process_is_not_believed(folder, content):
    (folder / ".worker").write_text(content)
    os.utime(folder / ".worker", (1, 1))  # written long before any process that has that number now
    assert detached.worker(folder) is None
    assert detached.stop(folder) is False


@pytest.mark.parametrize("request_text", ["", "  \n "])
def test_an_empty_request_starts_nothing(tmp_path, request_text):
    with pytest.raises(FixArguments, match="empty"):
        detached.start(request_text, Settings(runs_dir=tmp_path / "runs"), {})
    assert not (tmp_path / "runs").exists()


def test_only_runs_are_deleted(folder, tmp_path):
    outside = tmp_path / "photos"
    outside.mkdir()
    (tmp_path / "runs" / "link").symlink_to(folder)
    for wrong in (outside, tmp_path / "runs" / "link", tmp_path / "nowhere"):
        with pytest.raises(FixArguments, match="there is no run"):
            detached.delete(wrong)
    assert folder.exists()
    detached.delete(folder)
    assert not folder.exists()
    assert detached.all_runs(tmp_path / "runs") == []


def test_a_folder_that_cannot_be_written_is_named(folder, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(subprocess, "Popen", full)
    with pytest.raises(StepFailed, match="is full"):
        detached.go_on(folder, {})


@pytest.mark.slow
def test_a_run_outlives_who_started_it_and_answers_by_the_next_process(tmp_path):
    runs = tmp_path / "runs"
    starter = (
        "from agent import detached; from tools.core.settings import Settings; from pathlib import Path;"
        f"detached.start('segment apples', Settings(runs_dir=Path({str(runs)!r}), llm='offline',"
        "generator='tests.fakes:ShapeGenerator', size_px=64), {'OPENAI_API_KEY': 'sk-secret'},"
        "options={'images': 24, 'rounds': 1})"
    )
    # The starter kills itself with its whole group, as a server that is killed hard.
    subprocess.run(
        [sys.executable, "-c", starter + "; import os, signal; os.killpg(0, signal.SIGKILL)"],
        env=os.environ | {"PYTHONPATH": str(Path.cwd())}, start_new_session=True, check=False,
    )  # fmt: skip
    folder = next(runs.iterdir())
    wait_until(lambda: detached.current(folder).status == "needs_answer", lambda: detached.current(folder))
    assert detached.current(folder).question["kind"] == "approve"
    detached.go_on(folder, {}, answer="yes")
    assert detached.is_alive(folder)
    story = Story(folder)
    wait_until(lambda: story.read() and any(e.step and e.step.name == "generate" for e in story.entries),
               lambda: story.entries)  # fmt: skip
    assert detached.stop(folder)
    wait_until(lambda: detached.current(folder).status != "running", "the run stops")
    assert detached.current(folder).status == "stopped"
    detached.go_on(folder, {})
    assert detached.is_alive(folder)
    detached.stop(folder)
    wait_until(lambda: not detached.is_alive(folder), "the worker ends")
    assert not any(b"sk-secret" in p.read_bytes() for p in folder.rglob("*") if p.is_file())


OWN_KEYS = {
    "OPENAI_API_KEY": "sk-owner-chat", "OPENAI_BASE_URL": "http://owner:pass@127.0.0.1:9/v1",
    "OPENAI_ORG_ID": "org-owner",
    "SIGHTSMITH_IMAGE_API_KEY": "sk-owner-images", "SIGHTSMITH_VLM_BASE_URL": "http://owner:pass@127.0.0.1:9/seen",
    "sightsmith_image_base_url": "http://owner:pass@127.0.0.1:9/drawn",
}  # fmt: skip


@pytest.mark.parametrize(
    ("session", "inherits"),
    [
        ({}, True),
        ({"OPENAI_API_KEY": "sk-visitor"}, True),  # a key of his own, for the owner's endpoint
        ({"OPENAI_BASE_URL": "http://visitor/v1"}, False),
        ({"OPENAI_BASE_URL": "http://visitor/v1", "OPENAI_API_KEY": "sk-visitor"}, False),
        ({"SIGHTSMITH_IMAGE_BASE_URL": "http://visitor/v1"}, False),
        ({"SIGHTSMITH_VLM_BASE_URL": "http://visitor/v1"}, False),
    ],
)
def test_an_endpoint_of_a_visitor_gets_no_key_of_the_server(folder, monkeypatch, session, inherits):
    for name, value in OWN_KEYS.items():
        monkeypatch.setenv(name, value)
    started = []

    class Process:
        pid = os.getpid()

        def __init__(self, command, *, env, **_options):
            started.append((command, env))

    monkeypatch.setattr(subprocess, "Popen", Process)
    detached.go_on(folder, session)
    ((command, env),) = started
    left = {name for name in OWN_KEYS if env.get(name) == OWN_KEYS[name]}
    assert left == (set(OWN_KEYS) - set(session) if inherits else set())
    assert session.items() <= env.items()
    assert not any(value in word for word in command for value in (*OWN_KEYS.values(), *session.values()))


def test_a_run_that_a_visitor_spoke_to_stays_a_visitors(folder, monkeypatch):
    monkeypatch.setattr(detached, "_spawn", lambda *_: None)
    detached.go_on(folder, {})
    assert not read_record(folder).visitor
    detached.go_on(folder, {}, answer="yes", visitor=True)
    detached.go_on(folder, {})
    assert read_record(folder).visitor
