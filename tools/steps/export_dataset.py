"""Write the kept images of a run and their labels in the formats that other tools read.

A format's folder is built beside its place and renamed into it, so it is whole or not there. One in which a person
changed something is left alone, and the next is written beside it. Every folder is read back before it counts: as many
images and labels out as in, and what a format cannot say is counted and reported.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.core import owned
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import full_disk, is_full, link_or_copy, write_bytes
from tools.core.task import TaskKind, TaskSpec
from tools.data.boxes import BOXES_SAY, BoxConvention, export_convention, with_label_boxes
from tools.data.card import Exported, dataset_card
from tools.data.dataset import Dataset
from tools.data.formats import coco, cvat, folders, hugging_face, label_studio, labelme, mask_pngs, voc, yolo
from tools.data.formats.labels import LabelledImage, counted, instances_of, labelled
from tools.data.origin import is_marked, source_type, write_marked
from tools.data.real_labels import read_labels
from tools.data.sample import Sample
from tools.data.signing import ManifestSigner, signer_of
from tools.language.export import LANGUAGE, Content, FormatPlan, plan_language, read_back_language
from tools.language.make import LanguageData, speak
from tools.runs.runtime import RunContext, report

FORMATS: dict[TaskKind, tuple[str, ...]] = {
    "segment": ("yolo", "coco", "voc", "cvat"),
    "detect": ("yolo", "coco", "voc", "cvat"),
    "classify": ("folders",),
}
# Written where they are asked for: a run's own exports are those that trainers read.
MORE: dict[TaskKind, tuple[str, ...]] = {
    "segment": ("labelme", "label-studio", "hugging-face", "masks"),
    "detect": ("labelme", "label-studio", "hugging-face"),
    "classify": (),
}
_STAGE = "export_dataset"
_CARD = "README.md"
BY = "export"  # who signs what lies in export/ itself
_LAYOUT = 3  # raised when a format is written differently, so that older folders are written anew


@tool
def export_dataset(runtime: ToolRuntime[RunContext], formats: list[str] | None = None) -> str:
    """Write the kept images and labels for other tools, into export/dataset_<format>/ with a data set card.

    Args:
        runtime: the run.
        formats: any of yolo, coco, voc, cvat (folders for a classifier), which are all written when left out; also
            labelme, label-studio, hugging-face, masks; and llava, sharegpt and coco-captions: what is certain about
            rendered images, in words.
    """
    return export(runtime.context, formats)


def export(run: RunContext, formats: Sequence[str] | None = None, boxes: BoxConvention | None = None) -> str:
    """Export the kept samples of a run; see `export_dataset`.

    Args:
        run: what is exported.
        formats: all of the task's by default.
        boxes: of what is seen or of the whole object; by default the masks' own, and the whole where there is no mask.

    Raises:
        FixArguments: an unknown format, or nothing is kept yet.
        StepFailed: no image is labelled, or a file cannot be written.
    """
    task = run.task
    wanted = list(dict.fromkeys(f.strip().lower() for f in formats or FORMATS[task.kind]))
    known = (*FORMATS[task.kind], *MORE[task.kind], *LANGUAGE)
    if unknown := [f for f in wanted if f not in known]:
        raise FixArguments(f"Unknown format {', '.join(unknown)}; to {task.kind} there are {', '.join(known)}.")
    with run.stage(_STAGE), run.dataset.snapshot():
        kept = Kept(run.dataset)
        if not len(kept):
            raise FixArguments("No picture is kept yet. Call generate_images and curate_dataset first.")
        boxes = boxes or export_convention(task.kind)
        images = KeptImages(kept, task, boxes)
        unknown_classes = _unknown_classes(kept, images, task)
        said = _said(run, list(kept), task) if any(f in LANGUAGE for f in wanted) else None
        done = []
        for number, name in enumerate(wanted):
            run.check_stop()
            spoken = said if name in LANGUAGE else None
            done.append(_export_format(run, name, images, kept, task, boxes, spoken))
            run.progress(_STAGE, number + 1, len(wanted))
        _record(run, done, kept, task)
        lost = {e.format: counted(Counter(e.lost)) for e in done if e.lost}
        if unknown_classes:
            lost["all"] = f"{unknown_classes} labels of classes that are not of the task"
        return report(
            done=f"{done[0].images} pictures with {done[0].labels} labels as {', '.join(wanted)}",
            folders=[e.folder for e in done],
            lost=lost,
            boxes=f"of {BOXES_SAY[boxes]}" if task.kind != "classify" else None,
            language=None if said is None else said.statistics,
            note="every folder was read back: as many pictures and labels as went in",
        )


class Kept(Collection[Sample]):
    """The kept samples of a data set, read from it each time they are gone through: a million need no memory."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def __iter__(self) -> Iterator[Sample]:
        return self._dataset.samples(verdict="kept")

    def __len__(self) -> int:
        return self._dataset.count(verdict="kept")

    def __contains__(self, sample: object) -> bool:
        return any(sample == one for one in self)


class KeptImages(Iterable[LabelledImage]):
    """The same with the labels of the task's classes, as formats take them.

    Args:
        kept: read each time these are gone through.
        task: its classes' labels alone are written.
        boxes: what they are of.
    """

    def __init__(self, kept: Iterable[Sample], task: TaskSpec, boxes: BoxConvention) -> None:
        self._kept, self._known, self._boxes = kept, set(task.class_names), boxes

    def __iter__(self) -> Iterator[LabelledImage]:
        for sample in with_label_boxes(self._kept, self._boxes):
            own = [i for i in sample.instances if i.class_name in self._known]
            label = sample.label if sample.label in self._known else None
            yield labelled(sample.model_copy(update={"instances": own, "label": label}))


def _unknown_classes(kept: Collection[Sample], images: Iterable[LabelledImage], task: TaskSpec) -> int:
    """How many labels are of classes that are not of the task.

    Raises:
        StepFailed: none is of one that is.
    """
    labels = sum(len(s.instances) for s in kept)
    own = named = 0
    for image in images:
        own += len(image.instances)
        named += image.label is not None
    if not (named if task.kind == "classify" else own):
        raise StepFailed(
            f"None of the {len(kept)} kept pictures has a label, so there is no data set to export. "
            "Call annotate_images first."
        )
    return labels - own


def _said(run: RunContext, samples: Sequence[Sample], task: TaskSpec) -> LanguageData:
    """All that is certain about the images, in words."""
    scenes = {scene.id: scene for scene in run.dataset.scenes()}
    return speak(samples, scenes, task.class_names, run.folder, run.check_stop)


# One format ---------------------------------------------------------------------------------------------------------


def plan_format(
    name: str, images: Iterable[LabelledImage], sources: Iterable[str], task: TaskSpec
) -> FormatPlan:  # fmt: skip
    """What a format's folder will hold.

    Args:
        name: one of `FORMATS` or `MORE`.
        images: labels of the images; gone through several times.
        sources: where each image lies in the run.
        task: kind and order of the classes.
    """
    classes, masks = task.class_names, task.kind == "segment"
    labels = instances_of(images)
    if name == "folders":
        places = [folders.image_path(image, classes) for image in images]
        found = {place: source for place, source in zip(places, sources, strict=True) if place is not None}
        return FormatPlan(found, lambda: folders.label_files(classes), len(found), lambda: folders.lost(images))
    place: dict[str, Callable[[LabelledImage], str]] = {
        "yolo": yolo.image_path, "coco": coco.image_path, "voc": voc.image_path, "cvat": cvat.image_path,
        "labelme": labelme.image_path, "label-studio": label_studio.image_path,
        "hugging-face": hugging_face.image_path, "masks": mask_pngs.image_path,
    }  # fmt: skip
    files: dict[str, Callable[[], Iterator[tuple[str, Content]]]] = {
        "yolo": lambda: yolo.label_files(images, classes, masks),
        "coco": lambda: coco.label_files(images, classes),
        "voc": lambda: voc.label_files(images),
        "cvat": lambda: cvat.label_files(images, classes, masks),
        "labelme": lambda: labelme.label_files(images, masks),
        "label-studio": lambda: label_studio.label_files(images, masks),
        "hugging-face": lambda: hugging_face.label_files(images, classes, masks),
        "masks": lambda: mask_pngs.label_files(images, classes),
    }
    lost: dict[str, Callable[[], Counter[str]]] = {
        "yolo": lambda: yolo.lost(images, masks), "coco": lambda: coco.lost(images),
        "voc": lambda: voc.lost(images), "cvat": lambda: cvat.lost(images, masks),
        "labelme": lambda: labelme.lost(images, masks), "label-studio": lambda: label_studio.lost(images, masks),
        "hugging-face": lambda: hugging_face.lost(images, masks), "masks": lambda: mask_pngs.lost(images),
    }  # fmt: skip
    placed = {place[name](image): source for image, source in zip(images, sources, strict=True)}
    return FormatPlan(placed, files[name], labels, lost[name])


def _export_format(
    run: RunContext, name: str, images: Iterable[LabelledImage], samples: Collection[Sample], task: TaskSpec,
    boxes: BoxConvention, said: LanguageData | None,
) -> Exported:  # fmt: skip
    plan = plan_format(name, images, (s.image for s in samples), task) if said is None else plan_language(name, said)
    place, by = run.folder / "export" / f"dataset_{name}", f"export {run.record.name} {name}"
    fingerprint = _fingerprint(name, images, samples, task) + ("" if said is None else said.digest)
    if run.settings.c2pa.certificate is not None:
        fingerprint += f" signed {run.settings.c2pa.certificate}"
    with _told(place):
        building = owned.unfinished(place)
        folder = next(p for p in owned.siblings(place) if _holds(p, fingerprint) or owned.may_write(p, by))
        exported = Exported(name, run.relative(folder), len(plan.images), plan.labels, dict(plan.lost()), boxes)
        card = _card(run, task, samples, [exported])
        # The card also names engines, which may be told later than the labels; one that a person wrote on stays.
        if _holds(folder, fingerprint) and (_says(folder / _CARD, card) or not owned.may_write(folder, by)):
            return exported
        origins = {s.image: source_type(s.engine, s.provenance) for s in samples}
        _build(run, building, plan, origins, signer_of(run.settings))
        if said is None:
            _read_back(building, plan, task)
        else:
            read_back_language(building, name, plan)
        _write(building / _CARD, card)
        folder = owned.install(building, folder, by, fingerprint=fingerprint)
    return replace(exported, folder=run.relative(folder))


def _build(
    run: RunContext, folder: Path, plan: FormatPlan, origins: Mapping[str, str | None], signer: ManifestSigner | None
) -> None:
    """Put images and label files into a new folder."""
    for path, source in plan.images.items():
        run.check_stop()
        _hand_out(run.path(source), folder / path, origins[source], signer)
    files = list(plan.images)
    for path, text in plan.files():
        _write(folder / path, text)
        files.append(path)
    for split in ("train", "val", "test") if "classes.json" in files else ():
        # A class without an image in a split keeps its folder: readers number the classes by their folders.
        if any(path.startswith(f"{split}/") for path in plan.images):
            for name in json.loads((folder / folders.NAMES_FILE).read_text(encoding="utf-8")):
                (folder / split / name).mkdir(exist_ok=True)


def _read_back(folder: Path, plan: FormatPlan, task: TaskSpec) -> None:
    """Read what was written as any stranger's data set is read.

    Raises:
        StepFailed: it does not hold what it should.
    """
    entries = read_labels(folder, task.kind == "classify").entries
    labels = sum((image.label is not None) + len(image.instances) for _, image in entries)
    if (len(entries), labels) != (len(plan.images), plan.labels):
        raise StepFailed(
            f"{folder}: read back {len(entries)} pictures and {labels} labels, but {len(plan.images)} and "
            f"{plan.labels} were written. The folder was not put into place; export again."
        )


def _fingerprint(name: str, images: Iterable[LabelledImage], samples: Iterable[Sample], task: TaskSpec) -> str:
    digest = hashlib.sha256(json.dumps([_LAYOUT, name, task.kind, task.class_names]).encode())
    for image, sample in zip(images, samples, strict=True):
        labels = [i.model_dump_json() for i in image.instances]
        digest.update(json.dumps([image.file, image.split, image.label, sample.sha256, labels]).encode())
    return digest.hexdigest()


# Files --------------------------------------------------------------------------------------------------------------


def _holds(folder: Path, fingerprint: str) -> bool:
    """Whether the folder holds just this data set already, as it was written; the person may have added to it."""
    known = owned.manifest(folder)
    return known.get("fingerprint") == fingerprint and all(
        owned.is_same(folder / name, digest) for name, digest in known["files"].items() if name != _CARD
    )


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text


def _hand_out(source: Path, target: Path, origin: str | None, signer: ManifestSigner | None) -> None:
    """An image as others get it: its pixels and where it comes from, no EXIF, no place, no name of anybody."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not source.is_file():
        raise StepFailed(f"{source} is missing, though the data set lists it. Restore it, or build again.")
    if signer is not None:
        unsigned = target.with_name(f".{target.name}{target.suffix}")
        write_marked(source, unsigned, origin)
        signer.sign(unsigned, target, origin or "digitalCapture")
        unsigned.unlink()
    elif not is_marked(source, origin):
        write_marked(source, target, origin)
    else:
        link_or_copy(source, target)


def _write(path: Path, content: Content) -> None:
    if isinstance(content, str):
        content = content.encode()
    write_bytes(path, content if isinstance(content, bytes) else (piece.encode() for piece in content))


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """A full or read-only disk as a sentence."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise StepFailed(f"nothing was exported, and what was there before is kept: {full_disk(folder)}") from error
        raise StepFailed(
            f"{error.filename or folder} cannot be written ({error.strerror or error}). Change the permissions, and "
            "export again; what was there before is kept."
        ) from error


# Card and record ----------------------------------------------------------------------------------------------------


def _card(run: RunContext, task: TaskSpec, samples: Collection[Sample], exported: Sequence[Exported]) -> str:
    record = run.record
    return dataset_card(record.name, record.request or task.request, task, samples, record.engines, exported)


def _record(run: RunContext, done: Sequence[Exported], samples: Collection[Sample], task: TaskSpec) -> None:
    """Keep in `run.json` what was exported; beside the folders a card of all formats, unless a person wrote on it."""
    known = run.record.exports.get("dataset", {}) | {e.format: asdict(e) for e in done}
    run.record.exports["dataset"] = known
    run.save()
    exported = [Exported(**entry) for _, entry in sorted(known.items())]
    place = run.folder / "export"
    with _told(place):
        if _CARD not in owned.foreign(place):
            owned.announce(place, BY, [_CARD])
            _write(place / _CARD, _card(run, task, samples, exported))
            owned.add(place, BY, [_CARD])
