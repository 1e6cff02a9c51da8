"""What a model sees beside what is there: right, missed and mistaken objects of single images, to be shown.

Scores are `tools.steps.evaluate`'s; here are the images behind them.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tools.core.errors import SightsmithError
from tools.data.dataset import Dataset
from tools.data.geometry import box_ious
from tools.data.images import ImageArray, read_image
from tools.data.sample import Box, Instance, Sample, evenly
from tools.metrics.predictions import Recogniser, load_answers
from tools.runs.runtime import RunRecord
from tools.trainers.validate import Floats

NOTHING = ""  # stands for "no object" where a class is told
_TOUCHES = 0.1  # IoU from which a find has to do with an object (TIDE's background threshold)
_MARGIN = 1.7  # side of a crop over the longer side of its object
_LEAST_CROP_PX = 48


@dataclass(frozen=True)
class Mistake:
    """One object or find that is wrong."""

    box: Box
    truth: str  # class, or NOTHING
    found: str  # class, or NOTHING
    lookalike: str = ""  # what it is in truth, where an image says so


@dataclass(frozen=True)
class SeenImage:
    """One image with what is there and what the model found at its working confidence."""

    sample: Sample
    found: list[Instance]
    right: int
    mistakes: list[Mistake]
    said: str = ""  # classification: the class that the model names

    @property
    def is_right(self) -> bool:
        """Nothing is missed, nothing wrong."""
        return not self.mistakes and (self.sample.label is None or self.said == self.sample.label)


def look(sample: Sample, found: Sequence[Instance], match_iou: float) -> SeenImage:
    """Compare what was found with what is there, best finds first.

    Args:
        sample: with its labels.
        found: at the working confidence, of any order.
        match_iou: IoU of boxes from which a find is of an object.
    """
    truths, finds = sample.instances, sorted(found, key=lambda i: -i.score)
    overlaps = _overlaps(finds, truths)
    right, mistakes, taken = 0, list[Mistake](), set[int]()
    left = []
    for n, one in enumerate(finds):
        fitting = [
            k for k, truth in enumerate(truths)
            if k not in taken and truth.class_name == one.class_name and overlaps[n, k] >= match_iou
        ]  # fmt: skip
        if fitting:
            taken.add(max(fitting, key=lambda k: float(overlaps[n, k])))
            right += 1
        else:
            left.append(n)
    for n in left:
        one = finds[n]
        near = [k for k in range(len(truths)) if k not in taken and overlaps[n, k] >= _TOUCHES]
        best = max(near, key=lambda k: float(overlaps[n, k]), default=None)
        if best is not None and truths[best].class_name != one.class_name and overlaps[n, best] >= match_iou:
            taken.add(best)
            mistakes.append(Mistake(one.box, truths[best].class_name, one.class_name))
        else:
            mistakes.append(Mistake(one.box, NOTHING, one.class_name, _lookalike(one, sample.lookalikes)))
    mistakes += [Mistake(t.box, t.class_name, NOTHING) for k, t in enumerate(truths) if k not in taken]
    return SeenImage(sample, list(finds), right, mistakes)


def look_all(
    model: Recogniser, samples: Sequence[Sample], root: Path, threshold: float, match_iou: float, most: int
) -> list[SeenImage]:
    """Ask a model about at most `most` images, from all over the set; one that cannot be read is passed over.

    Args:
        model: the weights that are handed over.
        samples: their images are relative to `root`, or absolute.
        root: the run's folder.
        threshold: working confidence.
        match_iou: IoU of boxes from which a find is of an object.
        most: images.
    """
    seen = []
    for sample in evenly(samples, most):
        try:
            image = read_image(root / sample.image)
        except SightsmithError:
            continue
        if model.kind == "classify":
            shares = model.classify_many([image])[0]
            seen.append(SeenImage(sample, [], 0, [], max(shares, key=lambda name: shares[name])))
        else:
            found = [i for i in model.predict_many([image], threshold)[0] if i.score >= threshold]
            seen.append(look(sample, found, match_iou))
    return seen


def kept_answers(folder: Path, record: RunRecord, match_iou: float) -> list[SeenImage]:
    """What was answered on the images that decide, photos of the thing or renders; empty where nothing was kept.

    Args:
        folder: of the run.
        record: of the run.
        match_iou: IoU of boxes from which a find is of an object.
    """
    best = record.best
    if best is None:
        return []
    on = "cross_val" if record.few is not None else "synthetic_val"  # each photo by a model that had not seen it
    path = folder / "rounds" / f"{best.round:02d}" / f"predictions_{on}.json"
    try:
        answers, _ = load_answers(path)
    except (OSError, ValueError, KeyError, TypeError, json.JSONDecodeError):
        return []
    dataset = Dataset(folder)
    try:
        samples = [s for s in (dataset.sample(name) for name in answers) if s is not None]
    finally:
        dataset.close()
    return [_answered(s, answers[s.id].found, answers[s.id].probabilities, best.threshold, match_iou) for s in samples]


def confusions(seen: Iterable[SeenImage]) -> Counter[tuple[str, str]]:
    """(what it is, what it was taken for) -> how often; right ones included, `NOTHING` where there is or was none."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in seen:
        if one.sample.label is not None:
            counts[one.sample.label, one.said] += 1
            continue
        counts.update((m.lookalike or m.truth, m.found) for m in one.mistakes)
        wrong = Counter(m.truth for m in one.mistakes if m.truth)
        truths = Counter(i.class_name for i in one.sample.instances)
        counts.update({(name, name): n - wrong[name] for name, n in truths.items() if n > wrong[name]})
    return counts


def crop(image: ImageArray, box: Box, side_px: int) -> tuple[ImageArray, Box]:
    """A square part of an image around an object, with some of its surroundings, and the object's box in it.

    Args:
        image: (h, w, 3) RGB.
        box: x1, y1, x2, y2 of the object in pixels.
        side_px: of the result.
    """
    height, width = image.shape[:2]
    x1, y1, x2, y2 = box
    side = min(float(max(_LEAST_CROP_PX, _MARGIN * max(x2 - x1, y2 - y1))), float(min(height, width)))
    left = round(min(max(0.0, (x1 + x2 - side) / 2), width - side))
    top = round(min(max(0.0, (y1 + y2 - side) / 2), height - side))
    part = image[top : top + round(side), left : left + round(side)]
    scale = side_px / round(side)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    moved = ((x1 - left) * scale, (y1 - top) * scale, (x2 - left) * scale, (y2 - top) * scale)
    return np.asarray(cv2.resize(part, (side_px, side_px), interpolation=way), np.uint8), moved


def _answered(
    sample: Sample, found: Sequence[Instance], shares: dict[str, float], threshold: float, match_iou: float
) -> SeenImage:
    if shares:
        return SeenImage(sample, [], 0, [], max(shares, key=lambda name: shares[name]))
    return look(sample, [i for i in found if i.score >= threshold], match_iou)


def _overlaps(finds: Sequence[Instance], truths: Sequence[Instance]) -> Floats:
    """(finds, truths) IoU of boxes."""
    boxes = (np.array([i.box for i in part], np.float64).reshape(-1, 4) for part in (finds, truths))
    return box_ious(*boxes)


def _lookalike(one: Instance, lookalikes: Sequence[Instance]) -> str:
    """The name of the look-alike that a find lies on, if it lies on one."""
    if not lookalikes:
        return ""
    row = _overlaps([one], lookalikes)[0]
    nearest = int(row.argmax())
    return lookalikes[nearest].class_name if row[nearest] >= _TOUCHES else ""
