"""What a recogniser is asked to learn from a sample: which pixels, which boxes, which class."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tools.core.errors import StepFailed
from tools.core.task import TaskKind
from tools.data.boxes import BoxConvention, label_box
from tools.data.images import read_image
from tools.data.sample import Sample
from tools.models.postprocess import centre_crop, letterbox
from tools.trainers.examples import LOOKALIKE, Example

CACHE_BYTES = 1_500_000_000  # of decoded images and labels; what does not fit is read again each epoch
MAX_SIDE_SHARE = 2  # images are kept at most this many times the training size: they are scaled up to 1.6 times


def read_example(
    sample: Sample,
    root: Path,
    names: Sequence[str],
    kind: TaskKind,
    convention: BoxConvention,
    max_side_px: int,
    *,
    lookalikes: bool = False,
    labelled: bool = True,
) -> Example:
    """The image of a sample with what is to be learnt from it.

    Args:
        sample: its image is `root / sample.image`.
        root: folder of the run.
        names: of the classes, in label order.
        kind: of task.
        convention: of boxes.
        max_side_px: a larger image is scaled down to this, labels with it.
        lookalikes: keep those whose masks are known as objects of the class `LOOKALIKE`.
        labelled: whole images need a label.

    Raises:
        StepFailed: the image cannot be read, or a label does not fit the task; the message names it.
    """
    image = read_image(root / sample.image)
    h, w = image.shape[:2]
    if (w, h) != (sample.width, sample.height):
        raise StepFailed(
            f"{root / sample.image}: is {w} x {h} pixels, but its labels are of {sample.width} x {sample.height}; "
            "the file was changed after it was labelled. Restore it or label it again."
        )
    scale = min(1.0, max_side_px / max(h, w))
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    if scale < 1:
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    ids = np.zeros(size[::-1], np.uint16)
    if kind == "classify":
        label = _label(sample, names) if labelled else None
        own = [i.box for i in sample.instances if i.class_name == sample.label]
        if not own:  # where its object is nobody knows: what a classifier in use sees of it
            image = centre_crop(image, min(size))
            ids = np.zeros(image.shape[:2], np.uint16)
        where = np.array(own, np.float32).reshape(-1, 4) * np.float32(scale)
        return Example(image, ids, np.zeros(len(own), np.int64), where, label)
    others = [k for k in sample.lookalikes if k.counts is not None] if lookalikes else []
    things = [*sample.instances, *others]
    masks = [i.mask(h, w) for i in things]
    if kind == "segment" and any(m is None for m in masks):
        raise StepFailed(f"sample {sample.id} has a box without a mask; run annotate_images first, or detect instead")
    # Where masks overlap the smaller object is taken to be in front, else it would vanish; a target hides a look-alike.
    order = sorted(range(len(masks)), key=lambda i: (i < len(sample.instances), -_area(masks[i]), i))
    for i in order:
        mask = masks[i]
        if mask is not None:
            shown = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) if scale < 1 else mask
            ids[shown > 0] = i + 1
    boxes = None
    if convention == "whole" or any(m is None for m in masks):
        listed = [label_box(i, convention, w, h) for i in things]
        boxes = np.array(listed, np.float32).reshape(-1, 4) * np.float32(scale)
    classes = [_class(i.class_name, sample, names) for i in sample.instances] + [LOOKALIKE] * len(others)
    return Example(image, ids, np.array(classes, np.int64), boxes)


def _area(mask: Any) -> int:
    return 0 if mask is None else int(mask.sum())


def _class(name: str, sample: Sample, names: Sequence[str]) -> int:
    if name not in names:
        raise StepFailed(f"sample {sample.id} is labelled {name!r}, which is no class of the task: {', '.join(names)}")
    return list(names).index(name)


def _label(sample: Sample, names: Sequence[str]) -> int:
    if sample.label is None:
        raise StepFailed(f"sample {sample.id} has no label; run annotate_images first")
    return _class(sample.label, sample, names)


def fit_example(example: Example, size_px: int) -> Example:
    """An example padded to a square as a network in use sees it."""
    image, box = letterbox(example.image, size_px, square=True)
    h, w = max(1, round(box.height * box.gain)), max(1, round(box.width * box.gain))
    ids = np.zeros((size_px, size_px), np.uint16)
    ids[box.top : box.top + h, box.left : box.left + w] = cv2.resize(
        example.ids, (w, h), interpolation=cv2.INTER_NEAREST
    )
    boxes = None
    if example.boxes is not None:
        boxes = example.boxes * np.float32(box.gain) + np.array([box.left, box.top] * 2, np.float32)
    return replace(example, image=image, ids=ids, boxes=boxes)


def centre_example(example: Example, size_px: int) -> Example:
    """An example cut to its middle square as a classifier in use sees it."""
    return replace(example, image=centre_crop(example.image, size_px))


class SampleSource:
    """Examples of samples, read once and kept in memory as far as the limit goes; a sample may come several times."""

    def __init__(self, samples: Sequence[Sample], limit_bytes: int = CACHE_BYTES, **reading: Any) -> None:
        """Take samples in order; `reading` is handed to `read_example`."""
        self.samples = samples
        self._reading = reading
        self._kept: dict[str, Example] = {}
        self._left = limit_bytes
        self._recent = lru_cache(maxsize=8)(self._read)

    def __len__(self) -> int:
        """How many samples there are."""
        return len(self.samples)

    def __getitem__(self, index: int) -> Example:
        """The example of a sample."""
        identity = self.samples[index].id
        if identity in self._kept:
            return self._kept[identity]
        example = self._recent(index)
        size = example.image.nbytes + example.ids.nbytes
        if size <= self._left:
            self._left -= size
            self._kept[identity] = example
        return example

    def _read(self, index: int) -> Example:
        return read_example(self.samples[index], **self._reading)
