"""An embedder and a detector that look at real pixels: a word stands for a colour, an image for the colours in it."""

from collections.abc import Sequence

import cv2
import numpy as np

from tools.data.sample import mask_box
from tools.models.detections import Detection

COLOURS = {
    "apple": (200, 30, 30), "lemon": (230, 210, 30), "leaf": (30, 160, 40), "plum": (60, 40, 200),
    "background": (128, 128, 128),
}  # fmt: skip


def paint(name: str, size: int = 64, share: float = 1.0, ground: str = "background") -> np.ndarray:
    """A square of a class's colour that takes a share of the image's sides, on a ground."""
    image = np.full((size, size, 3), COLOURS[ground], np.uint8)
    side = round(size * share)
    start = (size - side) // 2
    image[start : start + side, start : start + side] = COLOURS[name]
    return image


class ColourEmbedder:
    """Cosines are computed, not given: a text is its colour's axis, an image its shares of the colours."""

    name = "colours"
    scale = 20.0
    bias = None
    floor = 0.21

    def __init__(self) -> None:
        self.asked = 0
        self.closed = False

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), len(COLOURS) + 1), np.float32)
        for row, text in zip(rows, texts, strict=True):
            words = [i for i, name in enumerate(COLOURS) if name in text]
            words = words[:-1] if len(words) > 1 and words[-1] == len(COLOURS) - 1 else words  # apples on a background
            row[words or [-1]] = 1.0  # of what no colour stands for, nothing is like it
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def images(self, images: Sequence[np.ndarray]) -> np.ndarray:
        self.asked += len(images)
        palette = np.array(list(COLOURS.values()), np.float32)
        rows = []
        for image in images:
            small = cv2.resize(image, (16, 16), interpolation=cv2.INTER_AREA).reshape(-1, 1, 3).astype(np.float32)
            nearest = np.linalg.norm(small - palette, axis=2).argmin(axis=1)
            row = np.bincount(nearest, minlength=len(COLOURS) + 1).astype(np.float32)
            rows.append(row / np.linalg.norm(row))
        return np.stack(rows)

    def close(self) -> None:
        self.closed = True


def coloured(image: np.ndarray, name: str) -> np.ndarray:
    """(h, w) mask of the pixels nearest to a class's colour."""
    palette = np.array(list(COLOURS.values()), np.float32)
    distances = np.linalg.norm(image[:, :, None].astype(np.float32) - palette, axis=3)
    return distances.argmin(axis=2) == list(COLOURS).index(name)


class ColourDetector:
    """Finds connected patches of the colours that the phrases name; `blind` phrases are never seen."""

    name = "colours"
    version = "1"
    licence = "AGPL-3.0-or-later"

    def __init__(self, blind: Sequence[str] = (), score: float = 0.9, ghosts: int = 0) -> None:
        self.blind, self.score, self.ghosts = blind, score, ghosts
        self.closed = False
        self.calls = 0

    def detect(self, images, phrases, confidence):
        self.calls += 1
        return [self._detect(p, phrases, confidence) for p in images]

    def _detect(self, image, phrases, confidence):
        found = [Detection((0.0, 0.0, 12.0, 12.0), self.score, 0) for _ in range(self.ghosts)]
        for index, phrase in enumerate(phrases):
            if phrase in self.blind or phrase not in COLOURS:
                continue
            count, parts = cv2.connectedComponents(coloured(image, phrase).astype(np.uint8))
            found += [Detection(mask_box(parts == k), self.score, index) for k in range(1, count)]
        return [d for d in found if d.score >= confidence]

    def close(self):
        self.closed = True


class ColourSegmenter:
    """Cuts out what has the colour of the box's middle; `eroded` makes it worse by that many pixels."""

    name = "colour-cut"
    version = "1"
    licence = "AGPL-3.0-or-later"

    def __init__(self, eroded: int = 0, fails: bool = False) -> None:
        self.eroded, self.fails, self.closed = eroded, fails, False

    def masks(self, image, boxes, points=None):
        if self.fails:
            raise RuntimeError("out of memory")
        return [self._mask(image, [round(v) for v in box]) for box in boxes]

    def _mask(self, image, box):
        x1, y1, x2, y2 = box
        colour = image[(y1 + y2) // 2, (x1 + x2) // 2].astype(int)
        inside = np.zeros(image.shape[:2], bool)
        inside[y1:y2, x1:x2] = True
        mask = inside & (np.abs(image.astype(int) - colour).sum(axis=2) < 60)
        if self.eroded:
            mask = cv2.erode(mask.astype(np.uint8), np.ones((3, 3)), iterations=self.eroded).astype(bool)
        return mask if mask.any() else None

    def close(self):
        self.closed = True
