"""Engines that label images: whole annotators, and the detectors and segmenters that they are built from."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from tools.core.task import TaskSpec
from tools.data.images import ImageArray
from tools.data.sample import BoolMask, Box, Instance, Sample

# x, y in pixels and whether the point lies on the object.
Point = tuple[float, float, bool]


class Annotator(Protocol):
    """One engine."""

    name: str
    version: str
    licence: str

    dropped: Counter[str]  # why things that it saw became no labels

    @property
    def at_once(self) -> int | None:
        """Images that it is best given at once; None leaves that to `settings.annotation.detector_batch`."""

    def annotate_many(
        self, images: Sequence[ImageArray], samples: Sequence[Sample], task: TaskSpec
    ) -> list[list[Instance]]:
        """Labels of each (h, w, 3) RGB image."""

    def close(self) -> None:
        """Release memory; called again it does nothing."""


class Segmenter(Protocol):
    """Cuts out what boxes or points show."""

    name: str
    version: str
    licence: str

    def masks(
        self, image: ImageArray, boxes: Sequence[Box], points: Sequence[Sequence[Point]] | None = None
    ) -> list[BoolMask | None]:
        """An (h, w) mask for each box; None where it failed.

        Args:
            image: (h, w, 3) RGB.
            boxes: x1, y1, x2, y2 in pixels.
            points: for each box further hints.
        """

    def close(self) -> None:
        """Release memory; called again it does nothing."""
