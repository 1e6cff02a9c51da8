"""The label files in somebody's folder: in which formats they are, and what each of them says."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.data.formats import coco, cvat, folders, hugging_face, label_studio, labelme, unread, voc
from tools.data.formats.labels import LabelledImage, LabelSet
from tools.data.formats.text import decode
from tools.data.label_tree import LABEL_FOLDERS, Tree
from tools.data.real_yolo import YoloFiles, is_yolo, read_text, yolo_files

FORMATS = {
    "coco": "COCO JSON", "yolo": "YOLO text", "voc": "Pascal VOC XML", "cvat": "CVAT XML", "labelme": "labelme JSON",
    "label-studio": "Label Studio JSON", "hugging-face": "Hugging Face metadata", "masks": "mask pictures",
}  # fmt: skip
ONE_IMAGE = ("voc", "labelme")  # a label file each
_HEAD = 4000  # characters of a file in which it says what it is
_TELLING = ("annotations", "categories", "shapes", "images")  # what JSON labels have, though they are cut off


@dataclass
class Found:
    """Label files by format, and what looks like one and is not."""

    files: dict[str, list[tuple[Path, LabelSet | LabelledImage]]] = field(default_factory=lambda: defaultdict(list))
    yolo: YoloFiles = field(default_factory=YoloFiles)
    broken: dict[Path, str] = field(default_factory=dict)  # label files that cannot be read, and a sentence on each
    ignored: list[str] = field(default_factory=list)  # sentences on broken files that are none, as far as one can see
    foreign: list[str] = field(default_factory=list)  # sentences on formats that are not read
    kinds: list[str] = field(default_factory=list)


def find_labels(tree: Tree) -> Found:
    """Read every label file of a folder, in whatever format."""
    found = Found()
    for path in tree.others[".json"]:
        _read_json(tree, path, found)
    for path in tree.others[".xml"]:
        _read_xml(tree, path, found)
    _read_metadata(tree, found)
    found.yolo = yolo_files(tree)
    found.kinds = [kind for kind in FORMATS if found.files.get(kind)]
    if is_yolo(tree, found.yolo, bool(found.kinds or found.broken)):
        found.kinds.append("yolo")
    return found


def several_formats(tree: Tree, found: Found) -> str:
    """What a person is told of a folder that holds labels in several formats."""
    examples = {kind: found.files[kind][0][0] for kind in found.kinds if kind != "yolo"}
    if "yolo" in found.kinds:
        examples["yolo"] = [*found.yolo.pairs.values(), *found.yolo.orphans][0]
    listed = " and ".join(f"{FORMATS[kind]} ({tree.relative(path)})" for kind, path in examples.items())
    return f"{tree.root} holds labels in {len(examples)} formats: {listed}. Leave only one of them there."


def _is_label_place(tree: Tree, path: Path) -> bool:
    return any(p.casefold() in LABEL_FOLDERS for p in path.relative_to(tree.top).parts[:-1])


def _read_json(tree: Tree, path: Path, found: Found) -> None:
    """Add what a JSON file says; other JSON is not labels, and broken JSON only where it looks like them."""
    text = ""
    try:
        text = read_text(path)
        data: Any = json.loads(text)
        text = ""
    except (ValueError, RecursionError) as error:
        said = f"{path}: no readable JSON ({error})."
        if _is_label_place(tree, path) or any(f'"{word}"' in text for word in _TELLING):
            found.broken[path] = said
        else:
            found.ignored.append(said)
        return
    try:
        if coco.is_coco(data):
            found.files["coco"].append((path, coco.from_coco(data, use_up=True)))
        elif labelme.is_labelme(data):
            found.files["labelme"].append((path, labelme.from_labelme(data)))
        elif label_studio.is_label_studio(data):
            found.files["label-studio"].append((path, label_studio.from_label_studio(data)))
        elif path.name != folders.NAMES_FILE and (kind := unread.json_kind(data)):
            found.foreign.append(unread.refusal(kind, tree.relative(path)))
    except ValueError as error:
        found.broken[path] = f"{path}: the labels cannot be read: {error}."


def _read_metadata(tree: Tree, found: Found) -> None:
    """Add what Hugging Face's metadata beside images says."""
    names: dict[str, list[str]] = {}
    for path in [p for p in tree.others[".md"] if p.name == hugging_face.CARD]:
        try:
            names |= hugging_face.names_of(read_text(path))
        except ValueError:  # a text in another encoding is no card
            continue
    for path in [*tree.others[".jsonl"], *tree.others[".csv"]]:
        if path.name.casefold() not in hugging_face.NAMES:
            continue
        try:
            rows = hugging_face.rows_of(path.name, read_text(path))
            if hugging_face.has_labels(rows):
                found.files["hugging-face"].append((path, hugging_face.from_rows(rows, names)))
            else:
                found.ignored.append(f"{path}: its rows have neither 'objects' nor 'label'.")
        except ValueError as error:
            found.broken[path] = f"{path}: the labels cannot be read: {error}."


def _read_xml(tree: Tree, path: Path, found: Found) -> None:
    """Add what an XML file says; files with another root are not labels."""
    try:
        content = path.read_bytes()
        head = content[:_HEAD].decode("latin-1") if b"\0" not in content[:4] else decode(content)[:_HEAD]
        if "<annotations" in head:
            found.files["cvat"].append((path, cvat.from_xml(content)))
        elif "<annotation" in head:
            found.files["voc"].append((path, voc.from_xml(content)))
        elif _is_label_place(tree, path) or not content.strip():
            found.broken[path] = f"{path}: no Pascal VOC or CVAT labels in it."
    except OSError as error:
        found.broken[path] = f"{path}: it cannot be opened ({error.strerror})."
    except ValueError as error:
        found.broken[path] = f"{path}: the labels cannot be read: {error}."
