"""Masks from boxes by GrabCut (Rother et al. 2004) in OpenCV: no weights, for machines that have none."""

from collections.abc import Sequence

import cv2
import numpy as np

from tools.annotators import Picture, Point
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
        self, picture: Picture, boxes: Sequence[Box], points: Sequence[Sequence[Point]] | None = None
    ) -> list[BoolMask | None]:
        """An (h, w) mask for each box, inside it; None where nothing of it is foreground."""
        hints = points or [()] * len(boxes)
        return [_cut(picture, box, own) for box, own in zip(boxes, hints, strict=True)]

    def close(self) -> None:
        """Nothing is held."""


def _cut(picture: Picture, box: Box, points: Sequence[Point]) -> BoolMask | None:
    height, width = picture.shape[:2]
    x1, y1 = max(0, int(box[0])), max(0, int(box[1]))
    x2, y2 = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    if x2 - x1 < MIN_SIDE_PX or y2 - y1 < MIN_SIDE_PX:
        return None
    dx, dy = max(2, int(MARGIN * (x2 - x1))), max(2, int(MARGIN * (y2 - y1)))
    left, top, right, bottom = max(0, x1 - dx), max(0, y1 - dy), min(width, x2 + dx), min(height, y2 + dy)
    if (right - left) * (bottom - top) == (x2 - x1) * (y2 - y1):
        return None  # the box is the whole picture: nothing tells the background
    crop = picture[top:bottom, left:right]
    scale = min(1.0, MAX_SIDE_PX / max(crop.shape[:2]))
    small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else crop
    hints = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    inner = [round(v * scale) for v in (x1 - left, y1 - top, x2 - left, y2 - top)]
    hints[inner[1] : inner[3], inner[0] : inner[2]] = cv2.GC_PR_FGD
    for x, y, on in points:
        row, column = int((y - top) * scale), int((x - left) * scale)
        if 0 <= row < hints.shape[0] and 0 <= column < hints.shape[1]:
            hints[row, column] = cv2.GC_FGD if on else cv2.GC_BGD
    cv2.setRNGSeed(0)  # its colour models start from random centres
    try:
        cv2.grabCut(
            cv2.cvtColor(small, cv2.COLOR_RGB2BGR), hints, None, np.zeros((1, 65)), np.zeros((1, 65)), ITERATIONS,
            cv2.GC_INIT_WITH_MASK,
        )  # fmt: skip
    except cv2.error:  # fewer pixels of one kind than colour models
        return None
    found = ((hints == cv2.GC_FGD) | (hints == cv2.GC_PR_FGD)).astype(np.uint8)
    if scale < 1:
        found = cv2.resize(found, (crop.shape[1], crop.shape[0]), interpolation=cv2.INTER_NEAREST)
    mask = np.zeros((height, width), bool)
    mask[top:bottom, left:right] = found.astype(bool)
    outside = np.ones_like(mask)
    outside[y1:y2, x1:x2] = False
    mask &= ~outside
    return mask if mask.any() else None
