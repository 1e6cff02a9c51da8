"""An engine that finds patches of colour, photos to find them in, and settings without anything of this machine."""

from pathlib import Path

import cv2
import numpy as np

from tests.tools.colours import COLOURS, coloured
from tools.core.settings import Settings
from tools.data.images import write_image
from tools.data.sample import Instance, encode_mask, mask_box


class ColourEngine:
    """Its score is how near a patch's colour is to its class's: dull patches are doubtful."""

    name = "colours"
    about = "labels by colour"

    def __init__(self, task, *, threshold=0.5, after=None):
        self.task, self.kind, self.threshold = task, task.kind, threshold
        self.after = after  # called with the number of images seen so far
        self.seen = 0
        self.closed = False

    def find(self, images, least):
        self.seen += len(images)
        if self.after is not None:
            self.after(self.seen)
        return [[i for i in self._one(p) if i.score >= least] for p in images]

    def _one(self, image):
        found = []
        for name in self.task.class_names:
            count, parts = cv2.connectedComponents(coloured(image, name).astype(np.uint8))
            for part in range(1, count):
                mask = parts == part
                distance = float(np.abs(image[mask].mean(axis=0) - COLOURS[name]).max())
                score = max(0.05, 1 - distance / 60)
                if mask.sum() >= 20:
                    counts = encode_mask(mask) if self.kind == "segment" else None
                    found.append(
                        Instance(class_name=name, box=mask_box(mask), counts=counts, score=score, source=self.name)
                    )
        return sorted(found, key=lambda i: -i.score)

    def classify(self, images):
        answers = []
        for image in images:
            shares = {n: float(coloured(image, n).mean()) + 0.01 for n in self.task.class_names}
            answers.append({n: v / sum(shares.values()) for n, v in shares.items()})
        return answers

    def close(self):
        self.closed = True


def photo(number=0, *things, size=(80, 60), dull=0):
    """A grey (h, w) image with 20 px squares: (class, x, y)."""
    image = np.full((size[1], size[0], 3), COLOURS["background"], np.uint8)
    image[:2, : 1 + number % size[0]] = 20 + number % 200  # no two are the same file
    for name, x, y in things:
        image[y : y + 20, x : x + 20] = np.clip(np.array(COLOURS[name]) + dull, 0, 255)
    return image


def write(folder: Path, name: str, *things, number=0, dull=0) -> Path:
    path = folder / name
    write_image(path, photo(number, *things, dull=dull))
    return path


def settings(tmp_path, **changes):
    return Settings(runs_dir=tmp_path / "runs", profile="offline", **changes)
