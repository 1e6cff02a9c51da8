"""What an engine's scores are worth: fitted to photos with labels, and checked on other photos with labels."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, Field

from tools.core.settings import Settings
from tools.core.task import TaskSpec
from tools.data.geometry import box_ious, large_enough
from tools.data.images import read_image
from tools.data.real import load_real
from tools.data.sample import Instance, Sample
from tools.models.calibration import (
    Bin,
    Calibration,
    expected_calibration_error,
    fit,
    gains,
    reliability,
    threshold_for,
)

if TYPE_CHECKING:
    from tools.label.engines import Engine

_LEAST = 0.02  # scores from which detections are counted: what lies below is hardly ever right
NEVER = 1.01  # a threshold that no score reaches
ScoredDetections = list[tuple[str, float, bool]]  # class, score, right


class Checked(BaseModel):
    """What scores were worth on photos that nothing was fitted to."""

    photos: int
    detections: int
    ece_before: float
    ece_after: float
    before: list[Bin]
    after: list[Bin]
    precision: dict[str, float | None] = Field(default_factory=dict, description="class -> at its threshold")
    recall: dict[str, float | None] = Field(default_factory=dict)


class Confidence(BaseModel):
    """How scores are read: as probabilities, and from which on an object is a label."""

    calibration: Calibration | None = None
    thresholds: dict[str, float] = Field(default_factory=dict, description="class -> least probability of a label")
    wanted: float | None = Field(None, description="precision that the thresholds are for")
    checked: Checked | None = None
    notes: list[str] = Field(default_factory=list)

    def __call__(self, score: float) -> float:
        """A score as a probability, where that is known; else the score."""
        return self.calibration(score) if self.calibration else score

    def raw(self, probability: float) -> float:
        """The score of a probability: what to ask an engine for."""
        if self.calibration is None:
            return probability
        p = min(max(probability, 1e-4), 1 - 1e-4)
        logit = np.log(p / (1 - p)) * self.calibration.temperature - self.calibration.shift
        return float(1 / (1 + np.exp(-logit)))


def weighed(found: Sequence[Instance], confidence: Confidence) -> list[Instance]:
    """Objects with their scores as probabilities."""
    if confidence.calibration is None:
        return list(found)
    return [i.model_copy(update={"score": round(confidence(i.score), 5)}) for i in found]


def fit_confidence(
    engine: "Engine", labelled: Path, task: TaskSpec, settings: Settings, precision: float | None
) -> Confidence:
    """Fit scores to one half of labelled photos and check them on the other.

    Args:
        engine: whose scores.
        labelled: COCO, YOLO, VOC or CVAT labels with their photos; split by photo, half and half.
        task: classes that count.
        settings: match IoU, class map.
        precision: wanted of the labels; None keeps the engine's threshold, or one half once scores are probabilities.

    Raises:
        StepFailed: the labels cannot be used.
        NeedsUser: their classes cannot be matched with the task's.
    """
    photos = load_real(labelled, task, 0.5, settings.evaluation.class_map)
    fitted, _ = scores_of(engine, photos.val, task, settings.evaluation.match_iou, settings.evaluation.ignore_side_px)
    scores, right = [s for _, s, _ in fitted], [r for *_, r in fitted]
    result = Confidence(calibration=fit(scores, right), wanted=precision, notes=list(photos.notes))
    if result.calibration is not None and not gains(scores, right):
        result.calibration = None
        result.notes.append("the scores say what is true as they are: scaling them would make them no better")
    elif result.calibration is None:
        result.notes.append(
            f"{len(fitted)} detections on {len(photos.val)} labelled photos, {sum(r for *_, r in fitted)} of them "
            "right, are too few to say what scores are worth: they are taken as they are"
        )  # fmt: skip
    known = [(c, result(s), r) for c, s, r in fitted]
    for name in task.class_names:
        _set_threshold(result, name, [(s, r) for c, s, r in known if c == name], precision, engine.threshold)
    held, truths = scores_of(
        engine, photos.test, task, settings.evaluation.match_iou, settings.evaluation.ignore_side_px
    )
    result.checked = _check(result, held, truths, len(photos.test), task)
    return result


def _set_threshold(
    result: Confidence, name: str, own: Sequence[tuple[float, bool]], precision: float | None, usual: float
) -> None:
    if precision is None:
        result.thresholds[name] = 0.5 if result.calibration else usual
        return
    found = threshold_for([s for s, _ in own], [r for _, r in own], precision)
    if found is None:
        result.notes.append(
            f"no score of {name!r} reaches a precision of {precision:g} on the labelled photos ({len(own)} "
            "detections): everything that may be one is left to a person"
        )  # fmt: skip
    result.thresholds[name] = NEVER if found is None else found


def scores_of(
    engine: "Engine", samples: Sequence[Sample], task: TaskSpec, iou: float, ignore_side_px: float = 0.0
) -> tuple[ScoredDetections, dict[str, int]]:
    """Class, score and rightness of every detection on labelled photos, and how many labels each class has.

    A detection is right when it overlaps a label of its class that no better one has taken; in a classification the
    likeliest class is the one detection of a photo.

    Args:
        engine: asked down to a low score.
        samples: with labels.
        task: classes that count.
        iou: of boxes.
        ignore_side_px: labels with a side under it do not count, nor detections that are right about no label.
    """
    scored: ScoredDetections = []
    truths = dict.fromkeys(task.class_names, 0)
    for sample in samples:
        image = read_image(Path(sample.image))
        if task.kind == "classify":
            shares = engine.classify([image])[0]
            best = max(shares, key=shares.__getitem__)
            scored.append((best, shares[best], best == sample.label))
            truths[sample.label or ""] = truths.get(sample.label or "", 0) + 1
            continue
        wanted = [t for t in sample.instances if t.class_name in truths]
        for truth, judged in zip(wanted, large_enough([t.box for t in wanted], ignore_side_px), strict=True):
            truths[truth.class_name] += int(judged)
        scored += _matched(engine.find([image], _LEAST)[0], wanted, iou, ignore_side_px)
    return scored, truths


def _matched(
    found: Sequence[Instance], wanted: Sequence[Instance], iou: float, ignore_side_px: float
) -> ScoredDetections:
    scored: ScoredDetections = []
    taken: set[int] = set()
    best_first = sorted(found, key=lambda i: -i.score)
    judged, judged_found = (large_enough([i.box for i in k], ignore_side_px) for k in (wanted, best_first))
    for one, counts in zip(best_first, judged_found, strict=True):  # what is right counts as its label does
        free = [k for k, t in enumerate(wanted) if t.class_name == one.class_name and k not in taken]
        overlaps = box_ious([one.box], [wanted[k].box for k in free])[0]
        right = bool(len(overlaps)) and float(overlaps.max()) >= iou
        if right:
            truth = free[int(overlaps.argmax())]
            taken.add(truth)
        if judged[truth] if right else counts:
            scored.append((one.class_name, one.score, right))
    return scored


def _check(
    confidence: Confidence, scored: ScoredDetections, truths: dict[str, int], photos: int, task: TaskSpec
) -> Checked:  # fmt: skip
    right = [r for *_, r in scored]
    before = reliability([s for _, s, _ in scored], right)
    after = reliability([confidence(s) for _, s, _ in scored], right)
    checked = Checked(
        photos=photos, detections=len(scored), ece_before=expected_calibration_error(before),
        ece_after=expected_calibration_error(after), before=before, after=after,
    )  # fmt: skip
    for name in task.class_names:
        kept = [r for c, s, r in scored if c == name and confidence(s) >= confidence.thresholds[name]]
        checked.precision[name] = sum(kept) / len(kept) if kept else None
        checked.recall[name] = sum(kept) / truths[name] if truths.get(name) else None
    return checked
