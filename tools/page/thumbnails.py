"""Small pictures with labels drawn in, made once and kept beside the data set."""

import hashlib
import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tools.data.pictures import read_picture
from tools.data.sample import Sample, encode_mask, mask_box
from tools.models.predict import Picture, draw

_FOLDER = ".thumbnails"
_QUALITY = 82


def thumbnail(folder: Path, sample: Sample, side_px: int, names: Sequence[str], *, labels: bool = True) -> bytes:
    """A JPEG of a sample whose longer side is at most `side_px`.

    A disk that is full costs the cache, not the picture.

    Raises:
        StepFailed: the picture is missing or broken.
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


def jpeg(picture: Picture, quality: int = 90) -> bytes:
    """An (h, w, 3) RGB picture as JPEG."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _small(path: Path, sample: Sample, side_px: int, names: Sequence[str], *, labels: bool) -> Picture:
    """Scaled first and drawn then: lines stay sharp, and large photos cost little."""
    picture = read_picture(path)
    height, width = picture.shape[:2]
    scale = min(1.0, side_px / max(height, width))
    h, w = max(1, round(height * scale)), max(1, round(width * scale))
    small: Picture = np.asarray(cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
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
