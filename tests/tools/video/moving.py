"""Videos of coloured things that move on known ways, and what finds them again by their colour."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tools.data.sample import Instance

COLOURS = {"apple": (220, 40, 40), "plum": (60, 60, 220)}
WIDTH, HEIGHT, FPS = 320, 240, 25


@dataclass(frozen=True)
class Way:
    """A disc that is in the image from its first to its last frame, and moves evenly from one point to another."""

    name: str
    first: int
    last: int
    start: tuple[float, float]
    end: tuple[float, float]
    radius: int = 11

    def at(self, number: int) -> tuple[float, float] | None:
        if not self.first <= number <= self.last:
            return None
        share = (number - self.first) / (self.last - self.first)
        return tuple(a + share * (b - a) for a, b in zip(self.start, self.end, strict=True))


def frame_of(ways, number, rng) -> np.ndarray:
    image = rng.normal(118, 6, (HEIGHT, WIDTH, 3)).clip(0, 255).astype(np.uint8)
    for way in ways:
        place = way.at(number)
        if place is not None:
            cv2.circle(image, (round(place[0]), round(place[1])), way.radius, COLOURS[way.name], -1)
    return image


def film(path: Path, ways, frames: int, codec: str = "mp4v") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), FPS, (WIDTH, HEIGHT))
    rng = np.random.default_rng(0)
    for number in range(frames):
        writer.write(cv2.cvtColor(frame_of(ways, number, rng), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


class ColourFinder:
    """Finds discs by their colour; now and then it overlooks one, as models do."""

    kind = "detect"

    def __init__(self, overlooks: int = 0) -> None:
        self.names = list(COLOURS)
        self.overlooks, self.asked = overlooks, 0

    def predict(self, image, confidence):
        self.asked += 1
        if self.overlooks and self.asked % self.overlooks == 0:
            return []
        found = []
        for name, colour in COLOURS.items():
            near = np.abs(image.astype(int) - colour).max(axis=2) < 60
            count, _, stats, _ = cv2.connectedComponentsWithStats(near.astype(np.uint8))
            for x, y, w, h, area in stats[1:count]:
                if area > 60:
                    found.append(Instance(class_name=name, box=(x, y, x + w, y + h), score=0.8, source="colour"))
        return found
