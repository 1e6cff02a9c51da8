"""An embedder and a detector that look at real pixels: a word stands for a colour, a picture for the colours in it."""

from collections.abc import Sequence

import cv2
import numpy as np

COLOURS = {
    "apple": (200, 30, 30), "lemon": (230, 210, 30), "leaf": (30, 160, 40), "plum": (60, 40, 200),
    "background": (128, 128, 128),
}  # fmt: skip


def paint(name: str, size: int = 64, share: float = 1.0, ground: str = "background") -> np.ndarray:
    """A square of a class's colour that takes a share of the picture's sides, on a ground."""
    picture = np.full((size, size, 3), COLOURS[ground], np.uint8)
    side = round(size * share)
    start = (size - side) // 2
    picture[start : start + side, start : start + side] = COLOURS[name]
    return picture


class ColourEmbedder:
    """Cosines are computed, not given: a text is its colour's axis, a picture its shares of the colours."""

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
            row[words or [-1]] = 1.0  # of what no colour stands for, nothing is like it
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def pictures(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        self.asked += len(pictures)
        palette = np.array(list(COLOURS.values()), np.float32)
        rows = []
        for picture in pictures:
            small = cv2.resize(picture, (16, 16), interpolation=cv2.INTER_AREA).reshape(-1, 1, 3).astype(np.float32)
            nearest = np.linalg.norm(small - palette, axis=2).argmin(axis=1)
            row = np.bincount(nearest, minlength=len(COLOURS) + 1).astype(np.float32)
            rows.append(row / np.linalg.norm(row))
        return np.stack(rows)

    def close(self) -> None:
        self.closed = True
