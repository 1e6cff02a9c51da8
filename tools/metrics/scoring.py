"""From images with truth and detections to an Evaluation, with intervals, classes and slices."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tools.core.task import TaskKind
from tools.data.scores import MIN_INTERVAL_IMAGES, EvaluatedOn, Evaluation, SliceScore
from tools.metrics.coco import (
    COCO_IOUS,
    Bools,
    Counts,
    Floats,
    JudgedImage,
    Matched,
    Matcher,
    Overlap,
    average_precisions,
    choose_threshold,
    counts_at,
    independent,
    interval,
    mean_over_classes,
    number,
    ratio,
    resamples,
)
from tools.metrics.slices import Slice, both, counted, image_slices, instance_slices

NO_INTERVAL = f"fewer than {MIN_INTERVAL_IMAGES} pictures: no interval can be given"


@dataclass(frozen=True)
class ScoringRules:
    """What decides how detections are counted."""

    match_iou: float = 0.5
    ignore_side_px: float = 0.0
    seen_px: int = 320  # the longer side of an image as the model sees it
    bootstrap: int = 200
    seed: int = 0
    fallback_threshold: float = 0.25
    threshold_slack: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """A slice against everything outside it."""

    part: Slice
    score: float
    rest: float
    images: int
    instances: int
    instances_outside: int
    gaps: Floats  # (b,) rest - score in each resample


class DetectionScorer:
    """One model's detections on one set of images, matched once.

    Args:
        images: at least one.
        classes: class names in label order.
        kind: "segment" is judged by masks, as long as every truth has one; "detect" by boxes.
    """

    def __init__(self, images: list[JudgedImage], classes: list[str], kind: TaskKind, rules: ScoringRules) -> None:
        self.images = images
        self.classes = classes
        self.rules = rules
        self.by_masks = kind == "segment" and all(t.counts is not None for p in images for t in p.truths)
        self.metric = "mask_map50" if self.by_masks else "box_map50"
        self._kind = kind
        self.counted_truths, self.counted_found = counted(images, rules.ignore_side_px)
        self._main: Overlap = "segm" if self.by_masks else "bbox"
        self.matcher = Matcher(images, classes, self._main)
        # COCO's ten overlaps, then the one at which precision and recall are counted.
        self.matched = self._match(self.matcher, [*COCO_IOUS, rules.match_iou])
        self.draws = resamples(images, rules.bootstrap, rules.seed)
        self._once = np.ones((1, len(images)))

    def _match(self, matcher: Matcher, ious: list[float]) -> Matched:
        return matcher.match(ious, self.counted_truths, self.counted_found)

    @cached_property
    def score(self) -> float:
        """The main metric; NaN when no truth counts."""
        return float(_map50(self.matched, self._once)[0])

    @cached_property
    def scores_resampled(self) -> Floats:
        """(b,) the main metric in each resample."""
        return _map50(self.matched, self.draws)

    def threshold(self) -> float:
        """The working confidence by this set."""
        found = choose_threshold(self.matched, overlap=-1, slack=self.rules.threshold_slack)
        return self.rules.fallback_threshold if found is None else found

    @cached_property
    def slices(self) -> list[Slice]:
        """Slices of whole images, then of single instances."""
        return image_slices(self.images) + instance_slices(self.images, self.matcher.overlaps(), self.rules.seen_px)

    def evaluation(self, on: EvaluatedOn, threshold: float) -> Evaluation:
        """All scores at a working confidence."""
        counts = counts_at(self.matched, threshold, overlap=-1)
        result = Evaluation(
            on=on, images=len(self.images), instances=int(self.matched.truths.sum()), metric=self.metric,
            threshold=threshold, notes=self._notes(),
        )  # fmt: skip
        for name, once, resampled in self._curves() + self._rates(counts):
            setattr(result, name, number(float(once[0])))
            result.set_interval(name, interval(resampled, independent(self.images)))
        self._add_empties(result, counts)
        for c, name in enumerate(self.classes):
            result.per_class[name] = self._class_score(c, counts.of_class(c))
        for part in self.slices:
            result.per_slice[part.name] = self._slice_score(part, threshold)
        return result

    def compare(self, part: Slice, soft: bool = False) -> Comparison:
        """Score a slice and the rest.

        Args:
            part: one of `slices`, or a class as a slice (axis "class").
            soft: compare by the mean best overlap of a truth with any detection, whatever its confidence. It still
                tells slices apart when a young model's average precision is 0 everywhere.
        """
        if soft:
            return self._compare_overlaps(part)
        if part.axis == "class":
            c = self.classes.index(part.value)
            inside, outside = self._class_scores(c, self._once), self._class_scores(c, self.draws)
            instances, total = int(self.matched.truths[:, c].sum()), int(self.matched.truths.sum())
            images = int((self.matched.truths[:, c] > 0).sum())
            return Comparison(part, float(inside[0][0]), float(inside[1][0]), images, instances, total - instances,
                              outside[1] - outside[0])  # fmt: skip
        own, rest = self._of_slice(part), self._of_slice(part, outside=True)
        return Comparison(
            part, float(_map50(own, self._once)[0]), float(_map50(rest, self._once)[0]),
            int((own.truths.sum(axis=1) > 0).sum()), int(own.truths.sum()), int(rest.truths.sum()),
            _map50(rest, self.draws) - _map50(own, self.draws),
        )  # fmt: skip

    # Parts of an evaluation ---------------------------------------------------------------------------------------

    def _curves(self) -> list[tuple[str, Floats, Floats]]:
        """Average precisions by masks and boxes: name, value, resamples."""
        kinds = [("box", Matcher(self.images, self.classes, "bbox") if self.by_masks else self.matcher)]
        if self.by_masks:
            kinds.append(("mask", self.matcher))
        result = []
        for name, matcher in kinds:
            matched = self.matched if matcher is self.matcher else self._match(matcher, list(COCO_IOUS))
            once, resampled = (
                mean_over_classes(average_precisions(matched, weights)[:, : len(COCO_IOUS)])
                for weights in (self._once, self.draws)
            )
            result.append((f"{name}_map50", once[:, 0], resampled[:, 0]))
            result.append((f"{name}_map50_95", once.mean(axis=1), resampled.mean(axis=1)))
        return result

    def _rates(self, counts: Counts) -> list[tuple[str, Floats, Floats]]:
        names = ("precision", "recall", "f1")
        return list(zip(names, counts.rates(self._once), counts.rates(self.draws), strict=True))

    def _add_empties(self, result: Evaluation, counts: Counts) -> None:
        """False alarms on images without any truth, ignored ones included."""
        empty = np.array([not p.truths for p in self.images], dtype=bool)
        result.empties = int(empty.sum())
        if not empty.any():
            return
        wrong, weights = counts.wrong.sum(axis=1)[empty], self.draws[:, empty]
        result.false_positives_per_empty = number(float(wrong.mean()))
        drawn = weights.sum(axis=1)
        result.set_interval(
            "false_positives_per_empty", interval(ratio(weights @ wrong, drawn), independent(self.images, empty))
        )

    def _class_score(self, index: int, counts: Counts) -> SliceScore:
        own = counts.truths[:, 0]
        precision, recall, _ = counts.rates(self._once)
        return SliceScore(
            images=int((own > 0).sum()), instances=int(own.sum()),
            score=number(float(average_precisions(self.matched, self._once)[0, 0, index])),
            precision=number(float(precision[0])), recall=number(float(recall[0])),
            interval=interval(
                average_precisions(_first(self.matched), self.draws)[:, 0, index], independent(self.images, own > 0)
            ),
        )  # fmt: skip

    def _slice_score(self, part: Slice, threshold: float) -> SliceScore:
        matched = self._of_slice(part)
        counts = counts_at(matched, threshold, overlap=-1)
        precision, recall, _ = counts.rates(self._once)
        holding = part.images if part.truths is None else matched.truths.sum(axis=1) > 0
        return SliceScore(
            images=int(holding.sum()), instances=int(matched.truths.sum()),
            score=number(float(_map50(matched, self._once)[0])), precision=number(float(precision[0])),
            recall=number(float(recall[0])), 
            interval=interval(_map50(matched, self.draws), independent(self.images, holding)),
        )  # fmt: skip

    def _of_slice(self, part: Slice, outside: bool = False) -> Matched:
        """Matches inside a slice or outside it; of instance slices the other instances are ignored."""
        if part.truths is None or part.found is None:
            return self.matched.only(~part.images if outside else part.images)
        truths, found = part.truths, part.found
        if outside:
            truths, found = [~f for f in truths], [~f for f in found]
        return self.matcher.match(
            [0.5, self.rules.match_iou], both(self.counted_truths, truths), both(self.counted_found, found)
        )

    def _class_scores(self, index: int, weights: Floats) -> tuple[Floats, Floats]:
        """(b,) average precision of a class, and of the others."""
        scores = average_precisions(_first(self.matched), weights)[:, 0]
        return scores[:, index], mean_over_classes(np.delete(scores, index, axis=1))

    def _compare_overlaps(self, part: Slice) -> Comparison:
        best = [t.max(axis=0) if len(t) else np.zeros(t.shape[1]) for t in self.matcher.overlaps()]
        own = [self._inside(part, i) & flags for i, flags in enumerate(self.counted_truths)]
        rest = [~self._inside(part, i) & flags for i, flags in enumerate(self.counted_truths)]
        sums = [np.array([b[k].sum() for b, k in zip(best, flags, strict=True)]) for flags in (own, rest)]
        counts = [np.array([float(k.sum()) for k in flags]) for flags in (own, rest)]
        inside, outside = (ratio(self._once @ s, self._once @ n) for s, n in zip(sums, counts, strict=True))
        insides, outsides = (ratio(self.draws @ s, self.draws @ n) for s, n in zip(sums, counts, strict=True))
        return Comparison(part, float(inside[0]), float(outside[0]), int((counts[0] > 0).sum()), int(counts[0].sum()),
                          int(counts[1].sum()), outsides - insides)  # fmt: skip

    def _inside(self, part: Slice, index: int) -> Bools:
        """Which truths of an image belong to a slice."""
        truths = self.images[index].truths
        if part.axis == "class":
            return np.array([t.class_name == part.value for t in truths], dtype=bool)
        return np.full(len(truths), part.images[index]) if part.truths is None else part.truths[index]

    def _notes(self) -> list[str]:
        notes = []
        if self._kind == "segment" and not self.by_masks:
            notes.append("labels are boxes alone: box scores only")
        if not self.matched.truths.any():
            notes.append("no labelled object to find: only false alarms can be counted")
        elif not self.matched.score.size:
            notes.append("the model found nothing at any confidence")
        ignored = sum(int((~f).sum()) for f in self.counted_truths)
        if ignored:
            notes.append(f"{ignored} labels with a side under {self.rules.ignore_side_px:g} px are ignored")
        if independent(self.images) < MIN_INTERVAL_IMAGES:
            notes.append(NO_INTERVAL)
        return notes


def _first(matched: Matched) -> Matched:
    """The first overlap alone."""
    return Matched(matched.image, matched.kind, matched.position, matched.score,
                   matched.truth[:1], matched.right[:1], matched.wrong[:1], matched.truths)  # fmt: skip


def _map50(matched: Matched, weights: Floats) -> Floats:
    """(b,) mean average precision at an overlap of 0.5, the first one of every match here."""
    return mean_over_classes(average_precisions(_first(matched), weights)[:, 0])
