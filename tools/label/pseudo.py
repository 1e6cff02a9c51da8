"""Photos as training material: with labels that a teacher is sure of, or with a person's own few.

The teacher is the average of the weights over a training (a mean teacher, Tarvainen and Valpola 2017, taken once a
round); only what it is sure of becomes a label (FixMatch, Sohn et al. 2020). What it doubts is painted over: left as it
is, it would teach the student that there is nothing.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tools.annotators import Segmenter
from tools.annotators.cut_out import cut_out, painted_over
from tools.core.errors import StepFailed
from tools.core.task import TaskSpec
from tools.data.images import ImageArray, read_image, write_image
from tools.data.photo_files import PhotoFile, read_ahead
from tools.data.sample import Box, Instance, Sample
from tools.models.postprocess import centre_crop

if TYPE_CHECKING:
    from tools.label.labeler import AutoLabeler

MAX_REPEATS = 8  # of one photo in an epoch; more would be learnt by heart


def copies(photos: Iterable[PhotoFile], folder: Path, most_px: int) -> Iterator[Sample]:
    """Photos without labels, for a classifier to learn from; see `tools.trainers.consistency`.

    Args:
        photos: `apart_from` what judges.
        folder: where training copies are written, upright and in plain colours; the photos themselves are only read.
        most_px: side of a copy at most; it is the middle square, which is what a classifier in use sees.
    """
    for photo in read_ahead(iter(photos)):
        if photo.image is not None:
            square = centre_crop(photo.image, min(*photo.image.shape[:2], most_px))
            yield _training_sample(folder, photo.sha256, square, [], None, "unlabelled")


def pseudo_labelled(teacher: "AutoLabeler", photos: Sequence[PhotoFile], folder: Path) -> Iterator[Sample]:
    """Photos with what a teacher is sure of; photos in which it is sure of nothing are left out.

    Args:
        teacher: finds objects; its thresholds say what "sure" is, its doubts are painted over.
        photos: `apart_from` what judges.
        folder: where training copies are written; the photos themselves are only read.
    """
    for photo, found, about in teacher.label(iter(photos)):
        if photo.image is None or not found:
            continue
        doubts: list[Box] = [(d[2], d[3], d[4], d[5]) for d in about["provenance"].get("doubts", [])]
        sure = [i for i in found if i.counts is not None or teacher.task.kind != "segment"]
        doubts += [i.box for i in found if i not in sure]
        if sure:
            image = painted_over(photo.image, doubts, sure)
            yield _training_sample(folder, photo.sha256, image, sure, None, "pseudo")


def hand_labelled(samples: Sequence[Sample], task: TaskSpec, segmenter: Segmenter, folder: Path) -> Iterator[Sample]:
    """A person's labelled photos as training material; boxes are cut out where masks are needed.

    Args:
        samples: of `tools.data.real.read_photos`.
        task: whether masks are needed.
        segmenter: cuts out; what it cannot is painted over.
        folder: where training copies are written.
    """
    for sample in samples:
        image = read_image(Path(sample.image))
        found = cut_out(image, sample.instances, segmenter) if task.kind == "segment" else sample.instances
        whole = [i for i in found if i.counts is not None or task.kind != "segment"]
        lost = [i.box for i in found if i not in whole]
        if whole or sample.label:
            image = painted_over(image, lost, whole)
            yield _training_sample(folder, sample.sha256, image, whole, sample.label, "few")


def mixed(synthetic: Sequence[Sample], photos: Sequence[Sample], share: float) -> list[Sample]:
    """An epoch's images: all synthetic ones, and photos repeated until they have their share.

    Args:
        synthetic: rendered images.
        photos: with labels.
        share: of photos, in (0, 1); fewer where one would be repeated more than `MAX_REPEATS` times.

    Raises:
        StepFailed: there is no photo.
    """
    if not photos:
        raise StepFailed("no photo has a label that one could learn from")
    wanted = round(share / (1 - share) * len(synthetic))
    repeats = max(1, min(MAX_REPEATS, round(wanted / len(photos))))
    return [*synthetic, *(photo for _ in range(repeats) for photo in photos)]


def _training_sample(
    folder: Path, digest: str, image: ImageArray, found: Sequence[Instance], label: str | None, engine: str
) -> Sample:
    text = "".join(i.model_dump_json() for i in found) + str(label)
    identity = f"{engine}-{digest[:12]}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
    path = folder.resolve() / f"{identity}.png"  # a sample's image is else looked for in the run's folder
    if not path.is_file():
        write_image(path, image)
    height, width = image.shape[:2]
    return Sample(
        id=identity, image=str(path), width=width, height=height, sha256=digest, family=digest[:16], split="train",
        engine=engine, verdict="kept", instances=list(found), label=label, provenance={"labels": engine},
    )  # fmt: skip
