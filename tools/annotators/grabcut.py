"""Masks from boxes by GrabCut (Rother et al. 2004) in OpenCV: no weights, for machines that have none."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from tools.annotators import Point
from tools.data.images import ImageArray
from tools.data.sample import BoolMask, Box

ITERATIONS = 4  # of the cut; more hardly moves an outline
MARGIN = 0.25  # of the box's sides around it tell the background's colours
MAX_SIDE_PX = 256  # a larger crop is cut out small: seconds become tenths
MIN_SIDE_PX = 4


class GrabCutSegmenter:
    """Cuts each box out of a crop around it. Good on plain grounds, rough where object and ground share colours."""

    name = "grabcut"
    version = cv2.__version__
    licence = "Apache-2.0"

    def masks(
        self, image: ImageArray, boxes: Sequence[Box], points: Sequence[Sequence[Point]] | None = None
    ) -> list[BoolMask | None]:
        """An (h, w) mask for each box, inside it; None where nothing of it is foreground."""
        hints = points or [()] * len(boxes)
        return [_cut(image, box, own) for box, own in zip(boxes, hints, strict=True)]

    def close(self) -> None:
        """Nothing is held."""


def foreground(crop: ImageArray, box: Box, most_px: int, points: Sequence[Point] = ()) -> npt.NDArray[np.uint8] | None:
    """What stands out inside a box of a crop: 0 or 1, on the crop scaled to at most `most_px`.

    Args:
        crop: (h, w, 3) RGB, with some background around the box.
        box: x1, y1, x2, y2 in the crop's pixels.
        most_px: longest side it works on: time grows with the pixels, an outline hardly gains.
        points: x, y in the crop's pixels and whether they lie on the object.

    Returns:
        None where nothing tells two sides apart: no background around the box, or fewer colours than colour models.
    """
    scale = min(1.0, most_px / max(crop.shape[:2]))
    size = max(8, round(crop.shape[1] * scale)), max(8, round(crop.shape[0] * scale))
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    sx, sy = size[0] / crop.shape[1], size[1] / crop.shape[0]
    x1, y1, x2, y2 = (max(0, round(v * s)) for v, s in zip(box, (sx, sy, sx, sy), strict=True))
    hints = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    hints[y1:y2, x1:x2] = cv2.GC_PR_FGD
    for x, y, on in points:
        row, column = int(y * sy), int(x * sx)
        if 0 <= row < hints.shape[0] and 0 <= column < hints.shape[1]:
            hints[row, column] = cv2.GC_FGD if on else cv2.GC_BGD
    return separated(small, hints, ITERATIONS)


def separated(image: ImageArray, hints: npt.NDArray[np.uint8], iterations: int) -> npt.NDArray[np.uint8] | None:
    """OpenCV's GrabCut, the same each time: (h, w) of 0 and 1, 1 where the object is.

    Args:
        image: (h, w, 3) RGB.
        hints: (h, w) of OpenCV's `GC_` values; written over.
        iterations: of its colour models.

    Returns:
        None where there are fewer colours than colour models.
    """
    cv2.setRNGSeed(0)  # its colour models start from random centres
    bgr, models = np.ascontiguousarray(image[..., ::-1]), (np.zeros((1, 65)), np.zeros((1, 65)))
    try:
        cv2.grabCut(bgr, hints, None, *models, iterations, cv2.GC_INIT_WITH_MASK)
    except cv2.error:
        return None
    found: npt.NDArray[np.uint8] = np.isin(hints, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    return found


def _cut(image: ImageArray, box: Box, points: Sequence[Point]) -> BoolMask | None:
    height, width = image.shape[:2]
    x1, y1 = max(0, int(box[0])), max(0, int(box[1]))
    x2, y2 = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    if x2 - x1 < MIN_SIDE_PX or y2 - y1 < MIN_SIDE_PX:
        return None
    dx, dy = max(2, int(MARGIN * (x2 - x1))), max(2, int(MARGIN * (y2 - y1)))
    left, top, right, bottom = max(0, x1 - dx), max(0, y1 - dy), min(width, x2 + dx), min(height, y2 + dy)
    if (right - left) * (bottom - top) == (x2 - x1) * (y2 - y1):
        return None  # the box is the whole image: nothing tells the background
    crop = image[top:bottom, left:right]
    hints = [(x - left, y - top, on) for x, y, on in points]
    found = foreground(crop, (x1 - left, y1 - top, x2 - left, y2 - top), MAX_SIDE_PX, hints)
    if found is None:
        return None
    found = np.asarray(cv2.resize(found, (crop.shape[1], crop.shape[0]), interpolation=cv2.INTER_NEAREST), np.uint8)
    mask = np.zeros((height, width), bool)
    mask[top:bottom, left:right] = found.astype(bool)
    outside = np.ones_like(mask)
    outside[y1:y2, x1:x2] = False
    mask &= ~outside
    return mask if mask.any() else None
