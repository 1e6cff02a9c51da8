"""Whether a repainted image still shows every object where its mask says.

Two questions at every visible outline, both answered against what the same question gives on the render, because an
outline that nobody could see there proves nothing: does an edge still run along it, and do the colours just inside and
just outside it still tell the two sides apart?
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.images import ImageArray
from tools.data.sample import BoolMask, Instance

NEAR = 0.012  # of the image's width: an edge that far from the outline is still the outline's (4 px of 320)
BAND = 0.20  # of the object's shorter side: how far inside and outside colours are compared
LEAST_PX = 40  # of an object; a smaller one has no band to compare
CANNY = (40, 110)  # thresholds on an 8-bit image: weak edges of a soft photo count


def agreement(render: ImageArray, repainted: ImageArray, instances: Sequence[Instance]) -> float:
    """How well an image agrees with its masks: that of its worst object, 0..1; 1 without objects.

    Args:
        render: (h, w, 3) image that the masks are exact for.
        repainted: the same in another paint.
        instances: with masks.
    """
    masks = [m for i in instances if (m := i.mask(*render.shape[:2])) is not None and m.sum() >= LEAST_PX]
    if not masks:
        return 1.0
    near = max(2, round(NEAR * render.shape[1]))
    edges = [_edges(p, near) for p in (render, repainted)]
    colours = [cv2.cvtColor(p, cv2.COLOR_RGB2LAB).astype(np.float32) for p in (render, repainted)]
    return min(min(_edge_share(m, *edges), _split_share(m, *colours)) for m in masks)


def _edges(image: ImageArray, near: int) -> BoolMask:
    """Pixels that have an edge near by."""
    smooth = cv2.GaussianBlur(image, (0, 0), 0.8)
    found = np.zeros(image.shape[:2], np.uint8)
    for channel in cv2.split(smooth):
        found |= cv2.Canny(channel, *CANNY)
    return np.asarray(cv2.dilate(found, np.ones((2 * near + 1, 2 * near + 1), np.uint8)) > 0)


def _outline(mask: BoolMask) -> BoolMask:
    """The inner outline of a mask, without the image's own border."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    return np.asarray(mask & (inner == 0))


def _edge_share(mask: BoolMask, before: BoolMask, after: BoolMask) -> float:
    """Of the outline that was an edge in the render, the share that still is one."""
    seen = _outline(mask) & before
    return float((seen & after).sum() / seen.sum()) if seen.any() else 1.0


def _split_share(mask: BoolMask, before: npt.NDArray[np.float32], after: npt.NDArray[np.float32]) -> float:
    """How well colours split the band along the outline, against how well they did in the render."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    side = min(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    reach = max(2, round(BAND * side))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    solid = mask.astype(np.uint8)
    inside = mask & (cv2.erode(solid, kernel, borderValue=1) == 0)
    outside = ~mask & (cv2.dilate(solid, kernel) > 0)
    if not inside.any() or not outside.any():
        return 1.0
    was = _balanced(before[inside], before[outside])
    if was < SPLIT_LEAST:  # of one colour with its surroundings from the start: its edges must say it
        return 1.0
    now = _balanced(after[inside], after[outside])
    return float(np.clip((now - 0.5) / (was - 0.5), 0, 1))


SPLIT_LEAST = 0.62  # share of right guesses; below it colours say little, half would be chance


def _balanced(inside: npt.NDArray[np.float32], outside: npt.NDArray[np.float32]) -> float:
    """Share of pixels that two Gaussians of the two sides put on their own side, mean of both sides: 0.5..1."""
    scores = []
    models = [(s.mean(axis=0), np.cov(s.T) + 20.0 * np.eye(3)) for s in (inside, outside)]
    for side in (inside, outside):
        distance = [_mahalanobis(side, *model) for model in models]
        scores.append(distance[0] <= distance[1])
    return max(0.5, (float(scores[0].mean()) + 1 - float(scores[1].mean())) / 2)


def _mahalanobis(
    values: npt.NDArray[np.float32], mean: npt.NDArray[np.float32], spread: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Twice the negative log-likelihood, without its constant."""
    away = values - mean
    squared = np.einsum("ni,ij,nj->n", away, np.linalg.inv(spread), away)
    return np.asarray(squared + np.log(np.linalg.det(spread)))
