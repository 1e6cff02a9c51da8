"""Objects of one image pasted into another.

Renders show an object where it belongs; a photo may show it anywhere. Pasting (Ghiasi et al. 2021, arXiv 2012.07177)
gives objects other surroundings, neighbours and sizes, and more of them an image.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.images import ImageArray
from tools.trainers.examples import Example, keep_visible, warp_boxes

MAX_PASTED = 6
MIN_SOURCE_PX = 14.0  # a smaller object would be a blotch when enlarged
MAX_ENLARGED = 2.0
SIDE_RANGE = (0.04, 0.45)  # of a pasted object, as a share of the image's side
_MARGIN_PX = 4  # about an object, for what blurring draws in from beside it


@dataclass(frozen=True)
class _CutOut:
    """An object of an image with what lies just around it."""

    number: int  # in its image's `ids`
    image: ImageArray  # (h, w, 3)
    alpha: ImageArray  # (h, w) 255 where the object is seen
    corner: tuple[int, int]  # x, y of the piece in its image
    centre: tuple[float, float]  # x, y of the object's box in the piece
    side_px: int  # longer side of the box


def paste_objects(rng: np.random.Generator, example: Example, donor: Example) -> Example:
    """Paste some objects of another example at random places, sizes and turns.

    Returns:
        The example itself where the donor has nothing to give, or only one of the two has boxes of its own.
    """
    cut_outs = _whole_objects(donor)
    if not cut_outs or (example.boxes is None) != (donor.boxes is None):
        return example
    made = replace(example, image=example.image.copy(), ids=example.ids.copy())
    full_px = example.areas_px
    size = example.ids.shape[0]
    for _ in range(int(rng.integers(1, MAX_PASTED + 1))):
        thing = cut_outs[int(rng.integers(len(cut_outs)))]
        wanted = size * float(np.exp(rng.uniform(*np.log(SIDE_RANGE))))
        scale = min(wanted / thing.side_px, MAX_ENLARGED)
        angle = np.deg2rad(rng.uniform(-35, 35))
        mirror = -1.0 if rng.random() < 0.5 else 1.0
        linear = scale * np.array([[np.cos(angle) * mirror, -np.sin(angle)], [np.sin(angle) * mirror, np.cos(angle)]])
        shift = rng.uniform(0.02 * size, 0.98 * size, 2) - linear @ thing.centre
        if _draw(rng, made, thing, np.concatenate([linear, shift[:, None]], 1), len(made.classes) + 1):
            made = _labelled(made, donor, thing, linear, shift)
            full_px = np.append(full_px, np.count_nonzero(thing.alpha) * scale**2)
    return keep_visible(made, full_px)


def _whole_objects(donor: Example) -> list[_CutOut]:
    """The objects that the frame does not cut and that are large enough to be shown again."""
    h, w = donor.ids.shape
    found = []
    for number, (x1, y1, x2, y2) in enumerate(donor.seen_boxes.astype(int).tolist(), 1):
        side = max(x2 - x1, y2 - y1)
        if x1 <= 0 or y1 <= 0 or x2 >= w or y2 >= h or side < MIN_SOURCE_PX:
            continue
        left, top = max(0, x1 - _MARGIN_PX), max(0, y1 - _MARGIN_PX)
        piece = slice(top, y2 + _MARGIN_PX), slice(left, x2 + _MARGIN_PX)
        alpha = (donor.ids[piece] == number).astype(np.uint8) * 255
        centre = ((x1 + x2) / 2 - left, (y1 + y2) / 2 - top)
        found.append(_CutOut(number, donor.image[piece], alpha, (left, top), centre, side))
    return found


def _draw(
    rng: np.random.Generator, made: Example, thing: _CutOut, matrix: npt.NDArray[np.float64], number: int
) -> bool:
    """Draw a cut-out into the example's own arrays; False when nothing of it is in the frame."""
    h, w = thing.alpha.shape
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]]) @ matrix[:, :2].T + matrix[:, 2]
    size = made.ids.shape[::-1]
    x1, y1 = np.floor(corners.min(axis=0)).astype(int).clip(0, size).tolist()
    x2, y2 = (np.ceil(corners.max(axis=0)).astype(int) + 1).clip(0, size).tolist()
    if x2 <= x1 or y2 <= y1:
        return False
    source, alpha = thing.image, thing.alpha
    scale = float(np.hypot(*matrix[:, 0]))
    if scale < 0.6:
        kernel = (round(0.7 / scale), round(0.7 / scale))
        source, alpha = cv2.blur(source, kernel), cv2.blur(alpha, kernel)
    local, area = matrix - [[0, 0, x1], [0, 0, y1]], (x2 - x1, y2 - y1)
    moved = cv2.warpAffine(source, local, area, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpAffine(alpha, local, area, flags=cv2.INTER_LINEAR)
    if not cover.any():
        return False
    soft = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.4, 1.2)).astype(np.float32)[..., None] / 255
    tone = np.float32(np.exp(rng.normal(0, 0.2)))
    place = slice(y1, y2), slice(x1, x2)
    under = made.image[place]
    made.image[place] = np.clip(under + (moved * tone - under) * soft, 0, 255).astype(np.uint8)
    made.ids[place][cover > 127] = number
    return True


def _labelled(
    made: Example, donor: Example, thing: _CutOut, linear: npt.NDArray[np.float64], shift: npt.NDArray[np.float64]
) -> Example:
    """The example with the label of the object that was drawn last."""
    boxes = made.boxes
    if boxes is not None and donor.boxes is not None:
        whole = np.concatenate([linear, (shift - linear @ thing.corner)[:, None]], 1)
        boxes = np.concatenate([boxes, warp_boxes(donor.boxes[thing.number - 1 : thing.number], whole)])
    return replace(made, classes=np.append(made.classes, donor.classes[thing.number - 1]), boxes=boxes)
