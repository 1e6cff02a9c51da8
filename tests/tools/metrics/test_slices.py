"""Slices: measured on photos, taken from scenes, ignoring the other instances, and mapped to what a scene can show."""

import cv2
import numpy as np
import pytest

from tools.data.sample import Instance, Sample
from tools.metrics.coco import JudgedImage, Matcher
from tools.metrics.scoring import DetectionScorer, ScoringRules
from tools.metrics.slices import (
    _AIMS,
    aim_of,
    counted,
    image_axes,
    image_slices,
    instance_slices,
    size_of,
    visible_of,
)
from tools.scenes.scene import AXES, DISTANCES, LIGHTS, WEATHERS


def box(x1, y1, x2, y2, visible=None, score=0.9) -> Instance:
    return Instance(class_name="apple", box=(x1, y1, x2, y2), visible_share=visible, score=score)


def sample(axes=None, instances=()) -> Sample:
    return Sample(id="s", image="s.png", width=64, height=64, sha256="", family="f", engine="real", axes=axes or {},
                  instances=list(instances))  # fmt: skip


@pytest.mark.parametrize(
    ("side", "scale", "expected"),
    [(31, 1, "small"), (32, 1, "medium"), (95, 1, "medium"), (96, 1, "large"), (60, 0.5, "small"), (20, 5, "large")],
)
def test_size(side, scale, expected):
    assert size_of((0, 0, side, side), scale) == expected
    assert size_of((0, 0, side * 2, side / 2), scale) == expected  # by area, whatever the shape


@pytest.mark.parametrize(
    ("share", "expected"),
    [(None, None), (1.0, "open"), (0.85, "open"), (0.84, "partly hidden"), (0.55, "partly hidden"),
     (0.54, "mostly hidden"), (0.0, "mostly hidden")],
)  # fmt: skip
def test_visible(share, expected):
    assert visible_of(box(0, 0, 9, 9, share)) == expected


def _photo(level: int, detail: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, detail, (480, 640, 1)).repeat(3, axis=2)
    return (level + noise).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("pixels", "instances", "expected"),
    [
        (_photo(30, 40), 0, {"brightness": "dark", "sharpness": "sharp", "crowding": "none"}),
        (_photo(120, 40), 1, {"brightness": "normal", "sharpness": "sharp", "crowding": "one"}),
        (_photo(210, 1), 4, {"brightness": "bright", "sharpness": "blurred", "crowding": "few"}),
        (cv2.GaussianBlur(_photo(120, 60), (0, 0), 6), 5,
         {"brightness": "normal", "sharpness": "blurred", "crowding": "many"}),
    ],
)  # fmt: skip
def test_photos_are_measured(pixels, instances, expected):
    assert image_axes(sample(instances=[box(0, 0, 9, 9)] * instances), pixels) == expected


def test_a_large_photo_is_not_sharp_because_it_is_large():
    small = cv2.GaussianBlur(_photo(120, 60), (0, 0), 4)
    large = cv2.resize(small, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    assert image_axes(sample(), small)["sharpness"] == image_axes(sample(), large)["sharpness"] == "blurred"


def test_scenes_keep_their_own_axes():
    axes = {"light": "sun", "crowding": "few", "appearance": "", "unknown": "x"}
    assert image_axes(sample(axes), _photo(30, 1)) == {"light": "sun", "crowding": "few"}


def test_every_aim_is_something_a_scene_can_show():
    values = {"distance": set(DISTANCES), "light": set(LIGHTS), "weather": set(WEATHERS),
              "occlusion": {"open", "partly hidden", "mostly hidden"}}  # fmt: skip
    for aim in _AIMS.values():
        axis, _, value = aim.partition("=")
        assert axis in AXES and value in values[axis]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("light=sun", "light=sun"), ("size=small", "distance=far"), ("brightness=dark", "light=deep shade"),
     ("visible=mostly hidden", "occlusion=mostly hidden"), ("crowding=none", None), ("class=pear", "class=pear"),
     ("brightness=normal", None), ("appearance=", None)],
)  # fmt: skip
def test_aim_of(name, expected):
    assert aim_of(name) == expected


def test_image_slices_cover_every_image_once_an_axis():
    images = [JudgedImage(str(i), 9, 9, [], [], {"light": v}) for i, v in enumerate(("sun", "haze", "sun"))]
    slices = image_slices(images)
    assert [(s.name, s.images.tolist()) for s in slices] == [
        ("light=haze", [False, True, False]),
        ("light=sun", [True, False, True]),
    ]


def test_other_instances_and_their_detections_do_not_count():
    """A large open and a small hidden truth, both found, and a small false alarm beside each other."""
    truths = [box(0, 0, 100, 100, 1.0), box(200, 200, 220, 220, 0.3)]
    found = [box(0, 0, 100, 99), box(200, 200, 219, 220, score=0.5), box(300, 0, 320, 20, score=0.8)]
    images = [JudgedImage("p", 400, 400, truths, found)]
    slices = {s.name: s for s in instance_slices(images, Matcher(images, ["apple"], "bbox").overlaps(), 400)}
    assert set(slices) == {"size=small", "size=large", "visible=open", "visible=mostly hidden"}
    scores = DetectionScorer(images, ["apple"], "detect", ScoringRules(bootstrap=20, seen_px=400)).evaluation(
        "synthetic_val", 0.1
    )
    table = {name: (s.instances, s.score, s.precision, s.recall) for name, s in scores.per_slice.items()}
    assert table == {
        "size=large": (1, 1.0, 1.0, 1.0),
        "size=small": (1, 0.5, 0.5, 1.0),  # the false alarm is small
        "visible=open": (1, 1.0, 1.0, 1.0),
        "visible=mostly hidden": (1, 1.0, 1.0, 1.0),  # it overlaps nothing, so nothing says how hidden it is
    }


def test_ignored_by_the_shorter_side():
    image = JudgedImage("p", 64, 64, [box(0, 0, 30, 9), box(0, 0, 10, 10)], [box(0, 0, 9, 40)])
    truths, found = counted([image], 10)
    assert truths[0].tolist() == [False, True] and found[0].tolist() == [False]
    assert all(counted([image], 0)[0][0])
