"""Photos without labels beside the shown ones: what a model is sure of on them becomes material for another training.

Only what it is sure of becomes a label (FixMatch, Sohn et al. 2020); what it doubts is painted over, for left as it is
it would teach that there is nothing. A classifier learns from such photos by looking at them twice
(`tools.trainers.consistency`), so they need no labels. Whether any of it helps, the cross-validation says.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tools.annotators.cut_out import painted_over
from tools.data.apart import Apart, of_samples, set_apart
from tools.data.images import ImageArray, write_image
from tools.data.photo_files import PhotoFile, ReadPhoto, find_photos, read_ahead
from tools.data.sample import Instance, Sample, evenly
from tools.metrics.scoring import DetectionScorer
from tools.models.postprocess import centre_crop
from tools.models.predict import Predictor
from tools.runs.runtime import RunContext
from tools.shown.photos import FOLDER, scaled
from tools.trainers.targets import MAX_SIDE_SHARE

MOST = 100  # photos, from all over the folder: as many as an epoch has images
DOUBTED_FROM = 0.1  # score of what is painted over
ENGINE = "pseudo"
NEVER = 1.01  # a score that nothing has
LEAST_RIGHT = 3  # finds of a class that say something
_BATCH = 8


def usable(run: RunContext, shown: Sequence[Sample], judges: Sequence[Sample]) -> tuple[list[PhotoFile], list[str]]:
    """The photos without labels that are neither shown nor judge, and sentences on those left out.

    Args:
        run: names the folder.
        shown: the labelled photos as they lie in the run.
        judges: photos of --real.
    """
    if run.record.unlabelled is None:
        return [], []
    files = evenly(list(find_photos([Path(run.record.unlabelled)])), MOST)
    own = [(run.path(s.image), str(s.provenance.get("file", s.image))) for s in shown]
    apart: Apart = set_apart([(f.path, f.name) for f in files], [*own, *of_samples(judges)])
    kept = [f for f in files if apart.keeps(f.path)]
    out = len(files) - len(kept) - len(apart.unreadable)
    if run.record.unlabelled == run.record.few:  # one folder, in which some photos have labels
        out = 0
    notes = [f"{out} of the photos without labels are of photos that are shown or judge, and left out"] if out else []
    return kept, notes


def sure_from(scorer: DetectionScorer, precision: float, least: float) -> dict[str, float]:
    """Class -> score from which what a model finds is taken for true: the least one above which enough is right.

    A handful of photos can promise no precision; what is learnt so is judged by cross-validation afterwards.

    Args:
        scorer: of its answers on photos with labels that it has not seen.
        precision: wanted of what is taken for true, 0..1.
        least: it is never less.

    Returns:
        `NEVER` for a class of which fewer than `LEAST_RIGHT` are right where that precision holds.
    """
    matched = scorer.matched
    sure = {}
    for c, name in enumerate(scorer.classes):
        own = matched.kind == c
        right = np.cumsum(matched.right[-1][own])  # best score first
        enough = np.flatnonzero((right >= LEAST_RIGHT) & (right >= precision * np.arange(1, len(right) + 1)))
        sure[name] = max(float(matched.score[own][enough[-1]]), least) if len(enough) else NEVER
    return sure


def self_labelled(
    run: RunContext, teacher: Predictor, files: Sequence[PhotoFile], sure: Mapping[str, float], name: str
) -> list[Sample]:
    """Copies of photos with what a model is sure of on them; photos on which it is sure of nothing are left out.

    Args:
        run: copies are written into its folder.
        teacher: finds objects.
        files: of `usable`.
        sure: of `sure_from`.
        name: of the teacher, which is told apart from others by it.
    """
    made: list[Sample] = []
    batch: list[tuple[ReadPhoto, ImageArray]] = []

    def label() -> None:
        run.check_stop()
        found = teacher.predict_many([image for _, image in batch], DOUBTED_FROM)
        for (photo, image), instances in zip(batch, found, strict=True):
            taken = [i for i in instances if i.score >= sure[i.class_name]]
            if taken:
                doubts = [i.box for i in instances if i not in taken]
                made.append(_copy(run, photo, painted_over(image, doubts, taken), taken, name))
        batch.clear()

    for photo in read_ahead(iter(files)):
        if photo.image is not None:
            batch.append((photo, scaled(photo.image, [])[0]))
        if len(batch) == _BATCH:
            label()
    if batch:
        label()
    return made


def whole(run: RunContext, files: Sequence[PhotoFile]) -> list[Sample]:
    """Copies of photos for a classifier, as it sees them in use: their middle squares."""
    most_px = round(MAX_SIDE_SHARE * run.settings.size_px)
    made = []
    for photo in read_ahead(iter(files)):
        run.check_stop()
        if photo.image is not None:
            square = centre_crop(photo.image, min(*photo.image.shape[:2], most_px))
            made.append(_copy(run, photo, square, [], "whole"))
    return made


def _copy(run: RunContext, photo: ReadPhoto, pixels: ImageArray, found: Sequence[Instance], name: str) -> Sample:
    identity = f"{ENGINE}-{name}-{photo.sha256[:16]}"
    image = f"{FOLDER}/{identity}.jpg"
    write_image(run.path(image), pixels)
    height, width = pixels.shape[:2]
    labels = [i.model_copy(update={"source": ENGINE}) for i in found]
    return Sample(
        id=identity, image=image, width=width, height=height, sha256=photo.sha256, family=photo.sha256[:16],
        split="train", engine=ENGINE, verdict="kept", instances=labels,
        provenance={"file": photo.file.name, "labels": "the model's own"},
    )  # fmt: skip
