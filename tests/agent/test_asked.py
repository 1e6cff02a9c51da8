"""A word about a run, taken in a process of its own: what it is told, what comes back, and what cannot slip through."""

import json
import subprocess
from pathlib import Path

import pytest

from agent import asked
from agent.followup import Reply
from tests.runs import make_run
from tools.core.errors import FixArguments, StepFailed
from tools.runs.runtime import read_record

REPLY = Reply("why", "answered", "Few pictures.", "apples", files=(Path("/tmp/a.jpg"),))


@pytest.fixture
def folder(tmp_path):
    run = make_run(tmp_path / "apples")
    run.record.status = "finished"
    run.save()
    return run.folder


@pytest.fixture
def started(monkeypatch):
    """What would have been started, and what it says."""
    calls, said = [], {"out": json.dumps(REPLY.plain()).encode(), "err": b""}

    def run(command, **options):
        calls.append((command, options["env"]))
        return subprocess.CompletedProcess(command, 0, said["out"], said["err"])

    monkeypatch.setattr(asked.subprocess, "run", run)
    calls.append(said)
    return calls


@pytest.mark.parametrize("said", ["why is the score low?", "--yes", "-h", "--photo=/etc/passwd"])
def test_a_word_is_never_an_option(folder, started, said):
    assert asked.ask(folder, said, {}) == REPLY
    command = started[1][0]
    assert command[-3:] == ["--", "apples", said]
    assert "--yes" not in command[:-3]


def test_an_address_of_the_session_takes_no_key_of_this_process_along(folder, started, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-owner")
    asked.ask(folder, "why?", {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})
    assert "sk-of-the-owner" not in started[1][1].values()


def test_a_visitors_word_makes_the_run_a_visitors(folder, started):
    asked.ask(folder, "why?", {}, visitor=True)
    assert read_record(folder).visitor


@pytest.mark.parametrize(
    ("out", "err", "sentence"),
    [(b"", b"Traceback\nValueError: it broke\n", "it broke"), (b"[]", b"", "without a word")],
)
def test_a_process_that_dies_is_said(folder, started, out, err, sentence):
    started[0].update(out=out, err=err)
    with pytest.raises(StepFailed, match=sentence):
        asked.ask(folder, "why?", {})


def test_an_empty_word_starts_nothing(folder, started):
    with pytest.raises(FixArguments, match="empty"):
        asked.ask(folder, "  ", {})
    assert len(started) == 1
