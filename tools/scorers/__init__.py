"""Engines that say how good an image is for training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tools.data.sample import Sample


@dataclass(frozen=True)
class Quality:
    """How good one image is."""

    value: float  # 0 useless .. 1 good
    scores: dict[str, float]  # the parts it is made of, each 0..1
    reasons: list[str]  # plain words for what is wrong; empty when nothing is
    passed: bool | None = None  # the engine's own verdict; None: `settings.curation.min_quality` decides


class Scorer(Protocol):
    """One engine."""

    name: str
    version: str
    licence: str

    def score_many(self, images: Sequence[npt.NDArray[np.uint8]], samples: Sequence[Sample]) -> list[Quality]:
        """Score (h, w, 3) RGB images with their labels."""

    def take_embeddings(self) -> dict[str, npt.NDArray[np.float32]]:
        """Vectors of whole images scored since it was last asked, by sample id; empty where it makes none."""

    def close(self) -> None:
        """Release memory."""
