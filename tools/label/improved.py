"""Whether photos are improved before they are labelled: only where that finds more on labelled ones, beyond noise."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from tools.core.settings import EFFORTS, Settings
from tools.core.task import TaskKind, TaskSpec
from tools.data.images import ImageArray
from tools.data.real import load_real
from tools.data.sample import Instance, Sample, encode_mask
from tools.label.engines import Engine
from tools.metrics.judging import SetScorer, scorer_of
from tools.metrics.predictions import ask, join
from tools.metrics.scoring import ScoringRules
from tools.repair.improve import Repair
from tools.steps.evaluate import better_beyond_noise

_LEAST = 0.01


class ImprovedEngine:
    """An engine that is shown improved photos; what it finds is told in the photos' own pixels."""

    def __init__(self, engine: Engine, repair: Repair) -> None:
        self.engine, self.repair = engine, repair
        self.kind: TaskKind = engine.kind
        self.name, self.threshold = engine.name, engine.threshold
        self.about = f"{engine.about}; photos are improved before it sees them"

    def find(self, images: Sequence[ImageArray], least: float) -> list[list[Instance]]:
        """Objects in the photos."""
        found = self.engine.find([self.repair.apply(p)[0] for p in images], least)
        scale = self.repair.enlarges
        if scale == 1:
            return found
        return [[_smaller(i, p, scale) for i in own] for p, own in zip(images, found, strict=True)]

    def classify(self, images: Sequence[ImageArray]) -> list[dict[str, float]]:
        """Probability of each class for each photo."""
        return self.engine.classify([self.repair.apply(p)[0] for p in images])

    def close(self) -> None:
        """Release the engine."""
        self.engine.close()


def _smaller(instance: Instance, image: ImageArray, scale: int) -> Instance:
    x1, y1, x2, y2 = (v / scale for v in instance.box)
    height, width = image.shape[:2]
    mask = instance.mask(height * scale, width * scale)
    counts = instance.counts
    if mask is not None:
        small = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) >= 0.5
        counts = encode_mask(small) if small.any() else None
    return instance.model_copy(update={"box": (x1, y1, x2, y2), "counts": counts})


def worth_it(
    engine: Engine, repair: Repair, labelled: Path, task: TaskSpec, settings: Settings
) -> tuple[bool, str]:  # fmt: skip
    """Whether an engine finds more in improved photos than in the photos themselves.

    Asked is the half of the labelled photos that thresholds are fitted on; the half that checks is left alone.

    Args:
        engine: finds things.
        repair: what would be done to each photo.
        labelled: COCO, YOLO, VOC or CVAT labels with their photos.
        task: classes that count.
        settings: match IoU, class map.

    Returns:
        The decision, and the sentence that says why.
    """
    photos = load_real(labelled, task, 0.5, settings.evaluation.class_map).val
    before, after = (_scorer(e, photos, task, settings) for e in (engine, ImprovedEngine(engine, repair)))
    gain = after.score - before.score
    better, share = better_beyond_noise(
        after.scores_resampled, before.scores_resampled, gain, settings.evaluation.accept_probability
    )
    done = "improved first" if better else "labelled as they are"
    return better, (
        f"photos are {done}: on {len(photos)} labelled ones {before.metric} was {before.score:.3f} without and "
        f"{after.score:.3f} with improving (better in {share:.0%} of the resamples)"
    )


class _Asked:
    """An engine as something that is scored."""

    size_px = 640  # of nothing here: only slices by size would use it

    def __init__(self, engine: Engine) -> None:
        self.kind, self.engine = engine.kind, engine

    def predict_many(self, images: Sequence[ImageArray], confidence: float) -> list[list[Instance]]:
        return self.engine.find(images, confidence)

    def classify_many(self, images: Sequence[ImageArray]) -> list[dict[str, float]]:
        return self.engine.classify(images)


def _scorer(engine: Engine, photos: Sequence[Sample], task: TaskSpec, settings: Settings) -> SetScorer:
    answers = ask(_Asked(engine), photos, Path(), _LEAST, lambda _: None)
    rules = ScoringRules(
        match_iou=settings.evaluation.match_iou, ignore_side_px=settings.evaluation.ignore_side_px,
        bootstrap=EFFORTS["quick"].bootstrap, seed=settings.seed,
    )  # fmt: skip
    return scorer_of(join(photos, answers, task), task, rules)
