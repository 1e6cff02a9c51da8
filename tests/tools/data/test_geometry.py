"""Overlaps of boxes and masks."""

import numpy as np
import pytest

from tools.data.geometry import box_iou, box_ious, large_enough, mask_iou, shorter_sides


@pytest.mark.parametrize(
    ("box", "others", "ious"),
    [((0, 0, 10, 10), [], []), ((0, 0, 10, 10), [(0, 0, 10, 10), (5, 0, 15, 10), (20, 0, 30, 10)], [1, 1 / 3, 0])],
)
def test_ious(box, others, ious):
    assert box_ious([box], others)[0] == pytest.approx(ious)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [((0, 0, 4, 4), (0, 0, 4, 4), 1.0), ((0, 0, 4, 4), (2, 0, 6, 4), 1 / 3), ((0, 0, 1, 1), (5, 5, 6, 6), 0.0)],
)
def test_box_iou(a, b, expected):
    assert box_iou(a, b) == pytest.approx(expected)


def test_mask_iou():
    a, b = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert mask_iou(a, b) == 0.0
    a[:2], b[1:3] = True, True
    assert mask_iou(a, b) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("boxes", "limit", "judged"),
    [
        ([], 5, []),
        ([(0, 0, 5, 9), (0, 0, 9, 4.9), (3, 3, 3, 9)], 5, [True, False, False]),  # at the limit it is judged
        ([(0, 0, 0, 0)], 0, [True]),  # no limit
    ],
)
def test_what_has_a_side_under_the_limit_is_not_judged(boxes, limit, judged):
    assert large_enough(boxes, limit).tolist() == judged
    assert len(shorter_sides(np.array(boxes, np.float32).reshape(-1, 4))) == len(boxes)
