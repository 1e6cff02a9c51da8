"""CVAT XML 1.1 for images: boxes, polygons and masks.

An object in one piece without a hole is written as a polygon, any other mask as CVAT's own run lengths: row by row
inside the mask's box, starting with background (COCO's run down the columns of the whole picture).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from xml.etree import ElementTree as ET

import numpy as np
from defusedxml import ElementTree as SafeET

from tools.data.formats import outlines
from tools.data.formats.labels import LabelledImage, LabelSet, clip_box, counted, counts_box
from tools.data.sample import BoolMask, Box, Instance, encode_mask, mask_box


def picture_path(image: LabelledImage) -> str:
    """Where a picture lies in the exported folder."""
    return f"images/{image.file}"


def label_files(images: Sequence[LabelledImage], classes: list[str], masks: bool) -> Iterator[tuple[str, str]]:
    """Relative path and text of the one label file."""
    yield "annotations.xml", to_xml(images, classes, masks)


def lost(images: Sequence[LabelledImage], masks: bool) -> Counter[str]:
    """What the file does not say: masks, where only boxes were asked for."""
    stored = 0 if masks else sum(i.counts is not None for image in images for i in image.instances)
    return +Counter({"masks not stored": stored})


def to_xml(images: Sequence[LabelledImage], classes: list[str], masks: bool) -> str:
    """The whole file."""
    root = ET.Element("annotations")
    ET.SubElement(root, "version").text = "1.1"
    root.append(meta_element(classes))
    for number, image in enumerate(images):
        root.append(image_element(number, image, masks))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def meta_element(classes: list[str]) -> ET.Element:
    """What stands before the pictures: the classes."""
    meta = ET.Element("meta")
    labels = ET.SubElement(ET.SubElement(meta, "task"), "labels")
    for name in classes:
        label = ET.SubElement(labels, "label")
        ET.SubElement(label, "name").text = name
        ET.SubElement(label, "attributes")
    return meta


def image_element(number: int, image: LabelledImage, masks: bool) -> ET.Element:
    """One picture with its labels."""
    size: dict[str, str] = {"width": str(image.width), "height": str(image.height)}
    entry = ET.Element("image", size | {"id": str(number), "name": image.file, "subset": image.split})
    for instance in image.instances:
        _add_shape(entry, instance, instance.mask(image.height, image.width) if masks else None)
    return entry


def from_xml(text: str | bytes) -> LabelSet:
    """Read a file of CVAT for images.

    Raises:
        ValueError: not that, or something in it is wrong; says what.
    """
    try:
        root = SafeET.fromstring(text)
    except SafeET.ParseError as error:
        raise ValueError(f"it is not XML ({error})") from error
    if root.tag != "annotations":
        raise ValueError(f"its root is <{root.tag}>, not <annotations>")
    if root.find("track") is not None:
        raise ValueError("it is 'CVAT for video'; export the task as 'CVAT for images 1.1'")
    names = [e.text or "" for e in root.iterfind("meta//labels/label/name")]
    images, skipped = [], Counter[str]()
    for entry in root.iterfind("image"):
        image = LabelledImage(entry.get("name", ""), int(entry.get("width", 0)), int(entry.get("height", 0)))
        for shape in entry:
            reader = _READERS.get(shape.tag)
            if reader is None:
                skipped[f"<{shape.tag}>"] += 1
                continue
            try:
                instance = reader(shape, image)
            except (KeyError, ValueError) as error:
                raise ValueError(f"a <{shape.tag}> of picture {image.file} is wrong ({error})") from error
            if instance is None:
                skipped["labels without any area"] += 1
            else:
                image.instances.append(instance)
        images.append(image)
    used = [i.class_name for image in images for i in image.instances]
    notes = [f"left out: {counted(skipped)}"] if skipped else []
    return LabelSet(list(dict.fromkeys([*names, *used])), images, notes)


def mask_to_runs(mask: BoolMask) -> list[int]:
    """Run lengths of a mask cropped to its box, row by row, starting with background."""
    flat = mask.reshape(-1)
    changes = np.flatnonzero(np.diff(flat)) + 1
    runs: list[int] = np.diff(np.concatenate([[0], changes, [flat.size]])).tolist()
    return [0, *runs] if flat[0] else runs


def runs_to_mask(runs: Sequence[int], height: int, width: int) -> BoolMask:
    """The (height, width) mask of run lengths.

    Raises:
        ValueError: they do not fill it exactly.
    """
    if min(runs, default=0) < 0 or sum(runs) != height * width:
        raise ValueError(f"its run lengths do not fill {width} x {height} pixels")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(height, width)


def _add_shape(entry: ET.Element, instance: Instance, mask: BoolMask | None) -> None:
    common = {"label": instance.class_name, "source": "auto", "occluded": _occluded(instance), "z_order": "0"}
    if mask is None:
        corners = zip(("xtl", "ytl", "xbr", "ybr"), instance.box, strict=True)
        ET.SubElement(entry, "box", common | {name: f"{v:.2f}" for name, v in corners})
        return
    rings = outlines.outlines(mask)
    x1, y1, x2, y2 = (int(v) for v in mask_box(mask))
    crop = mask[y1:y2, x1:x2]
    if len(rings) == 1 and np.equal(rings[0], np.round(rings[0])).all():  # a slit to a hole lies between pixel edges
        points = ";".join(f"{x:.2f},{y:.2f}" for x, y in rings[0].tolist())
        ET.SubElement(entry, "polygon", common | {"points": points})
        return
    place = {"left": str(x1), "top": str(y1), "width": str(x2 - x1), "height": str(y2 - y1)}
    ET.SubElement(entry, "mask", common | {"rle": ", ".join(map(str, mask_to_runs(crop)))} | place)


def _occluded(instance: Instance) -> str:
    return str(int(instance.visible_share is not None and instance.visible_share < 0.95))


def _read_box(shape: ET.Element, image: LabelledImage) -> Instance | None:
    corners: Box = tuple(float(shape.attrib[k]) for k in ("xtl", "ytl", "xbr", "ybr"))  # type: ignore[assignment]
    if angle := float(shape.get("rotation", 0)):  # turned about its centre: the upright box around it
        cos, sin = abs(np.cos(np.deg2rad(angle))), abs(np.sin(np.deg2rad(angle)))
        w, h = corners[2] - corners[0], corners[3] - corners[1]
        cx, cy = (corners[0] + corners[2]) / 2, (corners[1] + corners[3]) / 2
        half_w, half_h = (w * cos + h * sin) / 2, (w * sin + h * cos) / 2
        corners = (cx - half_w, cy - half_h, cx + half_w, cy + half_h)
    box = clip_box(corners, image.width, image.height)
    if box[2] <= box[0] or box[3] <= box[1]:
        return None
    return Instance(class_name=shape.attrib["label"], box=box, source="real")


def _read_polygon(shape: ET.Element, image: LabelledImage) -> Instance | None:
    points = [[float(v) for v in pair.split(",")] for pair in shape.attrib["points"].split(";")]
    return _masked(shape, outlines.fill([points], image.height, image.width), image)


def _read_mask(shape: ET.Element, image: LabelledImage) -> Instance | None:
    left, top, width, height = (int(shape.attrib[k]) for k in ("left", "top", "width", "height"))
    if left < 0 or top < 0 or left + width > image.width or top + height > image.height:
        raise ValueError("it leaves the picture")
    mask = np.zeros((image.height, image.width), dtype=bool)
    mask[top : top + height, left : left + width] = runs_to_mask(
        [int(v) for v in shape.attrib["rle"].split(",")], height, width
    )
    return _masked(shape, encode_mask(mask) if mask.any() else None, image)


def _masked(shape: ET.Element, counts: str | None, image: LabelledImage) -> Instance | None:
    if counts is None:
        return None
    box = counts_box(counts, image.height, image.width)
    return Instance(class_name=shape.attrib["label"], box=box, counts=counts, source="real")


_READERS: dict[str, Callable[[ET.Element, LabelledImage], Instance | None]] = {
    "box": _read_box,
    "polygon": _read_polygon,
    "mask": _read_mask,
}
