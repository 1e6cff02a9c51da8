"""What the server of the chat page is told."""

import os
import sys
from pathlib import Path

import pytest

from agent.cli import serve
from tools.core.settings import Settings


@pytest.fixture
def started(monkeypatch):
    calls = []
    monkeypatch.setattr(os, "execve", lambda *arguments: calls.append(arguments))
    return calls


def test_it_listens_to_this_machine_only_and_tells_nobody(tmp_path, started):
    serve.serve(tmp_path / "runs", "127.0.0.1", 8501, open_browser=False)
    ((program, command, environment),) = started
    assert program == sys.executable
    assert command[1:5] == ["-P", "-m", "streamlit", "run"] and Path(command[5]).name == "app.py"
    for flag in ("--server.address=127.0.0.1", "--browser.gatherUsageStats=false", "--client.showErrorDetails=none",
                 "--server.enableXsrfProtection=true", "--server.allowedHosts=127.0.0.1",
                 "--server.allowedHosts=localhost", f"--server.maxUploadSize={Settings().ui.upload_mb}"):  # fmt: skip
        assert flag in command
    assert environment["SIGHTSMITH_RUNS_DIR"] == str(tmp_path / "runs")


def test_another_address_is_the_person_s_word(tmp_path, started):
    serve.serve(tmp_path, "0.0.0.0", 80, open_browser=True)
    command = started[0][1]
    assert "--server.address=0.0.0.0" in command
    assert not any("allowedHosts" in flag for flag in command)


def test_every_option_is_one_that_streamlit_knows():
    from streamlit import config

    options = serve.server_options("127.0.0.1", 8501, Settings(), open_browser=False)
    known = set(config._config_options_template)
    assert set(options) <= known
    assert options["runner.postScriptGC"] is False  # a look at a run would take a third of a second from its training


@pytest.mark.parametrize(
    ("host", "secrets", "warned"),
    [
        ("127.0.0.1", None, False),  # nobody else gets there
        ("0.0.0.0", None, True),
        ("0.0.0.0", "[auth]\nclient_id = 'x'\n", False),
        ("0.0.0.0", "[other]\n", True),
        ("0.0.0.0", "[auth\n", True),
    ],
)
def test_an_open_door_is_warned_about(tmp_path, started, monkeypatch, caplog, host, secrets, warned):
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    if secrets is not None:
        (tmp_path / ".streamlit").mkdir()
        (tmp_path / ".streamlit" / "secrets.toml").write_text(secrets)
    serve.serve(tmp_path / "runs", host, 8501, open_browser=False)
    assert ("set up a login" in caplog.text) is warned
    assert started
