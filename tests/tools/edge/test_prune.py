"""A narrower copy of a run's model: trained again, measured beside it, usable as any model; the run keeps its own."""

import json

import pytest
from typer.testing import CliRunner

from agent.cli.app import app
from tests.tools.edge.test_forms import ready
from tests.tools.steps.test_learn_from_examples import shown_run
from tests.tools.steps.test_train import add
from tests.tools.trainers.shapes import samples
from tools.core.errors import FixArguments
from tools.edge.compare import compare_sizes
from tools.edge.export import export_to
from tools.models.checkpoint import load, load_model
from tools.models.pickled import load_pickled
from tools.steps.learn_from_examples import learn_examples
from tools.trainers import starter_files, yolo

pytestmark = pytest.mark.slow


def _weights_of(network):
    return sum(p.numel() for p in network.parameters())


def test_a_narrow_model_is_trained_once_and_measured_beside_the_run_s_own(tmp_path, monkeypatch):
    run = ready(tmp_path, "detect")
    add(run, samples(tmp_path, 4, seed=2, kind="detect"), "train")
    run.settings = run.settings.model_copy(update={"epochs": 2, "batch": 2})
    best = run.record.best.model_copy()
    rows, notes = export_to(run, ["torchscript"], 0.5)
    forms = ["model.pt", "model.onnx", "torchscript"]
    assert [row.form for row in rows] == [*forms, *(f"{form}, 50% pruned" for form in forms)] and notes == []
    assert rows[3].product == "pruned50/model.pt" and rows[3].mb < 0.85 * rows[0].mb
    assert all(row.scores.keys() == rows[0].scores.keys() for row in rows)
    assert run.record.best == best
    folder = run.folder / "export" / "pruned50"
    own, narrow = load_model(run.path(best.weights))[0], load_model(folder / "weights.safetensors")[0]
    assert _weights_of(narrow) < 0.85 * _weights_of(own)
    assert _weights_of(load_pickled(folder / "model.pt")[0]) == pytest.approx(_weights_of(narrow), rel=0.01)
    monkeypatch.setattr(yolo._Training, "run", lambda self: pytest.fail("trained again"))
    again, _ = export_to(run, [], 0.5)
    assert [row.form for row in again] == ["model.pt", "model.onnx", "model.pt, 50% pruned", "model.onnx, 50% pruned"]


@pytest.mark.parametrize("share", [0.0, -0.5, 0.001, 0.95, float("nan")])
def test_a_share_that_is_none_is_refused(tmp_path, share):
    with pytest.raises(FixArguments, match="--prune"):
        export_to(ready(tmp_path, "detect"), [], share)


def test_the_command_says_what_it_is_for(tmp_path):
    run = ready(tmp_path, "detect")
    add(run, samples(tmp_path, 2, seed=2, kind="detect"), "train")
    run.record.settings = run.settings.model_copy(update={"epochs": 1, "batch": 2}).written()
    run.save()
    runs = ["--runs-dir", str(run.folder.parent)]
    done = CliRunner().invoke(app, ["export", run.folder.name, "--prune", "0.5", "--json", *runs])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["rows"]
    assert [row["form"] for row in rows] == ["model.pt", "model.onnx", "model.pt, 50% pruned", "model.onnx, 50% pruned"]
    weights = run.path(run.record.best.weights)
    refused = CliRunner().invoke(app, ["export", str(weights), "--prune", "0.5", *runs])
    assert refused.exit_code == 2 and "--prune is for a run" in refused.output
    refused = CliRunner().invoke(app, ["export", run.folder.name, "--minutes", "2", *runs])
    assert refused.exit_code == 2 and "--minutes" in refused.output
    refused = CliRunner().invoke(app, ["export", run.folder.name, "--to", "ncnn", "--minutes", "2", *runs])
    assert refused.exit_code == 2 and "--minutes is how long --prune may train" in refused.output


def test_the_model_of_a_few_photos_goes_to_devices_too(tmp_path, monkeypatch):
    """All its photos were learnt from: they calibrate, and only others can judge."""
    monkeypatch.setattr(starter_files, "WEIGHTS", tmp_path / "none.safetensors")
    run = shown_run(tmp_path, 3)
    learn_examples(run)
    rows, notes = export_to(run, ["onnx-int8"], 0.5)
    assert [row.form for row in rows][:3] == ["model.pt", "model.onnx", "onnx-int8"] and len(rows) == 6
    assert not any(row.scores for row in rows) and all(row.ms > 0 for row in rows)
    assert "all photos of this run were learnt from" in notes[0]
    narrow = load(run.folder / "export" / "pruned50" / "weights.safetensors")[1]
    assert narrow.size_px == load(run.path(run.record.best.weights))[1].size_px and narrow.fitted
    with pytest.raises(FixArguments, match="another --model"):
        compare_sizes(run, ["n"])
