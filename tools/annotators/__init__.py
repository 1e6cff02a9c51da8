"""Engines that label pictures."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from tools.data.sample import Instance, Sample
from tools.data.task import TaskSpec


class Annotator(Protocol):
    """One engine."""

    name: str
    version: str
    licence: str

    def annotate(self, picture: npt.NDArray[np.uint8], sample: Sample, task: TaskSpec) -> list[Instance]:
        """Labels of an (h, w, 3) RGB picture."""
