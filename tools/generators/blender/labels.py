"""From the renderer's numbered pixels to exact instances; plain numpy, no Blender."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.sample import BoolMask, Instance, encode_mask, mask_box
from tools.generators.blender.camera import Array

# Piece k of object n is drawn as the number n + k * PIECE_STEP: exact in 32 bits, and more than a scene has objects.
PIECE_STEP = 1000

# Spokes, slats and strings: gaps up to this share of a thing's longer side, both ways, belong to it where they are so
# many that it grows by a third. People outline a bicycle and not its spokes, and no network's mask is that fine:
# "segment bicycles" had mask mAP50 0.05 on renders while its boxes and photos were right. Handles and legs stay open.
GAP_SHARE = 0.08
WIRY_FROM = 1.33


@dataclass(frozen=True)
class Labelled:
    """A thing as it was placed: what the renderer's number means."""

    number: int  # below `PIECE_STEP` of a thing with all its pieces
    class_name: str  # of a look-alike, what draws it
    points: Array  # (n, 2) projected vertices, 0..1 of the image
    whole: BoolMask  # (h, w), hidden by nothing
    depth: float
    outlined: BoolMask | None = None  # (h, w), of a wiry thing: `whole` with its small gaps


def outline_of(whole: BoolMask) -> BoolMask | None:
    """A thing that is mostly small gaps, with them; None for all others.

    Args:
        whole: (h, w), hidden by nothing.
    """
    if not whole.any():
        return None
    round_px = _widest_gap(whole)
    side = len(round_px)
    padded = np.pad(whole.astype(np.uint8), side)  # what is at the edge of the image closes as elsewhere
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, round_px)[side:-side, side:-side].astype(bool)
    return closed if closed.sum() >= WIRY_FROM * whole.sum() else None


def _widest_gap(mask: BoolMask) -> npt.NDArray[np.uint8]:
    """(k, k) disc of the widest gap that counts as a thing's own."""
    x1, y1, x2, y2 = mask_box(mask)
    side = max(3, round(GAP_SHARE * max(x2 - x1, y2 - y1)))
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def find_instances(
    numbers: npt.NDArray[np.int64],
    labelled: Sequence[Labelled],
    min_instance_px: int,
    distance: npt.NDArray[np.float32],
) -> list[Instance]:
    """Instances of the things of which enough is seen, nearest first.

    Args:
        numbers: (h, w), which thing each pixel shows, 0 none.
        labelled: the things.
        min_instance_px: visible pixels under which one is left out.
        distance: (h, w) from the camera, 0 where nothing is: through gaps one sees what lies behind.
    """
    height, width = numbers.shape
    found = []
    for thing in labelled:
        visible = (numbers if thing.number >= PIECE_STEP else numbers % PIECE_STEP) == thing.number
        count = int(visible.sum())
        if count < max(min_instance_px, 1):
            continue
        (x1, y1), (x2, y2) = thing.points.min(axis=0), thing.points.max(axis=0)
        seen = mask_box(visible)
        # The projected corners and the pixels agree to a pixel; the whole never is smaller than what is seen of it.
        full = (
            min(float(x1) * width, seen[0]), min(float(y1) * height, seen[1]),
            max(float(x2) * width, seen[2]), max(float(y2) * height, seen[3]),
        )  # fmt: skip
        share = count / max(int((thing.whole | visible).sum()), 1)
        if thing.outlined is not None:
            # What is seen of it round about says how far it is there; where nothing is, something hides it.
            near = cv2.erode(np.where(visible, distance, np.inf).astype(np.float32), _widest_gap(thing.outlined))
            behind = np.isfinite(near) & ((distance == 0) | (distance > near))
            visible = visible | (thing.outlined & behind & (numbers == 0))
        found.append(
            Instance(
                class_name=thing.class_name,
                box=seen,
                counts=encode_mask(visible),
                full_box=tuple(round(v, 2) for v in full),
                visible_share=round(share, 4),
                depth=round(thing.depth, 4),
            )
        )
    return sorted(found, key=lambda i: (i.depth or 0.0, i.box))
