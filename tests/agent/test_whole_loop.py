"""The whole loop, nothing left out: every kind of task, a taught class, and a run that learns from another."""

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.run import ExitCode, execute
from agent.run_folder import start_run
from tests.scripted import ScriptedModel, call
from tools.core.settings import Settings
from tools.memory.store import Lesson, RunMemory
from tools.runs.runtime import RunContext

pytestmark = pytest.mark.slow

FINIAL = {
    "name": "gate finial",
    "size_m": 0.1,
    "contexts": ["table"],
    "rests": ["upright"],
    "materials": {"iron": {"colours": ["#3a3a40", "#55504a"], "roughness": 0.6, "metallic": 0.4}},
    "parts": [
        {"shape": "lathe", "material": "iron", "profile": [[0, 0], [0.3, 0.02], [0.12, 0.3], [0.35, 0.6], [0, 1]]},
        {"shape": "ellipsoid", "material": "iron", "size": [0.2, 0.2, 0.2], "at": [0, 0, 1.05]},
    ],
}  # fmt: skip


def build(tmp_path: Path, request: str, model: Any = None, *, name: str = "r", **options: Any) -> RunContext:
    values = {"generator": "tests.fakes:ShapeGenerator", "size_px": 64, "epochs": 4, "epoch_pictures": 1}
    values |= options.pop("settings", {})
    settings = Settings(
        runs_dir=tmp_path / "runs", memory_dir=tmp_path / "memory", llm="offline", effort="quick", **values
    )
    run = start_run(request, settings, name=name, auto_approve=True, options={"images": 24, "rounds": 1} | options)
    code = execute(run, lambda _q: None, model=model)
    assert code is ExitCode.FINISHED, run.record.error
    return run


@pytest.mark.parametrize(
    ("request_text", "kind", "classes", "metric"),
    [
        ("segment apples and lemons", "segment", ["apple", "lemon"], "mask_map50"),
        ("count bottles on a conveyor, boxes are enough", "detect", ["bottle"], "box_map50"),
        ("I want to tell ripe from raw tomatoes", "classify", ["ripe tomato", "raw tomato"], "accuracy"),
        ("帮我做一个苹果分割模型", "segment", ["苹果"], "mask_map50"),
    ],
)
def test_every_kind_goes_through_the_same_loop(tmp_path, request_text, kind, classes, metric):
    run = build(tmp_path, request_text)
    record = json.loads((run.folder / "run.json").read_text())
    assert record["status"] == "finished"
    assert record["task"]["kind"] == kind
    assert [c["name"] for c in record["task"]["classes"]] == classes
    synthetic = record["evaluation"]["synthetic_test"]
    assert synthetic["metric"] == metric
    assert synthetic[metric] is not None
    assert record["evaluation"]["real_test"] is None
    assert (run.folder / record["best"]["weights"]).is_file()
    for name in ("model.pt", "model.onnx", "model.md", "README.md"):
        assert (run.folder / "export" / name).is_file()
    assert "accuracy" not in (run.folder / "report.md").read_text().lower() or kind == "classify"
    assert {"generate", "train", "evaluate", "diagnose", "report"} <= {s["name"] for s in record["stages"]}
    assert record["totals"]["seconds_outside_tools"] < record["totals"]["seconds"]


def test_a_class_that_a_language_model_teaches_is_rendered_labelled_and_trained(tmp_path):
    steps = ("design_scenes", "generate_images", "score_images", "curate_dataset", "annotate_images", "train_model",
             "evaluate_model", "diagnose_model", "export_model", "export_dataset")  # fmt: skip
    model = ScriptedModel(
        script=[
            call("define_task", kind="segment", classes=[{"name": "gate finial"}]),
            call("define_task", kind="segment", classes=[{"name": "gate finial", "object_spec": FINIAL}]),
            *(call(step) for step in steps),
            AIMessage("A finial segmenter is ready."),
        ]
    )
    run = build(tmp_path, "segment gate finials", model, images=12, settings={"generator": "blender"})
    refusal = next(m for m in model.received[1] if m.type == "tool")
    assert "gate finial" in refusal.text
    assert refusal.status == "error"
    assert list((run.folder / "objects").glob("*.json"))
    labels = [i for s in run.dataset.samples(verdict="kept") for i in s.instances]
    assert labels
    assert {i.class_name for i in labels} == {"gate finial"}
    assert all(i.counts for i in labels)
    assert run.record.evaluation["synthetic_test"] is not None


def test_a_run_starts_where_an_earlier_one_was_weak(tmp_path):
    plain = build(tmp_path / "alone", "segment apples")
    assert plain.record.lessons == []
    assert plain.record.rounds[0].focus == []
    settings = Settings(memory_dir=tmp_path / "memory")
    lesson = Lesson(run="last-year", created="2026-01-01T00:00:00+00:00", kind="segment",
                    classes=["apple"], weak=["light=deep shade"], scores={"synthetic_test": 0.4})  # fmt: skip
    RunMemory.of(settings).add(lesson)
    taught = build(tmp_path, "build me an apple segmenter")
    assert [known["run"] for known in taught.record.lessons] == ["last-year"]
    assert taught.record.rounds[0].focus == ["light=deep shade"]

    def shade(run: RunContext) -> int:
        return sum(s.light == "deep shade" for s in run.dataset.scenes())

    assert shade(taught) > 2 * shade(plain)
    assert "last-year" in (taught.folder / "report.html").read_text()
