"""Keys and passwords are set, servers that repeat them are asked: nothing of them is left in files, output or lists."""

import json
import os
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import numpy as np
import psutil
import pytest

from agent.llm import chat_model, choose, failure, served_model
from tests.faults import secrets
from tests.faults.secrets import files_of, leaks
from tests.tools.generators.test_openai_images import scenes
from tools.core.errors import StepFailed
from tools.core.secrecy import redact
from tools.core.settings import Settings
from tools.generators.openai_images import OpenAIImages
from tools.label.cvat_server import fetch_task
from tools.models.vision import VisionModel

pytestmark = pytest.mark.slow


@pytest.fixture
def variables():
    """The environment of somebody who has set every key and a password in every address."""
    with secrets.variables() as found:
        yield found


@pytest.mark.parametrize("generator", ["tests.fakes:ShapeGenerator", "openai_images"])
def test_nothing_is_left_of_keys_after_a_run(tmp_path, variables, generator):
    """With a chat model that is refused, and with an image service that is."""
    llm = ["--llm", "offline", "--money", "1"] if generator == "openai_images" else ["--llm", "some-model"]
    command = [sys.executable, "-P", "-m", "agent.cli.app", "build", "segment apples", "--yes", "--json", "--images",
               "24", "--rounds", "1", "--size", "64", "--run", "a", *llm]  # fmt: skip
    environment = os.environ | variables | {"SIGHTSMITH_GENERATOR": generator, "PYTHONPATH": str(Path.cwd())}
    lines = set()
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as run:  # fmt: skip
        said = []
        reader = threading.Thread(target=lambda: said.append(run.stdout.read()))
        reader.start()
        while run.poll() is None:
            with_children = [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]
            for process in with_children:
                try:
                    lines.add(" ".join(process.cmdline()))
                except psutil.Error:  # ended since
                    continue
            reader.join(0.05)
        reader.join()
    record = json.loads((tmp_path / "runs" / "a" / "run.json").read_text())
    assert record["status"] == "failed" and "401" in record["error"] and record["settings"]["vlm"]["model"] == "sees"
    kept = files_of(tmp_path)
    assert len(kept) > 3 and any("agent.cli.app" in line for line in lines)
    assert not leaks(*kept, *said, *lines)


def test_no_client_repeats_a_key(tmp_path, variables, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = Settings(llm="some-model", size_px=64)
    engine, vision = OpenAIImages(settings, tmp_path, 1.0), VisionModel(settings, tmp_path, 1.0)

    def draw():
        list(engine.generate(scenes(1), tmp_path))

    def see():
        vision.ask(np.zeros((8, 8, 3), np.uint8), "an apple?")

    def fetch():
        fetch_task(7, tmp_path / "fetched", settings)

    errors = []
    for ask in (lambda: chat_model(settings).invoke("hi"), lambda: served_model(settings), draw, see, fetch):
        with pytest.raises(Exception) as caught:
            ask()
        errors.append(caught.value)
    assert all(isinstance(error, StepFailed) for error in errors[1:])
    said = [str(failure(errors[0])), choose(settings).why, *(str(error) for error in errors[1:])]
    said += [redact("".join(traceback.format_exception(error))) for error in errors]
    assert not leaks(*said, *files_of(tmp_path), repr(settings), repr(engine), repr(vision))
