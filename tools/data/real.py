"""Real labelled photos, on which a model is judged: read, matched with the task, and split by photo.

They are split once, by hash, into photos that decide (rounds, thresholds) and photos that are only reported.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path
from typing import Literal

import numpy as np

from tools.core.errors import StepFailed
from tools.core.task import TaskSpec
from tools.data.class_names import match_classes
from tools.data.dataset import file_sha256
from tools.data.formats.labels import LabelledImage, clip_box, counted, counts_box, mask_area
from tools.data.images import ImageArray, read_image, read_orientation, read_size
from tools.data.left_out import LeftOut
from tools.data.origin import count_generated
from tools.data.origin import sentence as origin_sentence
from tools.data.photos import group_images, look_hash, split_photos
from tools.data.real_labels import FORMATS, RealLabels, read_labels
from tools.data.sample import BoolMask, Box, Instance, Sample, encode_mask

_SHOWN = 3
# Masks that all fill this much of their boxes are boxes in disguise: exporters write a box as a polygon of four points.
_BOX_FILL = 0.995


@dataclass(frozen=True)
class RealPhotos:
    """Photos that decide and photos that report; no photo is on both sides."""

    val: list[Sample]
    test: list[Sample]
    has_masks: bool
    notes: list[str] = field(default_factory=list)


@dataclass
class _Read:
    """Images that could be read, with their labels as shown, in the task's classes."""

    samples: list[Sample] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    looks: list[int | None] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    misfits: list[str] = field(default_factory=list)
    turned: int = 0
    doubtful: list[str] = field(default_factory=list)  # turned, and their labels may be for either side up
    unknown: list[str] = field(default_factory=list)  # all of whose labels lie outside
    dropped: Counter[str] = field(default_factory=Counter)
    left_out: LeftOut = field(default_factory=LeftOut)


def load_real(folder: Path, task: TaskSpec, val_share: float, class_map: Mapping[str, str] | None = None) -> RealPhotos:
    """Read a folder of labelled photos; nothing in it is touched.

    Args:
        folder: COCO, YOLO, Pascal VOC or CVAT labels with their images, or one folder a class.
        task: its classes are looked for in the labels.
        val_share: share of the images that decides, 0..1.
        class_map: label class -> class of the task, where the names do not say it.

    Returns:
        Samples with absolute image paths and split "val" or "test"; `family` is the photo an image comes from.

    Raises:
        StepFailed: the folder or a file in it cannot be used; the message names it and the way out.
        NeedsUser: the labels' classes cannot be matched with the task's; the options are pairs label=class.
    """
    classify = task.kind == "classify"
    read, has_masks, notes, source = _read_all(folder, task, class_map)
    val, test = _split(folder.expanduser().resolve(), read, val_share, notes, classify)
    images, instances = len(read.samples), sum(len(s.instances) for s in read.samples)
    photos = len({s.family for s in [*val, *test]})
    what = "" if classify else f", {instances} {'masks' if has_masks else 'boxes'}"
    kind = FORMATS.get(source, source)
    notes.insert(0, f"{images} pictures of {photos} photos{what}, from {kind}: {len(val)} decide, {len(test)} report")
    return RealPhotos(val, test, has_masks, notes)


def read_photos(
    folder: Path, task: TaskSpec, class_map: Mapping[str, str] | None = None
) -> tuple[list[Sample], list[str]]:
    """Labelled photos in the task's classes, not split: for whoever does not judge by them.

    Args:
        folder: as for `load_real`.
        task: its classes are looked for in the labels.
        class_map: label class -> class of the task, where the names do not say it.

    Returns:
        Samples with absolute image paths, and notes on what was left out.

    Raises:
        StepFailed: the folder or a file in it cannot be used; the message names it and the way out.
        NeedsUser: the labels' classes cannot be matched with the task's; the options are pairs label=class.
    """
    read, _, notes, _ = _read_all(folder, task, class_map)
    return read.samples, notes


def _read_all(folder: Path, task: TaskSpec, class_map: Mapping[str, str] | None) -> tuple[_Read, bool, list[str], str]:
    """What can be read, whether all of it has masks, notes, and the format of the labels."""
    folder = folder.expanduser().resolve()
    classify = task.kind == "classify"
    labels = read_labels(folder, classify)
    notes = list(labels.notes)
    used = _used_classes(labels, folder, classify)
    match = match_classes(used, task, class_map, str(folder))
    notes += match.notes
    read = _read_images(folder, labels, match.mapping, classify)
    notes += _reading_notes(read)
    if read.samples:
        read.left_out.check(folder)
    else:
        raise StepFailed(f"{folder}: no picture can be used. {' '.join((read.broken + read.misfits)[:_SHOWN])}")
    has_masks = not classify and _settle_masks(read.samples, notes)
    return read, has_masks, notes, labels.format


def _used_classes(labels: RealLabels, folder: Path, classify: bool) -> Counter[str]:
    """Label class -> number of labels; classes that are only listed do not count."""
    used: Counter[str] = Counter()
    for _, image in labels.entries:
        used.update(i.class_name for i in image.instances)
        if image.label is not None:
            used[image.label] += 1
    if not used:
        listed = f"{len(labels.entries)} pictures are listed, but none has a label"
        what = "class" if classify else "box or mask"
        raise StepFailed(f"{folder}: {listed}. Without a single {what} nothing can be measured.")
    return used


# Images -----------------------------------------------------------------------------------------------------------


def _read_images(folder: Path, labels: RealLabels, mapping: dict[str, str], classify: bool) -> _Read:
    """Read one image after the other, each only long enough to check and hash it."""
    read = _Read(broken=list(labels.broken))
    read.left_out.labels = sum(len(image.instances) for _, image in labels.entries)
    upright = _square_ones_upright(labels)
    for path, image in sorted(labels.entries, key=lambda entry: entry[0]):
        try:
            pixels, orientation = read_image(path), read_orientation(path)
        except StepFailed as error:
            read.broken.append(str(error))
            continue
        name = path.relative_to(folder).as_posix()
        height, width = pixels.shape[:2]
        square = image.width == image.height or not image.width
        turned = _as_shown(image, name, (width, height), orientation, upright if square else labels.upright, read)
        if turned is None:
            misfit = f"{path}: labels for {image.width} x {image.height}, picture {width} x {height} pixels."
            read.misfits.append(misfit)
            read.left_out.reasons += [misfit.rstrip(".")] * len(image.instances)
            continue
        instances = _inside(turned, name, width, height, read)
        if turned and not instances:
            read.unknown.append(name)
            continue
        sample = _sample(path, name, pixels, _in_task(instances, mapping), labels.format)
        if classify:
            sample.label = _whole_label(image, sample.instances, mapping, read)
            if sample.label is None:
                continue
        read.samples.append(sample)
        read.names.append(name)
        read.looks.append(look_hash(pixels))
    return read


def _sample(path: Path, name: str, image: ImageArray, instances: list[Instance], source: str) -> Sample:
    return Sample(
        id=f"real-{sha1(name.encode()).hexdigest()[:16]}", image=str(path), width=image.shape[1],
        height=image.shape[0], sha256=file_sha256(path), family=name, engine="real", verdict="kept",
        provenance={"file": name, "labels": source}, instances=instances,
    )  # fmt: skip


def _in_task(instances: list[Instance], mapping: dict[str, str]) -> list[Instance]:
    known = [i for i in instances if i.class_name in mapping]
    return [i.model_copy(update={"class_name": mapping[i.class_name]}) for i in known]


def _whole_label(image: LabelledImage, instances: list[Instance], mapping: dict[str, str], read: _Read) -> str | None:
    """The class of a whole image: its folder's, or that of everything labelled in it."""
    if image.label is not None:
        return mapping.get(image.label)
    classes = {i.class_name for i in instances}
    if len(classes) == 1:
        return classes.pop()
    read.dropped["pictures that show several classes" if classes else "pictures that show no class of the task"] += 1
    return None


def _reading_notes(read: _Read) -> list[str]:
    notes = []
    for sentences, what in ((read.broken, "unreadable"), (read.misfits, "whose labels are for another size")):
        if sentences:
            more = " ..." if len(sentences) > _SHOWN else ""
            notes.append(f"left out {len(sentences)} pictures {what}: {' '.join(sentences[:_SHOWN])}{more}")
    if read.unknown:
        names = ", ".join(read.unknown[:_SHOWN])
        notes.append(f"left out {len(read.unknown)} pictures all of whose labels lie outside them: {names}")
    notes += read.left_out.notes()
    if read.doubtful:
        names = ", ".join(read.doubtful[:_SHOWN])
        notes.append(
            f"{len(read.doubtful)} pictures are turned by EXIF and as wide as high, or only mirrored, so that nothing "
            f"says which way up they were labelled; look at some: {names}"
        )
    if read.turned:
        notes.append(f"{read.turned} pictures are turned by EXIF; their labels were turned along")
    if read.dropped:
        notes.append(f"left out: {counted(read.dropped)}")
    if told := origin_sentence(*count_generated(Path(s.image) for s in read.samples), len(read.samples)):
        notes.append(told)
    return notes


# Orientation --------------------------------------------------------------------------------------------------------


def _square_ones_upright(labels: RealLabels) -> bool:
    """Whether labels of square images are for them as shown: as those of the set's other turned images are."""
    if labels.upright:
        return True
    shown = stored = 0
    for path, image in labels.entries:
        if image.width != image.height:
            try:
                if read_orientation(path) >= 5:
                    as_shown = read_size(path) == (image.width, image.height)
                    shown, stored = shown + as_shown, stored + (not as_shown)
            except StepFailed:  # said when its pixels are read
                continue
    return shown > 0 and not stored


def _as_shown(
    image: LabelledImage, name: str, shown: tuple[int, int], orientation: int, upright: bool, read: _Read
) -> list[Instance] | None:
    """Labels in the pixels of the image as shown; None when they are for an image of another size.

    Labels are for the stored pixels unless their own size says that the tool had turned the image already. Where
    both sizes are the same, they say nothing: a person is told.
    """
    stored = (shown[1], shown[0]) if orientation >= 5 else shown
    size = (image.width, image.height)
    if 0 in size:
        size = shown if upright else stored
    if size not in (shown, stored):
        return None
    turn = orientation > 1 and not upright and size == stored
    if orientation > 1 and image.instances and shown == stored:
        read.doubtful.append(f"{name} ({'as stored' if turn else 'as shown'})")
    read.turned += turn and bool(image.instances)
    return [_turned(instance, orientation, stored) if turn else instance for instance in image.instances]


def _inside(instances: list[Instance], name: str, width: int, height: int, read: _Read) -> list[Instance]:
    """Labels with their boxes cut at the image's edge; those that lie outside it are left out."""
    inside = []
    for instance in instances:
        box = clip_box(instance.box, width, height)
        if box[2] > box[0] and box[3] > box[1]:
            inside.append(instance.model_copy(update={"box": box}))
        else:
            read.left_out.reasons.append(f"{name}: a label outside its picture")
    return inside


def _turned(instance: Instance, orientation: int, stored: tuple[int, int]) -> Instance:
    width, height = stored
    if instance.counts is None:
        return instance.model_copy(update={"box": turn_box(instance.box, orientation, width, height)})
    mask = instance.mask(height, width)
    assert mask is not None
    turned = turn_mask(mask, orientation)
    counts = encode_mask(turned)
    return instance.model_copy(update={"counts": counts, "box": counts_box(counts, *turned.shape)})


def turn_mask(mask: BoolMask, orientation: int) -> BoolMask:
    """A stored (h, w) mask as it is shown under an EXIF orientation, 1..8."""
    if orientation >= 5:
        mask = mask.T
        orientation = {5: 1, 6: 2, 7: 3, 8: 4}[orientation]
    flips = {1: (1, 1), 2: (1, -1), 3: (-1, -1), 4: (-1, 1)}[orientation]
    return np.ascontiguousarray(mask[:: flips[0], :: flips[1]])


def turn_box(box: Box, orientation: int, width: int, height: int) -> Box:
    """A box in a stored image of that size as it is shown under an EXIF orientation, 1..8."""
    x1, y1, x2, y2 = box
    if orientation >= 5:
        x1, y1, x2, y2 = y1, x1, y2, x2
        width, height = height, width
        orientation = {5: 1, 6: 2, 7: 3, 8: 4}[orientation]
    if orientation in (2, 3):
        x1, x2 = width - x2, width - x1
    if orientation in (3, 4):
        y1, y2 = height - y2, height - y1
    return x1, y1, x2, y2


# Masks and splits ---------------------------------------------------------------------------------------------------


def _settle_masks(samples: list[Sample], notes: list[str]) -> bool:
    """Whether masks can be scored: every label has one, and they are not boxes in disguise."""
    labels = [(sample, i) for sample in samples for i in sample.instances]
    masked = [(sample, i) for sample, i in labels if i.counts is not None]
    if not masked:
        return False
    if len(masked) < len(labels):
        notes.append(f"{len(labels) - len(masked)} of {len(labels)} labels have no mask: only boxes are scored")
        return False
    if all(_fills_its_box(i, sample) for sample, i in masked):
        notes.append("all masks are rectangles: they are taken for boxes, and only boxes are scored")
        for sample in samples:
            sample.instances = [i.model_copy(update={"counts": None}) for i in sample.instances]
        return False
    return True


def _fills_its_box(instance: Instance, sample: Sample) -> bool:
    assert instance.counts is not None
    x1, y1, x2, y2 = instance.box
    return mask_area(instance.counts, sample.height, sample.width) >= _BOX_FILL * (x2 - x1) * (y2 - y1)


def _split(
    folder: Path, read: _Read, val_share: float, notes: list[str], classify: bool
) -> tuple[list[Sample], list[Sample]]:
    photos, joined = group_images(read.names, read.looks, [s.sha256 for s in read.samples])
    labelled = [bool(s.label if classify else s.instances) for s in read.samples]
    if len({p for p, some in zip(photos, labelled, strict=True) if some}) < 2:
        if sum(labelled) < 2:
            raise StepFailed(
                f"{folder}: only {sum(labelled)} picture is labelled with a class of the task. At least two photos are "
                "needed: one decides, one is only reported."
            )
        photos, joined = list(read.names), 0
        notes.append("all labelled pictures come from one photo: they are split by picture, so the scores will flatter")
    if joined:
        notes.append(f"{joined} photos look almost like another and stay on its side")
    strata: dict[str, str] = {}
    for photo, sample, some in sorted(zip(photos, read.samples, labelled, strict=True), key=lambda t: (not t[2], t[0])):
        strata.setdefault(photo, (sample.label or "") if classify else "labelled" if some else "empty")
    deciding = split_photos(strata, Counter(photos), val_share)
    sides: dict[Literal["val", "test"], list[Sample]] = {"val": [], "test": []}
    for photo, sample in zip(photos, read.samples, strict=True):
        side: Literal["val", "test"] = "val" if photo in deciding else "test"
        sides[side].append(sample.model_copy(update={"family": photo, "split": side}))
    return sides["val"], sides["test"]
