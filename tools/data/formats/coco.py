"""COCO JSON: boxes and masks. Masks are written as polygons along pixel edges: pycocotools fills the same pixels."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from tools.data.formats import outlines
from tools.data.formats.labels import (
    LabelledImage,
    LabelSet,
    class_index,
    clip_box,
    counted,
    counts_box,
    mask_area,
)
from tools.data.sample import Instance

SPLITS = ("train", "val", "test")


def picture_path(image: LabelledImage) -> str:
    """Where a picture lies in the exported folder."""
    return f"images/{image.split}/{image.file}"


def label_files(images: Sequence[LabelledImage], classes: list[str]) -> Iterator[tuple[str, str]]:
    """Relative path and text of every label file: one JSON a split."""
    for split in SPLITS:
        part = [image for image in images if image.split == split]
        if part:
            yield f"annotations/instances_{split}.json", json.dumps(to_coco(part, classes), ensure_ascii=False)


def lost(images: Sequence[LabelledImage]) -> Counter[str]:
    """What COCO cannot say: nothing."""
    return Counter()


def to_coco(images: Sequence[LabelledImage], classes: list[str]) -> dict[str, Any]:
    """The JSON object; ids count from 1, `area` is the mask's, or the box's where only a box is known."""
    index = class_index(classes)
    annotations: list[dict[str, Any]] = []
    for image_id, image in enumerate(images, 1):
        for instance in image.instances:
            x1, y1, x2, y2 = instance.box
            polygons: list[list[float]] = []
            area = (x2 - x1) * (y2 - y1)
            if instance.counts is not None:
                mask = instance.mask(image.height, image.width)
                assert mask is not None
                polygons = [ring.reshape(-1).tolist() for ring in outlines.outlines(mask)]
                area = mask_area(instance.counts, image.height, image.width)
            annotations.append({
                "id": len(annotations) + 1, "image_id": image_id, "category_id": index[instance.class_name] + 1,
                "bbox": [x1, y1, x2 - x1, y2 - y1], "area": area, "segmentation": polygons, "iscrowd": 0,
            })  # fmt: skip
    return {
        "info": {"description": "made by Sightsmith"},
        "licenses": [],
        "images": [
            {"id": i, "file_name": image.file, "width": image.width, "height": image.height}
            for i, image in enumerate(images, 1)
        ],
        "annotations": annotations,
        "categories": [{"id": i, "name": name, "supercategory": ""} for i, name in enumerate(classes, 1)],
    }


def is_coco(data: Any) -> bool:
    """Whether a JSON value looks like COCO labels."""
    return isinstance(data, dict) and all(
        isinstance(data.get(k), list) for k in ("images", "annotations", "categories")
    )


def from_coco(data: dict[str, Any]) -> LabelSet:
    """Read a COCO object. Pictures without an annotation are true empties.

    Raises:
        ValueError: something is missing or wrong; says what and where.
    """
    names = {_field(c, "id", "categories"): str(_field(c, "name", "categories")) for c in data["categories"]}
    images: dict[Any, LabelledImage] = {}
    for entry in data["images"]:
        width, height = (int(entry.get(k) or 0) for k in ("width", "height"))
        image_id = _field(entry, "id", "images")
        if image_id in images:
            raise ValueError(f"two images have the id {image_id}")
        images[image_id] = LabelledImage(str(_field(entry, "file_name", "images")), width, height)
    skipped: Counter[str] = Counter()
    for annotation in data["annotations"]:
        image = images.get(annotation.get("image_id"))
        if image is None:
            skipped["labels of pictures that the file does not list"] += 1
        elif annotation.get("iscrowd"):
            skipped["crowd regions"] += 1
        else:
            category = annotation.get("category_id")
            if category not in names:
                raise ValueError(f"annotation {annotation.get('id')} has the category {category}, which is not listed")
            instance = _instance(annotation, names[category], image)
            if instance is None:
                skipped["labels without any area"] += 1
            else:
                image.instances.append(instance)
    notes = [f"left out: {counted(skipped)}"] if skipped else []
    return LabelSet(list(dict.fromkeys(names.values())), list(images.values()), notes)


def _field(entry: Any, name: str, where: str) -> Any:
    if not isinstance(entry, dict) or entry.get(name) is None:
        raise ValueError(f"an entry of '{where}' has no '{name}'")
    return entry[name]


def _instance(annotation: dict[str, Any], class_name: str, image: LabelledImage) -> Instance | None:
    """The label of one annotation, None when it covers nothing."""
    where = f"annotation {annotation.get('id')}"
    counts = _counts(annotation.get("segmentation"), image, where)
    if counts is not None:
        return Instance(
            class_name=class_name, box=counts_box(counts, image.height, image.width), counts=counts, source="real"
        )
    box = annotation.get("bbox")
    if not isinstance(box, list) or len(box) != 4:
        raise ValueError(f"{where} has neither a mask nor a bbox of four numbers")
    try:
        x, y, w, h = (float(v) for v in box)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where} has a bbox that is not numbers: {box}") from error
    if not np.isfinite([x, y, w, h]).all():
        raise ValueError(f"{where} has a bbox that is not finite: {box}")
    whole = (x, y, x + w, y + h)
    x1, y1, x2, y2 = clip_box(whole, image.width, image.height) if image.width and image.height else whole
    return Instance(class_name=class_name, box=(x1, y1, x2, y2), source="real") if x2 > x1 and y2 > y1 else None


def _counts(segmentation: Any, image: LabelledImage, where: str) -> str | None:
    """RLE counts of any of COCO's three ways to write a mask; None when there is none."""
    if not segmentation or not image.width or not image.height:
        return None
    size = [image.height, image.width]
    try:
        if isinstance(segmentation, list):
            return outlines.fill(segmentation, *size)
        if segmentation["size"] != size:
            raise ValueError(f"{where}: its mask is {segmentation['size']}, its picture {size} (height, width)")
        counts = segmentation["counts"]
        runs = counts if isinstance(counts, list) else _runs(counts)
        if sum(runs) != size[0] * size[1] or min(runs) < 0:
            raise ValueError(f"{where}: its mask does not cover the picture once")
        rle = coco_mask.frPyObjects({"size": size, "counts": list(runs)}, *size)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{where} has a segmentation that is no COCO mask") from error
    return rle["counts"].decode("ascii") if coco_mask.area(rle) else None


def _runs(counts: str) -> list[int]:
    """Run lengths of compressed counts. Done here because pycocotools trusts what it is given."""
    runs: list[int] = []
    value = shift = 0
    for byte in counts.encode("ascii"):
        code = byte - 48
        value |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        if code & 16:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    return runs
