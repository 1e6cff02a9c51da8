"""Photos on which a model was tried and found wrong: put into its run's data set, to be corrected and learnt from."""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from tools.core.errors import SightsmithError
from tools.data.dataset import Dataset
from tools.data.formats.coco import to_coco
from tools.data.formats.labels import LabelledImage
from tools.data.images import ImageArray, read_image, write_image
from tools.data.sample import Instance, Sample, encode_mask, mask_box
from tools.models.predict import Predictor
from tools.page.browse import WAITS
from tools.runs.photo_sets import ABOUT, PhotoSet
from tools.runs.runtime import write_json
from tools.shown.photos import ENGINE, MAX_SIDE_PX


def shrunk(
    image: ImageArray, found: Sequence[Instance], side_px: int = MAX_SIDE_PX, *, grow: bool = False
) -> tuple[ImageArray, list[Instance]]:
    """An image whose longer side is at most `side_px`, and the objects moved with it.

    Args:
        image: (h, w, 3).
        found: in its pixels.
        side_px: of the longer side.
        grow: make a smaller one so large too, to be drawn on.
    """
    height, width = image.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1 and not grow:
        return image, list(found)
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    moved = []
    for instance in found:
        mask, box, counts = instance.mask(height, width), tuple(v * scale for v in instance.box), None
        if mask is not None:
            small = cv2.resize(mask.astype(np.uint8), (w, h), interpolation=cv2.INTER_AREA).astype(bool)
            if not small.any():
                continue
            counts, box = encode_mask(small), mask_box(small)
        moved.append(instance.model_copy(update={"box": box, "counts": counts}))
    return np.asarray(
        cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8
    ), moved


def teach(folder: Path, name: str, image: ImageArray, found: Sequence[Instance], label: str | None = None) -> str:
    """Put a photo with what the model found into a run's data set; returns its id.

    It is in no training and in no score before a person has accepted it. Then it is learnt from, and never judged by.

    Args:
        folder: of the run.
        name: of the photo, kept as where it is from.
        image: (h, w, 3) RGB; a larger one than training can use is made smaller.
        found: the model's answer, to be corrected.
        label: its answer where it names whole images.

    Raises:
        StepFailed: the disk is full or read-only.
    """
    image, labels = shrunk(image, found)
    digest = hashlib.sha256(image.tobytes()).hexdigest()
    height, width = image.shape[:2]
    dataset = Dataset(folder)
    try:
        number = max((s.round for s in dataset.samples()), default=1)
        sample = Sample(
            id=digest[:16], round=number, image=f"images/{digest[:16]}.png", width=width, height=height, sha256=digest,
            family=f"taught-{digest[:16]}", engine=ENGINE, provenance={"file": name[:200]}, verdict="dropped",
            reasons=[WAITS], instances=labels, label=label,
        )  # fmt: skip
        if dataset.sample(sample.id) is None:
            temporary = folder / "images" / f".taught-{os.getpid()}-{digest[:16]}.png"
            write_image(temporary, image)
            dataset.add_sample(sample, temporary)
    finally:
        dataset.close()
    return sample.id


def label_set(folder: Path, model: Predictor, threshold: float, told: Callable[[int, int], object]) -> int:
    """Label the photos of a set that nobody has looked at, with a model that finds things; returns how many.

    Args:
        folder: of the set.
        model: what looks.
        threshold: working confidence.
        told: called with the photos done and their number.
    """
    about = PhotoSet.model_validate_json((folder / ABOUT).read_text(encoding="utf-8"))
    dataset = Dataset(folder)
    done = 0
    try:
        seen = dataset.corrected()
        samples = [s for s in dataset.samples() if s.id not in seen]
        for number, sample in enumerate(samples, 1):
            told(number, len(samples))
            try:
                image = read_image(folder / sample.image)
            except SightsmithError:
                continue
            dataset.set_instances(sample.id, model.predict(image, threshold))
            done += 1
    finally:
        dataset.close()
    about.classes = list(dict.fromkeys([*model.names, *about.classes]))
    write_json(folder / ABOUT, about.model_dump())
    return done


def coco_of(folder: Path) -> dict[str, object]:
    """All labels of a set as COCO, those of a model and those of a person alike."""
    about = PhotoSet.model_validate_json((folder / ABOUT).read_text(encoding="utf-8"))
    dataset = Dataset(folder)
    try:
        samples = list(dataset.samples())
    finally:
        dataset.close()
    classes = list(dict.fromkeys([*about.classes, *(i.class_name for s in samples for i in s.instances)]))
    named = [
        LabelledImage(str(s.provenance.get("file") or Path(s.image).name), s.width, s.height, s.instances)
        for s in samples
    ]
    return to_coco(named, classes)
