"""How large the person's objects are looked at, and how often a photo is seen."""

import pytest

from tools.data.sample import Instance, Sample
from tools.data.task import Budget, ClassSpec, TaskSpec
from tools.settings import Settings
from tools.shown.recipe import job_of, view_px


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
