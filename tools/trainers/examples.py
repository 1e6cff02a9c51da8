"""Labelled images in a training: an image, which object each pixel shows, and what happens to labels that move."""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tools.data.images import ImageArray

IdMap = npt.NDArray[np.uint16]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

MIN_VISIBLE_PX = 8  # an object of which a variant shows less is not labelled in it
MIN_VISIBLE_SHARE = 0.12  # of what the original shows of it
MIN_SIDE_PX = 2.0
LOOKALIKE = -1  # class of a thing that is known not to be a target: it is moved and pasted as targets are, unlabelled


@dataclass(frozen=True)
class Example:
    """An image with its labels."""

    image: ImageArray  # (h, w, 3) RGB
    ids: IdMap  # (h, w): 0 none, i the i-th object; of objects known by box alone no pixel is marked
    classes: Ints  # (k,) class of object i + 1; LOOKALIKE where it is none
    boxes: Floats | None = None  # (k, 4) x1 y1 x2 y2 where they do not follow from `ids`
    label: int | None = None  # class of the whole image

    @cached_property
    def areas_px(self) -> npt.NDArray[np.float64]:
        """(k,) how many pixels show each object."""
        return _pixels(self.ids, len(self.classes)).astype(np.float64)

    @cached_property
    def seen_boxes(self) -> Floats:
        """(k, 4) x1 y1 x2 y2 of what is seen of each object."""
        return boxes_of(self.ids, len(self.classes))


def boxes_of(ids: IdMap, count: int) -> Floats:
    """(count, 4) tight x1 y1 x2 y2 of each object, x2 and y2 exclusive; zeros where nothing is seen."""
    boxes = np.zeros((count, 4), np.float32)
    for i, found in enumerate(ndimage.find_objects(ids, max_label=count)):
        if found is not None:
            boxes[i] = found[1].start, found[0].start, found[1].stop, found[0].stop
    return boxes


def _pixels(ids: IdMap, count: int) -> Floats:
    """(count,) pixels of each object; exact below 2**24, and five times as fast as numpy's bincount."""
    if count == 0:
        return np.zeros(0, np.float32)
    return np.asarray(cv2.calcHist([ids], [0], None, [count + 1], [0, count + 1]), np.float32).reshape(-1)[1:]


def warp_boxes(boxes: Floats, matrix: npt.NDArray[np.float64]) -> Floats:
    """Boxes of turned objects: of the ellipse in the old box, since the corners' box would be too large."""
    centres, halves = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    moved = (centres - 0.5) @ matrix[:, :2].T + matrix[:, 2] + 0.5
    reach = np.sqrt(halves**2 @ (matrix[:, :2] ** 2).T)
    return np.asarray(np.concatenate([moved - reach, moved + reach], 1), np.float32)


def keep_visible(example: Example, before_px: npt.NDArray[np.float64]) -> Example:
    """Drop labels of objects that left the frame; number the rest anew."""
    h, w = example.ids.shape
    count = len(example.classes)
    if count == 0:
        return example
    seen = _pixels(example.ids, count)
    if example.boxes is None:
        keep = seen >= np.maximum(MIN_VISIBLE_PX, MIN_VISIBLE_SHARE * before_px)
        boxes = None
    else:
        boxes = example.boxes.clip(0, np.array([w, h, w, h], np.float32))
        sides, full = boxes[:, 2:] - boxes[:, :2], example.boxes[:, 2:] - example.boxes[:, :2]
        share = sides.prod(axis=1) / full.prod(axis=1).clip(1e-6)
        keep = (sides.min(axis=1) > MIN_SIDE_PX) & (share > MIN_VISIBLE_SHARE)
        keep &= (before_px == 0) | (seen >= MIN_VISIBLE_PX)  # a box whose visible part left the frame
    return _only(example if boxes is None else replace(example, boxes=boxes), keep)


def targets_of(example: Example) -> Example:
    """The example with its targets alone; look-alikes are ground like any other."""
    return _only(example, example.classes != LOOKALIKE)


def _only(example: Example, keep: npt.NDArray[np.bool_]) -> Example:
    """The example with some of its objects, numbered anew."""
    if keep.all():
        return example
    table = np.zeros(len(keep) + 1, np.uint16)
    table[1:][keep] = np.arange(1, keep.sum() + 1)
    boxes = None if example.boxes is None else example.boxes[keep]
    return replace(example, ids=table[example.ids], classes=example.classes[keep], boxes=boxes)
