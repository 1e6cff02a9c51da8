"""From images with a label and a guess to an Evaluation: the counterpart of detection for classification."""

from functools import cached_property

import numpy as np

from tools.data.scores import MIN_INTERVAL_IMAGES, EvaluatedOn, Evaluation, SliceScore
from tools.metrics.coco import (
    Bools,
    Floats,
    JudgedImage,
    independent,
    interval,
    mean_over_classes,
    number,
    ratio,
    resamples,
)
from tools.metrics.scoring import NO_INTERVAL, Comparison, ScoringRules
from tools.metrics.slices import Slice, image_slices


class LabelScorer:
    """One model's answers for whole images; the counterpart of `DetectionScorer` for classification.

    Args:
        images: at least one, each with a label.
    """

    metric = "accuracy"

    def __init__(self, images: list[JudgedImage], classes: list[str], rules: ScoringRules) -> None:
        self.images = images
        self.classes = classes
        self.truth = np.array([classes.index(p.label or "") for p in images])
        self.guess = np.array([classes.index(p.guess) if p.guess in classes else -1 for p in images])
        self.right = self.truth == self.guess
        self.draws = resamples(images, rules.bootstrap, rules.seed)
        self._once = np.ones((1, len(images)))
        self._everything = np.ones(len(images), dtype=bool)

    @property
    def score(self) -> float:
        """Share of images whose most probable class is right."""
        return float(self.right.mean())

    @cached_property
    def scores_resampled(self) -> Floats:
        """(b,) the score in each resample."""
        return self._shares(self._everything, self.draws)

    def threshold(self) -> float:
        """No confidence is asked for: the most probable class is the answer."""
        return 0.0

    @cached_property
    def slices(self) -> list[Slice]:
        """Slices of whole images."""
        return image_slices(self.images)

    def evaluation(self, on: EvaluatedOn, threshold: float) -> Evaluation:
        """All scores; precision, recall and F1 are means over the classes that occur."""
        result = Evaluation(on=on, images=len(self.images), instances=len(self.images), metric=self.metric,
                            threshold=threshold, accuracy=number(self.score))  # fmt: skip
        count = independent(self.images)
        result.set_interval("accuracy", interval(self.scores_resampled, count))
        once, resampled = self._by_class(self._once), self._by_class(self.draws)
        present = [c for c in range(len(self.classes)) if (self.truth == c).any()]
        for k, name in enumerate(("precision", "recall", "f1")):
            setattr(result, name, number(float(mean_over_classes(once[k][:, present])[0])))
            result.set_interval(name, interval(mean_over_classes(resampled[k][:, present]), count))
        for c, name in enumerate(self.classes):
            own = int((self.truth == c).sum())
            result.per_class[name] = SliceScore(
                images=own, instances=own, score=number(float(once[1][0, c])), recall=number(float(once[1][0, c])),
                precision=number(float(once[0][0, c])), 
                interval=interval(resampled[1][:, c], independent(self.images, self.truth == c)),
            )  # fmt: skip
        for part in self.slices:
            own = int(part.images.sum())
            result.per_slice[part.name] = SliceScore(
                images=own, instances=own, score=number(float(self._shares(part.images, self._once)[0])),
                interval=interval(self._shares(part.images, self.draws), independent(self.images, part.images)),
            )  # fmt: skip
        if count < MIN_INTERVAL_IMAGES:
            result.notes.append(NO_INTERVAL)
        return result

    def compare(self, part: Slice, soft: bool = False) -> Comparison:
        """Score a slice and the rest; `soft` takes the probability of the right class instead of right or wrong."""
        own = self.truth == self.classes.index(part.value) if part.axis == "class" else part.images
        values = self.right.astype(np.float64)
        if soft:
            values = np.array([p.probabilities.get(p.label or "", 0.0) for p in self.images])
        (score, rest), (scores, rests) = (
            [ratio(w @ (values * f), w @ f.astype(np.float64)) for f in (own, ~own)] for w in (self._once, self.draws)
        )
        count = int(own.sum())
        return Comparison(part, float(score[0]), float(rest[0]), count, count, len(own) - count, rests - scores)

    def _shares(self, own: Bools, weights: Floats) -> Floats:
        return ratio(weights @ (self.right & own).astype(np.float64), weights @ own.astype(np.float64))

    def _by_class(self, weights: Floats) -> tuple[Floats, Floats, Floats]:
        """Precision, recall and F1 of each class, (b, c) each; a class never guessed has precision 0."""
        columns = range(len(self.classes))
        truths = np.stack([self.truth == c for c in columns], axis=1)
        guesses = np.stack([self.guess == c for c in columns], axis=1)
        right, guessed, wanted = (weights @ a.astype(np.float64) for a in (truths & guesses, guesses, truths))
        precision, recall = ratio(right, np.maximum(guessed, 1e-9)), ratio(right, wanted)
        return precision, recall, ratio(2 * right, guessed + wanted)
