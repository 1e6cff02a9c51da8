"""Objects that have only a box: given a mask, or painted over where they are doubtful."""

from collections.abc import Sequence

import numpy as np

from tools.annotators import Segmenter
from tools.data.images import ImageArray
from tools.data.sample import Box, Instance, encode_mask

_GROWN = 0.1  # of a doubtful box's sides, painted over along with it


def painted_over(image: ImageArray, boxes: Sequence[Box], kept: Sequence[Instance]) -> ImageArray:
    """A copy without what lies in some boxes; objects that are kept stay as they are.

    Args:
        image: (h, w, 3) RGB.
        boxes: x1, y1, x2, y2 of what is painted over with the colour around it.
        kept: objects that lie in front.
    """
    if not boxes:
        return image
    height, width = image.shape[:2]
    painted = image.copy()
    for x1, y1, x2, y2 in boxes:
        dx, dy = _GROWN * (x2 - x1) + 1, _GROWN * (y2 - y1) + 1
        left, right = max(0, int(x1 - dx)), min(width, int(np.ceil(x2 + dx)))
        top, bottom = max(0, int(y1 - dy)), min(height, int(np.ceil(y2 + dy)))
        if left < right and top < bottom:
            rim = np.concatenate([
                image[top, left:right], image[bottom - 1, left:right], image[top:bottom, left],
                image[top:bottom, right - 1],
            ])  # fmt: skip
            painted[top:bottom, left:right] = np.median(rim, axis=0).astype(np.uint8)
    for instance in kept:
        mask = instance.mask(height, width)
        if mask is not None:
            painted[mask] = image[mask]
        else:
            x1, y1, x2, y2 = (round(v) for v in instance.box)
            painted[max(0, y1) : y2, max(0, x1) : x2] = image[max(0, y1) : y2, max(0, x1) : x2]
    return painted


def cut_out(image: ImageArray, found: Sequence[Instance], segmenter: Segmenter) -> list[Instance]:
    """Give a mask to every object that has only a box; one that cannot be cut out keeps its box.

    Args:
        image: (h, w, 3) RGB.
        found: objects.
        segmenter: cuts out what a box shows.
    """
    bare = [k for k, i in enumerate(found) if i.counts is None]
    result = list(found)
    for k, mask in zip(bare, segmenter.masks(image, [found[k].box for k in bare]) if bare else [], strict=True):
        if mask is not None and mask.any():
            result[k] = result[k].model_copy(update={"counts": encode_mask(mask)})
    return result
