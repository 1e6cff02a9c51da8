"""How far boxes and masks overlap: the one place for it. Matching for scores is pycocotools' (`tools.metrics.coco`)."""

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


def mask_iou(a: BoolMask, b: BoolMask) -> float:
    """Intersection over union of two masks of one shape; of two empty ones 0."""
    both, either = int((a & b).sum()), int((a | b).sum())
    return both / either if either else 0.0
