"""What went wrong: every error named once, by rules after TIDE (Bolya et al., ECCV 2020).

A truth that no detection matches is an error of the kind that explains it best: *merged* with a neighbour by one
detection, *wrong class*, *loose mask* (something is there, but fits badly), else *missed*. A detection that matches
nothing and explains no such truth is a *double* of something found, a *wrong class* on it, or *background*.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from pycocotools import mask as coco_mask

from tools.data.sample import Instance
from tools.data.scores import ErrorKind
from tools.metrics.coco import Bools, Floats, JudgedImage
from tools.metrics.label_scoring import LabelScorer
from tools.metrics.scoring import DetectionScorer
from tools.metrics.slices import Slice

TOUCHING = 0.1  # IoU from which a detection has to do with a truth (TIDE's background threshold)
COVERED = 0.5  # share of a truth that a detection must cover to have swallowed it


@dataclass(frozen=True)
class Error:
    """One error; positions in the image's truths and detections where there are any."""

    kind: ErrorKind
    image: int
    truth: int | None = None
    found: int | None = None
    lookalike: str | None = None  # what was mistaken for a target, where it is known
    confused: tuple[str, str] | None = None  # the right class, and what it was taken for


def find_errors(scorer: DetectionScorer | LabelScorer, threshold: float) -> list[Error]:
    """Errors at a working confidence."""
    if isinstance(scorer, LabelScorer):
        wrong = np.flatnonzero(~scorer.right).tolist()
        pairs = [(scorer.images[i].label, scorer.images[i].guess) for i in wrong]
        return [Error("wrong class", i, confused=(a, b) if a and b else None)
                for i, (a, b) in zip(wrong, pairs, strict=True)]  # fmt: skip
    matched = scorer.matched
    kept = matched.score >= threshold
    errors: list[Error] = []
    for i, image in enumerate(scorer.images):
        own = np.flatnonzero(kept & (matched.image == i))
        taken, alarms = np.zeros(len(image.found), dtype=bool), np.zeros(len(image.found), dtype=bool)
        taken[matched.position[own]] = matched.right[-1, own]
        alarms[matched.position[own]] = matched.wrong[-1, own]
        hit = np.zeros(len(image.truths), dtype=bool)
        hit[matched.truth[-1, own][matched.right[-1, own]]] = True
        errors += _of_image(i, image, scorer, hit, taken, alarms)
    return errors


def count_errors(errors: Iterable[Error]) -> dict[str, int]:
    """Kind -> how often, most frequent first."""
    counts = Counter(e.kind for e in errors)
    return {kind: n for kind, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))}


def count_mistaken(errors: Iterable[Error]) -> dict[str, int]:
    """Look-alike -> how often it was taken for a target, most frequent first."""
    counts = Counter(e.lookalike for e in errors if e.lookalike)
    return {name: n for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))}


def count_confused(errors: Iterable[Error]) -> dict[tuple[str, str], int]:
    """(Right class, what it was taken for) -> how often, most frequent first."""
    counts = Counter(e.confused for e in errors if e.confused)
    return {pair: n for pair, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))}


def errors_in(errors: Iterable[Error], part: Slice, images: list[JudgedImage]) -> list[Error]:
    """The errors that belong to a slice; one on the background has no visible share and so belongs to no such slice."""
    return [e for e in errors if _belongs(e, part, images[e.image])]


def _belongs(error: Error, part: Slice, image: JudgedImage) -> bool:
    if part.axis == "class":
        if error.truth is not None:
            return image.truths[error.truth].class_name == part.value
        return (image.label if error.found is None else image.found[error.found].class_name) == part.value
    if part.truths is None or part.found is None:
        return bool(part.images[error.image])
    if error.truth is not None:
        return bool(part.truths[error.image][error.truth])
    return error.found is not None and bool(part.found[error.image][error.found])


def _of_image(
    index: int, image: JudgedImage, scorer: DetectionScorer, hit: Bools, taken: Bools, alarms: Bools
) -> list[Error]:
    """Errors of one image.

    Args:
        index: of the image.
        image: t truths, d detections.
        scorer: it says which truths count and whether masks or boxes are compared.
        hit: (t,) truths that are matched.
        taken: (d,) detections that match a truth that counts.
        alarms: (d,) detections that are false alarms.
    """
    counted = scorer.counted_truths[index]
    iou = _overlaps(image.found, image.truths, image, scorer.by_masks, crowd=False)
    covers = _overlaps(image.truths, image.found, image, scorer.by_masks, crowd=True).T >= COVERED
    apart = _overlaps(image.truths, image.truths, image, scorer.by_masks, crowd=True) < COVERED
    same = np.array([[d.class_name == t.class_name for t in image.truths] for d in image.found], dtype=bool)
    same = same.reshape(iou.shape)
    errors, explained = [], np.zeros(len(image.found), dtype=bool)
    for t in np.flatnonzero(counted & ~hit).tolist():
        # A neighbour that lies on top of this one anyway does not make a detection of it a merger.
        merging = (taken | alarms) & covers[:, t] & (covers & apart[t]).any(axis=1)
        other = alarms & ~same[:, t] & (iou[:, t] >= scorer.rules.match_iou)
        loose = alarms & same[:, t] & (iou[:, t] >= TOUCHING)
        kind: ErrorKind = "missed"
        confused = None
        for name, having in (("merged", merging), ("wrong class", other), ("loose mask", loose)):
            if having.any():
                kind = name  # type: ignore[assignment]  # a tuple's strings lose their literal type
                by = int(np.flatnonzero(having)[iou[having, t].argmax()])
                explained[by] = True
                if kind == "wrong class":
                    confused = (image.truths[t].class_name, image.found[by].class_name)
                break
        errors.append(Error(kind, index, truth=t, confused=confused))
    for d in np.flatnonzero(alarms & ~explained).tolist():
        nearest = int(iou[d].argmax()) if iou.shape[1] else None
        if nearest is None or iou[d, nearest] < TOUCHING:
            errors.append(Error("background", index, found=d, lookalike=_mistaken(image, d, scorer.by_masks)))
        elif counted[nearest]:  # on one that is ignored nothing is an error
            named = (image.truths[nearest].class_name, image.found[d].class_name)
            twice = bool(same[d, nearest])
            errors.append(
                Error("double" if twice else "wrong class", index, found=d, confused=None if twice else named)
            )
    return errors


def _mistaken(image: JudgedImage, found: int, by_masks: bool) -> str | None:
    """The look-alike on which a false alarm lies."""
    iou = _overlaps([image.found[found]], image.lookalikes, image, by_masks, crowd=False)[0]
    best = int(iou.argmax()) if iou.size else 0
    return image.lookalikes[best].class_name if iou.size and iou[best] >= TOUCHING else None


def _overlaps(
    first: Iterable[Instance], second: Iterable[Instance], image: JudgedImage, by_masks: bool, *, crowd: bool
) -> Floats:
    """(first, second) IoU, or with `crowd` the share of each of the first that the second covers."""
    a, b = (_shapes(instances, image, by_masks) for instances in (first, second))
    if not a or not b:
        return np.zeros((len(a), len(b)))
    table: Floats = np.asarray(coco_mask.iou(a, b, [int(crowd)] * len(b)), dtype=np.float64)
    return table


def _shapes(instances: Iterable[Instance], image: JudgedImage, by_masks: bool) -> list[object]:
    if not by_masks:
        return [[i.box[0], i.box[1], i.box[2] - i.box[0], i.box[3] - i.box[1]] for i in instances]
    size = [image.height, image.width]
    empty = {"size": size, "counts": coco_mask.encode(np.zeros(size, dtype=np.uint8, order="F"))["counts"]}
    return [empty if i.counts is None else {"size": size, "counts": i.counts.encode("ascii")} for i in instances]
