"""Engines that say how good a picture is for training."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tools.data.sample import Sample


@dataclass(frozen=True)
class Quality:
    """How good one picture is."""

    value: float  # 0 useless .. 1 good
    scores: dict[str, float]  # the parts it is made of, each 0..1
    reasons: list[str]  # plain words for what is wrong; empty when nothing is


class Scorer(Protocol):
    """One engine."""

    name: str
    version: str
    licence: str

    def score(self, picture: npt.NDArray[np.uint8], sample: Sample) -> Quality:
        """Score an (h, w, 3) RGB picture with its labels."""
