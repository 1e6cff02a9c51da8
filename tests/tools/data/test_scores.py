"""What is written down of a few images: figures, and no interval, whoever wrote it."""

import pytest

from tests.tools.metrics.test_coco import box, image
from tools.data.scores import MIN_INTERVAL_IMAGES, Evaluation, SliceScore
from tools.metrics.coco import JudgedImage, independent
from tools.metrics.label_scoring import LabelScorer
from tools.metrics.scoring import DetectionScorer, ScoringRules

FEW, ENOUGH = MIN_INTERVAL_IMAGES - 1, MIN_INTERVAL_IMAGES


def scored(count: int, groups: int | None = None) -> Evaluation:
    images = [
        JudgedImage(f"p{i}", 64, 64, [box(4, 4, 40, 40)], [box(4, 4, 40 - i % 3, 40, 0.9)], {"light": "sun"},
                group=f"g{i % (groups or count)}")
        for i in range(count)
    ]  # fmt: skip
    return DetectionScorer(images, ["apple"], "detect", ScoringRules()).evaluation("real_test", 0.5)


def intervals_of(scores: Evaluation) -> list[object]:
    parts = [*scores.per_class.values(), *scores.per_slice.values()]
    return [*scores.intervals.values(), *(p.interval for p in parts if p.interval is not None)]


@pytest.mark.parametrize(("count", "groups"), [(1, None), (FEW, None), (40, 1), (40, FEW)])
def test_few_images_have_no_interval(count, groups):
    """Tiles of one photo are one image."""
    scores = scored(count, groups)
    assert scores.box_map50 is not None
    assert intervals_of(scores) == []
    assert "fewer than 5 pictures: no interval can be given" in scores.notes


def test_five_images_have_one():
    scores = scored(ENOUGH)
    assert {"box_map50", "recall"} <= set(scores.intervals)
    assert scores.per_class["apple"].interval is not None
    assert scores.notes == []


@pytest.mark.parametrize(("count", "known"), [(1, False), (FEW, False), (ENOUGH * 2, True)])
def test_few_images_of_whole_classes_have_no_interval(count, known):
    images = [
        JudgedImage(f"p{i}", 64, 64, [], [], label=("apple", "pear")[i % 2], probabilities={"apple": 0.9, "pear": 0.1})
        for i in range(count)
    ]
    scores = LabelScorer(images, ["apple", "pear"], ScoringRules()).evaluation("real_test", 0.0)
    assert bool(intervals_of(scores)) == known


def test_an_interval_that_was_written_down_before_is_not_shown():
    old = {"on": "real_test", "images": 1, "instances": 3, "metric": "box_map50", "box_map50": 0.92,
           "intervals": {"box_map50": (0.92, 0.92)}}  # fmt: skip
    assert Evaluation.model_validate(old).intervals == {}
    assert Evaluation.model_validate(old | {"images": 5}).intervals == {"box_map50": (0.92, 0.92)}
    assert SliceScore(images=2, instances=9, score=0.5, interval=(0.5, 0.5)).interval is None


def test_what_counts_for_itself():
    images = [image([], [], name) for name in ("a", "b", "c")]
    assert independent(images) == 3
    assert independent(images, [True, False, False]) == 1
