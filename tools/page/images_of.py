"""Images of a data set as a page shows them: large, with labels drawn in."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from tools.data.images import ImageArray, read_image, scaled_size
from tools.data.sample import BoolMask, Sample
from tools.models.drawing import draw
from tools.page.thumbnails import jpeg

_LARGE_PX = 1280
_NAMED_PX = 300  # smaller images would be covered by the names
_PENDING = (255, 170, 40)  # a mask that is proposed: no class has this colour
_CHOSEN = (255, 255, 255)


def large_image(
    folder: Path, sample: Sample, names: Sequence[str], *, pending: BoolMask | None = None, chosen: int | None = None
) -> bytes:
    """A JPEG of a sample with its labels, at most 1280 px.

    Args:
        folder: of the run.
        sample: with its instances.
        names: classes in order.
        pending: (h, w) mask that is proposed and not kept yet.
        chosen: position of the object that is pointed out, or whose mask the pending one replaces.

    Raises:
        StepFailed: the image is missing or broken.
    """
    image = read_image(folder / sample.image)
    shown = [i for n, i in enumerate(sample.instances) if pending is None or n != chosen]  # its new mask is shown
    drawn = draw(image, shown, names, labels=max(image.shape[:2]) >= _NAMED_PX)
    line = max(1, round(max(drawn.shape[:2]) / 300))
    if pending is not None:
        drawn[pending] = (drawn[pending] * 0.5 + np.array(_PENDING) * 0.5).astype(np.uint8)
        _outline(drawn, pending, _PENDING, line)
    if pending is None and chosen is not None and chosen < len(sample.instances):
        mask = sample.instances[chosen].mask(*drawn.shape[:2])
        if mask is None:
            x1, y1, x2, y2 = (round(v) for v in sample.instances[chosen].box)
            cv2.rectangle(drawn, (x1, y1), (x2, y2), _CHOSEN, line)
        else:
            _outline(drawn, mask, _CHOSEN, line)
    height, width = drawn.shape[:2]
    scale = _LARGE_PX / max(height, width)
    if scale < 1:
        size = scaled_size(height, width, scale)
        drawn = np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA), np.uint8)
    return jpeg(drawn)


def _outline(drawn: ImageArray, mask: BoolMask, colour: tuple[int, int, int], line: int) -> None:
    edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(drawn, edges, -1, colour, line, cv2.LINE_AA)
