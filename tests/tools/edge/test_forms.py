"""Other forms of a model: what can be written here runs here, says the same, and its table is kept."""

import importlib.util
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from agent.cli.app import app
from agent.report.facts import facts_of
from tests.tools.steps.test_export_model import exportable
from tests.tools.steps.test_train import add
from tests.tools.trainers.shapes import samples
from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.edge import forms as forms_module
from tools.edge.export import export_file, export_to, open_weights
from tools.edge.forms import FORMS, wanted_forms
from tools.edge.int8 import left_alone
from tools.edge.measure import DeviceModel, latencies_ms
from tools.models.checkpoint import load

pytestmark = pytest.mark.slow


def ready(folder, kind="segment"):
    """A run with a network, test images to measure it on and validation images to calibrate with."""
    run = exportable(folder, kind)
    add(run, samples(folder, 2, seed=1, kind=kind), "val")
    return run


@pytest.mark.parametrize("name", ["onnx-int8", "openvino", "ncnn", "torchscript"])
def test_a_form_runs_here_and_its_loss_and_time_are_kept(tmp_path, name, capfd):
    gone = [m for m in FORMS[name].modules if importlib.util.find_spec(m) is None]
    if gone:
        pytest.skip(f"without {gone}")
    run = ready(tmp_path)
    rows, notes = export_to(run, [name])
    assert [row.form for row in rows] == ["model.pt", "model.onnx", name]
    assert not notes
    assert not capfd.readouterr().out, "the table may be read by a program"
    assert (tmp_path / "export" / FORMS[name].product).exists()
    assert all(row.ms > 0 and row.speed > 0 for row in rows)
    assert rows[0].loss == {"synthetic_test": 0.0}
    kept = json.loads((tmp_path / "export" / "devices.json").read_text())["rows"]
    assert kept == [row.plain() for row in rows] == run.record.exports["devices"]["rows"]
    image = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    one = forms_module.BASES["model.pt"](tmp_path / "export" / "model.pt")(image)
    other = FORMS[name].open(tmp_path / "export" / FORMS[name].product)(image)
    assert [a.shape for a in one] == [b.shape for b in other]
    limit = 0.3 if name == "onnx-int8" else 0.02
    assert np.abs(one[0][:, 4] - other[0][:, 4]).max() < limit


def test_the_report_shows_what_a_form_costs_and_other_forms_of_the_same_weights_stay(tmp_path):
    run = ready(tmp_path, "detect")
    export_to(run, ["torchscript"])
    run.record.exports["devices"]["rows"].append({
        "form": "ncnn", "product": "model_ncnn_model", "mb": 5.1, "ms": 11.2, "speed": 2.0,
        "scores": {"synthetic_test": 0.5}, "loss": {"synthetic_test": 0.01},
    })  # fmt: skip
    export_to(run, ["torchscript"])
    facts = facts_of(run)
    assert [f["form"] for f in facts.forms] == ["model.pt", "model.onnx", "torchscript", "ncnn"]
    assert facts.forms[-1]["synthetic"] == "0.500 (+0.010)"
    assert not any(name == "devices" for name, _ in facts.exports)


def test_what_is_missing_is_said_and_the_rest_is_written(monkeypatch):
    monkeypatch.setattr(
        forms_module.importlib.util, "find_spec", lambda name: None if name in ("coremltools", "ncnn") else object()
    )
    forms, notes = wanted_forms(["coreml", "torchscript"])
    assert [f.name for f in forms] == ["torchscript"]
    assert notes == ["coreml needs a package that is not on this machine (coremltools): pip install coremltools."]
    with pytest.raises(StepFailed, match=r"ncnn needs .*sightsmith\[edge\]"):
        wanted_forms(["ncnn"])
    with pytest.raises(FixArguments, match="--to flash: known are onnx-int8"):
        wanted_forms(["flash"])


def test_heads_and_decoding_keep_all_their_bits():
    class Node:
        def __init__(self, name, op_type):
            self.name, self.op_type = name, op_type

    nodes = [
        Node("/model.0/conv/Conv", "Conv"), Node("/model.23/cv3.1/cv3.1.2/Conv", "Conv"),
        Node("/model.23/cv2.0/cv2.0.1/conv/Conv", "Conv"), Node("/model.23/dfl/conv/Conv", "Conv"),
        Node("/model.23/Mul", "Mul"),
    ]  # fmt: skip
    assert left_alone(nodes) == ["/model.23/cv3.1/cv3.1.2/Conv", "/model.23/dfl/conv/Conv", "/model.23/Mul"]


def test_a_file_of_weights_is_opened_without_running_what_else_is_in_it(tmp_path):
    import pickle

    run = ready(tmp_path / "run", "detect")
    from tools.models.checkpoint import to_ultralytics_pt

    to_ultralytics_pt(run.path(run.record.best.weights), tmp_path / "mine.pt")
    rows, _, folder = export_file(tmp_path / "mine.pt", ["torchscript"], tmp_path / "out", None, Settings())
    assert folder == tmp_path / "out"
    assert {p.name for p in folder.iterdir()} >= {"model.pt", "model.onnx", "model.torchscript", "devices.json"}
    assert rows[-1].scores == {}
    assert open_weights(tmp_path / "mine.pt")[1].names == ("disc",)
    with pytest.raises(FixArguments, match="--real DIR"):
        export_file(tmp_path / "mine.pt", ["onnx-int8"], tmp_path / "other", None, Settings())

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    with (tmp_path / "evil.pt").open("wb") as file:
        pickle.dump({"model": Evil()}, file)
    with pytest.raises(StepFailed, match=r"evil\.pt"):
        export_file(tmp_path / "evil.pt", ["torchscript"], tmp_path / "third", None, Settings())
    assert not (tmp_path / "ran").exists()


def test_a_form_looks_once_at_a_square_whatever_the_image(tmp_path):
    run = ready(tmp_path, "detect")
    seen = []

    def forward(batch):
        seen.append(batch.shape)
        return [np.zeros((1, 5, 84), np.float32)]

    model = DeviceModel(forward, load(run.path(run.record.best.weights))[1])
    assert model.predict_many([np.zeros((300, 900, 3), np.uint8), np.zeros((64, 64, 3), np.uint8)], 0.1) == [[], []]
    assert seen == [(1, 3, 64, 64)] * 2


def test_times_are_taken_in_turns():
    order = []
    made = latencies_ms({name: (lambda batch, n=name: order.append(n)) for name in "ab"}, 32)
    assert order[:4] == ["a", "b", "a", "b"]
    assert set(made) == {"a", "b"}


def test_the_command_refuses_what_a_run_has_itself(tmp_path):
    wrong = ["export", "r", "--to", "ncnn", "--real", str(tmp_path), "--runs-dir", str(tmp_path)]
    said = CliRunner().invoke(app, wrong)
    assert said.exit_code == 2
    assert "for a file of weights" in said.output
