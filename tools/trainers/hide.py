"""Leaves, twigs and patches of the surroundings drawn over objects while a recogniser learns.

Renders show most things unhidden, photos do not: of apples boxed by people in an orchard every third shows less than
0.6 of itself. What is in front is made of the picture's own surroundings, so that it is of the place and its light.
"""

from dataclasses import replace

import cv2
import numpy as np

from tools.trainers.examples import Example, Picture, keep_visible
from tools.trainers.formula_textures import leaf_outline

HIDDEN_AT_MOST = 0.75  # of what is seen of an object; more would be labels of nothing
MIN_SIDE_PX = 12.0  # a smaller object is gone under anything
_TRIES = 3
_MIN_GROUND = 0.1  # of a picture that is no object: less has no surroundings to cut from


def hide_objects(rng: np.random.Generator, example: Example, share: float) -> Example:
    """Hide a part of some objects.

    Args:
        rng: decides everything.
        example: its masks lose what is hidden; boxes of its own stay, as people box what they infer.
        share: chance of each object to be hidden in part, look-alikes too.
    """
    full = example.areas_px
    sides = (example.seen_boxes[:, 2:] - example.seen_boxes[:, :2]).min(axis=1, initial=np.inf)
    chosen = [i for i in range(len(full)) if sides[i] >= MIN_SIDE_PX and rng.random() < share]
    ground = example.ids == 0
    if not chosen or ground.mean() < _MIN_GROUND:
        return example
    made = replace(example, picture=example.picture.copy(), ids=example.ids.copy())
    for i in chosen:
        x1, y1, x2, y2 = example.seen_boxes[i].tolist()
        for _ in range(_TRIES):
            cover = _shapes(rng, (x1, y1, x2, y2), example.ids.shape)
            lost = np.count_nonzero(cover[example.ids == i + 1]) / full[i]
            if 0.05 < lost <= HIDDEN_AT_MOST:
                _cover(rng, made, example.picture, ground, cover)
                break
    return keep_visible(made, full)


def _shapes(rng: np.random.Generator, box: tuple[float, ...], shape: tuple[int, ...]) -> Picture:
    """(h, w) 255 where something stands in front of the object of a box: a few leaves, or a bar across it."""
    cover = np.zeros(shape, np.uint8)
    x1, y1, x2, y2 = box
    side = max(x2 - x1, y2 - y1)
    corner, size = np.array([x1, y1]), np.array([x2 - x1, y2 - y1])
    if rng.random() < 0.25:
        angle, width = rng.uniform(0, np.pi), max(1, round(side * rng.uniform(0.08, 0.35)))
        middle = corner + rng.uniform(0.2, 0.8, 2) * size
        reach = np.array([np.cos(angle), np.sin(angle)]) * side * rng.uniform(0.8, 2.0)
        ends = np.round([middle - reach, middle + reach]).astype(int)
        cv2.line(cover, ends[0].tolist(), ends[1].tolist(), 255, width)
        return cover
    for _ in range(int(rng.integers(1, 5))):
        length = side * rng.uniform(0.5, 1.6)
        outline = leaf_outline(rng, rng.uniform(0, 2 * np.pi), length) * (1, rng.uniform(1, 2))
        middle = corner + rng.uniform(-0.1, 1.1, 2) * size
        cv2.fillPoly(cover, [np.round((outline + middle) * 8).astype(np.int32)], 255, cv2.LINE_8, 3)
    return cover


def _cover(rng: np.random.Generator, made: Example, picture: Picture, ground: np.ndarray, cover: Picture) -> None:
    """Draw a piece of the surroundings into the example's own arrays where `cover` is."""
    h, w = cover.shape
    y1, x1, wide, high = *np.argwhere(cover).min(axis=0).tolist(), *_extent(cover)
    piece = np.s_[y1 : y1 + high, x1 : x1 + wide]
    best, least = (0, 0), -1.0
    for _ in range(4):  # of some places the one with the fewest objects in it
        oy, ox = int(rng.integers(0, h - high + 1)), int(rng.integers(0, w - wide + 1))
        free = float(ground[oy : oy + high, ox : ox + wide].mean())
        if free > least:
            best, least = (oy, ox), free
    source = picture[best[0] : best[0] + high, best[1] : best[1] + wide].astype(np.float32)
    empty = ~ground[best[0] : best[0] + high, best[1] : best[1] + wide]
    if empty.any():  # objects in it would be objects in front
        source[empty] = picture[ground].reshape(-1, 3)[int(rng.integers(np.count_nonzero(ground)))]
    source = source[:, ::-1] if rng.random() < 0.5 else source
    tone = np.float32(np.exp(rng.normal(0.1, 0.25)))
    soft = cv2.GaussianBlur(cover[piece], (0, 0), rng.uniform(0.4, 1.0)).astype(np.float32)[..., None] / 255
    shade = cv2.GaussianBlur(cover[piece], (0, 0), max(1.0, high * 0.08)).astype(np.float32)[..., None] / 255
    under = made.picture[piece] * (1 - np.float32(rng.uniform(0, 0.4)) * shade)  # what is in front throws a shadow
    made.picture[piece] = np.clip(under + (source * tone - under) * soft, 0, 255).astype(np.uint8)
    made.ids[piece][cover[piece] > 127] = 0


def _extent(cover: Picture) -> tuple[int, int]:
    """Width and height of what is set."""
    rows, columns = np.flatnonzero(cover.any(axis=1)), np.flatnonzero(cover.any(axis=0))
    return int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)
