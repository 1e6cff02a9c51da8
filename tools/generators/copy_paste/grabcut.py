"""Cut-outs from boxes alone, by GrabCut: one solid part each, or none where the box shows no clear outline."""

import cv2
import numpy as np
import numpy.typing as npt

from tools.annotators.grabcut import foreground
from tools.data.pictures import Picture
from tools.data.sample import BoolMask, Box

AROUND = 0.35  # of the box's sides: what surrounds it is what GrabCut learns as ground
WORK_PX = 192  # longest side it works on: time grows with the pixels, an outline does not gain
# Of the box: less is a speck that stood out, more is no outline at all. Round things fill 0.79, sticks 0.3.
FILL = (0.20, 0.97)


def cut_box(picture: Picture, box: Box) -> BoolMask | None:
    """The (h, w) mask of what stands out inside a box, or None when nothing does.

    Args:
        picture: (h, w, 3) RGB.
        box: x1, y1, x2, y2 in pixels.
    """
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = (round(v) for v in box)
    dx, dy = round(AROUND * (x2 - x1)) + 2, round(AROUND * (y2 - y1)) + 2
    left, top, right, bottom = max(0, x1 - dx), max(0, y1 - dy), min(width, x2 + dx), min(height, y2 + dy)
    crop = picture[top:bottom, left:right]
    found = foreground(crop, (x1 - left, y1 - top, x2 - left, y2 - top), WORK_PX)
    if found is None:
        return None
    found = _largest(found)
    share = found.size / (crop.shape[0] * crop.shape[1])  # of the crop's pixels that it worked on
    fill = float(found.sum()) / max(1.0, (x2 - x1) * (y2 - y1) * share)
    if not FILL[0] <= fill <= FILL[1]:
        return None
    whole = np.zeros((height, width), bool)
    back = cv2.resize(found * 255, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    whole[top:bottom, left:right] = back >= 128
    return whole


def _largest(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The largest connected part without its holes: specks are noise."""
    smooth = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    outlines, _ = cv2.findContours(smooth, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    solid = np.zeros_like(mask)
    if outlines:
        cv2.drawContours(solid, [max(outlines, key=cv2.contourArea)], -1, 1, -1)
    return solid
