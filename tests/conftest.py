"""Every test gets a home of its own: no user folder, no key, no telemetry, no network."""

import contextlib
import functools
import os
import sqlite3
import sys
from collections import Counter
from typing import Any

import hypothesis
import pytest
import typer.testing

os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # before torch is imported: tests share the cores with what they start
hypothesis.settings.register_profile("steady", derandomize=True)  # the same examples everywhere: no run is a coin toss
hypothesis.settings.load_profile("steady")
# Built anew for each of a thousand command lines, the command costs more than what it does.
typer.testing._get_command = functools.cache(typer.testing._get_command)
# No test outlives a power cut: the disk need not keep up. Those about syncing put their own in the place of this.
os.fsync = lambda _number: None
_connect = sqlite3.connect


def _connect_unsynced(*given: Any, **named: Any) -> sqlite3.Connection:
    connection = _connect(*given, **named)
    with contextlib.suppress(sqlite3.DatabaseError):  # a damaged file says so to whom it is opened for
        sqlite3.Connection.execute(connection, "PRAGMA synchronous=OFF")
    return connection


sqlite3.connect = _connect_unsynced


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "YOLO_CONFIG_DIR", "HF_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("XDG_DATA_DIRS", str(home / "shared"))  # model libraries of this machine change what is drawn
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SIGHTSMITH_MEMORY_DIR", str(home / "memory"))
    monkeypatch.setenv("YOLO_OFFLINE", "true")
    monkeypatch.setenv("YOLO_AUTOINSTALL", "false")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    if (hub := sys.modules.get("huggingface_hub.constants")) is not None:  # it has read the variables already
        monkeypatch.setattr(hub, "HF_HUB_CACHE", str(home / "hub"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files of few tests first: those take longest, and begun last they leave the other workers idle."""
    if all(item.get_closest_marker("slow") for item in items):
        many = Counter(item.path for item in items)
        items.sort(key=lambda item: many[item.path])
