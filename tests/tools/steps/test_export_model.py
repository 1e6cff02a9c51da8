"""The exported files: both open, both say the same, and nothing is written twice."""

import json

import numpy as np
import pytest

from tests.tools.steps.test_train import add, make_run
from tests.tools.trainers.shapes import samples
from tools.core import owned
from tools.core.errors import FixArguments, StepFailed
from tools.data.images import read_image
from tools.models import checkpoint
from tools.models.networks import architecture_name, build_network
from tools.models.rescorer import Rescorer, store
from tools.page.downloads import downloads
from tools.runs.runtime import Best
from tools.steps import export_model
from tools.steps.export_model import compare, export_best, open_onnx

pytestmark = pytest.mark.slow


def exportable(folder, kind):
    run = make_run(folder, kind=kind)
    add(run, samples(folder, 2, kind=kind), "test")
    architecture = architecture_name("yolo11n", kind)
    state = build_network(architecture, ["disc"], seed=1).state_dict()
    for key in state:
        if ".cv3." in key and key.endswith("2.bias"):
            state[key] += 9  # so that it detects something
    weights = run.round_folder() / "weights.safetensors"
    checkpoint.save(weights, state, architecture=architecture, names=["disc"], size_px=64)
    run.record.best = Best(round=1, weights=run.relative(weights), threshold=0.3)
    return run


@pytest.mark.parametrize("kind", ["segment", "detect", "classify"])
def test_both_files_agree_and_open(tmp_path, kind):
    run = exportable(tmp_path, kind)
    answer = json.loads(export_best(run))
    assert set(answer["latency_ms"]) == {"model.pt", "model.onnx"}
    check = run.record.exports["model"]["check"]
    assert check["pictures"] == 2
    assert (check["detections"] > 0) == (kind != "classify")
    assert check["max_score_difference"] < 1e-4

    from ultralytics.models import YOLO

    image = read_image(next((tmp_path / "images").glob("*.png")))[..., ::-1]
    results = [
        YOLO(str(tmp_path / "export" / name), task=kind).predict(
            np.ascontiguousarray(image), imgsz=64, conf=0.3, verbose=False, device="cpu"
        )[0]
        for name in ("model.pt", "model.onnx")
    ]
    assert [r.names for r in results] == [{0: "disc"}] * 2
    if kind == "classify":
        assert results[0].probs.top1 == results[1].probs.top1
    else:
        assert len(results[0].boxes) == len(results[1].boxes) > 0
    readme = (tmp_path / "export" / "model.md").read_text()
    assert "from ultralytics import YOLO" in readme
    assert ("smaller, so other programs find less, and may need a threshold" in readme) == (kind != "classify")


def test_what_other_programs_leave_out_is_said(tmp_path):
    run = exportable(tmp_path, "detect")
    weights = run.path(run.record.best.weights)
    red = Rescorer(mean=(0,) * 15, spread=(1,) * 15, weights=(0,) * 15, bias=0, sure=20, doubted=20)
    store(weights, {"disc": red}, weights)
    export_best(run)
    said = " ".join((tmp_path / "export" / "model.md").read_text().split())
    assert "smaller and corrects scores by what your photos without labels showed, so other programs" in said


@pytest.mark.parametrize(
    ("extra", "says"), [({}, "again at photos of small objects"), ({"fitted": True}, "once more, mirrored")]
)
def test_what_other_programs_do_not_look_at_is_said_as_it_is(tmp_path, extra, says):
    state, path = build_network("yolo11n", ["disc"], seed=1).state_dict(), tmp_path / "w.safetensors"
    checkpoint.save(path, state, architecture="yolo11n", names=["disc"], size_px=64, extra=extra)
    assert says in export_model._own_looks(checkpoint.load(path)[1])


def test_nothing_is_written_twice_and_what_is_gone_comes_back(tmp_path):
    run = exportable(tmp_path, "detect")
    first = export_best(run)
    stamps = [(tmp_path / "export" / n).stat().st_mtime_ns for n in export_model.FILES]
    assert export_best(run) == first
    assert [(tmp_path / "export" / n).stat().st_mtime_ns for n in export_model.FILES] == stamps

    (tmp_path / "export" / "model.onnx").unlink()
    export_best(run)
    open_onnx(tmp_path / "export" / "model.onnx")


def test_what_a_person_changed_since_is_never_written_over(tmp_path):
    run = exportable(tmp_path, "detect")
    export_best(run)
    folder = tmp_path / "export"
    (folder / "model.onnx").write_bytes(b"quantised by hand")
    (folder / "model-2.md").write_text("my notes")
    assert "model-3.pt and model-3.onnx" in json.loads(export_best(run))["done"]
    open_onnx(folder / "model-3.onnx")
    assert 'YOLO("model-3.pt")' in (folder / "model-3.md").read_text()
    assert [d.title for d in downloads(tmp_path, run.record)] == ["weights.safetensors", "model-3.pt", "model-3.onnx"]

    run.record.best.threshold = 0.4  # another model
    assert "model-3.pt" in json.loads(export_best(run))["done"]
    assert "0.400" in (folder / "model-3.md").read_text()
    assert (folder / "model.onnx").read_bytes() == b"quantised by hand"
    assert (folder / "model-2.md").read_text() == "my notes"


def test_an_export_of_before_there_were_digests_is_ours(tmp_path):
    run = exportable(tmp_path, "detect")
    export_best(run)
    owned.sign(tmp_path / "export", "export", only=[])  # by what knows of manifests and wrote something else
    (tmp_path / "export" / "model.md").unlink()
    run.record.best.threshold = 0.4
    assert "model.pt" in json.loads(export_best(run))["done"]
    assert not (tmp_path / "export" / "model-2.pt").exists()


def test_files_that_disagree_are_not_exported(tmp_path, monkeypatch):
    run = exportable(tmp_path, "detect")
    real = export_model.open_onnx
    monkeypatch.setattr(export_model, "open_onnx", lambda path: lambda batch: [o * 0.9 for o in real(path)(batch)])
    with pytest.raises(StepFailed, match="disagree"):
        export_best(run)
    assert not (tmp_path / "export" / "model.pt").exists()


def test_comparison_sees_a_missing_detection():
    card = checkpoint.Card("yolo11n", "detect", ("a",), 64, "", {}, {})
    row = np.zeros((1, 5, 4), np.float32)
    row[0, :, 0] = [30, 30, 20, 20, 0.9]
    blank = row.copy()
    blank[0, 4] = 0
    images = np.zeros((1, 3, 64, 64), np.float32)
    assert compare(lambda b: [row], lambda b: [row], images, card, 0.5)["agree"]
    verdict = compare(lambda b: [row], lambda b: [blank], images, card, 0.5)
    assert not verdict["agree"]
    assert verdict["min_iou"] == 0


def test_without_weights_or_images_there_is_nothing_to_export(tmp_path):
    run = make_run(tmp_path)
    with pytest.raises(FixArguments, match="no best model"):
        export_best(run)
    run.record.best = Best(round=1, weights="rounds/01/weights.safetensors", threshold=0.3)
    with pytest.raises(StepFailed, match=r"weights\.safetensors"):
        export_best(run)
