"""Cross-validation by photo: what models do on the photos that they were not shown.

A handful of photos is too few to keep some aside for good. Each part is judged by a model that learnt from the rest;
the answers together say what the model of all photos will do, on the low side, since it has seen more: how much more
that is worth at most, the upper end of the interval allows for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tools.data.sample import Sample
from tools.data.scores import Evaluation, Interval


@dataclass(frozen=True)
class Fold:
    """One part and the rest."""

    number: int
    learnt: list[Sample]
    judged: list[Sample]


def folds(samples: Sequence[Sample], classes: Sequence[str], seed: int, count: int) -> Iterator[Fold]:
    """Split photos into parts that share no photo, each class in as many of them as can be.

    Args:
        samples: `family` names the photo that an image comes from.
        classes: names in label order.
        seed: of the order.
        count: of folds at most; as many as there are labelled photos where these are fewer. One photo gives none.

    Yields:
        Folds whose learnt part shows every class; a part without which a class was never shown is left out.
    """
    by_photo: dict[str, list[Sample]] = {}
    for sample in samples:
        by_photo.setdefault(sample.family, []).append(sample)
    shown = {photo: _classes_of(own) for photo, own in by_photo.items()}
    labelled = [p for p, own in shown.items() if own]
    count = min(count, len(labelled))
    if count < 2:
        return
    rng = np.random.default_rng([seed, 31])
    order = [list(by_photo)[int(i)] for i in rng.permutation(len(by_photo))]
    how_often = {c: sum(c in own for own in shown.values()) for c in classes}
    # Photos of the rarest class first: they have to be spread most evenly.
    order.sort(key=lambda p: min((how_often[c] for c in shown[p]), default=len(by_photo) + 1))
    parts: list[list[str]] = [[] for _ in range(count)]
    for photo in order:

        def burden(part: list[str], photo: str = photo) -> tuple[int, int]:
            same = sum(len(shown[photo] & shown[other]) for other in part)
            return same, sum(len(by_photo[other]) for other in part)

        min(parts, key=burden).append(photo)
    for number, part in enumerate(parts):
        rest = [s for p in by_photo if p not in part for s in by_photo[p]]
        judged = [s for p in part for s in by_photo[p]]
        if judged and _classes_of(rest) >= set(classes):
            yield Fold(number, rest, judged)


def _classes_of(samples: Sequence[Sample]) -> set[str]:
    return {i.class_name for s in samples for i in s.instances} | {s.label for s in samples if s.label}


_SCORES = ("mask_map50", "mask_map50_95", "box_map50", "box_map50_95", "accuracy", "precision", "recall", "f1")
UNLIKE = 0.5  # what a photo unlike all that were seen is taken to lose of a score


def of_all_photos(score: Evaluation, learnt_share: float, photos: int) -> Evaluation:
    """A cross-validated score with intervals of what the model of all photos will score.

    Errors fall with the number n of examples as n^-b, b between 0 and 1 (Hestness et al., arXiv 1712.00409, find 0.07
    to 0.5 and the theory ends at 1), so at best in proportion: from the upper end on, so much of the error is left.

    Resamples of photos on which all went well say that all always will. What none of n photos is like may still be a
    share of up to 1 - 0.025^(1/n) of all photos (Clopper and Pearson 1934, none of n), so the lower end leaves room
    for it.

    Args:
        score: of models that each learnt from a part of the photos.
        learnt_share: that part, above 0 and at most 1.
        photos: that were judged; tiles of one are one.
    """
    least = 1 - UNLIKE * (1 - 0.025 ** (1 / photos))

    def reach(interval: Interval, point: float | None) -> Interval:
        low = interval[0] if point is None else min(interval[0], round(point * least, 6))
        return low, round(1 - (1 - interval[1]) * learnt_share, 6)

    intervals = {n: reach(i, getattr(score, n)) if n in _SCORES else i for n, i in score.intervals.items()}
    classes = {
        n: part.model_copy(update={"interval": reach(part.interval, part.score)}) if part.interval else part
        for n, part in score.per_class.items()
    }
    return score.model_copy(update={"intervals": intervals, "per_class": classes})
