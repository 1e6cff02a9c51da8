"""Detections against truth by the COCO protocol: pycocotools matches, the sums over images are ours.

A match inside one image never depends on the other images. So images are matched once and bootstrap resamples
only weigh them anew, which makes hundreds of resamples affordable.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pycocotools.cocoeval import COCOeval
from scipy.special import ndtr, stdtrit

from tools.data.sample import Instance
from tools.data.scores import MIN_INTERVAL_IMAGES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Flags = Sequence[Bools]  # one array an image: which of its truths (or detections) count
Overlap = Literal["bbox", "segm"]

COCO_IOUS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)  # COCO's points of the precision-recall curve
MAX_DETECTIONS = 100  # an image and class, as in COCO
_PART = 20_000  # images whose labels are held in COCO's form at a time
_CELLS = 4_000_000  # resamples x detections worked on at once: 32 MB


@dataclass(frozen=True)
class JudgedImage:
    """What scoring needs of one image."""

    id: str
    width: int
    height: int
    truths: Sequence[Instance]
    found: Sequence[Instance]
    axes: dict[str, str] = field(default_factory=dict)  # slices the whole image belongs to
    group: str = ""  # images cut from one photo share it; they are drawn together. Empty: on its own
    label: str | None = None  # of the whole image, in a classification task
    probabilities: dict[str, float] = field(default_factory=dict)  # class -> probability, in a classification task
    lookalikes: Sequence[Instance] = ()  # known not to be targets

    @property
    def guess(self) -> str | None:
        """The class the model finds most probable; of equals the first by name."""
        return min(self.probabilities, key=lambda name: (-self.probabilities[name], name), default=None)


@dataclass(frozen=True)
class Matched:
    """All detections of a set, best score first, with what became of them at T overlaps; n images, c classes."""

    image: Ints  # (d,) index of the image
    kind: Ints  # (d,) index of the class
    position: Ints  # (d,) index in `ImageArray.found`
    score: Floats  # (d,)
    truth: Ints  # (T, d) index in `ImageArray.truths` of the matched truth, or -1
    right: Bools  # (T, d) matched a truth that counts
    wrong: Bools  # (T, d) a false alarm; neither right nor wrong is ignored
    truths: Ints  # (n, c) truths that count

    def only(self, images: Bools) -> "Matched":
        """The part that lies in some of the images; indices stay as they are."""
        own = images[self.image]
        return Matched(
            self.image[own], self.kind[own], self.position[own], self.score[own],
            self.truth[:, own], self.right[:, own], self.wrong[:, own], self.truths * images[:, None],
        )  # fmt: skip


class Matcher:
    """Overlaps of every detection with every truth of its class and image, computed once.

    Of many images they are computed anew for each question, a part at a time: COCO's form of a label takes more
    memory than the label.

    Args:
        images: at least one.
        classes: class names; instances of other classes are left out.
        overlap: "segm" compares masks (instances without one are left out), "bbox" boxes.
    """

    def __init__(self, images: Sequence[JudgedImage], classes: Sequence[str], overlap: Overlap) -> None:
        self.images = images
        self.classes = list(classes)
        self._overlap: Overlap = overlap
        self._latest: tuple[int, Any] | None = None  # a part's first image, and the part

    def match(
        self, ious: npt.ArrayLike = COCO_IOUS, truths: Flags | None = None, found: Flags | None = None
    ) -> Matched:
        """Match at each overlap, greedily by score, as COCO does.

        Args:
            ious: T overlaps.
            truths: which truths count; one that does not is neither missed nor found. None: all.
            found: which detections count as false alarms when unmatched. None: all.
        """
        wanted = np.asarray(ious, dtype=np.float64)
        counted = np.zeros((len(self.images), len(self.classes)), dtype=np.int64)
        parts: list[tuple[Any, ...]] = []
        for i, c, coco in self._pairs():
            # COCO ignores what lies outside an area range; the flag takes the area's place.
            for annotations, flags in ((coco._gts[i, c], truths), (coco._dts[i, c], found)):
                for annotation in annotations:
                    annotation["area"] = 1.0 if flags is None or flags[i][annotation["id"] - 1] else 0.0
            coco.params.iouThrs = wanted
            result = coco.evaluateImg(i, c, [0.5, 1.5], MAX_DETECTIONS)
            if result is None:
                continue
            counted[i, c] = np.count_nonzero(np.asarray(result["gtIgnore"]) == 0)
            n = len(result["dtIds"])
            parts.append((np.full(n, i), np.full(n, c), np.array(result["dtIds"], dtype=np.int64) - 1,
                          np.array(result["dtScores"], dtype=np.float64),
                          result["dtMatches"].astype(np.int64) - 1, result["dtIgnore"].astype(bool)))  # fmt: skip
        return _flatten(parts, counted, len(wanted))

    def overlaps(self) -> list[Floats]:
        """For each image (detections, truths): the overlap where classes agree, 0 where they differ."""
        tables = [np.zeros((len(p.found), len(p.truths))) for p in self.images]
        for i, c, coco in self._pairs():
            values = coco.ious[i, c]
            if len(values):
                rows = [a["id"] - 1 for a in coco._dts[i, c]]
                tables[i][np.ix_(rows, [a["id"] - 1 for a in coco._gts[i, c]])] = values
        return tables

    def _pairs(self) -> Iterator[tuple[int, int, Any]]:
        """Each image with each class, and the part that holds both."""
        for start in range(0, len(self.images), _PART):
            if self._latest is None or self._latest[0] != start:
                self._latest = start, self._part(start)
            for i in range(start, min(start + _PART, len(self.images))):
                for c in range(len(self.classes)):
                    yield i, c, self._latest[1]

    def _part(self, start: int) -> Any:
        # Its two inner steps are called directly: the outer ones print, and want the whole set as one JSON index.
        coco = COCOeval(iouType=self._overlap)
        coco.params.maxDets = [MAX_DETECTIONS]
        for i, image in enumerate(self.images[start : start + _PART], start):
            for c, name in enumerate(self.classes):
                coco._gts[i, c] = _annotations(image, image.truths, name, self._overlap)
                found = _annotations(image, image.found, name, self._overlap)
                coco._dts[i, c] = sorted(found, key=lambda a: -a["score"])[:MAX_DETECTIONS]
                coco.ious[i, c] = coco.computeIoU(i, c)
        return coco


def average_precisions(matched: Matched, weights: Floats) -> Floats:
    """COCO's 101-point average precision.

    Args:
        matched: d detections at T overlaps, n images, c classes.
        weights: (b, n) how often each image is drawn in each of b resamples.

    Returns:
        (b, T, c); NaN where a resample holds no truth of the class.
    """
    overlaps, classes = len(matched.right), matched.truths.shape[1]
    result = np.full((len(weights), overlaps, classes), np.nan)
    for c in range(classes):
        own = np.flatnonzero(matched.kind == c)
        totals = weights @ matched.truths[:, c].astype(np.float64)
        step = max(1, _CELLS // max(1, len(own)))
        for start in range(0, len(weights), step):
            part = slice(start, start + step)
            drawn = weights[part][:, matched.image[own]]
            for t in range(overlaps):
                result[part, t, c] = _areas(drawn, matched.right[t, own], matched.wrong[t, own], totals[part])
    return result


def _areas(weights: Floats, right: Bools, wrong: Bools, totals: Floats) -> Floats:
    """Area under b precision-recall curves of d detections in order of score."""
    hits = np.flatnonzero(right)
    areas = np.where(totals > 0, 0.0, np.nan)
    if hits.size == 0:
        return areas
    end = hits[-1] + 1  # false alarms after the last hit change nothing
    correct = np.cumsum(weights[:, hits], axis=1)
    false = np.cumsum(weights[:, :end] * wrong[:end], axis=1)[:, hits]
    precision = correct / np.maximum(correct + false, 1e-12)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = correct / np.maximum(totals, 1e-12)[:, None]
    # How many of the 101 recall points are first reached at each hit: the same sum as COCO's, without a loop.
    reached = np.searchsorted(RECALLS, recall, side="right")
    steps = np.diff(reached, axis=1, prepend=0)
    filled: Floats = np.where(totals > 0, (envelope * steps).sum(axis=1) / len(RECALLS), areas)
    return filled


def mean_over_classes(precisions: Floats) -> Floats:
    """Mean over the last axis of what is known; NaN where nothing is."""
    known = ~np.isnan(precisions)
    count = known.sum(axis=-1)
    total = np.where(known, precisions, 0.0).sum(axis=-1)
    mean: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean


@dataclass(frozen=True)
class Counts:
    """Right, wrong and wanted detections of each image and class at one threshold and overlap: (n, c) each."""

    right: Ints
    wrong: Ints
    truths: Ints

    def rates(self, weights: Floats) -> tuple[Floats, Floats, Floats]:
        """Precision, recall and F1 over all classes for (b, n) resamples: (b,) each, NaN where undefined."""
        right, wrong, truths = (weights @ a.sum(axis=1).astype(np.float64)
                                for a in (self.right, self.wrong, self.truths))  # fmt: skip
        return ratio(right, right + wrong), ratio(right, truths), ratio(2 * right, right + wrong + truths)

    def of_class(self, index: int) -> "Counts":
        """The part of one class."""
        return Counts(*(a[:, index : index + 1] for a in (self.right, self.wrong, self.truths)))


def counts_at(matched: Matched, threshold: float, overlap: int = 0) -> Counts:
    """Count what is left when detections under a confidence are dropped.

    Dropping the least confident ones does not change the matches of the others, since matching goes by score.
    """
    kept = matched.score >= threshold
    right, wrong = (np.zeros_like(matched.truths) for _ in range(2))
    np.add.at(right, (matched.image, matched.kind), matched.right[overlap] & kept)
    np.add.at(wrong, (matched.image, matched.kind), matched.wrong[overlap] & kept)
    return Counts(right, wrong, matched.truths)


def choose_threshold(matched: Matched, overlap: int = 0, slack: float = 0.0) -> float | None:
    """The confidence with the fewest false alarms among those whose F1 is the greatest, or at most `slack` under it.

    F1 is nearly level about its top: there a few objects missed buy many false alarms.

    It lies half-way to the next detection below, so that rounding cannot move a detection across it.

    Returns:
        None when no detection is right at any confidence.
    """
    right = np.cumsum(matched.right[overlap])
    if right.size == 0 or right[-1] == 0:
        return None
    wrong = np.cumsum(matched.wrong[overlap])
    last = np.flatnonzero(np.diff(matched.score, append=-1.0) != 0)  # detections of one score stand or fall together
    f1 = 2 * right[last] / (right[last] + wrong[last] + matched.truths.sum())
    level = last[f1 >= f1.max() - slack - 1e-12]
    best = level[wrong[level] == wrong[level[0]]][-1]  # the first has the fewest; of equals the one that finds most
    below = matched.score[best + 1] if best + 1 < len(matched.score) else 0.0
    return float(matched.score[best] + below) / 2


def independent(images: Sequence[JudgedImage], own: Bools | None = None) -> int:
    """How many of the images, or of the `own` ones, say something of their own: tiles of one photo are one."""
    return len({p.group or p.id for i, p in enumerate(images) if own is None or own[i]})


def resamples(images: Sequence[JudgedImage], count: int, seed: int) -> Floats:
    """(count, images): how often each image is drawn when as many are drawn with replacement.

    Tiles of one photo are not independent, so groups are drawn whole. The same images and seed give the same draws,
    so two models scored on them are compared in pairs.
    """
    groups = {name: i for i, name in enumerate(dict.fromkeys(p.group or p.id for p in images))}
    n = max(1, len(groups))
    rng = np.random.default_rng(seed)
    own = np.array([groups[p.group or p.id] for p in images], np.int64)
    draws = np.empty((count, len(images)))
    for row in draws:  # one at a time: numpy's 64-bit counts of all of them would be there twice
        row[:] = rng.multinomial(n, np.full(n, 1 / n))[own]
    return draws


def interval(values: Floats, images: int, coverage: float = 0.95) -> tuple[float, float] | None:
    """The middle of the resamples: percentile bootstrap, expanded for small samples.

    Of n images the plain percentiles cover too little, as a normal interval with the sample's own spread does in
    place of Student's; the tails are those that make up for it (Hesterberg, What Teachers Should Know About the
    Bootstrap, 2015, section 4.4): Phi(-sqrt(n / (n - 1)) t) in place of (1 - coverage) / 2.

    Args:
        values: (b,) a score in each resample.
        images: that were drawn from and say something about the score, each photo once.
        coverage: 0..1.

    Returns:
        None of fewer than `MIN_INTERVAL_IMAGES` images, or with fewer than 20 known values.
    """
    known = values[~np.isnan(values)]
    if images < MIN_INTERVAL_IMAGES or len(known) < 20:
        return None
    tail = _tail(images, coverage)
    low, high = np.quantile(known, [tail, 1 - tail])
    return round(float(low), 6), round(float(high), 6)


@lru_cache(maxsize=256)
def _tail(images: int, coverage: float) -> float:
    student = stdtrit(images - 1, (1 + coverage) / 2)
    return float(ndtr(-math.sqrt(images / (images - 1)) * student))


def ratio(part: Floats, whole: Floats) -> Floats:
    """One over the other; NaN where the whole is 0."""
    shares: Floats = np.where(whole > 0, part / np.maximum(whole, 1e-12), np.nan)
    return shares


def number(value: float) -> float | None:
    """A plain float for JSON, None for NaN."""
    return None if np.isnan(value) else round(float(value), 6)


def _annotations(
    image: JudgedImage, instances: Sequence[Instance], name: str, overlap: Overlap
) -> list[dict[str, Any]]:
    """COCO's form; the id is the position + 1, since 0 means "no match" there."""
    size = [image.height, image.width]
    annotations = []
    for position, instance in enumerate(instances):
        if instance.class_name != name or (overlap == "segm" and instance.counts is None):
            continue
        x1, y1, x2, y2 = instance.box
        annotation = {"id": position + 1, "bbox": [x1, y1, x2 - x1, y2 - y1], "score": instance.score,
                      "iscrowd": 0, "ignore": 0}  # fmt: skip
        if overlap == "segm" and instance.counts is not None:
            annotation["segmentation"] = {"size": size, "counts": instance.counts.encode("ascii")}
        annotations.append(annotation)
    return annotations


def _flatten(parts: list[tuple[Any, ...]], counted: Ints, overlaps: int) -> Matched:
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        table = np.zeros((overlaps, 0), dtype=bool)
        return Matched(none, none, none, np.zeros(0), table.astype(np.int64), table, table, counted)
    image, kind, position, score = (np.concatenate([p[k] for p in parts]) for k in range(4))
    truth, ignored = (np.concatenate([p[k] for p in parts], axis=1) for k in (4, 5))
    order = np.argsort(-score, kind="mergesort")  # stable, as in pycocotools
    truth, ignored = truth[:, order], ignored[:, order]
    return Matched(
        image[order], kind[order], position[order], score[order],
        truth, (truth >= 0) & ~ignored, (truth < 0) & ~ignored, counted,
    )  # fmt: skip
