"""A Hugging Face data set of images in folders: `metadata.jsonl` or `metadata.csv` beside them, a row an image.

Objects are `{"bbox": [[x, y, w, h], ...], "categories": [...]}` in pixels, with COCO masks under `segmentation` where
there are some; a whole image's class is its `label`. Numbers of classes are named in the card's (README.md) features.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import yaml

from tools.data.formats import coco
from tools.data.formats.labels import (
    LabelledImage,
    LabelSet,
    checked_box,
    class_name,
    image_size,
    masks_lost,
    number,
    short,
)
from tools.data.sample import Instance

NAMES = ("metadata.jsonl", "metadata.csv")
METADATA = "{split}/metadata.jsonl"  # as it is written
CARD = "README.md"
CLASSES = ("categories", "category", "category_id", "labels", "label", "class")
BOXES = ("bbox", "bboxes", "boxes")
WHOLE = ("label", "class")
_MOST_PARTS = 500  # of a card that are looked at, and how deep at most
Names = Mapping[str, Sequence[str]]  # column -> names of its numbers


def rows_of(name: str, text: str) -> list[dict[str, Any] | str]:
    """The rows of a metadata file, or what is wrong with one.

    Raises:
        ValueError: it has no column of file names.
    """
    rows: list[dict[str, Any] | str] = []
    if PurePosixPath(name).suffix.lower() == ".csv":
        try:
            rows += list(csv.DictReader(io.StringIO(text, newline="")))
        except csv.Error as error:
            raise ValueError(f"it is no table ({error})") from error
    else:
        for place, line in enumerate(text.split("\n"), 1):  # names may hold other breaks of lines
            try:
                row = json.loads(line) if line.strip() else None
            except (ValueError, RecursionError) as error:
                row = f"line {place}: it is no JSON ({short(str(error))})"
            if row is not None:
                rows.append(row if isinstance(row, (dict, str)) else f"line {place}: it is not an object")
    if not any(isinstance(row, dict) and "file_name" in row for row in rows):
        raise ValueError("it has no 'file_name'")
    return rows


def has_labels(rows: Sequence[dict[str, Any] | str]) -> bool:
    """Whether rows say what is in images; captions alone do not."""
    return any(isinstance(row, dict) and ("objects" in row or any(k in row for k in WHOLE)) for row in rows)


def from_rows(rows: Sequence[dict[str, Any] | str], names: Names) -> LabelSet:
    """Read rows; wrong labels are left out and named.

    Raises:
        ValueError: all boxes are two corners; see `tools.data.formats.coco`.
    """
    labels = LabelSet([], [])
    said: list[coco.Said] = []
    nameless = False
    for place, row in enumerate(rows, 1):
        file = row.get("file_name") if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(file, str) or not file.strip():
            labels.bad.append(row if isinstance(row, str) else f"row {place}: it has no file_name")
            continue
        image, numbers = _read_row(file.strip(), row, names, said)
        nameless |= numbers
        labels.images.append(image)
    coco.refuse_corners(said)
    if nameless:
        labels.notes.append(f"no list of classes in {CARD}: the class numbers are taken as names")
    return labels


def _read_row(file: str, row: dict[str, Any], names: Names, said: list[coco.Said]) -> tuple[LabelledImage, bool]:
    """An image, and whether a class of it is a number without a name."""
    bad: list[str] = []
    try:
        size = image_size(row.get("width"), row.get("height"))
    except ValueError as error:
        size = (0, 0)
        bad.append(f"{file}: {error}")
    label, nameless = None, False
    key = next((k for k in WHOLE if row.get(k) not in (None, "")), None)
    if key is not None:
        try:
            label, nameless = _named(row[key], names.get(key))
        except ValueError as error:
            bad.append(f"{file}: {error}")
    image = LabelledImage(file, *size, label=label, bad=bad)
    try:
        objects = _objects(row.get("objects"))
    except ValueError as error:
        image.bad.append(f"{file}: {error}")
        return image, nameless
    if objects is None:
        if key is None:
            image.asides["rows without labels, left out"] += 1
        return image, nameless
    for place, (name_key, thing) in enumerate(objects, 1):
        try:
            name, is_number = _named(thing.get(name_key), names.get(name_key))
            nameless |= is_number
            image.instances.append(_instance(name, thing, image, said))
        except ValueError as error:
            image.bad.append(f"object {place} of {file}: {error}")
    return image, nameless


def _objects(value: Any) -> list[tuple[str, dict[str, Any]]] | None:
    """The objects of a row and the key of their class, whether they are written as lists or one by one.

    Raises:
        ValueError: they are neither.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else None
        except (ValueError, RecursionError) as error:
            raise ValueError("its objects are no JSON") from error
    if value is None:
        return None
    if isinstance(value, dict):
        key = next((k for k in CLASSES if isinstance(value.get(k), list)), "")
        boxes = next((k for k in BOXES if isinstance(value.get(k), list)), "")
        if not key or not boxes or len(value[key]) != len(value[boxes]):
            raise ValueError("its objects are no lists of boxes and classes of one length")
        count = len(value[boxes])
        lists = {k: v for k, v in value.items() if isinstance(v, list) and len(v) == count}
        return [(key, {k: v[place] for k, v in lists.items()}) for place in range(count)]
    if isinstance(value, list) and all(isinstance(v, dict) for v in value):
        return [(next((k for k in CLASSES if k in v), ""), v) for v in value]
    raise ValueError("its objects are of no known form")


def _named(value: Any, names: Sequence[str] | None) -> tuple[str, bool]:
    """A class by its name or number, and whether nothing names that number.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, str) and not (value.strip().isdigit() and value.isascii()):
        return class_name(value), False
    index = number(value)
    if index != int(index) or index < 0:
        raise ValueError(f"{short(value)} is no class")
    if names is None:
        return str(int(index)), True
    if index >= len(names):
        raise ValueError(f"its class {int(index)} is not among the {len(names)} of {CARD}")
    return class_name(names[int(index)]), False


def _instance(name: str, thing: dict[str, Any], image: LabelledImage, said: list[coco.Said]) -> Instance:
    counts = coco.read_mask(thing.get("segmentation"), image)
    if counts is not None:
        return coco.masked(name, counts, image)
    box = next((thing[k] for k in BOXES if k in thing), None)
    if not isinstance(box, list) or len(box) != 4:
        raise ValueError("its bbox is no list of four numbers")
    x, y, w, h = numbers = [number(v) for v in box]
    if image.width:
        said.append((image.width, image.height, numbers, 0.0))
    return Instance(class_name=name, box=checked_box((x, y, x + w, y + h), image), source="real")


def names_of(card: str) -> dict[str, list[str]]:
    """Column -> names of its numbers, of a card's `dataset_info`; empty where it lists none."""
    parts = card.split("---", 2)
    if len(parts) < 3 or parts[0].strip():
        return {}
    try:
        info = yaml.safe_load(parts[1])
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    found: dict[str, list[str]] = {}
    _collect(info.get("dataset_info") if isinstance(info, dict) else None, found, set())
    return found


def _collect(value: Any, found: dict[str, list[str]], seen: set[int]) -> None:
    """Add the names in a part of a card; each part once, since YAML may name one again and again."""
    if id(value) in seen or len(seen) > _MOST_PARTS:
        return
    if isinstance(value, (list, dict)):
        seen.add(id(value))
    if isinstance(value, list):
        for entry in value:
            _collect(entry, found, seen)
    elif isinstance(value, dict):
        for typed in [v for v in value.values() if isinstance(v, dict)]:
            label = typed.get("class_label")
            listed = label.get("names") if isinstance(label, dict) else None
            if isinstance(listed, dict) and all(str(k).isdigit() for k in listed):
                by_number = {int(k): v for k, v in listed.items()}
                listed = [by_number.get(k, "") for k in range(len(by_number))]
            if isinstance(listed, list) and isinstance(value.get("name"), str):
                found[value["name"]] = [str(v) for v in listed]
        for entry in value.values():
            _collect(entry, found, seen)


# Writing --------------------------------------------------------------------------------------------------------------


def image_path(image: LabelledImage) -> str:
    """Where an image lies in the exported folder."""
    return f"{image.split}/{image.file}"


def label_files(
    images: Iterable[LabelledImage], classes: list[str], masks: bool
) -> Iterator[tuple[str, Iterator[str]]]:  # fmt: skip
    """Relative path and text, in pieces, of every label file: one a split, beside its images.

    Args:
        images: gone through several times.
        classes: names in label order.
        masks: whether to say them.
    """
    for split, part in coco.by_split(images):
        yield METADATA.format(split=split), map(lambda image: f"{row_text(image, classes, masks)}\n", part())


def lost(images: Iterable[LabelledImage], masks: bool) -> Counter[str]:
    """What is not said: masks, where only boxes were asked for."""
    return masks_lost(images, masks)


def row_text(image: LabelledImage, classes: list[str], masks: bool) -> str:
    """The row of one image; classes by name, so that no other file is needed to read it."""
    row: dict[str, Any] = {"file_name": image.file, "width": image.width, "height": image.height}
    if image.label is not None:
        row["label"] = image.label
    entries = coco.to_coco([image], classes)["annotations"]
    objects: dict[str, Any] = {
        "bbox": [e["bbox"] for e in entries], "categories": [classes[e["category_id"] - 1] for e in entries],
        "area": [e["area"] for e in entries],
    }  # fmt: skip
    if masks:
        objects["segmentation"] = [e["segmentation"] for e in entries]
    return json.dumps(row | {"objects": objects}, ensure_ascii=False)
