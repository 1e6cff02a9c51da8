"""Boxes of what is seen and of whole objects: what is learnt, scored and exported."""

import json

import numpy as np
import pytest

from tests.tools.steps.test_export_dataset import make_run
from tools.core.errors import FixArguments
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.boxes import LEARNT, convention_named, label_box
from tools.data.images import write_image
from tools.data.sample import Instance, Sample, encode_mask
from tools.metrics.predictions import Answer, join
from tools.steps.export_dataset import export
from tools.trainers.targets import read_example

WHOLE, SEEN = (10.0, 10.0, 50.0, 50.0), (10.0, 10.0, 30.0, 50.0)


@pytest.fixture
def half_hidden(tmp_path):
    mask = np.zeros((64, 64), bool)
    mask[10:50, 10:30] = True
    write_image(tmp_path / "a.png", np.zeros((64, 64, 3), np.uint8))
    thing = Instance(class_name="apple", box=SEEN, full_box=WHOLE, visible_share=0.5, counts=encode_mask(mask))
    return Sample(
        id="a", image="a.png", sha256="0" * 64, width=64, height=64, family="f", engine="shapes", instances=[thing]
    )


def task(kind):
    return TaskSpec(kind=kind, classes=[ClassSpec(name="apple")], budget=Budget(images=1, rounds=1))


@pytest.mark.parametrize("kind", ["segment", "detect"])
def test_the_box_of_the_whole_thing_is_learnt_and_scored_beside_the_mask_of_what_is_seen(half_hidden, tmp_path, kind):
    example = read_example(half_hidden, tmp_path, ["apple"], kind, LEARNT, 64)
    assert example.boxes.tolist() == [list(WHOLE)]
    assert example.seen_boxes.tolist() == [list(SEEN)]
    (image,) = join([half_hidden], {"a": Answer({})}, task(kind))
    assert image.truths[0].box == WHOLE and image.truths[0].mask(64, 64).sum() == 40 * 20


def test_nobody_infers_a_thing_from_a_sliver(half_hidden):
    sliver = half_hidden.instances[0].model_copy(update={"visible_share": 0.2})
    assert label_box(sliver, "whole", 64, 64) == SEEN


@pytest.mark.parametrize(
    ("kind", "asked", "width"),
    [("segment", None, 20), ("segment", "whole", 40), ("detect", None, 40), ("detect", "visible", 20)],
)
def test_an_export_says_which_boxes_it_holds_and_can_be_asked_for_either(
    tmp_path, half_hidden, kind, asked, width
):  # fmt: skip
    run = make_run(tmp_path / "run", kind=kind, count=1, names=["apple"], bare=True)
    (sample,) = run.dataset.samples()
    run.dataset.set_instances(sample.id, half_hidden.instances)
    said = json.loads(export(run, ["coco"], convention_named(asked)))
    labels = json.loads((run.folder / "export/dataset_coco/annotations/instances_train.json").read_text())
    assert labels["annotations"][0]["bbox"][2] == width
    words = "the whole object" if width == 40 else "what is seen"
    assert words in said["boxes"] and words in (run.folder / "export/dataset_coco/README.md").read_text()


def test_a_convention_that_is_none_is_refused_by_name():
    with pytest.raises(FixArguments, match=r"'tight'.*visible.*whole"):
        convention_named("tight")
