"""How far boxes and masks overlap, and which objects are too small to be judged: the one place for both.

Matching for scores is pycocotools' (`tools.metrics.coco`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.data.sample import BoolMask, Box

_LEAST_AREA = 1e-9  # square pixels; two boxes without any overlap by nothing


def box_ious(
    boxes: Sequence[Box] | npt.NDArray[Any], others: Sequence[Box] | npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """(n, m) intersections over unions of n boxes x1, y1, x2, y2 with m others, in one unit."""
    first, second = (np.asarray(b, np.float64).reshape(-1, 4) for b in (boxes, others))
    corner = np.maximum(first[:, None, :2], second[None, :, :2])
    shared = np.clip(np.minimum(first[:, None, 2:], second[None, :, 2:]) - corner, 0, None).prod(axis=2)
    areas = [np.clip(b[:, 2:] - b[:, :2], 0, None).prod(axis=1) for b in (first, second)]
    ious: npt.NDArray[np.float64] = shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, _LEAST_AREA)
    return ious


def box_iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    return float(box_ious([a], [b])[0, 0])


def shorter_sides(boxes: Sequence[Box] | npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """(n,) width or height of n boxes x1, y1, x2, y2, whichever is less, in their unit."""
    corners = np.asarray(boxes, np.float64).reshape(-1, 4)
    sides: npt.NDArray[np.float64] = (corners[:, 2:] - corners[:, :2]).min(axis=1)
    return sides


def large_enough(boxes: Sequence[Box] | npt.NDArray[Any], ignore_side_px: float) -> npt.NDArray[np.bool_]:
    """(n,) which objects are judged, by their boxes: those without a side under a limit, whatever they are found by.

    Wherever something is scored, an object under the limit counts neither as found nor as missed, and a detection
    under it that is right about no object that counts is no false alarm.
    """
    judged: npt.NDArray[np.bool_] = shorter_sides(boxes) >= ignore_side_px
    return judged


def mask_iou(a: BoolMask, b: BoolMask) -> float:
    """Intersection over union of two masks of one shape; of two empty ones 0."""
    both, either = int((a & b).sum()), int((a | b).sum())
    return both / either if either else 0.0
