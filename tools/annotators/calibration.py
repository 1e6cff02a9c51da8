"""Turn a detector's scores into probabilities of being right, where labelled pictures exist."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field
from scipy.optimize import minimize

Floats = npt.NDArray[np.float64]
MIN_DETECTIONS = 30  # fewer, or fewer than 5 of a kind, settle nothing; ours
MIN_OF_A_KIND = 5
_EDGE = 1e-4  # scores of 0 and 1 have no logit


class Calibration(BaseModel):
    """probability = sigmoid((logit(score) + shift) / temperature).

    Temperature scaling (Guo et al., ICML 2017) with the shift of Platt (1999): the temperature alone leaves 0.5 where
    it is, and that is where open-vocabulary scores are most wrong.
    """

    temperature: float = Field(1.0, gt=0)
    shift: float = 0.0
    detections: int = 0
    right: int = 0

    def __call__(self, score: float) -> float:
        """A score as a probability."""
        return float(_sigmoid((_logit(np.array([score])) + self.shift) / self.temperature)[0])


def fit(scores: Sequence[float], right: Sequence[bool]) -> Calibration | None:
    """The calibration with the least log loss; None where there is too little to learn from.

    Args:
        scores: of detections on labelled pictures, 0..1, down to a low one.
        right: whether each matched a label.
    """
    truth = np.asarray(right, np.float64)
    hits = int(truth.sum())
    if len(truth) < MIN_DETECTIONS or min(hits, len(truth) - hits) < MIN_OF_A_KIND:
        return None
    logits = _logit(np.asarray(scores, np.float64))

    def loss(values: Any) -> float:
        p = np.clip(_sigmoid((logits + values[1]) / np.exp(values[0])), _EDGE, 1 - _EDGE)
        # A weak pull towards "as it is" keeps a perfectly separable set finite.
        return float(-(truth * np.log(p) + (1 - truth) * np.log(1 - p)).mean() + 1e-3 * (values**2).sum())

    best = minimize(loss, np.zeros(2), method="Nelder-Mead")
    return Calibration(
        temperature=float(np.exp(best.x[0])), shift=float(best.x[1]), detections=len(truth), right=hits
    )  # fmt: skip


def _logit(scores: Floats) -> Floats:
    clipped = np.clip(scores, _EDGE, 1 - _EDGE)
    result: Floats = np.log(clipped / (1 - clipped))
    return result


def _sigmoid(values: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-values))
    return result
