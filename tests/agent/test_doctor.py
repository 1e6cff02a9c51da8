"""`sightsmith doctor` says what can run, why, and what to install."""

import json

from typer.testing import CliRunner

from agent.cli import app
from agent.run import start_run
from tests.tools import checkpoints
from tools.settings import Settings


def test_doctor_says_what_to_do():
    shown = CliRunner().invoke(app, ["doctor", "--profile", "offline"])
    assert shown.exit_code == 0
    for text in ("blender", "grabcut", "taken", "missing", "SIGHTSMITH_CLIP_MODEL", "offline planner"):
        assert text in shown.stdout


def test_doctor_speaks_json():
    answer = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    assert answer["machine"]["hub"] is False
    stages = ["pictures", "quality", "labels", "masks", "baseline", "review", "work", "serving"]
    assert list(dict.fromkeys(e["stage"] for e in answer["engines"])) == stages


def test_a_run_keeps_what_was_chosen_and_why(tmp_path):
    folder = str(checkpoints.clip(tmp_path / "clip"))
    run = start_run("apples", Settings(runs_dir=tmp_path / "runs", clip_model=folder))
    assert run.settings.scorer == run.record.settings["scorer"] == "pixels+clip"
    assert folder in run.record.chosen["scorer"]
    assert start_run("apples", Settings(runs_dir=tmp_path / "runs")).record.chosen == {}
