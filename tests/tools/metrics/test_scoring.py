"""Whole evaluations against tables worked out by hand."""

import json

import numpy as np
import pytest

from tools.data.sample import Instance, encode_mask
from tools.metrics.coco import JudgedImage
from tools.metrics.label_scoring import LabelScorer
from tools.metrics.scoring import DetectionScorer, ScoringRules
from tools.metrics.slices import Slice

RULES = ScoringRules(bootstrap=100, seen_px=100)


def box(x, y, side=20, score=0.9, name="apple") -> Instance:
    return Instance(class_name=name, box=(x, y, x + side, y + side), score=score)


def image(name, truths, found, **axes) -> JudgedImage:
    return JudgedImage(name, 100, 100, truths, found, axes)


SET = [
    image("a", [box(0, 0), box(50, 50)], [box(0, 0, score=0.9), box(50, 50, score=0.7)], light="sun"),
    image("b", [box(0, 0)], [box(70, 0, score=0.6)], light="shade"),
    image("c", [], [box(0, 0, score=0.5), box(50, 0, score=0.1)], light="sun"),
    image("d", [], [], light="shade"),
]


@pytest.mark.parametrize(
    ("threshold", "precision", "recall", "per_empty"),
    [(0.65, 1.0, 2 / 3, 0.0), (0.55, 2 / 3, 2 / 3, 0.0), (0.3, 0.5, 2 / 3, 0.5), (0.0, 0.4, 2 / 3, 1.0),
     (0.8, 1.0, 1 / 3, 0.0), (0.95, None, 0.0, 0.0)],
)  # fmt: skip
def test_rates_at_a_threshold(threshold, precision, recall, per_empty):
    scores = DetectionScorer(SET, ["apple"], "detect", RULES).evaluation("synthetic_val", threshold)
    assert scores.precision == (None if precision is None else pytest.approx(precision, abs=1e-6))
    assert scores.recall == pytest.approx(recall, abs=1e-6)
    assert (scores.empties, scores.false_positives_per_empty) == (2, per_empty)
    assert (scores.images, scores.instances) == (4, 3)
    if precision is not None:
        assert scores.f1 == pytest.approx(2 * precision * recall / (precision + recall), abs=1e-6)


def test_average_precision_threshold_and_slices():
    scorer = DetectionScorer(SET, ["apple"], "detect", RULES)
    assert scorer.threshold() == pytest.approx(0.65)
    scores = scorer.evaluation("synthetic_val", 0.65)
    assert scores.box_map50 == scores.box_map50_95 == pytest.approx(67 / 101, abs=1e-6)  # recall 0.00 .. 0.66
    assert scores.mask_map50 is None and scores.metric == "box_map50"
    assert scores.per_slice["light=sun"].score == 1.0 and scores.per_slice["light=shade"].score == 0.0
    assert (scores.per_slice["light=sun"].images, scores.per_slice["light=sun"].instances) == (2, 2)


def test_a_slice_against_the_rest():
    scorer = DetectionScorer(SET, ["apple"], "detect", RULES)
    shade = next(s for s in scorer.slices if s.name == "light=shade")
    compared = scorer.compare(shade)
    assert (compared.score, compared.rest, compared.instances, compared.instances_outside) == (0.0, 1.0, 1, 2)
    assert np.nanmin(compared.gaps) >= 0
    soft = scorer.compare(shade, soft=True)
    assert (soft.score, soft.rest) == (0.0, 1.0)


def test_classes_are_compared_with_the_others():
    images = [image(str(i), [box(0, 0), box(50, 50, name="pear")], [box(0, 0)]) for i in range(4)]
    scorer = DetectionScorer(images, ["apple", "pear"], "detect", RULES)
    compared = scorer.compare(Slice("class", "pear", np.ones(4, bool)))
    assert (compared.score, compared.rest, compared.instances, compared.images) == (0.0, 1.0, 4, 4)
    assert scorer.score == 0.5
    assert scorer.evaluation("synthetic_val", 0.5).per_class["apple"].score == 1.0


FEW = "fewer than 5 pictures: no interval can be given"


@pytest.mark.parametrize(
    ("images", "notes"),
    [
        ([image("a", [], [])], ["no labelled object to find: only false alarms can be counted", FEW]),
        ([image("a", [box(0, 0)], []), image("b", [], [])], ["the model found nothing at any confidence", FEW]),
        ([image("a", [], [box(0, 0)]), image("b", [], [])],
         ["no labelled object to find: only false alarms can be counted", FEW]),
    ],
)  # fmt: skip
def test_nothing_is_none_with_a_note_and_never_nan(images, notes):
    scorer = DetectionScorer(images, ["apple", "pear"], "detect", RULES)
    scores = scorer.evaluation("real_val", scorer.threshold())
    assert scores.notes == notes
    json.loads(json.dumps(scores.model_dump(mode="json"), allow_nan=False))
    assert "NaN" not in scores.model_dump_json()


def test_masks_are_compared_as_masks():
    """Two rings in one box: the boxes agree wholly, the masks by a third."""
    a, b = np.zeros((100, 100), bool), np.zeros((100, 100), bool)
    a[0:20, 0:20], b[0:20, 0:20] = True, True
    a[5:19, 1:19] = False
    truth = Instance(class_name="apple", box=(0, 0, 20, 20), counts=encode_mask(a))
    found = Instance(class_name="apple", box=(0, 0, 20, 20), counts=encode_mask(b), score=0.9)
    scores = DetectionScorer([image("p", [truth], [found])], ["apple"], "segment", RULES).evaluation("real_val", 0.5)
    assert (scores.box_map50, scores.mask_map50, scores.metric) == (1.0, 0.0, "mask_map50")


def labelled(name, label, apple, light="sun") -> JudgedImage:
    return JudgedImage(
        name, 8, 8, [], [], {"light": light}, label=label, probabilities={"apple": apple, "pear": 1 - apple}
    )  # fmt: skip


def test_classification_by_hand():
    images = [
        labelled("a", "apple", 0.9), labelled("b", "apple", 0.8), labelled("c", "apple", 0.3, "shade"),
        labelled("d", "pear", 0.6, "shade"), labelled("e", "pear", 0.1),
    ]  # fmt: skip
    scorer = LabelScorer(images, ["apple", "pear"], RULES)
    scores = scorer.evaluation("synthetic_val", scorer.threshold())
    assert scores.accuracy == pytest.approx(3 / 5)
    assert scores.precision == pytest.approx((2 / 3 + 1 / 2) / 2, abs=1e-6)
    assert scores.recall == pytest.approx((2 / 3 + 1 / 2) / 2, abs=1e-6)
    assert scores.f1 == pytest.approx((2 / 3 + 1 / 2) / 2, abs=1e-6)
    assert scores.per_class["apple"].recall == pytest.approx(2 / 3, abs=1e-6)
    assert (scores.per_slice["light=sun"].score, scores.per_slice["light=shade"].score) == (1.0, 0.0)
    low, high = scores.intervals["accuracy"]
    assert low < 0.6 < high
    compared = scorer.compare(scorer.slices[0])
    assert (compared.part.name, compared.score, compared.rest, compared.instances) == ("light=shade", 0.0, 1.0, 2)


def test_a_class_without_images_is_left_out_of_the_means():
    scorer = LabelScorer([labelled("a", "apple", 0.9), labelled("b", "apple", 0.7)], ["apple", "pear"], RULES)
    scores = scorer.evaluation("synthetic_val", 0.0)
    assert (scores.accuracy, scores.precision, scores.recall, scores.f1) == (1.0, 1.0, 1.0, 1.0)
    assert scores.per_class["pear"].score is None
    json.loads(json.dumps(scores.model_dump(mode="json"), allow_nan=False))


def test_equal_probabilities_give_the_same_guess_every_time():
    assert labelled("a", "pear", 0.5).guess == "apple"
    assert JudgedImage("x", 8, 8, [], []).guess is None
