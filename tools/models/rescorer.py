"""What photos without labels say about a model's findings in them: scores corrected by colour and edges.

A network that saw renders alone was taught that a thing may have any colour and stand in any light, so what is special
about these photos (this variety's red, this camera's green) counts for nothing. Yet they show it: what the model is
sure of and what it holds for nothing differ there, and a linear model of colours and edges tells the two apart. It goes
by what the network was taught to overlook, so it errs elsewhere (co-training, Blum and Mitchell, COLT 1998), and moves
a score by little. Nothing is trained on the photos but sixteen numbers a class. Figures: docs/labelling.md.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, ValidationError

from tools.core.errors import StepFailed
from tools.data.images import ImageArray
from tools.data.sample import BoolMask, Box, Instance
from tools.models.calibration import logit, sigmoid
from tools.models.checkpoint import Card, load, save

Floats = npt.NDArray[np.float64]
Described = tuple[Instance, Floats | None]  # what a network found, and how it looks: see `describe`

FEATURES = 15
KEY = "rescorer"  # in the metadata of weights
SURE, DOUBTED = 0.5, 0.15  # scores from which, and under which, a finding is an example of the thing, of none
WORTH_IT = 0.02  # score under which findings are too many, and are left as they are
_LEAST = 20  # examples of a kind
_PULL = 6.0  # of the weights towards 0, shared by the sure examples: 3 is as good on photos, and loses where 50 mislead
_SHARE = 0.25  # of the linear model's logit that moves a score; 0.15 to 0.35 do as well
_MOST = 1.0  # by which a score's logit moves at most
_GROWN = 0.25  # of a box's sides: what lies around the thing
_SIDE_PX = 48  # to which all things are scaled, so that edges compare
_BATCH = 8


class Rescorer(BaseModel):
    """A class's linear model: how far colours and edges speak for the thing."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    mean: tuple[float, ...] = Field(min_length=FEATURES, max_length=FEATURES)
    spread: tuple[PositiveFloat, ...] = Field(min_length=FEATURES, max_length=FEATURES)
    weights: tuple[float, ...] = Field(min_length=FEATURES, max_length=FEATURES)
    bias: float
    sure: int  # examples of the thing
    doubted: int  # examples of none

    def __call__(self, score: float, description: Floats) -> float:
        """A score, corrected by how the finding looks (`describe`)."""
        standard = (description - np.array(self.mean)) / np.array(self.spread)
        said = float(standard @ np.array(self.weights)) + self.bias
        return _moved(score, float(np.clip(_SHARE * said, -_MOST, _MOST)))


def least_before(score: float) -> float:
    """The least score that a correction can lift to this one, or this one."""
    return min(score, max(WORTH_IT, _moved(score, -_MOST)))


def _moved(score: float, by: float) -> float:
    return float(sigmoid(logit(np.array([score])) + by)[0])


def rescored(found: Sequence[Described], rescorers: Mapping[str, Rescorer], confidence: float) -> list[Instance]:
    """Findings with corrected scores, best first, and those under a confidence left out; others stay as they are."""
    corrected = []
    for instance, description in found:
        rescorer = rescorers.get(instance.class_name)
        if rescorer is not None and description is not None:
            instance = instance.model_copy(update={"score": rescorer(instance.score, description)})
        corrected.append(instance)
    return sorted((i for i in corrected if i.score >= confidence), key=lambda i: -i.score)


def describe(image: ImageArray, box: Box, mask: BoolMask | None) -> Floats:
    """Colour of a thing, its spread, its contrast to what lies around, and edges inside, on and outside its outline.

    Args:
        image: (h, w, 3) RGB.
        box: x1, y1, x2, y2 in pixels.
        mask: (h, w); without one the ellipse in the box stands for the thing.

    Returns:
        (15,): mean and standard deviation in CIELAB, difference of the means, mean gradients of lightness and of
        red-green in log(1 + x).
    """
    height, width = image.shape[:2]
    x1, y1, x2, y2 = box
    dx, dy = max(3.0, _GROWN * (x2 - x1)), max(3.0, _GROWN * (y2 - y1))
    left, top = max(0, int(x1 - dx)), max(0, int(y1 - dy))
    right, bottom = min(width, int(np.ceil(x2 + dx))), min(height, int(np.ceil(y2 + dy)))
    if mask is None:
        inside = np.zeros((bottom - top, right - left), np.uint8)
        centre = (int((x1 + x2) / 2) - left, int((y1 + y2) / 2) - top)
        cv2.ellipse(inside, centre, (int(0.4 * (x2 - x1)), int(0.4 * (y2 - y1))), 0, 0, 360, 1, -1)
    else:
        inside = mask[top:bottom, left:right].astype(np.uint8)
    cut = image[top:bottom, left:right].astype(np.float32) / 255
    way = cv2.INTER_AREA if max(cut.shape[:2]) > _SIDE_PX else cv2.INTER_LINEAR
    lab = cv2.cvtColor(cv2.resize(cut, (_SIDE_PX, _SIDE_PX), interpolation=way), cv2.COLOR_RGB2LAB)
    inside = cv2.resize(np.ascontiguousarray(inside), (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_NEAREST)
    kernel = np.ones((3, 3), np.uint8)
    within = cv2.erode(inside, kernel) > 0
    outline = (cv2.dilate(inside, kernel) > 0) & ~within
    thing = _of(lab, inside > 0)
    around = _of(lab, inside == 0)
    values = [thing.mean(axis=0), thing.std(axis=0), thing.mean(axis=0) - around.mean(axis=0)]
    for channel in (lab[:, :, 0], lab[:, :, 1]):
        slope = np.hypot(cv2.Sobel(channel, cv2.CV_32F, 1, 0), cv2.Sobel(channel, cv2.CV_32F, 0, 1))
        values.append(np.array([np.log1p(_of(slope, part).mean()) for part in (within, outline, inside == 0)]))
    described: Floats = np.concatenate(values).astype(np.float64)
    return described


def _of(values: Any, part: BoolMask) -> Any:
    """Values in a part of an image; all where the part is empty."""
    return values[part] if part.any() else values.reshape(-1, *values.shape[2:])


# Learning -------------------------------------------------------------------------------------------------------------


def fit(descriptions: Floats, scores: Floats) -> Rescorer | None:
    """The linear model that tells what a network is sure of from what it doubts; None where either is too rare.

    Logistic regression in which both kinds weigh the same, with a pull towards 0.

    Args:
        descriptions: (n, 15), see `describe`.
        scores: (n,) of the network.
    """
    from scipy.optimize import minimize

    chosen = (scores >= SURE) | (scores < DOUBTED)
    described, sure = descriptions[chosen], scores[chosen] >= SURE
    if min(sure.sum(), (~sure).sum()) < _LEAST:
        return None
    mean, spread = described.mean(axis=0), described.std(axis=0) + 1e-6
    standard, sign = (described - mean) / spread, np.where(sure, 1.0, -1.0)
    share, pull = np.where(sure, 0.5 / sure.sum(), 0.5 / (~sure).sum()), _PULL / sure.sum()

    def loss(values: Floats) -> tuple[float, Floats]:
        margin = sign * (standard @ values[:-1] + values[-1])
        slope = -share * sign / (1 + np.exp(margin))
        gradient = np.append(standard.T @ slope + 2 * pull * values[:-1], slope.sum())
        return float((share * np.logaddexp(0, -margin)).sum() + pull * (values[:-1] ** 2).sum()), gradient

    best = minimize(loss, np.zeros(FEATURES + 1), jac=True, method="L-BFGS-B").x
    return Rescorer(
        mean=tuple(mean.tolist()), spread=tuple(spread.tolist()), weights=tuple(best[:-1].tolist()),
        bias=float(best[-1]), sure=int(sure.sum()), doubted=int((~sure).sum()),
    )  # fmt: skip


# In weights files -----------------------------------------------------------------------------------------------------


def store(weights: Path, rescorers: Mapping[str, Rescorer], out: Path) -> None:
    """Write weights with these rescorers, and no others, in their metadata."""
    tensors, card = load(weights)
    extra = {k: v for k, v in card.extra.items() if k != KEY}
    if rescorers:
        extra[KEY] = {name: rescorer.model_dump() for name, rescorer in rescorers.items()}
    save(out, tensors, architecture=card.architecture, names=card.names, size_px=card.size_px, extra=extra)


def stored(card: Card) -> dict[str, Rescorer]:
    """The rescorers of a weights file, by class.

    Raises:
        StepFailed: its metadata is damaged.
    """
    try:
        return {name: Rescorer.model_validate(value) for name, value in card.extra.get(KEY, {}).items()}
    except (ValidationError, AttributeError) as error:
        raise StepFailed(f"the weights' metadata is damaged ({KEY}: {error}); learn from the photos again") from error
