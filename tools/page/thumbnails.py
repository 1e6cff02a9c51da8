"""Small images with labels drawn in, made once and kept beside the data set."""

import hashlib
import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tools.data.images import ImageArray, read_image
from tools.data.sample import Sample, encode_mask, mask_box
from tools.models.drawing import draw

_FOLDER = ".thumbnails"
_QUALITY = 82


def thumbnail(folder: Path, sample: Sample, side_px: int, names: Sequence[str], *, labels: bool = True) -> bytes:
    """A JPEG of a sample whose longer side is at most `side_px`.

    A disk that is full costs the cache, not the image.

    Raises:
        StepFailed: the image is missing or broken.
    """
    shown = [i.model_dump_json(exclude={"score", "source", "depth"}) for i in sample.instances] if labels else []
    key = hashlib.sha1(f"{sample.sha256}{side_px}{list(names)}{shown}".encode()).hexdigest()[:20]
    path = folder / _FOLDER / key[:2] / f"{key}.jpg"
    try:
        return path.read_bytes()
    except OSError:
        content = jpeg(_small(folder / sample.image, sample, side_px, names, labels=labels), _QUALITY)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
    return content


def jpeg(image: ImageArray, quality: int = 90) -> bytes:
    """An (h, w, 3) RGB image as JPEG."""
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _small(path: Path, sample: Sample, side_px: int, names: Sequence[str], *, labels: bool) -> ImageArray:
    """Scaled first and drawn then: lines stay sharp, and large photos cost little."""
    image = read_image(path)
    height, width = image.shape[:2]
    scale = min(1.0, side_px / max(height, width))
    h, w = max(1, round(height * scale)), max(1, round(width * scale))
    small: ImageArray = np.asarray(cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
    if not labels:
        return small
    moved = []
    for instance in sample.instances:
        x1, y1, x2, y2 = (v * scale for v in instance.box)
        counts, mask = None, instance.mask(height, width)
        if mask is not None:
            fitted = cv2.resize(mask.astype(np.uint8), (w, h), interpolation=cv2.INTER_AREA).astype(bool)
            if not fitted.any():
                continue
            counts, (x1, y1, x2, y2) = encode_mask(fitted), mask_box(fitted)
        moved.append(instance.model_copy(update={"box": (x1, y1, x2, y2), "counts": counts}))
    return draw(small, moved, names, labels=False)
