"""A thing that was shown once is known by name: the same photos teach a later run, and nobody else's."""

import json
import shutil

import pytest

from tests.pipeline import new_run
from tests.tools.generators.cutout_files import labelled_photos
from tools.core.errors import FixArguments
from tools.drawable.classes import ClassArgument
from tools.runs.runtime import Best
from tools.steps.task import Wanted, define


@pytest.fixture
def earlier(tmp_path):
    run = new_run(tmp_path / "runs" / "first", "Zorb", kind="detect")
    run.record.name = "first"
    run.record.few = str(labelled_photos(tmp_path / "few", 4, names=("zorb",), size=96))
    run.record.best = Best(round=1, weights="w.safetensors", threshold=0.3)
    run.save()
    return run


def later(tmp_path, **changed):
    run = new_run(tmp_path / "runs" / "second", "zorb", kind="detect")
    run.record.task, run.record.approved, run.auto_approve = None, False, True
    for name, value in changed.items():
        setattr(run.record, name, value)
    return run


def wanted(name="zorb", kind="detect"):
    return Wanted(kind=kind, classes=[ClassArgument(name=name)])


@pytest.mark.parametrize("kind", ["detect", "segment"])
def test_its_photos_are_learnt_from_again_and_the_plan_says_so(tmp_path, earlier, kind):
    run = later(tmp_path)
    said = json.loads(define(run, wanted(kind=kind)))
    assert said["next"] == "learn_from_examples"
    assert run.record.few == earlier.record.few
    assert any("zorb was shown before, in first" in note for note in run.record.estimate["notes"])
    define(run, wanted(kind=kind).model_copy(update={"minutes": 5.0}))  # a wish about the plan: it still says so
    assert any("zorb was shown before, in first" in note for note in run.record.estimate["notes"])


def test_what_can_be_drawn_is_drawn(tmp_path, earlier):
    earlier.record.task.classes[0].name = "apple"
    earlier.save()
    run = later(tmp_path)
    define(run, wanted("apple"))
    assert run.record.few is None


@pytest.mark.parametrize("why", ["another thing", "no model", "photos gone", "a visitor asks", "a visitor's run"])
def test_nothing_is_taken_up_that_does_not_fit(tmp_path, earlier, why):
    changed = {}
    if why == "no model":
        earlier.record.best = None
    elif why == "photos gone":
        shutil.rmtree(earlier.record.few)
    elif why == "a visitor asks":
        changed["visitor"] = True
    elif why == "a visitor's run":
        earlier.record.visitor = True
    earlier.save()
    run = later(tmp_path, **changed)
    with pytest.raises(FixArguments, match="can draw"):
        define(run, wanted("zonk" if why == "another thing" else "zorb"))
    assert run.record.few is None
