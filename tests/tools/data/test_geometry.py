"""Overlaps of boxes and masks."""

import numpy as np
import pytest

from tools.data.geometry import box_iou, box_ious, mask_iou


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
