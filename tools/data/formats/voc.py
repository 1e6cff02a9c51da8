"""Pascal VOC XML in labelImg's manner: boxes alone, in whole pixels."""

from collections import Counter
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

from tools.data.formats.labels import LabelledImage, checked_box, class_name, clip_box, image_size, number
from tools.data.formats.text import xml_root
from tools.data.sample import Box, Instance

SPLITS = ("train", "val", "test")


def image_path(image: LabelledImage) -> str:
    """Where an image lies in the exported folder."""
    return f"JPEGImages/{image.file}"


def label_files(images: Iterable[LabelledImage]) -> Iterator[tuple[str, str]]:
    """Relative path and text of every label file, and of the lists of the splits."""
    for image in images:
        yield f"Annotations/{image.stem}.xml", to_xml(image)
    for split in SPLITS:
        part = [image.stem for image in images if image.split == split]
        if part:
            yield f"ImageSets/Main/{split}.txt", "".join(f"{stem}\n" for stem in part)


def lost(images: Iterable[LabelledImage]) -> Counter[str]:
    """What VOC boxes cannot say."""
    counter: Counter[str] = Counter()
    for image in images:
        for instance in image.instances:
            counter["masks not stored"] += instance.counts is not None
            counter["boxes rounded to whole pixels"] += any(v != round(v) for v in instance.box)
    return +counter


def to_xml(image: LabelledImage) -> str:
    """The annotation of one image."""
    root = ET.Element("annotation")
    _add(root, "folder", "JPEGImages")
    _add(root, "filename", image.file)
    _add(root, "path", image.file)
    _add(ET.SubElement(root, "source"), "database", "Sightsmith")
    size = ET.SubElement(root, "size")
    for name, value in (("width", image.width), ("height", image.height), ("depth", 3)):
        _add(size, name, value)
    _add(root, "segmented", 0)
    for instance in image.instances:
        x1, y1, x2, y2 = instance.box
        entry = ET.SubElement(root, "object")
        _add(entry, "name", instance.class_name)
        _add(entry, "pose", "Unspecified")
        _add(entry, "truncated", int(x1 <= 0 or y1 <= 0 or x2 >= image.width or y2 >= image.height))
        _add(entry, "difficult", 0)
        corners = ET.SubElement(entry, "bndbox")
        for name, value in zip(("xmin", "ymin", "xmax", "ymax"), _whole(instance.box, image), strict=True):
            _add(corners, name, value)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def from_xml(text: str | bytes) -> LabelledImage:
    """Read the annotation of one image; width and height are 0 where it does not say. Wrong labels are left out.

    Raises:
        ValueError: no VOC annotation; says what is wrong.
    """
    root = xml_root(text)
    if root.tag != "annotation":
        raise ValueError(f"its root is <{root.tag}>, not <annotation>")
    file = (root.findtext("filename") or "").strip()
    try:
        image = LabelledImage(file, *image_size(root.findtext("size/width"), root.findtext("size/height")))
    except ValueError as error:
        image = LabelledImage(file, 0, 0, bad=[str(error)])
    for place, entry in enumerate(root.iterfind("object"), 1):  # of the image: an object's parts may be objects too
        where = f"object {place}"
        try:
            name = class_name(entry.findtext("name"))
            where += f" ({name})"
            x1, y1, x2, y2 = (_corner(entry, k) for k in ("xmin", "ymin", "xmax", "ymax"))
            box = checked_box((x1, y1, x2, y2), image)
            image.instances.append(Instance(class_name=name, box=box, source="real"))
        except ValueError as error:
            image.bad.append(f"{where}: {error}")
    return image


def _corner(entry: ET.Element, name: str) -> float:
    text = entry.findtext(f"bndbox/{name}")
    if text is None:
        raise ValueError("it has no complete bndbox")
    return number(text)


def _add(parent: ET.Element, name: str, value: object) -> None:
    ET.SubElement(parent, name).text = str(value)


def _whole(box: Box, image: LabelledImage) -> tuple[int, int, int, int]:
    """The box in whole pixels, never without area."""
    x1, y1, x2, y2 = (round(v) for v in clip_box(box, image.width, image.height))
    x1, y1 = min(x1, image.width - 1), min(y1, image.height - 1)
    return x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)
