"""CVAT XML 1.1 for images: boxes, polygons and masks.

An object in one piece without a hole is written as a polygon, any other mask as CVAT's own run lengths: row by row
inside the mask's box, starting with background (COCO's run down the columns of the whole image).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from xml.etree import ElementTree as ET

import numpy as np

from tools.data.formats import outlines
from tools.data.formats.labels import (
    LabelledImage,
    LabelSet,
    checked_box,
    class_name,
    counts_box,
    image_size,
    masks_lost,
    number,
    refuse_shares,
)
from tools.data.formats.text import xml_root
from tools.data.sample import BoolMask, Instance, encode_mask, mask_box


def image_path(image: LabelledImage) -> str:
    """Where an image lies in the exported folder."""
    return f"images/{image.file}"


def label_files(
    images: Iterable[LabelledImage], classes: list[str], masks: bool
) -> Iterator[tuple[str, Iterator[str]]]:  # fmt: skip
    """Relative path and text, in pieces, of the one label file."""
    yield "annotations.xml", xml_text(images, classes, masks)


def lost(images: Iterable[LabelledImage], masks: bool) -> Counter[str]:
    """What the file does not say: masks, where only boxes were asked for."""
    return masks_lost(images, masks)


def to_xml(images: Iterable[LabelledImage], classes: list[str], masks: bool) -> str:
    """The whole file."""
    return "".join(xml_text(images, classes, masks))


def xml_text(images: Iterable[LabelledImage], classes: list[str], masks: bool) -> Iterator[str]:
    """The file, an image at a time: of a million no more than one is in memory."""
    version = ET.Element("version")
    version.text = "1.1"

    def line(element: ET.Element) -> str:
        ET.indent(element, level=1)
        return f"  {ET.tostring(element, encoding='unicode')}\n"

    yield "<annotations>\n"
    yield line(version)
    yield line(meta_element(classes))
    yield from (line(image_element(place, image, masks)) for place, image in enumerate(images))
    yield "</annotations>\n"


def meta_element(classes: list[str]) -> ET.Element:
    """What stands before the images: the classes."""
    meta = ET.Element("meta")
    labels = ET.SubElement(ET.SubElement(meta, "task"), "labels")
    for name in classes:
        label = ET.SubElement(labels, "label")
        ET.SubElement(label, "name").text = name
        ET.SubElement(label, "attributes")
    return meta


def image_element(number: int, image: LabelledImage, masks: bool) -> ET.Element:
    """One image with its labels."""
    size: dict[str, str] = {"width": str(image.width), "height": str(image.height)}
    entry = ET.Element("image", size | {"id": str(number), "name": image.file, "subset": image.split})
    for instance in image.instances:
        _add_shape(entry, instance, instance.mask(image.height, image.width) if masks else None)
    return entry


def from_xml(text: str | bytes) -> LabelSet:
    """Read a file of CVAT for images; wrong labels are left out and named.

    Raises:
        ValueError: not that; says what.
    """
    root = xml_root(text)
    if root.tag != "annotations":
        raise ValueError(f"its root is <{root.tag}>, not <annotations>")
    if root.find("track") is not None:
        raise ValueError("it is 'CVAT for video'; export the task as 'CVAT for images 1.1'")
    names = [(e.text or "").strip() for e in root.iterfind("meta//labels/label/name")]
    images = [_read_image(entry) for entry in root.iterfind("image")]
    used = [i.class_name for image in images for i in image.instances]
    return LabelSet(list(dict.fromkeys([*filter(None, names), *used])), images)


def _read_image(entry: ET.Element) -> LabelledImage:
    name = entry.get("name", "")
    try:
        image = LabelledImage(name, *image_size(entry.get("width"), entry.get("height")))
        if not image.width:
            raise ValueError("its picture has no width and height")
        wrong = ""
    except ValueError as error:
        image, wrong = LabelledImage(name, 0, 0, bad=[f"picture {name}: {error}"]), str(error)
    for place, shape in enumerate(entry, 1):
        reader = _READERS.get(shape.tag)
        if reader is None:
            if shape.tag not in _NO_OBJECTS:
                image.asides[f"<{shape.tag}> labels, which are not read, left out"] += 1
            continue
        try:
            if wrong:
                raise ValueError(wrong)
            image.instances.append(reader(shape, image))
        except (KeyError, ValueError) as error:
            why = f"it has no {error}" if isinstance(error, KeyError) else error
            image.bad.append(f"<{shape.tag}> {place} of {name}: {why}")
    return image


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


def _read_box(shape: ET.Element, image: LabelledImage) -> Instance:
    x1, y1, x2, y2 = (number(shape.attrib[k]) for k in ("xtl", "ytl", "xbr", "ybr"))
    if angle := number(shape.get("rotation", 0)):  # turned about its centre: the upright box around it
        cos, sin = abs(np.cos(np.deg2rad(angle))), abs(np.sin(np.deg2rad(angle)))
        cx, cy, w, h = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
        half_w, half_h = (w * cos + h * sin) / 2, (w * sin + h * cos) / 2
        x1, y1, x2, y2 = cx - half_w, cy - half_h, cx + half_w, cy + half_h
    return Instance(class_name=_label(shape), box=checked_box((x1, y1, x2, y2), image), source="real")


def _read_polygon(shape: ET.Element, image: LabelledImage) -> Instance:
    points = [[number(v) for v in pair.split(",")] for pair in shape.attrib["points"].strip().strip(";").split(";")]
    if any(len(point) != 2 for point in points):
        raise ValueError("its points are not pairs of numbers")
    refuse_shares([v for point in points for v in point])
    return _masked(shape, outlines.fill([points], image.height, image.width), image)


def _read_ellipse(shape: ET.Element, image: LabelledImage) -> Instance:
    cx, cy, rx, ry = (number(shape.attrib[k]) for k in ("cx", "cy", "rx", "ry"))
    ring = outlines.ellipse(cx, cy, rx, ry, number(shape.get("rotation", 0)))
    return _masked(shape, outlines.fill([ring], image.height, image.width), image)


def _read_mask(shape: ET.Element, image: LabelledImage) -> Instance:
    left, top, width, height = (_whole(shape.attrib[k]) for k in ("left", "top", "width", "height"))
    if min(left, top) < 0 or min(width, height) < 1 or left + width > image.width or top + height > image.height:
        raise ValueError("it leaves the picture")
    mask = np.zeros((image.height, image.width), dtype=bool)
    mask[top : top + height, left : left + width] = runs_to_mask(
        [_whole(v) for v in shape.attrib["rle"].split(",")], height, width
    )
    return _masked(shape, encode_mask(mask) if mask.any() else None, image)


def _whole(text: str) -> int:
    if (value := number(text)) != int(value):
        raise ValueError(f"{text} is not a whole number")
    return int(value)


def _label(shape: ET.Element) -> str:
    return class_name(shape.attrib["label"])


def _masked(shape: ET.Element, counts: str | None, image: LabelledImage) -> Instance:
    if counts is None:
        raise ValueError("it covers no pixel of the picture")
    box = counts_box(counts, image.height, image.width)
    return Instance(class_name=_label(shape), box=box, counts=counts, source="real")


_READERS: dict[str, Callable[[ET.Element, LabelledImage], Instance]] = {
    "box": _read_box,
    "polygon": _read_polygon,
    "ellipse": _read_ellipse,
    "mask": _read_mask,
}
_NO_OBJECTS = frozenset({"tag"})  # said of the whole image
