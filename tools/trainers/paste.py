"""Objects of one picture pasted into another.

Renders show an object where it belongs; a photo may show it anywhere. Pasting (Ghiasi et al. 2021, arXiv 2012.07177)
gives objects other surroundings, neighbours and sizes, and more of them a picture.
"""

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from tools.trainers.examples import Example, areas_of, boxes_of, keep_visible, warp_boxes

MAX_PASTED = 6
MIN_SOURCE_PX = 14.0  # a smaller object would be a blotch when enlarged
MAX_ENLARGED = 2.0
SIDE_RANGE = (0.04, 0.45)  # of a pasted object, as a share of the picture's side


def paste_objects(rng: np.random.Generator, example: Example, donor: Example) -> Example:
    """Paste some objects of another example at random places, sizes and turns."""
    donors = _whole_objects(donor)
    if not len(donors):
        return example
    size = example.ids.shape[0]
    for _ in range(int(rng.integers(1, MAX_PASTED + 1))):
        number, (x1, y1, x2, y2) = donors[int(rng.integers(len(donors)))]
        side = max(x2 - x1, y2 - y1)
        wanted = size * float(np.exp(rng.uniform(*np.log(SIDE_RANGE))))
        scale = min(wanted / side, MAX_ENLARGED)
        angle = np.deg2rad(rng.uniform(-35, 35))
        mirror = -1.0 if rng.random() < 0.5 else 1.0
        linear = scale * np.array([[np.cos(angle) * mirror, -np.sin(angle)], [np.sin(angle) * mirror, np.cos(angle)]])
        centre = rng.uniform(0.02 * size, 0.98 * size, 2)
        matrix = np.concatenate([linear, (centre - linear @ [(x1 + x2) / 2, (y1 + y2) / 2])[:, None]], 1)
        example = _paste(rng, example, donor, number, matrix, scale)
    return example


def _whole_objects(donor: Example) -> list[tuple[int, tuple[int, int, int, int]]]:
    """Number and box of the objects that the frame does not cut and that are large enough to be shown again."""
    h, w = donor.ids.shape
    found = []
    for number, (x1, y1, x2, y2) in enumerate(boxes_of(donor.ids, len(donor.classes)).astype(int).tolist(), 1):
        inside = x1 > 0 and y1 > 0 and x2 < w and y2 < h
        if inside and max(x2 - x1, y2 - y1) >= MIN_SOURCE_PX:
            found.append((number, (x1, y1, x2, y2)))
    return found


def _paste(
    rng: np.random.Generator,
    example: Example,
    donor: Example,
    number: int,
    matrix: npt.NDArray[np.float64],
    scale: float,
) -> Example:
    size = example.ids.shape[::-1]
    source = donor.picture
    alpha = (donor.ids == number).astype(np.uint8) * 255
    if scale < 0.6:
        source = cv2.blur(source, (round(0.7 / scale), round(0.7 / scale)))
        alpha = cv2.blur(alpha, (round(0.7 / scale), round(0.7 / scale)))
    moved = cv2.warpAffine(source, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpAffine(alpha, matrix, size, flags=cv2.INTER_LINEAR)
    x, y, w, h = cv2.boundingRect((cover > 0).astype(np.uint8))
    if w == 0:
        return example
    rows, columns = slice(y, y + h), slice(x, x + w)
    soft = cv2.GaussianBlur(cover[rows, columns], (0, 0), rng.uniform(0.4, 1.2)).astype(np.float32)[..., None] / 255
    tone = np.float32(np.exp(rng.normal(0, 0.2)))
    picture, ids = example.picture.copy(), example.ids.copy()
    piece = picture[rows, columns]
    picture[rows, columns] = np.clip(piece + (moved[rows, columns] * tone - piece) * soft, 0, 255).astype(np.uint8)
    before = areas_of(example)
    ids[cover > 127] = len(example.classes) + 1
    boxes = None
    if example.boxes is not None and donor.boxes is not None:
        boxes = np.concatenate([example.boxes, warp_boxes(donor.boxes[number - 1 : number], matrix)])
    elif example.boxes is not None or donor.boxes is not None:
        return example
    whole = np.append(before, np.count_nonzero(alpha > 127) * scale**2)
    classes = np.append(example.classes, donor.classes[number - 1])
    return keep_visible(replace(example, picture=picture, ids=ids, classes=classes, boxes=boxes), whole)
