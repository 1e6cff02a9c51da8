"""No test touches the home folder, the network or a paid service."""

import pytest


@pytest.fixture(autouse=True)
def _own_world(monkeypatch, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(home / "ultralytics"))
    monkeypatch.setenv("YOLO_OFFLINE", "true")
    monkeypatch.setenv("SIGHTSMITH_MEMORY_DIR", str(home / "memory"))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
