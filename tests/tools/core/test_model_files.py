"""Where pretrained weights are found: by the hub's own rules, whatever variable names its cache."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.core.model_files import local_folder

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ASK = "from tools.core.model_files import local_folder; print(local_folder('owner/seer'))"


def cached(cache, *files):
    """A model as the hub's library keeps it."""
    model = cache / "models--owner--seer"
    snapshot = model / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for name in files:
        (snapshot / name).touch()
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(COMMIT)
    return snapshot


@pytest.mark.parametrize(
    ("variable", "below"),
    [
        ("XDG_CACHE_HOME", "huggingface/hub"), ("HF_HOME", "hub"), ("HF_HUB_CACHE", ""),
        ("HOME", ".cache/huggingface/hub"),
    ],
)  # fmt: skip
def test_the_cache_of_the_hub_is_found(tmp_path, variable, below):
    snapshot = cached(tmp_path / below, "config.json", "model.safetensors")
    clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=clean | {variable: str(tmp_path)}, capture_output=True, text=True, timeout=300,
        check=True,
    )  # fmt: skip
    assert done.stdout.strip() == str(snapshot)


@pytest.mark.parametrize("name", ["owner/other", "owner/seer", "no name/at all", "word", "a/b/c"])
def test_what_is_not_there_is_not_found(tmp_path, monkeypatch, name):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    cached(tmp_path, "config.json")  # no weights were fetched
    assert local_folder(name) is None


def test_a_folder_is_itself(tmp_path):
    assert local_folder(str(tmp_path)) == tmp_path
