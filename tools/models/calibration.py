"""Turn a detector's scores into probabilities of being right, where labelled images exist."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field

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
        return float(sigmoid((logit(np.array([score])) + self.shift) / self.temperature)[0])


def fit(scores: Sequence[float], right: Sequence[bool]) -> Calibration | None:
    """The calibration with the least log loss; None where there is too little to learn from.

    Args:
        scores: of detections on labelled images, 0..1, down to a low one.
        right: whether each matched a label.
    """
    from scipy.optimize import minimize

    truth = np.asarray(right, np.float64)
    hits = int(truth.sum())
    if len(truth) < MIN_DETECTIONS or min(hits, len(truth) - hits) < MIN_OF_A_KIND:
        return None
    logits = logit(np.asarray(scores, np.float64))

    def loss(values: Any) -> float:
        p = np.clip(sigmoid((logits + values[1]) / np.exp(values[0])), _EDGE, 1 - _EDGE)
        # A weak pull towards "as it is" keeps a perfectly separable set finite.
        return float(-(truth * np.log(p) + (1 - truth) * np.log(1 - p)).mean() + 1e-3 * (values**2).sum())

    best = minimize(loss, np.zeros(2), method="Nelder-Mead")
    return Calibration(
        temperature=float(np.exp(best.x[0])), shift=float(best.x[1]), detections=len(truth), right=hits
    )  # fmt: skip


def logit(scores: Floats) -> Floats:
    """Log odds of scores; 0 and 1 count as a little inside."""
    clipped = np.clip(scores, _EDGE, 1 - _EDGE)
    result: Floats = np.log(clipped / (1 - clipped))
    return result


def sigmoid(values: Floats) -> Floats:
    """Scores of log odds."""
    result: Floats = 1 / (1 + np.exp(-values))
    return result


def gains(scores: Sequence[float], right: Sequence[bool]) -> bool:
    """Whether scaling makes scores truer on detections that it was not fitted to: by log loss, fitted on one half.

    Args:
        scores: of detections, in the order of their photos.
        right: whether each was.
    """
    half = len(scores) // 2
    parts = [(scores[:half], right[:half]), (scores[half:], right[half:])]
    before = after = 0.0
    for fitted, held in (parts, parts[::-1]):
        scaled = fit(*fitted) or Calibration(temperature=1.0)
        before += _log_loss(np.asarray(held[0], np.float64), held[1])
        after += _log_loss(np.array([scaled(s) for s in held[0]]), held[1])
    return after < before


def _log_loss(probabilities: Floats, right: Sequence[bool]) -> float:
    p, truth = np.clip(probabilities, _EDGE, 1 - _EDGE), np.asarray(right, np.float64)
    return float(-(truth * np.log(p) + (1 - truth) * np.log(1 - p)).sum())


# How good probabilities are -----------------------------------------------------------------------------------------

BINS = 10  # of equal width; the 15 of Guo et al. want thousands of detections
# Standard deviations by which a precision is trusted less than it was measured. Without it the threshold that is best
# on few labels is mostly lucky, and misses the wanted precision on others about every second time.
CAUTION = 1.0


class Bin(BaseModel):
    """Detections whose probability lies in one part of 0..1."""

    low: float
    high: float
    count: int
    said: float  # their mean probability
    right: float  # share of them that were right


def reliability(probabilities: Sequence[float], right: Sequence[bool], bins: int = BINS) -> list[Bin]:
    """What was said against what was true, bin by bin; bins without a detection are left out.

    Args:
        probabilities: 0..1.
        right: whether each was.
        bins: of equal width.
    """
    said, truth = np.asarray(probabilities, np.float64), np.asarray(right, np.float64)
    place = np.minimum((said * bins).astype(int), bins - 1)
    return [
        Bin(low=k / bins, high=(k + 1) / bins, count=int(own.sum()), said=float(said[own].mean()),
            right=float(truth[own].mean()))
        for k in range(bins) if (own := place == k).any()
    ]  # fmt: skip


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Mean distance of what was said from what was true, by count (Naeini et al. 2015; Guo et al. 2017)."""
    total = sum(b.count for b in bins)
    return sum(b.count * abs(b.said - b.right) for b in bins) / total if total else 0.0


def threshold_for(scores: Sequence[float], right: Sequence[bool], precision: float) -> float | None:
    """The least score from which a share of at least `precision` is right; None where no score reaches that.

    The share counts at the lower end of its Wilson interval (Wilson 1927) of `CAUTION` standard deviations.

    Args:
        scores: of detections of one class.
        right: whether each was.
        precision: wanted, 0..1.
    """
    values, truth = np.asarray(scores, np.float64), np.asarray(right, np.float64)
    order = np.argsort(-values, kind="stable")
    values, hits = values[order], np.cumsum(truth[order])
    counts = np.arange(1, len(values) + 1)
    last_of_equals = np.append(values[:-1] > values[1:], True) if len(values) else np.zeros(0, bool)
    enough = np.flatnonzero((wilson_low(hits, counts) >= precision) & last_of_equals)
    return float(values[enough[-1]]) if len(enough) else None


def wilson_low(hits: Any, counts: Any, deviations: float = CAUTION) -> Floats:
    """Lower end of the Wilson interval of a share."""
    share, z2 = np.asarray(hits / counts), deviations**2
    middle = share + z2 / (2 * counts)
    spread = deviations * np.sqrt(share * (1 - share) / counts + z2 / (4 * counts**2))
    result: Floats = (middle - spread) / (1 + z2 / counts)
    return result
