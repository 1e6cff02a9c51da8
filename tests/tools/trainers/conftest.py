"""What the tests of trainings share."""

import pytest

from tools.trainers import starter


@pytest.fixture
def no_starter(monkeypatch, tmp_path):
    monkeypatch.setattr(starter, "WEIGHTS", tmp_path / "none.safetensors")
