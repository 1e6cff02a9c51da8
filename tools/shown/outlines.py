"""Outlines of boxed objects from several ways of seeing them; one on which they do not agree is none.

No single way without weights for it is good: GrabCut takes ground of the object's colours along, the starter's mask is
coarse. Where both show the same thing, and it fills its box as a tight box is filled, the outline can be believed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from tools.annotators import Point
from tools.annotators.grabcut import foreground, separated
from tools.data.geometry import box_iou, mask_iou
from tools.data.images import ImageArray
from tools.data.sample import BoolMask, Box, mask_box

if TYPE_CHECKING:
    from tools.models.predict import Predictor

Bits = npt.NDArray[np.uint8]

AROUND = 0.4  # of the box's sides: what surrounds it tells the ground's colours
WORK_PX = 224  # longest side of a crop that is worked on: time grows with the pixels, an outline hardly gains
MIN_SIDE_PX = 6  # of a box; less has no outline
SEEN_FROM = 0.05  # objectness of the starter's proposals; the box says which of them is meant
# Of 96 boxes drawn tightly around cut-outs on photos, and 40 of which a third was hidden.
MIN_FIT = 0.72  # IoU of the outline's own box and the label's
MIN_AGREEMENT = 0.65  # mean IoU with the other ways
FILL = (0.12, 0.98)  # of the box


@dataclass(frozen=True)
class Outline:
    """A mask in image pixels, and how far it can be believed."""

    mask: BoolMask
    fit: float  # IoU of its box and the label's, 0..1
    agreement: float  # mean IoU with what the other ways show, 0..1

    @property
    def good(self) -> bool:
        """Whether it is worth cutting out."""
        return self.fit >= MIN_FIT and self.agreement >= MIN_AGREEMENT


class AgreedSegmenter:
    """GrabCut, the starter's own mask, and GrabCut begun with it; the one that the others bear out.

    Args:
        starter: finds "object"s with masks; None where there are no starter weights: then two cuts of GrabCut,
            with more and with less ground around, have to agree.
    """

    name = "agreed"
    version = "1"
    licence = "that of this project"

    def __init__(self, starter: "Predictor | None") -> None:
        self.starter = starter

    def masks(
        self, image: ImageArray, boxes: Sequence[Box], points: Sequence[Sequence[Point]] | None = None
    ) -> list[BoolMask | None]:
        """An (h, w) mask for each box, or None where no outline can be believed."""
        found = [self.outline(image, box) for box in boxes]
        return [o.mask if o is not None and o.good else None for o in found]

    def close(self) -> None:
        """Nothing is held."""

    def outline(self, image: ImageArray, box: Box) -> Outline | None:
        """The best outline of what a box shows, good or not; None where there is none at all."""
        height, width = image.shape[:2]
        x1, y1 = (max(0, round(v)) for v in box[:2])
        x2, y2 = min(width, round(box[2])), min(height, round(box[3]))
        if min(x2 - x1, y2 - y1) < MIN_SIDE_PX:
            return None
        dx, dy = (round(AROUND * side) + 2 for side in (x2 - x1, y2 - y1))
        left, top, right, bottom = max(0, x1 - dx), max(0, y1 - dy), min(width, x2 + dx), min(height, y2 + dy)
        scale = min(2.0, WORK_PX / max(right - left, bottom - top))
        size = max(16, round((right - left) * scale)), max(16, round((bottom - top) * scale))
        crop = np.asarray(cv2.resize(image[top:bottom, left:right], size, interpolation=_way(scale)), np.uint8)
        sx, sy = size[0] / (right - left), size[1] / (bottom - top)
        inner = ((x1 - left) * sx, (y1 - top) * sy, (x2 - left) * sx, (y2 - top) * sy)
        best = _best(self._ways(crop, inner), inner)
        if best is None:
            return None
        small, fit, agreement = best
        back = cv2.resize(small * 255, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
        mask = np.zeros((height, width), bool)
        mask[top:bottom, left:right] = back >= 128
        return Outline(mask, fit, agreement) if mask.any() else None

    def _ways(self, crop: ImageArray, box: Box) -> list[Bits]:
        """What each way takes for the object: 0 or 1, of the crop's size."""
        seen = self._seen(crop, box)
        cut = foreground(crop, box, WORK_PX)
        found = [] if cut is None else [cut]
        if seen is not None:
            found.append(seen)
            found += _begun_with(crop, box, seen)
        else:
            narrow = foreground(*_less_ground(crop, box), WORK_PX)
            found += [] if narrow is None or narrow.shape != crop.shape[:2] else [narrow]
        return [solid for f in found if (solid := _solid(f, box)).any()]

    def _seen(self, crop: ImageArray, box: Box) -> Bits | None:
        """The starter's mask of what lies in the box."""
        if self.starter is None:
            return None
        proposals = self.starter.predict(crop, SEEN_FROM)
        best = max(proposals, key=lambda p: box_iou(p.box, box), default=None)
        if best is None or box_iou(best.box, box) < 0.5:
            return None
        mask = best.mask(*crop.shape[:2])
        return None if mask is None else mask.astype(np.uint8)


def _way(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR


def _begun_with(crop: ImageArray, box: Box, seen: Bits) -> list[Bits]:
    """GrabCut that begins with a coarse mask: its core is surely the object, what is far from it surely not."""
    x1, y1, x2, y2 = (round(v) for v in box)
    reach = max(1, round(0.08 * min(x2 - x1, y2 - y1)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    hints = np.full(crop.shape[:2], cv2.GC_BGD, np.uint8)
    hints[y1:y2, x1:x2] = cv2.GC_PR_BGD
    inside = np.zeros_like(seen)
    inside[y1:y2, x1:x2] = seen[y1:y2, x1:x2]
    hints[(cv2.dilate(inside, kernel) > 0) & (hints == cv2.GC_PR_BGD)] = cv2.GC_PR_FGD
    core = cv2.erode(inside, kernel)
    if not core.any():
        return []
    hints[core > 0] = cv2.GC_FGD
    found = separated(crop, hints, 3)
    return [] if found is None else [found]


def _less_ground(crop: ImageArray, box: Box) -> tuple[ImageArray, Box]:
    """The crop with only half of the ground around the box; the rest is the mean of that half."""
    h, w = crop.shape[:2]
    x1, y1, x2, y2 = box
    left, top, right, bottom = round(x1 / 2), round(y1 / 2), round((x2 + w) / 2), round((y2 + h) / 2)
    narrow = cv2.copyMakeBorder(
        crop[top:bottom, left:right], top, h - bottom, left, w - right, cv2.BORDER_REFLECT_101
    )  # fmt: skip
    return np.asarray(narrow, np.uint8), box


def _solid(found: Bits, box: Box) -> Bits:
    """The largest connected part inside the box, without its pinholes."""
    x1, y1, x2, y2 = (round(v) for v in box)
    clipped = np.zeros_like(found)
    clipped[y1:y2, x1:x2] = found[y1:y2, x1:x2]
    smooth = cv2.morphologyEx(clipped, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(smooth, connectivity=4)
    if count < 2:
        return np.zeros_like(found)
    largest = (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(largest, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)


def _best(ways: Sequence[Bits], box: Box) -> tuple[Bits, float, float] | None:
    """The way that fills its box best and that the others bear out: mask, fit, agreement."""
    area = max(1.0, (box[2] - box[0]) * (box[3] - box[1]))
    rated = []
    for i, way in enumerate(ways):
        if not FILL[0] <= float(way.sum()) / area <= FILL[1]:
            continue
        fit = box_iou(mask_box(way > 0), box)
        others = [mask_iou(way > 0, other > 0) for j, other in enumerate(ways) if j != i]
        rated.append((way, fit, float(np.mean(others)) if others else 0.0))
    return max(rated, key=lambda r: r[1] + r[2], default=None)


def starter_predictor() -> "Predictor | None":
    """The starter as a finder of objects of any kind; None where its weights are not shipped."""
    from tools.models.networks import build_network
    from tools.models.predict import Predictor
    from tools.trainers.starter_files import load_starter

    starter = load_starter()
    if starter is None:
        return None
    tensors, card = starter
    network = build_network(card.architecture, card.names)
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()})
    return Predictor(network.eval().fuse(verbose=False), "segment", card.names, card.size_px, closer=False)
