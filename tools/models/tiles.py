"""Large images seen in overlapping tiles: where the tiles lie, and each object once of all that is found in them.

After slicing aided inference (Akyon et al. 2022, arXiv 2202.06934), with masks kept exact: objects that a tile's border
cuts are left to the view that shows them whole, so nothing has to be glued together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tools.data.sample import Box
from tools.models.postprocess import Detections, Letterbox, to_image_boxes

Floats = npt.NDArray[np.float32]

OVERLAP = 0.25  # of a tile's side; larger objects are found in a wider view
SAME_IOU = 0.5
SAME_INSIDE = 0.8  # of the smaller box lies in the larger
_BORDER_PX = 2


@dataclass(frozen=True)
class Place:
    """A tile of an image: x1 y1 inclusive, x2 y2 exclusive."""

    x1: int
    y1: int
    x2: int
    y2: int
    height: int  # of the image
    width: int


@dataclass(frozen=True)
class View:
    """What was found in an image or a tile of it."""

    found: Detections
    boxes: Floats  # (n, 4) x1 y1 x2 y2 in the image's pixels
    fit: Letterbox  # of the image, not of the tile, into the network's input
    usable: npt.NDArray[np.bool_]  # (n,) neither empty nor cut by a border that is not the image's

    @property
    def surest(self) -> float:
        """The best score; 0 where nothing was found."""
        return float(self.found.scores.max()) if len(self.found.scores) else 0.0

    @staticmethod
    def of(found: Detections, fit: Letterbox, place: Place | None) -> "View":
        """Detections in a tile at a place, or in the whole image."""
        if place is not None:
            left, top = fit.left - place.x1 * fit.gain, fit.top - place.y1 * fit.gain
            fit = replace(fit, left=left, top=top, height=place.height, width=place.width)
        boxes = to_image_boxes(found.boxes, fit)
        usable = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        if place is not None:
            low, high = np.array([place.x1, place.y1]), np.array([place.x2, place.y2])
            inner = np.concatenate([low > 0, high < [place.width, place.height]])
            cut = np.concatenate([boxes[:, :2] < low + _BORDER_PX, boxes[:, 2:] > high - _BORDER_PX], axis=1)
            usable &= ~(cut & inner).any(axis=1)
        return View(found, boxes, fit, usable)


class Seen(NamedTuple):
    """An object, and the view, and which of its detections has the mask that shows it best."""

    view: View
    which: int
    box: Box
    score: float


def places_of(height: int, width: int, side: int) -> list[Place]:
    """Tiles that cover an image and overlap by at least a quarter; the last of a row ends at the border.

    Args:
        height: of the image.
        width: of the image.
        side: of a tile, in pixels.
    """
    return [
        Place(x, y, min(width, x + side), min(height, y + side), height, width)
        for y in _starts(height, side)
        for x in _starts(width, side)
    ]


def _starts(length: int, side: int) -> list[int]:
    if length <= side:
        return [0]
    count = int(np.ceil((length - side) / (side * (1 - OVERLAP)))) + 1
    return [int(start) for start in np.linspace(0, length - side, count).round()]


def once_each(views: Sequence[View], most: int) -> list[Seen]:
    """Each object, best first; of those that show the same thing the most certain stays.

    Args:
        views: of one image; within one the network's own suppression has done this already.
        most: how many to return.
    """
    owners = [(view, i) for view in views for i in np.flatnonzero(view.usable)]
    if len(views) == 1:
        return [_seen(*owner) for owner in owners[:most]]
    if not owners:
        return []
    boxes = np.stack([view.boxes[i] for view, i in owners])
    scores = np.array([view.found.scores[i] for view, i in owners])
    classes = np.array([view.found.classes[i] for view, i in owners])
    kept: list[int] = []
    for index in np.lexsort((*boxes.T[::-1], -scores)).tolist():
        rivals = [k for k in kept if classes[k] == classes[index]]
        if not _same(boxes[index], boxes[rivals]).any():
            kept.append(index)
        if len(kept) == most:
            break
    return [_seen(*owners[k]) for k in kept]


def _seen(view: View, index: int) -> Seen:
    x1, y1, x2, y2 = view.boxes[index].tolist()
    return Seen(view, int(index), (x1, y1, x2, y2), float(view.found.scores[index]))


def _same(box: Floats, others: Floats) -> npt.NDArray[np.bool_]:
    """(n,) whether boxes overlap so much, or lie so far in one another, that they show one object."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = (high - low).clip(0).prod(axis=1)
    own, their = (box[2:] - box[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(axis=1)
    inside = shared / np.minimum(own, their).clip(1e-6)
    return np.asarray((shared / (own + their - shared).clip(1e-6) > SAME_IOU) | (inside > SAME_INSIDE))
