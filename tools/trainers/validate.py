"""A quick score of a network in training; the full protocol is `tools.steps.evaluate`'s."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tools.core.task import TaskKind
from tools.data.geometry import box_ious, large_enough
from tools.models.postprocess import Detections, detections
from tools.trainers.examples import Example

Floats = npt.NDArray[np.float64]

IOUS = np.linspace(0.5, 0.95, 10)
_RECALLS = np.linspace(0, 1, 101)
_MIN_CONFIDENCE = 0.01
_MAX_DETECTIONS = 100
_BATCH = 16


@dataclass(frozen=True)
class Score:
    """Scores of one validation; `metric` names the first two."""

    map50: float  # accuracy in classification
    map50_95: float
    metric: str

    @property
    def fitness(self) -> float:
        """What the best epoch is chosen by: mAP50 alone is blind to loose masks."""
        return 0.5 * self.map50 + 0.5 * self.map50_95


def validate(
    network: Any, kind: TaskKind, examples: Sequence[Example], classes: int, device: Any, *, by_box: bool = False,
    ignore_sides_px: Sequence[float] = (), bfloat16: bool = False,
) -> Score:  # fmt: skip
    """Score a network in evaluation mode.

    Args:
        network: in evaluation mode.
        kind: of task.
        examples: square, all of the network's input size.
        classes: number of classes.
        device: where to compute.
        by_box: compare boxes where masks could be compared.
        ignore_sides_px: of each example, at the network's size: objects and detections with a smaller side count
            neither way. Empty: all count.
        bfloat16: compute in 16 bits.
    """
    import torch

    groups: dict[tuple[int, ...], list[tuple[Example, float]]] = {}
    for example, least in zip(examples, ignore_sides_px or [0.0] * len(examples), strict=True):
        groups.setdefault(example.image.shape, []).append((example, least))
    right = 0
    matches: list[_Match] = []
    by_box = by_box or kind == "detect"
    for group in groups.values():
        for start in range(0, len(group), _BATCH):
            part = group[start : start + _BATCH]
            images = torch.from_numpy(np.stack([e.image for e, _ in part])).to(device).permute(0, 3, 1, 2)
            with torch.no_grad(), torch.autocast(device.type, dtype=torch.bfloat16, enabled=bfloat16):
                raw = network(images.float().div_(255))
            if kind == "classify":
                right += int((raw[0].argmax(1).cpu().numpy() == [e.label for e, _ in part]).sum())
                continue
            found = detections(raw, classes, _MIN_CONFIDENCE, _MAX_DETECTIONS)
            matches += [_match(d, e, by_box, least) for d, (e, least) in zip(found, part, strict=True)]
    if kind == "classify":
        accuracy = right / max(1, len(examples))
        return Score(accuracy, accuracy, "accuracy")
    precisions = _average_precisions(matches, classes)
    return Score(float(precisions[0]), float(precisions.mean()), "box_map50" if by_box else "mask_map50")


@dataclass(frozen=True)
class _Match:
    """What became of the detections of one image."""

    correct: npt.NDArray[np.bool_]  # (n, 10) at each IoU
    ignored: npt.NDArray[np.bool_]  # (n, 10)
    scores: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64]
    truths: npt.NDArray[np.int64]  # class of each object that counts


def _match(found: Detections, example: Example, by_box: bool, ignore_side_px: float) -> _Match:
    """Give each detection, best first, the free object of its class that it covers best (COCO's rule)."""
    truth_boxes = example.seen_boxes if example.boxes is None else example.boxes
    iou = box_ious(found.boxes, truth_boxes) if by_box else _mask_iou(found, example)
    judged, judged_found = large_enough(truth_boxes, ignore_side_px), large_enough(found.boxes, ignore_side_px)
    correct = np.zeros((len(found.scores), len(IOUS)), bool)
    ignored = np.zeros_like(correct)
    iou = np.where(found.classes[:, None] == example.classes[None], iou, 0)
    for level, least in enumerate(IOUS):
        taken = np.zeros(len(example.classes), bool)
        for i in range(len(found.scores)):
            free = np.where(taken, 0, iou[i])
            # An object that counts is preferred to one that does not.
            best = max(range(len(free)), key=lambda j: (free[j] >= least and judged[j], free[j]), default=None)
            if best is not None and free[best] >= least:
                taken[best] = True
                correct[i, level], ignored[i, level] = judged[best], not judged[best]
            else:
                ignored[i, level] = not judged_found[i]
    return _Match(correct, ignored, found.scores, found.classes, example.classes[judged])


def _mask_iou(found: Detections, example: Example) -> Floats:
    """(n, m) IoU of masks at half the input's resolution: fine enough to choose an epoch by."""
    h, w = example.ids.shape
    half = example.ids[1::2, 1::2]
    truth = (half.ravel()[:, None] == np.arange(1, len(example.classes) + 1)[None]).astype(np.float32)
    masks = np.zeros((len(found.scores), half.size), np.float32)
    columns, rows = np.arange(w // 2) * 2 + 1, np.arange(h // 2) * 2 + 1
    for i, (logits, (x1, y1, x2, y2)) in enumerate(zip(found.logits, found.boxes, strict=True)):
        mask = cv2.resize(logits, (w // 2, h // 2), interpolation=cv2.INTER_LINEAR) > 0
        inside = ((rows >= y1) & (rows < y2))[:, None] & ((columns >= x1) & (columns < x2))[None]
        masks[i] = (mask & inside).ravel()
    shared = masks @ truth
    return np.asarray(shared / np.maximum(masks.sum(1)[:, None] + truth.sum(0)[None] - shared, 1e-9), np.float64)


def _average_precisions(matches: Sequence[_Match], classes: int) -> Floats:
    """(10,) AP at each IoU, mean over the classes that occur; 101 recall points as COCO has them."""
    if not matches:
        return np.zeros(len(IOUS))
    truths = np.bincount(np.concatenate([m.truths for m in matches]), minlength=classes)
    scores, owners = np.concatenate([m.scores for m in matches]), np.concatenate([m.classes for m in matches])
    correct, ignored = (np.concatenate([getattr(m, name) for m in matches]) for name in ("correct", "ignored"))
    order = np.argsort(-scores, kind="stable")
    results = []
    for number in np.flatnonzero(truths):
        chosen = order[owners[order] == number]
        results.append([_ap(correct[chosen, k][~ignored[chosen, k]], int(truths[number])) for k in range(len(IOUS))])
    return np.asarray(np.mean(results, axis=0)) if results else np.zeros(len(IOUS))


def _ap(hits: npt.NDArray[np.bool_], truths: int) -> float:
    """Average precision of detections in order of score."""
    if not len(hits):
        return 0.0
    found = np.cumsum(hits)
    precision = np.maximum.accumulate((found / np.arange(1, len(hits) + 1))[::-1])[::-1]
    places = np.searchsorted(found / truths, _RECALLS, side="left")
    return float(np.where(places < len(hits), precision[np.minimum(places, len(hits) - 1)], 0).mean())
