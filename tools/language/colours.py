"""The colour a thing is seen in, where one can speak of one: by the votes of its pixels."""

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.images import ImageArray
from tools.data.sample import BoolMask

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey")
MIN_PIXELS = 60  # fewer are mostly edge
MIN_SHARE = 0.65  # of the pixels that must agree; a blushing apple has no one colour
_UNNAMED = len(COLOURS)  # hues between two names
# Hue as OpenCV counts it, 0..180; what lies between two ranges is of neither name.
_HUES = (("red", 0, 7), ("orange", 9, 19), ("yellow", 22, 33), ("green", 37, 84), ("blue", 98, 126),
         ("purple", 131, 152), ("pink", 156, 168), ("red", 172, 180))  # fmt: skip


def colour_of(image: ImageArray, mask: BoolMask) -> str | None:
    """The colour of what a mask covers, one of `COLOURS`; None where its pixels do not agree on one.

    Args:
        image: (h, w, 3) RGB.
        mask: (h, w).
    """
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0).astype(bool)
    pixels = image[inner]
    if len(pixels) < MIN_PIXELS:
        return None
    votes = np.bincount(_named(pixels), minlength=_UNNAMED + 1)
    best = int(votes[:_UNNAMED].argmax())
    return COLOURS[best] if votes[best] >= MIN_SHARE * len(pixels) else None


def _named(pixels: ImageArray) -> npt.NDArray[np.int64]:
    """Index in `COLOURS` of (n, 3) RGB pixels."""
    hsv = cv2.cvtColor(pixels[None], cv2.COLOR_RGB2HSV)[0].astype(int)
    hue, saturation, value = hsv[:, 0], hsv[:, 1], hsv[:, 2]
    named = np.full(len(pixels), _UNNAMED)
    for name, low, high in _HUES:
        named[(hue >= low) & (hue <= high) & (saturation >= 70)] = COLOURS.index(name)
    warm = (hue <= 20) & (saturation >= 70)
    named[warm & (value < 125) & (hue >= 5)] = COLOURS.index("brown")
    named[warm & (value < 125) & (hue < 5)] = _UNNAMED  # dark red or brown: who knows
    named[(named == COLOURS.index("red")) & (saturation < 120) & (value > 170)] = COLOURS.index("pink")
    named[(saturation < 30) & (value >= 80)] = COLOURS.index("grey")
    named[(saturation < 30) & (value >= 205)] = COLOURS.index("white")
    named[value < 40] = COLOURS.index("black")
    return named
