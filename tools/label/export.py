"""Labels written for other tools, photo by photo: memory stays flat, and each photo's labels are read back at once.

The folder is built beside its place and renamed into it. Images in it hold pixels alone.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Protocol, get_args
from xml.etree import ElementTree as ET

from tools.core.errors import FixArguments, StepFailed
from tools.core.files import link_or_copy
from tools.core.task import TaskSpec
from tools.data.formats import (
    Form,
    coco,
    cvat,
    folders,
    hugging_face,
    label_studio,
    labelme,
    mask_pngs,
    voc,
    yolo,
)
from tools.data.formats.labels import LabelledImage, class_index

FORMATS: tuple[Form, ...] = get_args(Form)
ORIGINAL_NAMES = "original_names.json"
_MANIFEST = ".sightsmith-labels"  # says that a folder is ours to replace


@dataclass
class Written:
    """What went into a folder."""

    folder: Path
    format: str
    photos: int = 0
    labels: int = 0
    lost: Counter[str] = field(default_factory=Counter)  # what the format cannot say
    renamed: int = 0  # photos whose names formats cannot hold; `ORIGINAL_NAMES` says what they were


class Writer(Protocol):
    """Writes one format."""

    def add(self, image: LabelledImage) -> int:
        """Write one photo's labels; how many are read back."""

    def close(self) -> None:
        """Write what can only be written at the end."""

    def place(self, image: LabelledImage) -> str:
        """Where the photo's image lies in the folder."""

    def lost(self, image: LabelledImage) -> Counter[str]:
        """What the format cannot say of this photo."""


def write_export(
    entries: Iterable[tuple[LabelledImage, Path]], target: Path, form: str, task: TaskSpec, *, images: bool = True
) -> Written:
    """Write labels and images into a folder.

    Args:
        entries: labels of each photo, named by a bare file name of its own, and the image to put beside them.
        target: the folder; what an earlier call wrote there is replaced, anything else is refused.
        form: one of `FORMATS`; a classification is always written as class folders.
        task: kind, and classes in order.
        images: link or copy the images too.

    Raises:
        FixArguments: an unknown format, or a folder that holds something else.
        StepFailed: the disk is full or read-only, a photo has no labels after reading back, or none is labelled.
    """
    form = "folders" if task.kind == "classify" else form
    if form != "folders" and form not in FORMATS:
        raise FixArguments(f"--out {form}: known are {', '.join(FORMATS)}")
    if target.exists() and any(target.iterdir()) and not (target / _MANIFEST).is_file():
        raise FixArguments(f"{target} holds other files; name an empty or new folder")
    building = target.with_name(f".{target.name}.{os.getpid()}.new")
    shutil.rmtree(building, ignore_errors=True)
    written = Written(target, form)
    try:
        _write_all(entries, building, written, task, images)
        _put_in_place(building, target)
    except OSError as error:
        raise StepFailed(f"{error.filename or target} cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return written


def _write_all(
    entries: Iterable[tuple[LabelledImage, Path]], folder: Path, written: Written, task: TaskSpec, images: bool
) -> None:
    folder.mkdir(parents=True)
    originals: dict[str, str] = {}
    writer = _WRITERS[written.format](folder, task)
    try:
        for image, source in entries:
            expected = 1 if written.format == "folders" and image.label else len(image.instances)
            if (read := writer.add(image)) != expected:
                raise StepFailed(f"{image.file}: {expected} labels were written as {written.format}, {read} read back")
            written.photos += 1
            written.labels += expected
            written.lost += writer.lost(image)
            if image.original:
                originals[image.file] = image.original
            if images and (place := writer.place(image)):
                _link(source, folder / place)
    finally:
        writer.close()
    if not written.photos:
        raise StepFailed("no photo is labelled, so there is nothing to write")
    written.renamed = len(originals)
    if originals:
        _text(folder / ORIGINAL_NAMES, json.dumps(originals, ensure_ascii=False, indent=1) + "\n")
    (folder / _MANIFEST).write_text(json.dumps({"format": written.format}), encoding="utf-8")


def _put_in_place(building: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    if target.exists():
        target.replace(old)
    building.replace(target)
    shutil.rmtree(old, ignore_errors=True)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not source.is_file():
        raise StepFailed(f"{source} is missing, though it is labelled; label the photos again")
    link_or_copy(source, target)


def _text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


# Formats --------------------------------------------------------------------------------------------------------------


class _Coco:
    """One JSON file, its two long lists collected beside it."""

    def __init__(self, folder: Path, task: TaskSpec) -> None:
        self.folder, self.classes = folder, task.class_names
        (folder / "annotations").mkdir()
        self._parts: list[IO[str]] = [(folder / f".{n}").open("w+", encoding="utf-8") for n in ("images", "objects")]
        self._counts = [0, 0]

    def add(self, image: LabelledImage) -> int:
        said = coco.to_coco([image], self.classes)
        read = len(coco.from_coco(said).images[0].instances)
        for part, entries in enumerate((said["images"], said["annotations"])):
            for entry in entries:
                self._counts[part] += 1
                entry["id"] = self._counts[part]
                if part:
                    entry["image_id"] = self._counts[0]
                comma = ",\n" if self._counts[part] > 1 else ""
                self._parts[part].write(comma + json.dumps(entry, ensure_ascii=False))
        return read

    def close(self) -> None:
        head = coco.to_coco([], self.classes)
        with (self.folder / "annotations" / "instances_train.json").open("w", encoding="utf-8") as file:
            file.write("{")
            for name in ("info", "licenses", "categories"):
                file.write(f"{json.dumps(name)}: {json.dumps(head[name], ensure_ascii=False)},\n")
            for name, part in zip(("images", "annotations"), self._parts, strict=True):
                part.seek(0)
                file.write(f"{json.dumps(name)}: [\n")
                shutil.copyfileobj(part, file)
                file.write("]\n" if name == "annotations" else "],\n")
                part.close()
                Path(part.name).unlink()
            file.write("}\n")

    def place(self, image: LabelledImage) -> str:
        return coco.image_path(image)

    def lost(self, image: LabelledImage) -> Counter[str]:
        return coco.lost([image])


class _Yolo:
    """One text a photo, and data.yaml."""

    def __init__(self, folder: Path, task: TaskSpec) -> None:
        self.folder, self.classes, self.masks = folder, task.class_names, task.kind == "segment"
        self._index = class_index(self.classes)

    def add(self, image: LabelledImage) -> int:
        rows = yolo.to_rows(image, self._index, self.masks)
        _text(self.folder / "labels" / image.split / f"{image.stem}.txt", rows)
        return len(yolo.parse_rows(rows, image.width, image.height, self.classes))

    def close(self) -> None:
        any_image = LabelledImage("", 1, 1)
        _text(self.folder / "data.yaml", yolo.to_data_yaml([any_image], self.classes))

    def place(self, image: LabelledImage) -> str:
        return yolo.image_path(image)

    def lost(self, image: LabelledImage) -> Counter[str]:
        return yolo.lost([image], self.masks)


class _Voc:
    """One XML a photo: boxes alone."""

    def __init__(self, folder: Path, task: TaskSpec) -> None:
        self.folder = folder
        (folder / "ImageSets" / "Main").mkdir(parents=True)
        self._list = (folder / "ImageSets" / "Main" / "train.txt").open("w", encoding="utf-8")

    def add(self, image: LabelledImage) -> int:
        text = voc.to_xml(image)
        _text(self.folder / "Annotations" / f"{image.stem}.xml", text)
        self._list.write(f"{image.stem}\n")
        return len(voc.from_xml(text).instances)

    def close(self) -> None:
        self._list.close()

    def place(self, image: LabelledImage) -> str:
        return voc.image_path(image)

    def lost(self, image: LabelledImage) -> Counter[str]:
        return voc.lost([image])


class _Cvat:
    """One XML, written as it grows."""

    def __init__(self, folder: Path, task: TaskSpec) -> None:
        self.classes, self.masks, self._number = task.class_names, task.kind == "segment", 0
        self._file = (folder / "annotations.xml").open("w", encoding="utf-8")
        meta = ET.tostring(cvat.meta_element(self.classes), encoding="unicode")
        self._file.write(f"<annotations>\n<version>1.1</version>\n{meta}\n")

    def add(self, image: LabelledImage) -> int:
        element = ET.tostring(cvat.image_element(self._number, image, self.masks), encoding="unicode")
        self._number += 1
        self._file.write(element + "\n")
        return len(cvat.from_xml(f"<annotations>{element}</annotations>").images[0].instances)

    def close(self) -> None:
        self._file.write("</annotations>\n")
        self._file.close()

    def place(self, image: LabelledImage) -> str:
        return cvat.image_path(image)

    def lost(self, image: LabelledImage) -> Counter[str]:
        return cvat.lost([image], self.masks)


class _Labelme:
    """One JSON a photo, beside it."""

    def __init__(self, folder: Path, task: TaskSpec) -> None:
        self.folder, self.masks = folder, task.kind == "segment"

    def add(self, image: LabelledImage) -> int:
        read = 0
        for path, text in labelme.label_files([image], self.masks):
            _text(self.folder / path, text)
            read += len(labelme.from_labelme(json.loads(text)).instances)
        return read

    def close(self) -> None:
        """Nothing is left to write."""

    def place(self, image: LabelledImage) -> str:
        return labelme.image_path(image)

    def lost(self, image: LabelledImage) -> Counter[str]:
        return labelme.lost([image], self.masks)


class _LabelStudio:
    """One JSON, a task a line."""

    def __init__(self, folder: Path, task: TaskSpec) -> None:
        self.masks, self._number = task.kind == "segment", 0
        self._file = (folder / label_studio.FILE).open("w", encoding="utf-8")
        self._file.write("[")

    def add(self, image: LabelledImage) -> int:
        self._number += 1
        text = label_studio.task_text(self._number, image, self.masks)
        self._file.write((",\n" if self._number > 1 else "") + text)
        return len(label_studio.from_label_studio([json.loads(text)]).images[0].instances)

    def close(self) -> None:
        self._file.write("]\n")
        self._file.close()

    def place(self, image: LabelledImage) -> str:
        return label_studio.image_path(image)

    def lost(self, image: LabelledImage) -> Counter[str]:
        return label_studio.lost([image], self.masks)


class _HuggingFace:
    """One file of rows beside the photos."""

    def __init__(self, folder: Path, task: TaskSpec) -> None:
        self.classes, self.masks = task.class_names, task.kind == "segment"
        path = folder / hugging_face.METADATA.format(split="train")
        path.parent.mkdir()
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def add(self, image: LabelledImage) -> int:
        row = hugging_face.row_text(image, self.classes, self.masks)
        self._file.write(f"{row}\n")
        return len(hugging_face.from_rows([json.loads(row)], {}).images[0].instances)

    def close(self) -> None:
        self._file.close()

    def place(self, image: LabelledImage) -> str:
        return hugging_face.image_path(image)

    def lost(self, image: LabelledImage) -> Counter[str]:
        return hugging_face.lost([image], self.masks)


class _Masks:
    """A black and white PNG an object."""

    def __init__(self, folder: Path, task: TaskSpec) -> None:
        self.folder, self.classes = folder, task.class_names

    def add(self, image: LabelledImage) -> int:
        again = LabelledImage(image.file, image.width, image.height)
        for path, content in mask_pngs.mask_files(image, self.classes):
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            mask_pngs.read_object(mask_pngs.read_index(place, {}), "", again)
        return len(again.instances)

    def close(self) -> None:
        _text(self.folder / folders.NAMES_FILE, mask_pngs.class_list(self.classes))

    def place(self, image: LabelledImage) -> str:
        return mask_pngs.image_path(image)

    def lost(self, image: LabelledImage) -> Counter[str]:
        return mask_pngs.lost([image])


class _Folders:
    """A folder a class, for whole photos."""

    def __init__(self, folder: Path, task: TaskSpec) -> None:
        self.folder, self.classes = folder, task.class_names

    def add(self, image: LabelledImage) -> int:
        return int(image.label in self.classes)

    def close(self) -> None:
        for path, text in folders.label_files(self.classes):
            _text(self.folder / path, text)

    def place(self, image: LabelledImage) -> str:
        return folders.image_path(image, self.classes) or ""

    def lost(self, image: LabelledImage) -> Counter[str]:
        return folders.lost([image])


_WRITERS: dict[str, Callable[[Path, TaskSpec], Writer]] = {
    "coco": _Coco, "yolo": _Yolo, "voc": _Voc, "cvat": _Cvat, "labelme": _Labelme, "label-studio": _LabelStudio,
    "hugging-face": _HuggingFace, "masks": _Masks, "folders": _Folders,
}  # fmt: skip


def is_known(names: Sequence[str], image: LabelledImage) -> LabelledImage:
    """A photo with the labels of the task's classes alone: a person may have given it others in the review."""
    kept = [i for i in image.instances if i.class_name in names]
    label = image.label if image.label in names else None
    return replace(image, instances=kept, label=label)
