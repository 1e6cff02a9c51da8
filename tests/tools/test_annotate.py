"""Exact labels are checked, clipped and counted; what nobody can see is not labelled."""

import json

import numpy as np
import pytest

from tests.pipeline import new_run
from tools.annotate import annotate
from tools.annotators.exact import ExactAnnotator
from tools.curate import curate
from tools.data.sample import Instance, Sample, encode_mask, mask_box
from tools.data.task import Budget, ClassSpec, TaskSpec
from tools.errors import FixArguments, StepFailed, Stopped
from tools.generate import generate
from tools.scenes import design
from tools.score import score

TASK = TaskSpec(kind="segment", classes=[ClassSpec(name="apple")], budget=Budget(images=1, rounds=1))


def _instance(x1, y1, x2, y2, name="apple", box=None, size=32):
    mask = np.zeros((size, size), bool)
    mask[y1:y2, x1:x2] = True
    return Instance(class_name=name, box=box or (x1, y1, x2, y2), counts=encode_mask(mask))


def _sample(*instances):
    return Sample(
        id="s", image="s.png", width=32, height=32, sha256="", family="f", engine="e", instances=list(instances)
    )


@pytest.mark.parametrize(
    ("instance", "boxes"),
    [
        (_instance(2, 2, 10, 10), [(2, 2, 10, 10)]),
        (_instance(2, 2, 5, 6), [(2, 2, 5, 6)]),  # 12 pixels: just enough
        (_instance(2, 2, 5, 5), []),  # 9 pixels: nobody could see it
        (_instance(2, 2, 2, 2, box=(0, 0, 4, 4)), []),  # an empty mask
        (_instance(2, 2, 10, 10, name="lemon"), []),  # no class of the task
        (_instance(20, 20, 32, 32, box=(20, 20, 60, 60)), [(20, 20, 32, 32)]),  # the box is that of what is seen
        (Instance(class_name="apple", box=(2, 2, 10, 10)), []),  # only a box: not an exact label
    ],
)
def test_exact(instance, boxes):
    picture = np.zeros((32, 32, 3), np.uint8)
    assert [i.box for i in ExactAnnotator(12).annotate(picture, _sample(instance), TASK)] == boxes


def _made(folder, *names, **options):
    run = new_run(folder, *names, images=16, rounds=1, min_quality=0.0, **options)
    design(run, None, [], None)
    generate(run)
    score(run)
    curate(run)
    return run


def test_labels_are_counted_and_true(tmp_path):
    run = _made(tmp_path, "apple", "lemon")
    answer = json.loads(annotate(run))
    kept = list(run.dataset.samples(verdict="kept"))
    assert sum(answer["labels"].values()) == sum(len(s.instances) for s in kept)
    assert set(answer["labels"]) == {"apple", "lemon"}
    assert answer["empties"] == sum(not s.instances for s in kept)
    for sample in kept:
        for instance in sample.instances:
            mask = instance.mask(96, 96)
            assert mask.sum() >= run.settings.min_instance_px
            assert instance.box == mask_box(mask)


def test_doing_it_twice_changes_nothing(tmp_path):
    run = _made(tmp_path)
    annotate(run)
    before = [s.model_dump() for s in run.dataset.samples()]
    annotate(run)
    assert [s.model_dump() for s in run.dataset.samples()] == before


def test_too_small_is_not_labelled_and_said(tmp_path):
    run = _made(tmp_path, min_instance_px=400)
    before = sum(len(s.instances) for s in run.dataset.samples(verdict="kept"))
    answer = json.loads(annotate(run))
    after = sum(len(s.instances) for s in run.dataset.samples(verdict="kept"))
    assert answer["too_small_to_label"] == before - after > 0


def test_a_class_without_a_label_is_said(tmp_path):
    run = _made(tmp_path, "apple", "lemon")
    for sample in run.dataset.samples():
        run.dataset.set_instances(sample.id, [i for i in sample.instances if i.class_name == "apple"])
    assert json.loads(annotate(run))["weak"] == ["no label for class 'lemon'"]


def test_no_label_at_all_is_an_error(tmp_path):
    run = _made(tmp_path)
    for sample in run.dataset.samples():
        run.dataset.set_instances(sample.id, [])
    with pytest.raises(StepFailed, match="not one object can be seen"):
        annotate(run)


def test_a_class_label_needs_something_to_be_seen(tmp_path):
    run = _made(tmp_path, "apple", "lemon", kind="classify")
    hidden = next(run.dataset.samples(verdict="kept"))
    run.dataset.set_instances(hidden.id, [])
    kept = run.round.kept
    answer = json.loads(annotate(run))
    assert answer["dropped_because_hidden"] == 1
    assert run.dataset.sample(hidden.id).verdict == "dropped"
    assert run.round.kept == kept - 1 == run.dataset.count(verdict="kept")


def test_a_stop_is_heard(tmp_path):
    run = _made(tmp_path)
    run.stop_requested.set()
    with pytest.raises(Stopped):
        annotate(run)


def test_nothing_kept_and_unknown_engines_are_said(tmp_path):
    run = new_run(tmp_path / "a")
    with pytest.raises(StepFailed, match="curate_dataset"):
        annotate(run)
    run.settings.annotator = "guess"
    with pytest.raises(FixArguments, match="'guess'"):
        annotate(run)
