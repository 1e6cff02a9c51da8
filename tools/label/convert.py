"""Labels of one format as another, and boxes as masks; what comes out is read again and compared."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tools.annotators import Segmenter
from tools.annotators.cut_out import cut_out
from tools.core import owned
from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.core.task import TaskKind, TaskSpec, clean_name
from tools.data.formats.labels import LabelledImage, counted, holdable
from tools.data.images import read_image, write_image
from tools.data.origin import carry
from tools.data.packed import is_packed, unpack_labelled
from tools.data.real import read_photos
from tools.data.real_labels import read_labels
from tools.data.sample import Instance, Sample
from tools.label.export import Written, write_export
from tools.label.folder import joined_stem
from tools.label.labeler import label_task


@dataclass
class Converted:
    """What became of the labels."""

    written: Written
    masks_made: int = 0  # of boxes
    boxes_left: int = 0  # that could not be cut out
    mask_iou: float | None = None  # mean over masks, of what was read back with what went in
    notes: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """As values that JSON holds."""
        return {
            "photos": self.written.photos, "labels": self.written.labels, "format": self.written.format,
            "masks_made": self.masks_made, "boxes_left": self.boxes_left,
            "mask_iou_read_back": None if self.mask_iou is None else round(self.mask_iou, 5),
            "lost": counted(self.written.lost) or "nothing", "names_replaced": self.written.renamed,
            "notes": self.notes, "written_to": str(self.written.folder),
        }  # fmt: skip


def convert_labels(
    source: Path, to: Path, form: str, *, segmenter: Segmenter | None = None, images: bool = True
) -> Converted:
    """Read labelled photos and write their labels in another format.

    Args:
        source: a folder with photos and labels, a zip of them, or parquet files; nothing in it is touched.
        to: new folder; one that this wrote before and a person changed is left alone, the labels go beside it.
        form: one of `tools.label.export.FORMATS`; photos with one class each become class folders.
        segmenter: makes masks of labels that are boxes; None leaves them boxes.
        images: put the photos beside the labels, upright and without anything but their pixels.

    Raises:
        FixArguments: an unknown format, or `to` holds other files.
        StepFailed: the labels cannot be read or written; the message names the file.
    """
    owned.refuse_foreign(to, "OUT")
    if is_packed(source):
        to.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=to.parent, prefix=".unpacked-") as scratch:
            unpack_labelled(source, Path(scratch) / source.stem, Settings())
            return _convert(Path(scratch) / source.stem, source, to, form, segmenter, images)
    return _convert(source, source, to, form, segmenter, images)


def _convert(
    source: Path, given: Path, to: Path, form: str, segmenter: Segmenter | None, images: bool
) -> Converted:  # fmt: skip
    """`convert_labels` for a folder: the one that was given, or its archive's contents."""
    task, class_map, told = _task_of(source)
    samples, notes = read_photos(source, task, class_map)
    notes = [*told, *notes]
    if task.kind != "classify" and (segmenter or any(i.counts for s in samples for i in s.instances)):
        task = task.model_copy(update={"kind": "segment"})
    counts = {"made": 0, "left": 0}
    scratch_near = to.parent
    scratch_near.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch_near, prefix=".convert-") as scratch:
        entries = _entries(samples, segmenter, Path(scratch), counts)
        building, by = owned.unfinished(to), f"convert {given.resolve()}"
        try:
            written = write_export(entries, building, form, task, images=images)
            written = replace(written, folder=owned.install(building, to, by))
        finally:
            shutil.rmtree(building, ignore_errors=True)
    if written.folder != to:
        notes = [*notes, f"{to} holds other labels, or was changed since: left alone, written beside it"]
    result = Converted(written, counts["made"], counts["left"], notes=notes)
    if images and task.kind == "segment" and not written.lost["masks not stored"]:
        result.mask_iou = _agreement(written.folder, task, samples) if segmenter is None else None
    return result


def _task_of(source: Path) -> tuple[TaskSpec, dict[str, str], list[str]]:
    """The classes that are used in the labels, in the order of their names; which label is which; what to say of it."""
    kind: TaskKind = "detect"
    try:
        labels = read_labels(source, classify=False)
    except StepFailed as error:
        try:
            labels, kind = read_labels(source, classify=True), "classify"
        except StepFailed:
            raise error from None  # what is wrong with boxes says more than that no class folders are there
    used = {i.class_name for _, image in labels.entries for i in image.instances}
    used |= {image.label for _, image in labels.entries if image.label}
    if not used:
        raise StepFailed(f"{source}: no photo has a label, so there is nothing to convert")
    names: dict[str, str] = {}  # as classes are compared -> as one is called
    class_map: dict[str, str] = {}
    for said in sorted(used):
        name = _name_of(said, source)
        class_map[said] = names.setdefault(name.casefold(), name)
    twins = [said for said, name in class_map.items() if said != name]
    notes = [f"classes that differ in capitals or spaces alone are one: {', '.join(map(repr, twins))}"] if twins else []
    return label_task(list(names.values()), kind), class_map, notes


def _name_of(said: str, source: Path) -> str:
    try:
        return clean_name(said)
    except ValueError as error:
        raise StepFailed(f"{source}: the class {said!r} of its labels cannot be used: {error}") from error


def _entries(
    samples: list[Sample], segmenter: Segmenter | None, scratch: Path, counts: dict[str, int]
) -> Iterator[tuple[LabelledImage, Path]]:
    taken: set[str] = set()
    for sample in samples:
        pixels = read_image(Path(sample.image))
        instances: list[Instance] = sample.instances
        if segmenter is not None:
            boxes = sum(i.counts is None for i in instances)
            instances = cut_out(pixels, instances, segmenter)
            left = sum(i.counts is None for i in instances)
            counts["made"] += boxes - left
            counts["left"] += left
        name, original = _free(PurePosixPath(sample.family), taken)
        write_image(scratch / name, pixels)
        carry(Path(sample.image), scratch / name)
        image = LabelledImage(name, sample.width, sample.height, instances, sample.label, original=original)
        yield image, scratch / name
        (scratch / name).unlink()


def _free(path: PurePosixPath, taken: set[str]) -> tuple[str, str]:
    """The photo's own file name, with its folders where two are called the same; its whole one if that cannot be."""
    suffix = ".png" if path.suffix.lower() in (".png", ".bmp", ".tif", ".tiff", ".gif") else ".jpg"
    own = holdable(path.stem)
    stems = chain([own, holdable(joined_stem(path.as_posix()))], (f"{own}-{n}" for n in count(2)))
    stem = next(s for s in stems if s.casefold() not in taken)
    taken.add(stem.casefold())
    return stem + suffix, "" if stem in (path.stem, joined_stem(path.as_posix())) else path.as_posix()


def _agreement(folder: Path, task: TaskSpec, before: list[Sample]) -> float | None:
    """Mean IoU of the masks read back with those that went in, in the order of each photo."""
    after, _ = read_photos(folder, task, {n: n for n in task.class_names})
    by_stem = {PurePosixPath(s.family).stem: s for s in after}
    taken: set[str] = set()
    overlaps: list[float] = []
    for sample in before:
        again = by_stem.get(PurePosixPath(_free(PurePosixPath(sample.family), taken)[0]).stem)
        for k, instance in enumerate(sample.instances):
            mask = instance.mask(sample.height, sample.width)
            read = again.instances[k].mask(sample.height, sample.width) if again and k < len(again.instances) else None
            if mask is not None:
                overlaps.append(0.0 if read is None else float((mask & read).sum() / max(1, (mask | read).sum())))
    return float(np.mean(overlaps)) if overlaps else None
