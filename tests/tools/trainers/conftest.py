"""What the tests of trainings share."""

import pytest

from tools.trainers import starter_files


@pytest.fixture
def no_starter(monkeypatch, tmp_path):
    monkeypatch.setattr(starter_files, "WEIGHTS", tmp_path / "none.safetensors")
