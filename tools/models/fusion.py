"""Make one set of boxes from several views of an image: weighted box fusion over detectors and mirror images."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tools.data.geometry import box_ious
from tools.data.images import ImageArray
from tools.data.sample import BoolMask, Box
from tools.models.detections import Detection, Detector


@dataclass
class Fused:
    """A box that one or more views agree on."""

    members: list[tuple[Detection, int, int]] = field(default_factory=list)  # detection, view, detector

    @property
    def box(self) -> Box:
        """Mean of the members, weighted by their scores."""
        scores = np.array([d.score for d, _, _ in self.members])
        boxes = np.array([d.box for d, _, _ in self.members])
        x1, y1, x2, y2 = (scores[:, None] * boxes).sum(axis=0) / scores.sum()
        return float(x1), float(y1), float(x2), float(y2)

    @property
    def detectors(self) -> set[int]:
        """Which detectors support it."""
        return {detector for _, _, detector in self.members}

    @property
    def mask(self) -> BoolMask | None:
        """Of the best member that brought one."""
        best = sorted(self.members, key=lambda m: -m[0].score)
        return next((d.mask for d, _, _ in best if d.mask is not None), None)

    @property
    def phrase(self) -> int:
        """The one with the greatest sum of scores."""
        votes: dict[int, float] = {}
        for detection, _, _ in self.members:
            votes[detection.phrase] = votes.get(detection.phrase, 0.0) + detection.score
        return max(votes, key=lambda p: (votes[p], -p))

    def score(self, views: int) -> float:
        """Mean score, less where some of the views did not see it (equation 6 of the paper)."""
        mean = float(np.mean([d.score for d, _, _ in self.members]))
        return mean * min(len({v for _, v, _ in self.members}), views) / views


def fuse(views: Sequence[Sequence[Detection]], detectors: Sequence[int], iou: float) -> list[Fused]:
    """Weighted box fusion (Solovyev et al., arXiv 1910.13302): the boxes of all views in one, best first.

    No library among ours offers it; torchvision has non-maximum suppression, which throws away what other views say.
    Boxes of different phrases fuse too: a thing is one thing, whatever it is called, and the phrase is voted on.

    Args:
        views: detections of each view, in pixels of the same image.
        detectors: which detector each view comes from.
        iou: overlap from which two boxes are one.
    """
    entries = [(d, v, detectors[v]) for v, found in enumerate(views) for d in found]
    clusters: list[Fused] = []
    boxes = np.zeros((len(entries), 4))  # of the clusters
    for entry in sorted(entries, key=lambda e: -e[0].score):
        overlaps = box_ious([entry[0].box], boxes[: len(clusters)])[0]
        best = int(overlaps.argmax()) if len(overlaps) else -1
        if best >= 0 and overlaps[best] > iou:
            clusters[best].members.append(entry)
            boxes[best] = clusters[best].box
        else:
            boxes[len(clusters)] = entry[0].box
            clusters.append(Fused([entry]))
    return sorted(clusters, key=lambda c: -c.score(len(views)))


def detect_fused(
    detectors: Sequence[Detector], images: Sequence[ImageArray], phrases: Sequence[str], confidences: Sequence[float],
    *, flip: bool, iou: float,
) -> tuple[list[list[Fused]], int]:  # fmt: skip
    """Fused boxes of each image, and the number of views they were fused from.

    Args:
        detectors: one or more.
        images: (h, w, 3) RGB.
        phrases: what to look for.
        confidences: least score for each detector.
        flip: look at mirror images too.
        iou: see `fuse`.
    """
    views: list[list[list[Detection]]] = []  # view -> image -> detections
    owners: list[int] = []
    for index, (detector, confidence) in enumerate(zip(detectors, confidences, strict=True)):
        views.append(detector.detect(images, phrases, confidence))
        owners.append(index)
        if flip:
            mirrored = [np.ascontiguousarray(p[:, ::-1]) for p in images]
            found = detector.detect(mirrored, phrases, confidence)
            views.append([[_mirror(d, p.shape[1]) for d in own] for own, p in zip(found, images, strict=True)])
            owners.append(index)
    fused = [fuse([view[i] for view in views], owners, iou) for i in range(len(images))]
    return fused, len(views)


def _mirror(found: Detection, width: int) -> Detection:
    x1, y1, x2, y2 = found.box
    mask = None if found.mask is None else np.ascontiguousarray(found.mask[:, ::-1])
    return Detection((width - x2, y1, width - x1, y2), found.score, found.phrase, mask)
