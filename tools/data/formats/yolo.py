"""YOLO text labels: `class cx cy w h` to detect, `class x1 y1 ... xn yn` to segment, all normalised to 0..1.

A file holds rows of one kind only: Ultralytics takes a mixed one for corrupt and drops its picture. One polygon a row
is all there is, so parts of an instance are joined by a line; holes are cut open by a slit and lose nothing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import yaml

from tools.data.formats import outlines
from tools.data.formats.labels import LabelledImage, class_index, clip_box, counts_box
from tools.data.sample import Instance

SPLITS = ("train", "val", "test")
# Pixels by which outlines are drawn inwards. Ultralytics cuts off decimals and paints the border: on the very edge,
# every mask would grow by a pixel to the right and below.
_INSET_PX = 0.02
_TOLERANCE = 0.01  # Ultralytics accepts coordinates this far outside 0..1


def picture_path(image: LabelledImage) -> str:
    """Where a picture lies in the exported folder; its labels lie where `/images/` is replaced by `/labels/`."""
    return f"images/{image.split}/{image.file}"


def label_files(images: Sequence[LabelledImage], classes: list[str], masks: bool) -> Iterator[tuple[str, str]]:
    """Relative path and text of every label file, and of `data.yaml`. An empty text is a picture without objects."""
    index = class_index(classes)
    for image in images:
        yield f"labels/{image.split}/{image.stem}.txt", to_rows(image, index, masks)
    yield "data.yaml", to_data_yaml(images, classes)


def to_rows(image: LabelledImage, index: dict[str, int], masks: bool) -> str:
    """The label file of one picture; with `masks`, an instance that has only a box becomes a rectangle."""
    rows = []
    for instance in image.instances:
        values = _outline(instance, image) if masks else _box(instance, image)
        rows.append(" ".join([str(index[instance.class_name]), *(f"{v:.7f}" for v in values)]) + "\n")
    return "".join(rows)


def to_data_yaml(images: Sequence[LabelledImage], classes: list[str]) -> str:
    """`data.yaml`. `path` stays empty, which Ultralytics reads as "the folder of this file": it can be moved."""
    present = {image.split for image in images}
    data: dict[str, object] = {"path": ""}
    for split in SPLITS:
        # Ultralytics wants train and val to exist; a tiny data set is then judged on what it has.
        if split in present:
            data[split] = f"images/{split}"
        elif split != "test":
            data[split] = f"images/{min(present, key=SPLITS.index)}"
    data["names"] = dict(enumerate(classes))
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10_000)


def lost(images: Sequence[LabelledImage], masks: bool) -> Counter[str]:
    """What the rows cannot say."""
    counter: Counter[str] = Counter()
    for image in images:
        for instance in image.instances:
            mask = instance.mask(image.height, image.width)
            if not masks:
                counter["masks not stored"] += mask is not None
            elif mask is None:
                counter["boxes written as rectangles"] += 1
            elif outlines.count_parts(mask) > 1:
                counter["instances whose parts are joined by a line"] += 1
        rows = {(i.class_name, (i.counts if masks else None) or i.box) for i in image.instances}
        counter["labels equal to another of their picture, which Ultralytics drops"] += len(image.instances) - len(rows)
    return +counter


def parse_names(text: str) -> list[str]:
    """Class names of a `data.yaml`.

    Raises:
        ValueError: no YAML, or no names in it.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"it is not YAML ({str(error).splitlines()[0]})") from error
    names = data.get("names") if isinstance(data, dict) else None
    if isinstance(names, dict) and all(isinstance(k, int) for k in names):
        return [str(names.get(i, i)) for i in range(max(names) + 1)] if names else []
    if isinstance(names, list):
        return [str(name) for name in names]
    raise ValueError("it has no 'names'")


def parse_rows(text: str, width: int, height: int, classes: list[str] | None) -> list[Instance]:
    """The labels of one picture.

    Args:
        text: the label file.
        width: of the picture as shown, in pixels.
        height: the same.
        classes: names in label order; None: the index is the name.

    Raises:
        ValueError: a row is not a label; names the line.
    """
    found = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if line.strip():
            try:
                found.append(_parse_row(line.split(), width, height, classes))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
    return found


def _parse_row(columns: list[str], width: int, height: int, classes: list[str] | None) -> Instance:
    index, values = float(columns[0]), [float(v) for v in columns[1:]]
    if index != int(index) or index < 0:
        raise ValueError(f"the class is not a whole number: {columns[0]}")
    if classes is not None and index >= len(classes):
        raise ValueError(f"class {int(index)} is not among the {len(classes)} names")
    name = str(int(index)) if classes is None else classes[int(index)]
    if not all(-_TOLERANCE <= v <= 1 + _TOLERANCE for v in values):
        raise ValueError("coordinates must be shares of the picture, 0 to 1")
    if len(values) == 4:
        cx, cy, w, h = values
        box = clip_box(
            ((cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height), width, height
        )
        if box[2] <= box[0] or box[3] <= box[1]:
            raise ValueError("the box has no area")
        return Instance(class_name=name, box=box, source="real")
    if len(values) < 6 or len(values) % 2:
        raise ValueError(f"{len(columns)} columns: a box has 5, a polygon an odd number from 7")
    counts = outlines.fill([[v * (height if i % 2 else width) for i, v in enumerate(values)]], height, width)
    if counts is None:
        raise ValueError("the polygon has no area")
    return Instance(class_name=name, box=counts_box(counts, height, width), counts=counts, source="real")


def _box(instance: Instance, image: LabelledImage) -> list[float]:
    x1, y1, x2, y2 = clip_box(instance.box, image.width, image.height)
    return [
        (x1 + x2) / 2 / image.width,
        (y1 + y2) / 2 / image.height,
        (x2 - x1) / image.width,
        (y2 - y1) / image.height,
    ]


def _outline(instance: Instance, image: LabelledImage) -> list[float]:
    mask = instance.mask(image.height, image.width)
    if mask is None:
        x1, y1, x2, y2 = clip_box(instance.box, image.width, image.height)
        points = [x1, y1, x2, y1, x2, y2, x1, y2]
    else:
        points = outlines.join(outlines.outlines(mask, _INSET_PX)).reshape(-1).tolist()
    return [v / (image.height if i % 2 else image.width) for i, v in enumerate(points)]
