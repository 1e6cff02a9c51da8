"""Which detections and labels count where scores are fitted."""

from types import SimpleNamespace

import numpy as np
import pytest

from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.images import write_image
from tools.data.sample import Instance, Sample
from tools.label.confidence import scores_of


def apple(x, side, score=1.0):
    return Instance(class_name="apple", box=(x, 0, x + side, side), score=score, source="t")


@pytest.mark.parametrize(
    ("limit", "scored", "labels"),
    [
        (0, [(0.9, True), (0.8, True), (0.7, False), (0.6, False)], 3),
        (6, [(0.9, True), (0.7, False)], 2),  # neither what is right about a small label nor a small false alarm
        (10, [(0.9, True), (0.7, False)], 2),  # at the limit it counts
    ],
)
def test_small_objects_count_neither_way(tmp_path, limit, scored, labels):
    write_image(tmp_path / "a.png", np.zeros((40, 100, 3), np.uint8))
    truths = [apple(0, 10), apple(20, 4), apple(80, 10)]
    found = [apple(0, 10, 0.9), apple(20, 4, 0.8), apple(40, 10, 0.7), apple(60, 4, 0.6)]
    sample = Sample(
        id="a", image=str(tmp_path / "a.png"), sha256="", family="a", width=100, height=40, engine="t", instances=truths
    )  # fmt: skip
    task = TaskSpec(kind="detect", classes=[ClassSpec(name="apple")], budget=Budget(images=1, rounds=1))
    engine = SimpleNamespace(find=lambda images, least: [found])
    answers, counts = scores_of(engine, [sample], task, 0.5, limit)
    assert [(score, right) for _, score, right in answers] == scored and counts == {"apple": labels}
