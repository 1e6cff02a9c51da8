"""What detectors answer: boxes for phrases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tools.data.images import ImageArray
from tools.data.sample import BoolMask, Box


@dataclass(frozen=True)
class Detection:
    """One box that a detector drew for one phrase."""

    box: Box  # x1, y1, x2, y2 in pixels
    score: float  # 0..1, as the detector gave it
    phrase: int  # index of the phrase it was found by
    mask: BoolMask | None = None  # from engines that find and cut out in one step


class Detector(Protocol):
    """Finds what phrases say."""

    name: str
    version: str
    licence: str

    def detect(self, images: Sequence[ImageArray], phrases: Sequence[str], confidence: float) -> list[list[Detection]]:
        """Boxes of at least `confidence` in each (h, w, 3) RGB image."""

    def close(self) -> None:
        """Release memory; called again it does nothing."""
