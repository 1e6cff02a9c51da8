"""Cut a thing out of a photo from its box alone, by GrabCut (Rother et al. 2004)."""

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.pictures import Picture
from tools.data.sample import BoolMask, Box

AROUND = 0.35  # of the box's sides: what surrounds it is what GrabCut learns as ground
WORK_PX = 192  # longest side it works on: time grows with the pixels, an outline does not gain
ROUNDS = 4
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
    scale = min(1.0, WORK_PX / max(crop.shape[:2]))
    size = max(8, round(crop.shape[1] * scale)), max(8, round(crop.shape[0] * scale))
    small = np.ascontiguousarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA)[..., ::-1])
    sx, sy = size[0] / crop.shape[1], size[1] / crop.shape[0]
    inner = round((x1 - left) * sx), round((y1 - top) * sy), round((x2 - x1) * sx), round((y2 - y1) * sy)
    labels = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    labels[max(0, inner[1]) : inner[1] + inner[3], max(0, inner[0]) : inner[0] + inner[2]] = cv2.GC_PR_FGD
    if not (labels == cv2.GC_BGD).any() or not (labels == cv2.GC_PR_FGD).any():
        return None
    cv2.setRNGSeed(0)  # its colour models start from random centres
    models = np.zeros((1, 65)), np.zeros((1, 65))
    try:
        cv2.grabCut(small, labels, None, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # a flat picture has no two colour models
        return None
    found = _largest(np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8))
    fill = float(found.sum()) / max(1, inner[2] * inner[3])
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
