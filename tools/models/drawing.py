"""Labels drawn into images: masks or boxes in the colours of their classes, with name and score."""

import zlib
from collections.abc import Sequence

import cv2
import numpy as np

from tools.data.images import ImageArray
from tools.data.sample import Instance

# Distinct on photos of plants, skin, sky and metal; after the Tableau palette, without its greys and browns.
_COLOURS = (
    (255, 64, 64), (64, 160, 255), (255, 200, 0), (180, 80, 255), (0, 220, 180), (255, 120, 200), (140, 230, 0),
    (255, 140, 40), (90, 100, 255), (0, 200, 255),
)  # fmt: skip
_FILL = 0.38  # share of the class's colour over a mask: enough to see, not enough to hide


def draw(
    image: ImageArray, instances: Sequence[Instance], names: Sequence[str] = (), *, labels: bool = True
) -> ImageArray:
    """A copy of an RGB image with masks (or boxes) drawn in, one colour a class.

    Args:
        image: (h, w, 3).
        instances: drawn last to first, so that the best lies on top.
        names: classes in order, which fixes their colours; without it a colour follows from the name.
        labels: write class and score.
    """
    canvas = image.copy()
    h, w = canvas.shape[:2]
    line = max(1, round(max(h, w) / 420))
    for instance in reversed(instances):
        colour = class_colour(instance.class_name, names)
        mask = instance.mask(h, w)
        if mask is None:
            x1, y1, x2, y2 = (round(v) for v in instance.box)
            cv2.rectangle(canvas, (x1, y1), (x2 - 1, y2 - 1), colour, line, cv2.LINE_AA)
            continue
        canvas[mask] = (canvas[mask] * (1 - _FILL) + np.array(colour) * _FILL).astype(np.uint8)
        edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(canvas, edges, -1, colour, line, cv2.LINE_AA)
    if labels:
        for instance in reversed(instances):
            write_label(canvas, instance, class_colour(instance.class_name, names), names)
    return canvas


def class_colour(name: str, names: Sequence[str] = ()) -> tuple[int, int, int]:
    """The RGB colour of a class."""
    number = list(names).index(name) if name in names else zlib.crc32(name.encode())
    return _COLOURS[number % len(_COLOURS)]


def write_label(canvas: ImageArray, instance: Instance, colour: tuple[int, int, int], names: Sequence[str]) -> None:
    """A small plate above the box (inside it at the top border), black or white on the class's colour."""
    h, w = canvas.shape[:2]
    name = instance.class_name
    if not name.isascii():  # the drawing font has Latin letters only
        name = f"class {list(names).index(name) + 1}" if name in names else "object"
    text = f"{name[:24]} {instance.score:.2f}" if instance.score < 1 else name[:24]
    scale = float(np.clip(max(h, w) / 900, 0.33, 2.0))
    weight = max(1, round(scale * 1.4))
    (wide, high), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, weight)
    left = int(np.clip(instance.box[0], 0, max(0, w - wide - 4)))
    top = int(np.clip(instance.box[1] - high - below - 4, 0, max(0, h - high - below - 4)))
    if wide + 4 > w or high + below + 4 > h:
        return
    cv2.rectangle(canvas, (left, top), (left + wide + 3, top + high + below + 3), colour, -1)
    ink = (0, 0, 0) if np.dot(colour, (0.299, 0.587, 0.114)) > 140 else (255, 255, 255)
    cv2.putText(
        canvas, text, (left + 2, top + high + 2), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, weight, cv2.LINE_AA
    )  # fmt: skip
