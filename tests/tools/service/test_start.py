"""What is checked before anything slow is started."""

import importlib.util
import socket

import pytest

from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.core.task import ClassSpec, TaskSpec
from tools.data.sample import Instance
from tools.metrics.predictions import Answer, save_answers
from tools.runs.runtime import Best, RunRecord
from tools.service import start
from tools.service.keys import Keys
from tools.service.start import Options, Run, check, serve


def run(folder, name="apples", *, classes=("apple",), best=True):
    named = [ClassSpec(name=c, phrase=c, drawn_as=c) for c in classes]
    task = TaskSpec.model_construct(kind="detect", classes=named)
    record = RunRecord.model_construct(
        name=name, task=task, best=Best(round=2, weights="w.safetensors", threshold=0.4) if best else None
    )
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "w.safetensors").touch()
    return Run(name, folder / name, record)


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    monkeypatch.setattr(start, "require", lambda: None)


@pytest.mark.parametrize(
    ("runs", "options", "said"),
    [
        ([{}], {"host": "0.0.0.0"}, "holds no key"),
        ([{"best": False}], {}, "no trained model yet"),
        ([{}], {"share": 0.5}, "--candidate"),
        ([{}, {"name": "new"}], {"share": 0.5, "shadow": True}, "not both"),
        ([{}, {"name": "new", "classes": ("pear",)}], {}, "same classes"),
        ([{}, {}], {}, "the run itself"),
    ],
)
def test_refusals(tmp_path, runs, options, said):
    with pytest.raises(FixArguments, match=said):
        check([run(tmp_path, **r) for r in runs], Options(**options), Keys(tmp_path / "k.json"), Settings())


def test_what_is_served(tmp_path):
    keys = Keys(tmp_path / "k.json")
    keys.add("me")
    runs = [run(tmp_path), run(tmp_path, "new")]
    served = check(runs, Options(host="0.0.0.0", share=0.1), keys, Settings())
    assert [(v.name, v.mode, v.share, v.threshold) for v in served] == [
        ("apples-02", "main", 0.0, 0.4), ("new-02", "share", 0.1, 0.4),
    ]  # fmt: skip
    assert [v.mode for v in check(runs, Options(), keys, Settings())] == ["main", "shadow"]
    (tmp_path / "new" / "w.safetensors").unlink()
    with pytest.raises(StepFailed, match="no such weights"):
        check(runs, Options(), keys, Settings())


def test_a_taken_port_is_said_before_ray_is_started(tmp_path, monkeypatch):
    monkeypatch.setattr(start, "_start_ray", lambda: pytest.fail("started"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = Options(port=taken.getsockname()[1])
        with pytest.raises(StepFailed, match="cannot be listened on"):
            serve([run(tmp_path)], options, Settings(service_keys=tmp_path / "k.json"))


def test_drift_is_measured_from_the_validation_above_the_threshold(tmp_path):
    served = run(tmp_path)
    assert served.reference() == []
    (served.folder / "rounds" / "02").mkdir(parents=True)
    found = [Instance(class_name="apple", box=(0, 0, 1, 1), score=s) for s in (0.9, 0.5, 0.1)]
    save_answers(served.folder / "rounds" / "02" / "predictions_synthetic_val.json", {"x": Answer({}, found)})
    assert served.reference() == [0.9, 0.5]


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.undo()
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ray" else real(name))
    with pytest.raises(StepFailed, match=r"needs ray: install the extra, sightsmith\[serve\]"):
        start.require()
