"""YOLO text labels: `class cx cy w h` to detect, `class x1 y1 ... xn yn` to segment, all normalised to 0..1.

A file holds rows of one kind only: Ultralytics takes a mixed one for corrupt and drops its image. One polygon a row
is all there is, so parts of an instance are joined by a line; holes are cut open by a slit and lose nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from tools.data.formats import outlines
from tools.data.formats.labels import LabelledImage, class_index, class_name, clip_box, counts_box, number, short
from tools.data.sample import Instance

SPLITS = ("train", "val", "test")
# Pixels by which outlines are drawn inwards. Ultralytics cuts off decimals and paints the border: on the very edge,
# every mask would grow by a pixel to the right and below.
_INSET_PX = 0.02
_TOLERANCE = 0.01  # Ultralytics accepts coordinates this far outside 0..1
_MAX_CLASSES = 100_000
_NUMERIC = re.compile(r"[-+]?(\d[\d.,]*([eE][-+]?\d+)?|[.,]\d+|nan|inf(inity)?)", re.ASCII | re.IGNORECASE)


def image_path(image: LabelledImage) -> str:
    """Where an image lies in the exported folder; its labels lie where `/images/` is replaced by `/labels/`."""
    return f"images/{image.split}/{image.file}"


def label_files(images: Iterable[LabelledImage], classes: list[str], masks: bool) -> Iterator[tuple[str, str]]:
    """Relative path and text of every label file, and of `data.yaml`. An empty text is an image without objects."""
    index = class_index(classes)
    for image in images:
        yield f"labels/{image.split}/{image.stem}.txt", to_rows(image, index, masks)
    yield "data.yaml", to_data_yaml(images, classes)


def to_rows(image: LabelledImage, index: dict[str, int], masks: bool) -> str:
    """The label file of one image; with `masks`, an instance that has only a box becomes a rectangle."""
    rows = []
    for instance in image.instances:
        values = _outline(instance, image) if masks else _box(instance, image)
        rows.append(" ".join([str(index[instance.class_name]), *(f"{v:.7f}" for v in values)]) + "\n")
    return "".join(rows)


def to_data_yaml(images: Iterable[LabelledImage], classes: list[str]) -> str:
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


def lost(images: Iterable[LabelledImage], masks: bool) -> Counter[str]:
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
    """Class names of a `data.yaml`, in whichever way it lists them.

    Raises:
        ValueError: no YAML, or no names in it.
    """
    data = _yaml(text)
    names = data.get("names") if isinstance(data, dict) else None
    if isinstance(names, list) and names and all(isinstance(n, dict) for n in names):
        pairs = [_numbered(place, entry) for place, entry in enumerate(names)]
    elif isinstance(names, list) and all(isinstance(n, str) for n in names):
        pairs = [(str(place), name) for place, name in enumerate(names)]
    elif isinstance(names, dict):
        pairs = list(names.items())
        if not all(_is_index(k) for k in names) and all(_is_index(v) for v in names.values()):
            pairs = [(v, k) for k, v in pairs]
    elif isinstance(names, str) and names.strip() and not names.strip().endswith((".txt", ".names")):
        pairs = [(str(place), name) for place, name in enumerate(names.split(","))]
    else:
        raise ValueError("it has no 'names'")
    if not all(_is_index(k) and isinstance(name, str) for k, name in pairs):
        raise ValueError("its 'names' are not numbers with a name each")
    numbers = [int(k) for k, _ in pairs]
    if len(set(numbers)) < len(numbers) or max(numbers, default=0) > _MAX_CLASSES:
        raise ValueError("its 'names' give one number twice, or numbers without end")
    by_number = {int(k): name.strip() for k, name in pairs}
    return [by_number.get(i) or str(i) for i in range(max(numbers, default=-1) + 1)]


def parse_key_points(text: str) -> int:
    """How many numbers a row has after its box by the `kpt_shape` of a `data.yaml`; 0: it is not of poses."""
    try:
        count, each = _yaml(text)["kpt_shape"]
        return int(count) * int(each)
    except (KeyError, TypeError, ValueError):
        return 0


def _yaml(text: str) -> Any:
    """YAML in which everything is text: a class may be called no, null or 007."""
    try:
        return yaml.load(text, Loader=yaml.BaseLoader)  # builds text, lists and dicts alone
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"it is not YAML ({str(error).splitlines()[0]})") from error


def _numbered(place: int, entry: dict[str, Any]) -> tuple[str, Any]:
    """Number and name of an entry such as {id: 0, name: apple} or {0: apple}."""
    if "name" in entry:
        return entry.get("id", str(place)), entry["name"]
    return next(iter(entry.items())) if len(entry) == 1 else ("", None)


def _is_index(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 7


def parse_rows(
    text: str, width: int, height: int, classes: list[str] | None, *, key_points: int = 0, scored: bool = False,
    bad: list[str] | None = None, asides: Counter[str] | None = None,
) -> list[Instance]:  # fmt: skip
    """The labels of one image.

    Args:
        text: the label file; lines that begin with # are comments.
        width: of the image as shown, in pixels.
        height: the same.
        classes: names in label order; None: the index is the name.
        key_points: numbers that follow a box in a set of poses; they are not used.
        scored: whether rows end in a confidence, which is not used.
        bad: gets what is wrong with rows, which are left out then.
        asides: gets how often something of a row is not used.

    Raises:
        ValueError: a row is not a label, and there is no `bad`; names the line.
    """
    found = []
    for place, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                columns, aside = _plain_row(line.split(), key_points, scored)
                found.append(_parse_row(columns, width, height, classes))
            except ValueError as error:
                if bad is None:
                    raise ValueError(f"line {place}: {error}") from error
                bad.append(f"line {place}: {error}")
            else:
                if aside and asides is not None:
                    asides[aside] += 1
    return found


def looks_like_row(line: str) -> bool:
    """Whether a line is meant as a label: a class and at least four numbers, right or wrong ones."""
    columns = line.split()
    return len(columns) >= 5 and all(_NUMERIC.fullmatch(c) for c in columns)


def looks_like_pose(line: str) -> bool:
    """Whether a row may be a box and key points, each with 0, 1 or 2 for hidden, covered or seen."""
    values = line.split()[1:]
    marks = values[6::3]
    return len(values) >= 7 and (len(values) - 4) % 3 == 0 and all(m in ("0", "1", "2") for m in marks)


def looks_scored(line: str) -> bool:
    """Whether a row may be a box or a polygon with a confidence at its end: it has a number too many."""
    columns = line.split()
    return len(columns) == 6 or (len(columns) >= 8 and not len(columns) % 2)


def _plain_row(columns: list[str], key_points: int, scored: bool) -> tuple[list[str], str]:
    """A row without what is not used of it, and what that is."""
    if key_points:
        if len(columns) not in (5, 5 + key_points):
            raise ValueError(f"{len(columns)} columns: a box with key points has {5 + key_points}")
        return columns[:5], "rows with key points, of which the box is used" if len(columns) > 5 else ""
    if scored and 0 <= number(columns[-1]) <= 1:
        return columns[:-1], "rows with a confidence at their end, which is not used"
    return columns, ""


def _parse_row(columns: list[str], width: int, height: int, classes: list[str] | None) -> Instance:
    try:
        index = number(columns[0])
    except ValueError:
        index = -1.0
    if index != int(index) or index < 0:
        raise ValueError(f"the class is not a whole number: {short(columns[0])}")
    if classes is not None and index >= len(classes):
        raise ValueError(f"class {int(index)} is not among the {len(classes)} names")
    name = str(int(index)) if classes is None else class_name(classes[int(index)])
    values = [number(v) for v in columns[1:]]
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
