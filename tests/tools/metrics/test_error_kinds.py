"""Each error is named once, by the kind that explains it best."""

import numpy as np
import pytest

from tools.data.sample import Instance, encode_mask, mask_box
from tools.metrics.coco import JudgedImage
from tools.metrics.error_kinds import count_errors, count_mistaken, errors_in, find_errors
from tools.metrics.label_scoring import LabelScorer
from tools.metrics.scoring import DetectionScorer, ScoringRules
from tools.metrics.slices import Slice

SIZE = 100


def thing(x1, y1, x2, y2, score=0.9, name="apple", masked=True) -> Instance:
    """A rectangle of pixels."""
    mask = np.zeros((SIZE, SIZE), bool)
    mask[y1:y2, x1:x2] = True
    return Instance(class_name=name, box=mask_box(mask), counts=encode_mask(mask) if masked else None, score=score)


def scorer(truths, found, **rules) -> DetectionScorer:
    images = [JudgedImage("p", SIZE, SIZE, truths, found)]
    return DetectionScorer(images, ["apple", "pear"], "segment", ScoringRules(bootstrap=20, **rules))


LEFT, RIGHT = thing(0, 0, 20, 20), thing(20, 0, 40, 20)


@pytest.mark.parametrize(
    ("truths", "found", "expected"),
    [
        ([LEFT], [thing(0, 0, 20, 20)], {}),
        ([LEFT], [], {"missed": 1}),
        ([], [thing(50, 50, 60, 60)], {"background": 1}),
        ([LEFT], [thing(60, 60, 80, 80)], {"missed": 1, "background": 1}),
        ([LEFT], [thing(12, 0, 32, 20)], {"loose mask": 1}),  # IoU 0.25
        ([LEFT], [thing(19, 0, 39, 20)], {"missed": 1, "background": 1}),  # IoU 0.03: nothing to do with it
        ([LEFT], [thing(0, 0, 20, 20, name="pear")], {"wrong class": 1}),
        ([LEFT], [thing(0, 0, 20, 20), thing(2, 0, 20, 20, 0.8)], {"double": 1}),
        ([LEFT], [thing(0, 0, 20, 20), thing(0, 0, 20, 20, 0.8, "pear")], {"wrong class": 1}),
        ([LEFT, RIGHT], [thing(0, 0, 40, 20)], {"merged": 1}),  # it matches one at IoU 0.5 and swallows the other
        ([LEFT, thing(24, 0, 44, 20)], [thing(0, 0, 44, 20)], {"merged": 2}),  # it matches neither
        ([LEFT, RIGHT], [thing(0, 0, 40, 20, 0.3)], {"missed": 2}),  # under the threshold nothing is there
    ],
)
def test_kinds(truths, found, expected):
    assert count_errors(find_errors(scorer(truths, found), 0.5)) == expected


def test_a_box_inside_the_box_of_a_found_neighbour_is_missed_not_merged():
    outer, inner = thing(0, 0, 60, 60, masked=False), thing(10, 10, 25, 25, masked=False)
    errors = find_errors(scorer([outer, inner], [thing(0, 0, 60, 60, masked=False)]), 0.5)
    assert count_errors(errors) == {"missed": 1} and errors[0].truth == 1


def test_a_false_alarm_on_a_look_alike_names_it():
    near, far = thing(50, 50, 70, 70, name="tomato"), thing(0, 80, 20, 100, name="peach")
    found = [thing(52, 50, 70, 70), thing(0, 80, 20, 100, 0.4), thing(80, 0, 99, 20)]  # the last on nothing known
    here = DetectionScorer(
        [JudgedImage("p", SIZE, SIZE, [LEFT], found, lookalikes=[far, near])], ["apple"], "segment",
        ScoringRules(bootstrap=20),
    )  # fmt: skip
    errors = find_errors(here, 0.5)
    assert count_errors(errors) == {"background": 2, "missed": 1}
    assert count_mistaken(errors) == {"tomato": 1}
    assert count_mistaken(find_errors(here, 0.3)) == {"peach": 1, "tomato": 1}


def test_what_is_ignored_is_no_error():
    tiny = thing(50, 50, 54, 54)
    found = [thing(50, 50, 53, 54), thing(70, 70, 74, 74)]
    assert count_errors(find_errors(scorer([tiny], found), 0.5)) == {"background": 1}
    assert find_errors(scorer([tiny], found, ignore_side_px=5), 0.5) == []


def test_errors_belong_to_slices():
    here = scorer([LEFT, RIGHT], [thing(0, 0, 20, 20), thing(60, 60, 80, 80, name="pear")])
    errors = find_errors(here, 0.5)  # the right one is missed, and a pear where nothing is
    everywhere, nowhere = np.array([True]), np.array([False])
    truths, found = [np.array([False, True])], [np.array([False, False])]
    assert len(errors_in(errors, Slice("light", "sun", everywhere), here.images)) == 2
    assert errors_in(errors, Slice("light", "sun", nowhere), here.images) == []
    assert count_errors(errors_in(errors, Slice("size", "small", everywhere, truths, found), here.images)) == {
        "missed": 1
    }
    assert count_errors(errors_in(errors, Slice("class", "pear", everywhere), here.images)) == {"background": 1}


def test_whole_images_have_one_kind_of_error():
    images = [
        JudgedImage(str(i), 8, 8, [], [], label="apple", probabilities={"apple": p, "pear": 1 - p})
        for i, p in enumerate((0.9, 0.2, 0.6))
    ]
    errors = find_errors(LabelScorer(images, ["apple", "pear"], ScoringRules(bootstrap=20)), 0.0)
    assert [(e.kind, e.image) for e in errors] == [("wrong class", 1)]
    assert len(errors_in(errors, Slice("class", "apple", np.ones(3, bool)), images)) == 1
