"""COCO JSON: boxes and masks. Masks are written as polygons along pixel edges: pycocotools fills the same pixels."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from tools.data.formats import outlines
from tools.data.formats.labels import (
    LabelledImage,
    LabelSet,
    checked_box,
    class_index,
    class_name,
    counts_box,
    image_size,
    mask_area,
    number,
    refuse_shares,
    short,
)
from tools.data.sample import Instance

SPLITS = ("train", "val", "test")
# Boxes are taken for corners when this share of them fits as such and this share leaves the image otherwise.
_MOST_FIT, _FEW_LEAVE = 0.95, 0.1
_MAX_SHIFT = 40  # bits of a run length; the largest image has 28


def image_path(image: LabelledImage) -> str:
    """Where an image lies in the exported folder."""
    return f"images/{image.split}/{image.file}"


def label_files(images: Iterable[LabelledImage], classes: list[str]) -> Iterator[tuple[str, Iterator[str]]]:
    """Relative path and text, in pieces, of every label file: one JSON a split.

    Args:
        images: gone through several times.
        classes: names in label order.
    """
    for split, part in by_split(images):
        yield f"annotations/instances_{split}.json", coco_text(part, classes)


def by_split(images: Iterable[LabelledImage]) -> Iterator[tuple[str, Callable[[], Iterator[LabelledImage]]]]:
    """The splits that are there, in order, and what goes through the images of each; none is held."""
    present = {image.split for image in images}
    for split in (s for s in SPLITS if s in present):

        def part(split: str = split) -> Iterator[LabelledImage]:
            return (image for image in images if image.split == split)

        yield split, part


def coco_text(images: Callable[[], Iterable[LabelledImage]], classes: list[str]) -> Iterator[str]:
    """`to_coco` as JSON, an image at a time: of a million no more than one is in memory.

    Args:
        images: gives the images, each time it is called.
        classes: names in label order.
    """

    def listed(name: str, entries: Iterable[dict[str, Any]]) -> Iterator[str]:
        yield f', "{name}": ['
        for place, entry in enumerate(entries):
            yield (", " if place else "") + json.dumps(entry, ensure_ascii=False)
        yield "]"

    head = to_coco([], classes)
    yield json.dumps({k: head[k] for k in ("info", "licenses")}, ensure_ascii=False)[:-1]
    yield from listed("images", (_image_entry(i, image) for i, image in enumerate(images(), 1)))
    yield from listed("annotations", _annotations(images(), classes))
    yield from listed("categories", head["categories"])
    yield "}"


def lost(images: Iterable[LabelledImage]) -> Counter[str]:
    """What COCO cannot say: nothing."""
    return Counter()


def to_coco(images: Iterable[LabelledImage], classes: list[str]) -> dict[str, Any]:
    """The JSON object; ids count from 1, `area` is the mask's, or the box's where only a box is known."""
    return {
        "info": {"description": "made by Sightsmith"},
        "licenses": [],
        "images": [_image_entry(i, image) for i, image in enumerate(images, 1)],
        "annotations": list(_annotations(images, classes)),
        "categories": [{"id": i, "name": name, "supercategory": ""} for i, name in enumerate(classes, 1)],
    }


def _image_entry(identity: int, image: LabelledImage) -> dict[str, Any]:
    return {"id": identity, "file_name": image.file, "width": image.width, "height": image.height}


def _annotations(images: Iterable[LabelledImage], classes: list[str]) -> Iterator[dict[str, Any]]:
    index, identity = class_index(classes), 0
    for image_id, image in enumerate(images, 1):
        for instance in image.instances:
            identity += 1
            x1, y1, x2, y2 = instance.box
            polygons: list[list[float]] = []
            area = (x2 - x1) * (y2 - y1)
            if instance.counts is not None:
                mask = instance.mask(image.height, image.width)
                assert mask is not None
                polygons = [ring.reshape(-1).tolist() for ring in outlines.outlines(mask)]
                area = mask_area(instance.counts, image.height, image.width)
            yield {
                "id": identity, "image_id": image_id, "category_id": index[instance.class_name] + 1,
                "bbox": [x1, y1, x2 - x1, y2 - y1], "area": area, "segmentation": polygons, "iscrowd": 0,
            }  # fmt: skip


def is_coco(data: Any) -> bool:
    """Whether a JSON value looks like COCO labels of objects; panoptic ones are of segments in another image."""
    return (
        isinstance(data, dict)
        and all(isinstance(data.get(k), list) for k in ("images", "annotations", "categories"))
        and not is_panoptic(data)
    )


def is_panoptic(data: Any) -> bool:
    """Whether a JSON value is COCO's panoptic kind: colours of a PNG beside it say where things are."""
    entries = data.get("annotations") if isinstance(data, dict) else None
    return isinstance(entries, list) and any(isinstance(e, dict) and "segments_info" in e for e in entries[:20])


def from_coco(data: dict[str, Any], *, use_up: bool = False) -> LabelSet:
    """Read a COCO object. Images without an annotation are true empties; wrong labels are left out and named.

    Args:
        data: the object.
        use_up: its lists of images and annotations are emptied, so that of a million no two copies are in memory.

    Raises:
        ValueError: all of it is read wrongly, so nothing of it can be used; says why.
    """
    labels = LabelSet([], [])
    names = _categories(data["categories"])
    images = _images(_used_up(data["images"]) if use_up else data["images"], labels)
    boxes: list[Said] = []
    annotations = _used_up(data["annotations"]) if use_up else data["annotations"]
    for place, annotation in enumerate(annotations, 1):
        image: LabelledImage | None = None
        where = f"annotation {place}"
        try:
            if not isinstance(annotation, dict):
                raise ValueError("it is not an object")
            where = f"annotation {short(annotation.get('id', place))}"
            found = images.get(_identity(annotation.get("image_id")), "it is of a picture that the file does not list")
            if isinstance(found, str):
                raise ValueError(found)
            image = found
            where += f" of {image.file}"
            if annotation.get("iscrowd") in (1, "1"):
                image.asides["crowd regions, left out"] += 1
                continue
            _add(image, annotation, names, boxes)
        except ValueError as error:
            (labels if image is None else image).bad.append(f"{where}: {error}")
    refuse_corners(boxes)
    labels.classes = list(dict.fromkeys(name for name in names.values() if name))
    return labels


# Width, height, and a label's x, y, width, height and area (0 where it is not said).
Said = tuple[int, int, list[float], float]


def _identity(value: Any) -> int | str:
    """An id by its value: 7, 7.0 and "7" are one."""
    if isinstance(value, str):
        text = value.strip()
        return int(text) if text.isascii() and text.isdigit() and str(int(text[:300])) == text else text
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1:
        raise ValueError(f"{short(value)} is no id")
    return int(value)


def _categories(entries: list[Any]) -> dict[int | str, str]:
    """Id -> class; without a name where an id has none, or two."""
    names: dict[int | str, str] = {}
    for entry in entries:
        try:
            identity, name = _identity(entry["id"]), class_name(entry.get("name"))
        except (AttributeError, KeyError, TypeError, ValueError):
            continue  # said of each label that uses it
        names[identity] = name if names.get(identity, name) == name else ""
    return names


def _used_up(entries: list[Any]) -> Iterator[Any]:
    entries.reverse()
    while entries:
        yield entries.pop()


def _images(entries: Iterable[Any], labels: LabelSet) -> dict[int | str, LabelledImage | str]:
    """Id -> image, or why its labels cannot be used; such an image is in `labels` too: it is not empty."""
    images: dict[int | str, LabelledImage | str] = {}
    names: dict[int | str, str] = {}
    for place, entry in enumerate(entries, 1):
        try:
            identity, name = _identity(entry["id"]), entry.get("file_name")
            if not isinstance(name, str) or not name.strip():
                raise ValueError("it has no file_name")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            labels.bad.append(f"picture {place} of 'images': {_why(error)}")
            continue
        if names.setdefault(identity, name) == name and identity in images:
            continue
        try:
            image = LabelledImage(name, *image_size(entry.get("width"), entry.get("height")))
            images.setdefault(identity, image)
        except ValueError as error:
            image = LabelledImage(name, 0, 0, bad=[f"picture {name}: {error}"])
            images[identity] = f"the size of its picture is wrong ({error})"
        if names[identity] != name:
            image.bad.append(f"picture {name} has the id {identity}, and so has {names[identity]}")
            before = images[identity]
            if isinstance(before, LabelledImage):
                before.bad.append(f"picture {before.file} has the id {identity}, and so has {name}")
            images[identity] = f"two pictures have the id {identity}"
        labels.images.append(image)
    return images


def _why(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)


def _add(
    image: LabelledImage, annotation: dict[str, Any], names: dict[int | str, str], boxes: list[Said]
) -> None:  # fmt: skip
    category = annotation.get("category_id")
    name = names.get(_identity(category))
    if name is None:
        raise ValueError(f"it has the category {short(category)}, which is not listed or has no name")
    if not name:
        raise ValueError(f"its category {short(category)} has two names")
    counts = read_mask(annotation.get("segmentation"), image)
    if counts is not None:
        image.instances.append(masked(name, counts, image))
        return
    said = annotation.get("bbox")
    if not isinstance(said, list) or len(said) != 4:
        raise ValueError("it has neither a mask nor a bbox of four numbers")
    try:
        x, y, w, h = numbers = [number(v) for v in said]
    except ValueError as error:
        raise ValueError(f"its bbox is wrong: {error}") from error
    if image.width:
        area = annotation.get("area")
        known = isinstance(area, (int, float)) and not isinstance(area, bool) and 0 < area < 1e12
        boxes.append((image.width, image.height, numbers, number(area, 1e12) if known else 0.0))
    box = checked_box((x, y, x + w, y + h), image)
    image.instances.append(Instance(class_name=name, box=box, source="real"))


def refuse_corners(boxes: list[Said]) -> None:
    """Refuse boxes that are, by all signs, two corners in place of a corner, width and height.

    Raises:
        ValueError: they are.
    """
    fit = beyond = by_area = with_area = 0
    for width, height, (x, y, a, b), area in boxes:
        fit += x < a <= width + 1 and y < b <= height + 1
        beyond += x + a > width * 1.01 + 1 or y + b > height * 1.01 + 1
        if area and a > 0 and b > 0:
            with_area += 1
            by_area += abs(area - (a - x) * (b - y)) <= 0.01 * area < abs(area - a * b)
    if fit < _MOST_FIT * len(boxes):
        return
    if beyond >= max(2, _FEW_LEAVE * len(boxes)) or (with_area and by_area >= _MOST_FIT * with_area):
        raise ValueError(
            f"its boxes look like two corners (x1, y1, x2, y2): {beyond} of {len(boxes)} leave their picture when read "
            "as COCO's x, y, width, height, and as corners they fit. Write them as x, y, width, height"
        )


def masked(name: str, counts: str, image: LabelledImage) -> Instance:
    """A foreign object with its mask."""
    box = counts_box(counts, image.height, image.width)
    return Instance(class_name=name, box=box, counts=counts, source="real")


def read_mask(segmentation: Any, image: LabelledImage) -> str | None:
    """RLE counts of any of COCO's three ways to write a mask; None when there is none.

    Raises:
        ValueError: it is no mask of such an image.
    """
    if not segmentation:
        return None
    if not image.width or not image.height:
        image.asides["masks not read, as the file does not say how large their pictures are"] += 1
        return None
    size = [image.height, image.width]
    if isinstance(segmentation, list):
        polygons = _polygons(segmentation)
        counts = outlines.fill(polygons, *size)
        refuse_shares([float(v) for p in polygons for v in np.asarray(p, np.float64).reshape(-1)])
        return counts
    try:
        if [number(v) for v in segmentation["size"]] != size:
            raise ValueError(f"its mask is {short(segmentation['size'])}, its picture {size} (height, width)")
        counts = segmentation["counts"]
        runs = [int(number(v)) for v in counts] if isinstance(counts, list) else _runs(counts)
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise ValueError("its segmentation is no COCO mask") from error
    if not runs or sum(runs) != size[0] * size[1] or min(runs) < 0:
        raise ValueError("its mask does not cover the picture once")
    rle = coco_mask.frPyObjects({"size": size, "counts": runs}, *size)
    return rle["counts"].decode("ascii") if coco_mask.area(rle) else None


def _polygons(segmentation: list[Any]) -> list[Any]:
    """A list of polygons, each a list of numbers; also of one polygon that lacks its own list."""
    first = segmentation[0]
    if isinstance(first, (int, float)) or (isinstance(first, list) and len(first) == 2):
        return [segmentation]
    return segmentation


def _runs(counts: str) -> list[int]:
    """Run lengths of compressed counts. Done here because pycocotools trusts what it is given."""
    runs: list[int] = []
    value = shift = 0
    for byte in counts.encode("ascii"):
        code = byte - 48
        if not 0 <= code < 64 or shift > _MAX_SHIFT:
            raise ValueError("its mask is no compressed run lengths")
        value |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        if code & 16:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    return runs
