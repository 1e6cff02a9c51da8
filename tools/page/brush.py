"""Strokes of a brush on a mask: what is painted is what is kept, pixel by pixel."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tools.data.sample import BoolMask

MAX_SIZE_PX = 1024
_SHIFT = 4  # bits behind the point in what OpenCV is told


@dataclass(frozen=True)
class Stroke:
    """One pull of a round brush over an image."""

    points: Sequence[tuple[float, float]]  # x, y in pixels of the image; one is a dab
    size_px: float  # diameter
    erase: bool


def paint(mask: BoolMask, strokes: Sequence[Stroke]) -> BoolMask:
    """The mask with strokes added to it or erased from it, in order; the mask that is given stays as it is.

    Args:
        mask: (h, w).
        strokes: whatever of them lies outside of the image is cut off.
    """
    painted = mask.copy()
    for stroke in strokes:
        painted[_covered(stroke, *mask.shape)] = not stroke.erase
    return painted


def _covered(stroke: Stroke, height: int, width: int) -> BoolMask:
    """The (height, width) pixels that a stroke goes over."""
    canvas = np.zeros((height, width), np.uint8)
    # A whole number in OpenCV is the middle of a pixel, half a one in the image's own coordinates.
    points = np.round((np.array(stroke.points, np.float64) - 0.5) * 2**_SHIFT).astype(np.int32)
    size = max(1, round(stroke.size_px))
    if len(points) > 1:
        cv2.polylines(canvas, [points.reshape(-1, 1, 2)], False, 1, size, cv2.LINE_8, _SHIFT)
    for x, y in (points[0], points[-1]):  # round ends, also of a brush of a pixel
        cv2.circle(canvas, (int(x), int(y)), round((size - 1) * 2 ** (_SHIFT - 1)), 1, cv2.FILLED, cv2.LINE_8, _SHIFT)
    return canvas.astype(bool)
