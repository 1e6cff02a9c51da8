"""What a network in training sees by now: a few validation images with its answers drawn in, for whoever watches."""

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tools.core.task import TaskKind
from tools.data.images import ImageArray
from tools.data.sample import Instance, evenly
from tools.trainers.examples import Example

log = logging.getLogger(__name__)

NAME = "glimpse.jpg"  # in the folder of a training
_COLUMNS, _ROWS = 3, 2
_SIDE_PX, _GAP_PX = 220, 6
_CONFIDENCE = 0.25
_QUALITY = 82


def write_glimpse(
    folder: Path, network: Any, kind: TaskKind, names: Sequence[str], examples: Sequence[Example], size_px: int
) -> None:
    """Draw what a network answers on a few images into one file, in place at once.

    It is for looking at alone: a disk that takes no more costs the image, not the training.

    Args:
        folder: of the training.
        network: in evaluation mode.
        kind: of task.
        names: of the classes.
        examples: those that judge, square.
        size_px: of the network's input.
    """
    chosen = evenly([e for e in examples if len(e.classes) or e.label is not None], _COLUMNS * _ROWS)
    if not chosen:
        return
    drawn = _drawn(network, kind, names, [e.image for e in chosen], size_px)
    path, temporary = folder / NAME, folder / f".{NAME}.{os.getpid()}"
    sheet = cv2.cvtColor(_sheet(drawn), cv2.COLOR_RGB2BGR)
    _, content = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content.tobytes())
        temporary.replace(path)
    except OSError as error:
        log.warning("%s is not written: %s", path, error)
        with suppress(OSError):
            temporary.unlink()


def _drawn(
    network: Any, kind: TaskKind, names: Sequence[str], images: Sequence[ImageArray], size_px: int
) -> list[ImageArray]:
    from tools.models.drawing import draw
    from tools.models.predict import Predictor

    model = Predictor(network, kind, names, size_px, closer=False)
    if kind != "classify":
        found = model.predict_many(images, _CONFIDENCE)
        return [draw(p, own, names, labels=False) for p, own in zip(images, found, strict=True)]
    drawn = []
    for image, shares in zip(images, model.classify_many(images), strict=True):
        best = max(shares, key=lambda name: shares[name])
        height, width = image.shape[:2]
        whole = Instance(class_name=best, box=(0, 0, width, height), score=min(shares[best], 0.9999))
        drawn.append(draw(image, [whole], names))
    return drawn


def _sheet(images: Sequence[ImageArray]) -> ImageArray:
    """Images side by side, in rows."""
    columns = min(_COLUMNS, len(images))
    rows, step = -(-len(images) // columns), _SIDE_PX + _GAP_PX
    sheet = np.full((rows * step - _GAP_PX, columns * step - _GAP_PX, 3), 128, np.uint8)
    for n, image in enumerate(images):
        top, left = n // columns * step, n % columns * step
        sheet[top : top + _SIDE_PX, left : left + _SIDE_PX] = cv2.resize(
            image, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA
        )
    return sheet
