"""Thin outlines that can be seen: in a colour that the things themselves do not have, over a dark or light edge."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.images import ImageArray
from tools.data.sample import Instance
from tools.models.drawing import write_label

Colours = dict[str, tuple[int, int, int]]  # RGB by class
# Told apart by people with any colour vision on at least one ground each; none is common in photos as a whole.
PALETTE = (
    (0, 229, 255), (255, 61, 220), (255, 214, 0), (60, 90, 255), (0, 230, 118), (255, 110, 20), (255, 255, 255),
)  # fmt: skip
_SAMPLED = 4000  # pixels that say which colours the things have
_WITHIN = 0.9  # nearest share of the pixels that counts: a leaf before the fruit is not the fruit
_EDGE = {True: (0, 0, 0), False: (255, 255, 255)}  # under a bright colour, under a dark one


def colours_for(image: ImageArray, instances: Sequence[Instance], names: Sequence[str]) -> Colours:
    """For each class that was found the colour of the palette that is farthest from its things, no two the same.

    Args:
        image: (h, w, 3) RGB.
        instances: what was found.
        names: classes in order; earlier ones choose first.
    """
    chosen: Colours = {}
    lab = _lab(np.array(PALETTE, np.uint8))
    for name in [*names, *sorted({i.class_name for i in instances} - set(names))]:
        free = [k for k, colour in enumerate(PALETTE) if colour not in chosen.values()] or list(range(len(PALETTE)))
        pixels = _pixels(image, [i for i in instances if i.class_name == name])
        if not len(pixels):
            chosen[name] = PALETTE[free[0]]
            continue
        apart = np.linalg.norm(_lab(pixels)[:, None] - lab[None, free], axis=2)
        chosen[name] = PALETTE[free[int(np.quantile(apart, 1 - _WITHIN, axis=0).argmax())]]
    return {name: chosen[name] for name in chosen if name in names or any(i.class_name == name for i in instances)}


def outlined(
    image: ImageArray, instances: Sequence[Instance], colours: Colours, *, names: Sequence[str] = (),
    labels: bool = False,
) -> ImageArray:  # fmt: skip
    """A copy of an RGB image with a thin outline around each thing, and nothing over it.

    Args:
        image: (h, w, 3).
        instances: with masks, or boxes alone.
        colours: by class.
        names: classes in order, for the plates.
        labels: write class and score on plates too.
    """
    canvas = image.copy()
    height, width = canvas.shape[:2]
    line = max(1, round(max(height, width) / 640))
    for edge in (True, False):  # every edge first: it never covers a neighbour's line
        for instance in instances:
            colour = colours.get(instance.class_name, PALETTE[0])
            ink = _EDGE[_is_bright(colour)] if edge else colour
            _outline(canvas, instance, ink, line + 2 * line * edge)
    if labels:
        for instance in reversed(instances):
            write_label(canvas, instance, colours.get(instance.class_name, PALETTE[0]), names)
    return canvas


def _outline(canvas: ImageArray, instance: Instance, colour: tuple[int, int, int], line: int) -> None:
    mask = instance.mask(*canvas.shape[:2])
    if mask is None:
        x1, y1, x2, y2 = (round(v) for v in instance.box)
        cv2.rectangle(canvas, (x1, y1), (x2 - 1, y2 - 1), colour, line, cv2.LINE_AA)
        return
    edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, edges, -1, colour, line, cv2.LINE_AA)


def _pixels(image: ImageArray, instances: Sequence[Instance]) -> npt.NDArray[np.uint8]:
    """(n, 3) colours of the things."""
    parts = []
    for instance in instances:
        mask = instance.mask(*image.shape[:2])
        x1, y1, x2, y2 = (max(0, round(v)) for v in instance.box)
        parts.append(image[mask] if mask is not None else image[y1:y2, x1:x2].reshape(-1, 3))
    pixels = np.concatenate(parts) if parts else np.zeros((0, 3), np.uint8)
    return pixels[:: max(1, len(pixels) // _SAMPLED)]


def _lab(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(n, 3) CIELAB of RGB, in which distances are as seen."""
    scaled = colours.reshape(1, -1, 3).astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB)[0], np.float32)


def _is_bright(colour: tuple[int, int, int]) -> bool:
    return float(np.dot(colour, (0.299, 0.587, 0.114))) > 110
