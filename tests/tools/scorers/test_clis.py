"""CLIS by hand-computed figures, and its two known slips as cases that would fail."""

import numpy as np
import pytest

from tests.tools.colours import ColourEmbedder, paint
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.sample import Instance, Sample
from tools.scenes.scene import SceneObject, SceneSpec
from tools.scorers.clis import ClipJudge, ClisScorer, image_score, in_box, layout_score, match_layout, pair_score

A, B = (0.0, 0.0, 0.2, 0.2), (0.6, 0.0, 0.8, 0.2)


def _moved(box, dx=0.0, dy=0.0):
    return box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy


@pytest.mark.parametrize(
    ("subject", "object_", "score"),
    [
        (A, B, 1.0),  # as the reference
        (_moved(A, 0.1, 0.5), _moved(B, 0.1, 0.5), 1.0),  # elsewhere, lying alike
        (B, A, 1.0),  # mirrored left to right
        (A, (0.6, 0.0, 0.8, 0.4), (0.5 * 0.5 + 0.5 * (1 + 0.7855) + 0.8 * 0.9932) / 2.3),  # one twice as high
        (A, _moved(A, 0.0, 0.6), (0.5 + 1.0 + 0.8 * 0.5) / 2.3),  # below instead of beside
        (A, _moved(A, 0.3), (0.5 + 0.5 * (1 + 0.5) + 0.8) / 2.3),  # half as far
        (A, A, (0.5 + 0.0 + 0.8 * 0.5) / 2.3),  # one on the other: neither overlap nor distance agree
    ],
)
def test_pair(subject, object_, score):
    assert pair_score(subject, object_, A, B) == pytest.approx(score, abs=5e-4)


def test_distance_compares_with_the_reference_and_not_with_itself():
    """The published code compares the prediction with itself, so that any distance is perfect."""
    near, far = (pair_score(A, _moved(A, dx), A, B) for dx in (0.25, 0.6))
    assert far == pytest.approx(1.0)
    assert near == pytest.approx((0.5 + (1 + 0.25 / 0.6) / 2 + 0.8) / 2.3)


@pytest.mark.parametrize(
    ("wanted", "found", "confidences", "score"),
    [
        ([], [], [], None),
        ([A, B], [A, B], [1, 1], 1.0),
        ([A, B], [A, None], [1, 1], 0.0),  # a missing box scores 0
        ([A, B, _moved(B, 0, 0.5)], [A, B, None], [1, 1, 1], 1 / 3),
        ([A, B, _moved(B, 0, 0.5)], [A, B, None], [0.5, 0.5, 1], 0.25 / 2.25),  # weighted by confidence
        ([A], [A], [1], 1.0),
        ([A], [None], [1], 0.0),
    ],
)
def test_layout(wanted, found, confidences, score):
    assert layout_score(wanted, found, confidences) == (None if score is None else pytest.approx(score))


def _scene(*boxes, names=None):
    objects = [
        SceneObject(class_name=n, drawn_as=n, box=b)
        for n, b in zip(names or ["apple"] * len(boxes), boxes, strict=True)
    ]
    return SceneSpec(context="table", light="sun", objects=objects, family="f", seed=0, caption="an apple")


def _sample(*instances, scene):
    return Sample(
        id="s", scene_id=scene.id, image="", width=100, height=100, sha256="", family="f", engine="e",
        instances=list(instances),
    )  # fmt: skip


def test_boxes_are_matched_by_class_and_place():
    scene = _scene((0.2, 0.2, 0.1, 0.1), (0.8, 0.2, 0.1, 0.1), (0.5, 0.8, 0.2, 0.2), names=["apple", "apple", "lemon"])
    sample = _sample(
        Instance(class_name="apple", box=(75, 15, 85, 25), score=0.5),
        Instance(class_name="apple", box=(15, 15, 25, 25)),
        Instance(class_name="plum", box=(40, 70, 60, 90)),
        scene=scene,
    )
    wanted, found, confidences = match_layout(scene, sample)
    assert found[0] == pytest.approx(wanted[0])
    assert found[1] == pytest.approx(wanted[1])
    assert found[2] is None  # another class does not stand for it
    assert confidences == [1.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("whole", "objects", "score"),
    [(80, [], 80), (80, [(60, 40)], 0.5 * 80 + 0.5 * 56), (80, [(60, 40), (0, 0)], 0.5 * 80 + 0.5 * 28)],
)
def test_image_score(whole, objects, score):
    assert image_score(whole, objects) == pytest.approx(score)


def test_in_box_shows_the_box_alone():
    """The published code never tells the judge where to look; here a wrong box gives another answer."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (64, 64, 3)).astype(np.uint8)
    seen = in_box(image, (10, 20, 40, 50))
    np.testing.assert_array_equal(seen[20:50, 10:40], image[20:50, 10:40])
    assert seen[:15].std() < image[:15].std() / 3


def test_images_are_judged_by_what_is_in_the_boxes():
    task = TaskSpec(kind="detect", classes=[ClassSpec(name="apple")], budget=Budget(images=1, rounds=1))
    scene = _scene((0.5, 0.5, 1.0, 1.0))
    box = Instance(class_name="apple", box=(0, 0, 100, 100))
    scorer = ClisScorer(ClipJudge(ColourEmbedder()), task, {scene.id: scene}, floor=45.0)
    right, wrong = scorer.score_many(
        [paint("apple", 100), paint("lemon", 100)], [_sample(box, scene=scene), _sample(box, scene=scene)]
    )
    assert right.passed
    assert right.scores == {"clis_image": 1.0, "clis_layout": 1.0}
    assert wrong.passed is False
    assert wrong.scores["clis_image"] == 0.0
    assert wrong.scores["clis_layout"] == 1.0  # the box is where it should be
