"""How large the person's objects are looked at, and how often a photo is seen."""

from dataclasses import replace

import numpy as np
import pytest

from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.images import write_image
from tools.data.sample import Instance, Sample
from tools.shown.plan import shown_cost
from tools.shown.recipe import APART, epochs_of, job_of, known_share, trainer_of, view_px
from tools.trainers.augment import PLAIN, vary
from tools.trainers.examples import Example


def photo(side, width=640, height=640, name="a"):
    box = (10.0, 10.0, 10.0 + side, 10.0 + 2 * side)
    return Sample(
        id=name, image="a.jpg", width=width, height=height, sha256="", family=name, engine="photo",
        instances=[Instance(class_name="bolt", box=box)],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("side", "width", "expected"),
    [
        (200, 640, 320),  # large already
        (40, 640, 640),
        (10, 640, 960),  # no more than one and a half times what the photo shows
        (10, 4000, 960),  # no more than three times the training size
        (60, 1280, 832),
    ],
)
def test_small_objects_are_looked_at_larger(side, width, expected):
    assert view_px([photo(side, width)], 320) == expected


def test_photos_without_objects_are_looked_at_as_usual():
    assert view_px([photo(9).model_copy(update={"instances": []})], 320) == 320


@pytest.mark.parametrize(("photos", "times"), [(1, 64), (12, 6), (100, 1)])
def test_few_photos_are_seen_often(tmp_path, photos, times):
    task = TaskSpec(kind="detect", classes=[ClassSpec(name="bolt")], budget=Budget(images=1, rounds=1))
    own = [photo(50, name=f"p{n}") for n in range(photos)]
    job = job_of(task, own, tmp_path, tmp_path / "t", Settings(), seed=1, known=True)
    assert [sum(s.id == f"p{n}" for s in job.train) for n in range(photos)] == [times] * photos


class Seer:
    """Stands for the starter: proposes these boxes in every photo."""

    def __init__(self, *boxes):
        self.boxes = boxes

    def predict(self, image, confidence):
        return [Instance(class_name="object", box=b, score=0.5) for b in self.boxes]


def test_what_the_starter_sees_already_is_learnt_gently(tmp_path):
    write_image(tmp_path / "a.jpg", np.zeros((640, 640, 3), np.uint8))
    own = [photo(50)]
    assert known_share(own, tmp_path, Seer((12, 12, 58, 108))) == 1.0
    assert known_share(own, tmp_path, Seer((300, 300, 350, 400))) == 0.0
    assert known_share(own, tmp_path, None) == 0.0
    gentle, thorough = trainer_of(Settings(), True).details, trainer_of(Settings(), False).details
    assert gentle.frozen > thorough.frozen
    assert gentle.policy.rotate_deg == 0 < thorough.policy.rotate_deg
    assert thorough.policy.stretch == 0 < gentle.policy.stretch
    task = TaskSpec(kind="detect", classes=[ClassSpec(name="bolt")], budget=Budget(images=1, rounds=1))
    epochs = [job_of(task, own, tmp_path, tmp_path / "t", Settings(), seed=1, known=k).epochs for k in (True, False)]
    apart = task.model_copy(update={"classes": [ClassSpec(name="bolt"), ClassSpec(name="nut")]})
    assert epochs[0] < epochs[1] < epochs_of(apart, Settings(), known=False)
    assert epochs_of(apart.model_copy(update={"kind": "classify"}), Settings(), known=False) == epochs[1]


def test_the_plan_counts_what_several_kinds_take():
    one = TaskSpec(kind="detect", classes=[ClassSpec(name="bolt")], budget=Budget(images=1, rounds=1))
    two = one.model_copy(update={"classes": [ClassSpec(name="bolt"), ClassSpec(name="nut")]})
    minutes = [shown_cost(task, 12, Settings(), 60).stages["train"] for task in (one, two)]
    assert minutes[1] == pytest.approx(APART * minutes[0], rel=0.05)


def test_windows_show_images_larger_and_mostly_an_object_in_them():
    image = np.zeros((256, 256, 3), np.uint8)
    image[200:232, 200:232] = 255
    boxes = np.array([[200, 200, 232, 232]], np.float32)
    example = Example(image, np.zeros((256, 256), np.uint16), np.zeros(1, np.int64), boxes)
    calm = replace(PLAIN, scale=(1.0, 1.0), zoom=2.0)

    def seen(about):
        made = [vary(np.random.default_rng(n), [example], 128, replace(calm, windows_about=about)) for n in range(60)]
        whole = [m.boxes[0] for m in made if len(m.boxes) and (m.boxes[0] > 0).all() and (m.boxes[0] < 128).all()]
        assert all(b[2] - b[0] == pytest.approx(32, abs=0.5) for b in whole)  # 1:1, not shrunk to half
        return sum(len(m.boxes) for m in made)

    assert seen(1.0) > 55
    assert seen(0.0) < 40
