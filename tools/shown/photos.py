"""The photos that a person shows: read, checked, and copied into the run as training material.

They are trained on by the person's wish, so none of them may also judge: a photo that does is left out and named.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tools.annotators import Segmenter
from tools.annotators.cut_out import cut_out, painted_over
from tools.core.errors import StepFailed
from tools.core.task import TaskSpec
from tools.data.apart import check_apart
from tools.data.images import ImageArray, read_image, walk_files, write_image
from tools.data.origin import read_origin
from tools.data.photos import alike, group_images, look_hash
from tools.data.real import read_photos
from tools.data.real_labels import NO_LABELS
from tools.data.sample import Box, Instance, Sample, encode_mask
from tools.data.videos import is_video
from tools.runs.runtime import RunContext

MOST = 200  # photos; more are a data set, of which an evenly chosen part is as good and takes minutes
MIN_SIDE_PX = 4.0  # of a label: a smaller one is a slip of the mouse
MAX_SIDE_PX = 1600  # of a copy: what training and a look at large images can use
_SHOWN = 3
ENGINE = "photo"
FOLDER = "photos"  # of a run


@dataclass(frozen=True)
class Shown:
    """Photos that can be learnt from, and sentences on what was done with the rest."""

    samples: list[Sample]
    notes: list[str]


def read_shown(
    folder: Path, task: TaskSpec, class_map: dict[str, str], judges: Path | None, unlabelled: Path | None = None
) -> Shown:
    """The labelled photos of a folder in the task's classes; nothing in the folder is touched.

    Args:
        folder: labels with their images, or one folder a class.
        task: its classes are looked for in the labels.
        class_map: label class -> class of the task, where the names do not say it.
        judges: folder of the photos that judge; a photo that shows the same is left out.
        unlabelled: folder of photos that join without labels; where it is the same one, none is said to be left out.

    Raises:
        StepFailed: a class has no usable photo; the message says what is missing.
        NeedsUser: the labels' classes cannot be matched with the task's.
    """
    samples, notes = read_photos(folder, task, class_map)
    if folder == unlabelled:
        notes = [note for note in notes if NO_LABELS not in note]
    if videos := sum(map(is_video, walk_files(folder))):
        notes.append(f"not looked at: {videos} videos beside labelled photos; bring them as photos without labels")
    if judges is not None:
        apart = check_apart(folder, judges)
        samples = [s for s in samples if apart.keeps(s.image)]
        notes += apart.notes()
    samples, groups, copies = _once_each(samples)
    if copies:
        notes.append(f"left out {len(copies)} photos that are copies of another: {_some(copies)}")
    samples, specks, cut = _without_specks(samples)
    if specks:
        notes.append(f"left out {sum(specks.values())} labels under {MIN_SIDE_PX:g} px: {_some(list(specks))}")
    if cut:
        notes.append(f"{cut} objects are cut by the edge of their photo: learnt from, but never cut out and pasted")
    _check_classes(folder, samples, task)
    if len(samples) > MOST:
        labelled_first = sorted(range(len(samples)), key=lambda i: (not _is_labelled(samples[i]), samples[i].id))[:MOST]
        notes.append(f"{MOST} of {len(samples)} photos are used; bring a set that large with --real too, and measure")
        samples, groups = [samples[i] for i in labelled_first], [groups[i] for i in labelled_first]
    photos = [s.model_copy(update={"family": g}) for s, g in zip(samples, groups, strict=True)]
    empty = sum(not _is_labelled(s) for s in photos)
    notes.insert(0, f"{len(photos)} photos are learnt from" + (f", {empty} of them without the thing" if empty else ""))
    return Shown(photos, notes)


def keep_copies(run: RunContext, shown: Sequence[Sample], segmenter: Segmenter) -> list[str]:
    """Copy photos into the run, upright and at a size that training can use, and put them into its data set.

    A photo that is there already is left alone, with the labels that a person may have corrected since. A segmentation
    needs outlines: boxed objects are cut out, and one that no outline fits is painted over, for left as it is it would
    teach that there is nothing.

    Args:
        run: its task says whether outlines are needed.
        shown: of `read_shown`.
        segmenter: cuts out.

    Returns:
        Sentences on what was painted over.

    Raises:
        StepFailed: a class is left without a single outline.
    """
    folder = run.folder / FOLDER
    folder.mkdir(exist_ok=True)
    for number, sample in enumerate(shown):
        run.check_stop()
        identity = f"{ENGINE}-{sample.sha256[:16]}"
        if run.dataset.sample(identity) is None:
            copy, image = _copy(identity, sample, run.task, segmenter)
            temporary = folder / f".{identity}.jpg"
            write_image(temporary, image)
            run.dataset.add_sample(copy, temporary)
        run.progress("shown", number + 1, len(shown))
    kept = [s for s in run.dataset.samples(verdict="kept") if s.engine == ENGINE]
    lost = sum(int(s.provenance.get("painted_over", 0)) for s in kept)
    if not lost:
        return []
    for name in run.task.class_names:
        if not any(i.class_name == name for s in kept for i in s.instances):
            raise StepFailed(
                f"no outline of a {name!r} could be cut out of its box. Label outlines, or ask for boxes: detect {name}"
            )
    return [f"{lost} boxed objects that no outline fits are painted over and not learnt from"]


def _copy(identity: str, sample: Sample, task: TaskSpec, segmenter: Segmenter) -> tuple[Sample, ImageArray]:
    """A photo as the run keeps it."""
    image, instances = scaled(read_image(Path(sample.image)), sample.instances)
    provenance = {"file": str(sample.provenance.get("file", sample.image)), "labels": "the person's own"}
    if kind := read_origin(Path(sample.image)).source_type:
        provenance["digital_source_type"] = kind
    if task.kind == "segment":
        found = cut_out(image, instances, segmenter)
        instances = [i for i in found if i.counts is not None]
        lost = [i.box for i in found if i.counts is None]
        image = painted_over(image, lost, instances)
        provenance |= {"painted_over": str(len(lost))} if lost else {}
    height, width = image.shape[:2]
    copy = Sample(
        id=identity, image=f"{FOLDER}/{identity}.jpg", width=width, height=height, sha256=sample.sha256,
        family=sample.family, split="train", engine=ENGINE, verdict="kept", instances=instances, label=sample.label,
        provenance=provenance,
    )  # fmt: skip
    return copy, image


def scaled(image: ImageArray, instances: Sequence[Instance]) -> tuple[ImageArray, list[Instance]]:
    """An image of at most `MAX_SIDE_PX`, and its labels in its pixels."""
    height, width = image.shape[:2]
    scale = min(1.0, MAX_SIDE_PX / max(height, width))
    if scale == 1.0:
        return image, list(instances)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    moved = []
    for instance in instances:
        x1, y1, x2, y2 = instance.box
        sx, sy = size[0] / width, size[1] / height
        box: Box = (x1 * sx, y1 * sy, x2 * sx, y2 * sy)
        mask = instance.mask(height, width)
        counts = None
        if mask is not None:
            counts = encode_mask(cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(bool))
        moved.append(instance.model_copy(update={"box": box, "counts": counts}))
    return small, moved


def _once_each(samples: Sequence[Sample]) -> tuple[list[Sample], list[str], list[str]]:
    """The samples without copies of one image, the photo that each comes from, and the names of the copies.

    Tiles and crops of one photo are no copies, but they stay together in cross-validation: their photo is the same.
    """
    names = [str(s.provenance.get("file", s.image)) for s in samples]
    looks = [look_hash(read_image(Path(s.image))) for s in samples]
    groups, _ = group_images(names, looks, [s.sha256 for s in samples])
    twins: dict[int, set[int]] = {row: set(others.tolist()) for row, others in alike(looks, looks)}
    # Of copies the one with more labels is the better one; the order of names decides between equals.
    order = sorted(range(len(samples)), key=lambda i: (-len(samples[i].instances), i))
    kept: set[int] = set()
    for i in order:
        same_file = {j for j in kept if samples[j].sha256 == samples[i].sha256}
        if not (same_file or twins.get(i, set()) & kept):
            kept.add(i)
    copies = [names[i] for i in range(len(samples)) if i not in kept]
    return [samples[i] for i in sorted(kept)], [groups[i] for i in sorted(kept)], copies


def _without_specks(samples: Sequence[Sample]) -> tuple[list[Sample], Counter[str], int]:
    """The samples without labels that are too small to be meant; photo -> how many, and how many objects are cut."""
    made, specks, cut = [], Counter[str](), 0
    for sample in samples:
        kept = []
        for instance in sample.instances:
            x1, y1, x2, y2 = instance.box
            if min(x2 - x1, y2 - y1) < MIN_SIDE_PX:
                specks[str(sample.provenance.get("file", sample.image))] += 1
                continue
            cut += x1 <= 1 or y1 <= 1 or x2 >= sample.width - 1 or y2 >= sample.height - 1
            kept.append(instance)
        made.append(sample.model_copy(update={"instances": kept}))
    return made, specks, cut


def _check_classes(folder: Path, samples: Sequence[Sample], task: TaskSpec) -> None:
    for name in task.class_names:
        if not any(s.label == name or any(i.class_name == name for i in s.instances) for s in samples):
            raise StepFailed(
                f"{folder}: no photo shows {name!r} with a label that can be used; every class needs at least one"
            )


def _is_labelled(sample: Sample) -> bool:
    return bool(sample.instances or sample.label)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
