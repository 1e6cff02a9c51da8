"""`sightsmith doctor` says what can run, why, and what to install."""

import json

from typer.testing import CliRunner

from agent.cli.app import app
from agent.run_folder import start_run
from tests.tools import checkpoints
from tests.tools.generators.model_files import sh3f
from tools.core.settings import Settings


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
    assert run.settings.curation.scorer == run.record.settings["curation"]["scorer"] == "pixels+clip"
    assert folder in run.record.chosen["scorer"]
    assert start_run("apples", Settings(runs_dir=tmp_path / "runs")).record.chosen == {}


def test_doctor_lists_model_libraries_and_how_to_get_more(tmp_path, monkeypatch):
    sh3f(tmp_path / "libs" / "zoo.sh3f", [{"name": "Dog"}, {"name": "Zorka", "license": "Public domain"}])
    (tmp_path / "libs" / "bad.sh3f").write_bytes(b"nonsense")
    monkeypatch.setenv("SIGHTSMITH_MODELS_DIR", str(tmp_path / "libs"))
    answer = json.loads(CliRunner().invoke(app, ["doctor", "--profile", "offline", "--json"]).stdout)
    rows = {row["path"].rsplit("/", 1)[1]: row for row in answer["model_libraries"]}
    assert (rows["zoo.sh3f"]["models"], rows["zoo.sh3f"]["adds"]) == (2, 1)  # a dog is drawn without it
    assert "Attribution" in rows["zoo.sh3f"]["licences"] and "bad.sh3f" in rows["bad.sh3f"]["problem"]
    shown = CliRunner().invoke(app, ["doctor", "--profile", "offline"])
    assert shown.exit_code == 0
    for text in ("model library", "sweethome3d-furniture", "SIGHTSMITH_MODEL_LIBRARIES"):
        assert text in shown.stdout
