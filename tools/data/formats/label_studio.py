"""Label Studio JSON: rectangles, ellipses, polygons, brush masks and choices, in percent of their image.

Rectangles are turned about their upper left corner, so a turned one is read as the polygon that it is. Brush masks are
run lengths of RGBA values in the bit stream of `@thi.ng/rle-pack`; the alpha says where the brush was.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

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
    short,
)
from tools.data.sample import BoolMask, Instance, encode_mask

FILE = "label_studio.json"
_LABELS = ("rectanglelabels", "polygonlabels", "brushlabels", "ellipselabels", "labels")
_SHAPES = ("rectangle", "polygon", "brush", "ellipse")
_COVERED = 128  # of 255: a pixel whose half the brush covered is part of the object
_PREFIX = re.compile(r"[0-9a-f]{8}-(?=.)")  # what an upload puts before an image's name
_WORD_BITS, _RUN_BITS = 8, (3, 4, 8, 16)
_PERCENT = 1e4  # the greatest size of a number that can be a place in percent


def is_label_studio(data: Any) -> bool:
    """Whether a JSON value looks like Label Studio's tasks."""
    first = next(iter(data), None) if isinstance(data, list) else None
    return isinstance(first, dict) and "data" in first and ("annotations" in first or "completions" in first)


def unprefixed(name: str) -> str:
    """An image's name without the eight digits that an upload to Label Studio puts before it."""
    return _PREFIX.sub("", name, count=1)


def from_label_studio(tasks: list[Any]) -> LabelSet:
    """Read exported tasks; labels that are wrong are left out and named."""
    labels = LabelSet([], [])
    for place, task in enumerate(tasks, 1):
        try:
            if not isinstance(task, dict):
                raise ValueError("it is not an object")
            labels.images.append(_read_task(task))
        except ValueError as error:
            labels.bad.append(f"task {place}: {error}")
    named = [i.class_name for image in labels.images for i in image.instances]
    labels.classes = list(dict.fromkeys([*named, *(image.label for image in labels.images if image.label)]))
    return labels


def _read_task(task: dict[str, Any]) -> LabelledImage:
    bad: list[str] = []
    results, asides = _results(task, bad)
    file = _image(task)
    size = next((r for r in results if "original_width" in r), {})
    try:
        width, height = image_size(size.get("original_width"), size.get("original_height"))
    except ValueError as error:
        width = height = 0
        bad.append(f"task of {file}: {error}")
    label, objects = _choice(results, bad)
    image = LabelledImage(file, width, height, label=label, bad=bad)
    image.asides.update(asides)
    named = {r.get("id") for r in objects if _labels_of(r)}
    for place, result in enumerate(objects, 1):
        try:
            _add(image, result, named)
        except ValueError as error:
            image.bad.append(f"region {place} of {file}: {error}")
    return image


def _results(task: dict[str, Any], bad: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """The results of the one annotation that counts, and what is to be said of the others."""
    given = task.get("annotations", task.get("completions"))
    if not isinstance(given, list):
        raise ValueError("its annotations are no list")
    done = [a for a in given if isinstance(a, dict) and not a.get("was_cancelled")]
    if not done:
        return [], ["pictures that nobody has labelled yet, or that were skipped, left out"]
    best = next((a for a in done if a.get("ground_truth")), done[-1])
    found = best.get("result")
    if not isinstance(found, list):
        raise ValueError("an annotation without a list of results")
    bad += ["a result that is not an object" for r in found if not isinstance(r, dict)]
    said = ["pictures that several people labelled: the ground truth, or the last, counts"] if len(done) > 1 else []
    return [r for r in found if isinstance(r, dict)], said


def _image(task: dict[str, Any]) -> str:
    """The image's place as the task names it: an upload, a file of local storage, an address, or a path.

    Raises:
        ValueError: none is named.
    """
    data = task["data"]
    values = [v for v in data.values() if isinstance(v, str)] if isinstance(data, dict) else []
    named = data.get("image", data.get("img")) if isinstance(data, dict) else None
    value = named if isinstance(named, str) else next((v for v in values if re.search(r"\.\w{3,4}(\?|$)", v)), None)
    if not value or not value.strip():
        raise ValueError("it names no picture")
    if value.startswith("data:"):
        raise ValueError("its picture is written into the task; bring it as a file, and name that")
    try:
        parts = urlsplit(value.strip())
        local = parse_qs(parts.query).get("d", [""])[0]
    except ValueError:
        return value.strip()
    if local:
        return local
    if parts.scheme or value.startswith("/data/"):
        return unquote(PurePosixPath(parts.path).name) or value
    return value.strip()


def _choice(results: list[dict[str, Any]], bad: list[str]) -> tuple[str | None, list[dict[str, Any]]]:
    """The class of the whole image, and what is said of parts of it."""
    chosen = [r for r in results if r.get("type") == "choices"]
    objects = [r for r in results if r.get("type") != "choices"]
    names: list[str] = []
    for result in chosen:
        value = result.get("value")
        said = value.get("choices") if isinstance(value, dict) else None
        try:
            names += [class_name(name) for name in said] if isinstance(said, list) else [class_name(None)]
        except ValueError as error:
            bad.append(f"a choice: {error}")
    if len(names) > 1:
        bad.append(f"several choices for one picture ({', '.join(map(short, names[:3]))}); one class is wanted")
    return (names[0] if len(names) == 1 else None), objects


def _labels_of(result: dict[str, Any]) -> list[Any]:
    value = result.get("value")
    found = [value[k] for k in _LABELS if isinstance(value.get(k), list)] if isinstance(value, dict) else []
    return found[0] if found else []


def _add(image: LabelledImage, result: dict[str, Any], named: set[Any]) -> None:
    kind, value, names = result.get("type"), result.get("value"), _labels_of(result)
    if not names and kind in _SHAPES and result.get("id") in named:
        return  # its class stands in another result of the same region
    known = kind in _SHAPES or kind in _LABELS
    if not known or not isinstance(value, dict):
        image.asides[f"results of the kind {short(kind)}, which are not read, left out"] += 1
        return
    if len(names) != 1:
        raise ValueError(f"a region of {len(names)} classes; one is wanted")
    name = class_name(names[0])
    size = image_size(result.get("original_width"), result.get("original_height"))
    if not size[0]:
        raise ValueError("it has no original_width and original_height")
    if size != (image.width, image.height):
        raise ValueError(f"it is of a picture of {size[0]} x {size[1]}, others of {image.width} x {image.height}")
    if result.get("image_rotation") not in (None, 0, 0.0):
        raise ValueError(f"its picture was turned by {short(result['image_rotation'])} degrees in Label Studio")
    image.instances.append(_instance(name, value, image))


def _instance(name: str, value: dict[str, Any], image: LabelledImage) -> Instance:
    width, height = image.width, image.height
    if "rle" in value:
        mask = decode_rle(value["rle"], height, width)
        counts = encode_mask(mask) if mask.any() else None
    elif "points" in value:
        counts = outlines.fill([_ring(value["points"], width, height)], height, width)
    elif "radiusX" in value:
        cx, cy, rx, ry = (_percent(value, k) / 100 for k in ("x", "y", "radiusX", "radiusY"))
        ring = outlines.ellipse(cx * width, cy * height, rx * width, ry * height, _turned(value))
        counts = outlines.fill([ring], height, width)
    else:
        x, y, w, h = (_percent(value, k) / 100 for k in ("x", "y", "width", "height"))
        x, y, w, h = x * width, y * height, w * width, h * height
        angle = _turned(value)
        if not angle:
            box = checked_box((x, y, x + w, y + h), image)
            return Instance(class_name=name, box=box, source="real")
        if not (w > 0 and h > 0):
            raise ValueError(f"a box without area: {w:g} x {h:g}")
        counts = outlines.fill([_turned_box(x, y, w, h, angle)], height, width)
    if counts is None:
        raise ValueError("it covers no pixel of the picture")
    return Instance(class_name=name, box=counts_box(counts, height, width), counts=counts, source="real")


def _percent(value: dict[str, Any], key: str) -> float:
    if key not in value:
        raise ValueError(f"it has no {key}")
    return number(value[key], _PERCENT)


def _turned(value: dict[str, Any]) -> float:
    """Degrees, clockwise, without whole turns."""
    return math.fmod(number(value.get("rotation") or 0), 360.0)


def _turned_box(x: float, y: float, w: float, h: float, angle_deg: float) -> list[float]:
    """Corners of a box that is turned clockwise about its upper left corner."""
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return [v for a, b in ((0, 0), (w, 0), (w, h), (0, h)) for v in (x + a * cos - b * sin, y + a * sin + b * cos)]


def _ring(points: Any, width: int, height: int) -> list[list[float]]:
    if not isinstance(points, list) or not all(isinstance(p, list) and len(p) == 2 for p in points):
        raise ValueError("its points are not pairs of numbers")
    return [[number(x, _PERCENT) * width / 100, number(y, _PERCENT) * height / 100] for x, y in points]


# Brush masks ----------------------------------------------------------------------------------------------------------


def decode_rle(rle: Any, height: int, width: int) -> BoolMask:
    """The (height, width) mask of a brush.

    Args:
        rle: bytes as numbers: 32 bits of length, 5 of word size, four times 4 of run sizes; then runs, each a bit
            (repeated or word by word), two bits (which run size), the run's length less one, and its words.
        height: of the image.
        width: of the image.

    Raises:
        ValueError: it is no such stream, or of another image.
    """
    if not isinstance(rle, list) or not all(type(v) is int and 0 <= v <= 255 for v in rle):
        raise ValueError("its rle is no list of bytes")
    bits = _Bits(bytes(rle))
    length, word = bits.read(32), bits.read(5) + 1
    if length != 4 * height * width:
        raise ValueError(f"its rle holds {length} values, its picture {width} x {height} has {4 * height * width}")
    if word != _WORD_BITS:
        raise ValueError(f"its rle has words of {word} bits, not {_WORD_BITS}")
    sizes = [bits.read(4) + 1 for _ in range(4)]
    alpha: BoolMask = np.zeros(height * width, bool)
    place = 0  # among the values, of which each fourth is a pixel's alpha
    while place < length:
        is_run = bits.read(1)
        end = place + 1 + bits.read(sizes[bits.read(2)])
        if end > length:
            raise ValueError("its rle runs beyond the picture")
        if is_run:
            alpha[place // 4 : end // 4] = bits.read(word) >= _COVERED
        else:
            for value in range(place, end):
                covered = bits.read(word) >= _COVERED
                if value % 4 == 3:
                    alpha[value // 4] = covered
        place = end
    return alpha.reshape(height, width)


def encode_rle(mask: BoolMask) -> list[int]:
    """The bit stream of a mask, as `decode_rle` and Label Studio's brush read it."""
    flat = mask.reshape(-1)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(flat)) + 1, [flat.size]])
    bits = [f"{4 * flat.size:032b}{_WORD_BITS - 1:05b}", *(f"{size - 1:04b}" for size in _RUN_BITS)]
    for start, length in zip(edges[:-1], 4 * np.diff(edges), strict=True):
        value, left = (255 if flat[start] else 0), int(length)
        while left:
            run = min(left, 1 << _RUN_BITS[-1])
            which = next(k for k, size in enumerate(_RUN_BITS) if run <= 1 << size)
            bits.append(f"1{which:02b}{run - 1:0{_RUN_BITS[which]}b}{value:0{_WORD_BITS}b}")
            left -= run
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


class _Bits:
    """Numbers of any width from bytes, the highest bit first."""

    def __init__(self, content: bytes) -> None:
        self._content, self._place = content, 0

    def read(self, count: int) -> int:
        first, last = self._place, self._place + count
        if last > 8 * len(self._content):
            raise ValueError("its rle is cut off")
        self._place = last
        window = int.from_bytes(self._content[first >> 3 : (last + 7) >> 3], "big")
        return (window >> (-last % 8)) & ((1 << count) - 1)


# Writing --------------------------------------------------------------------------------------------------------------


def image_path(image: LabelledImage) -> str:
    """Where an image lies in the exported folder."""
    return f"images/{image.file}"


def label_files(images: Iterable[LabelledImage], masks: bool) -> Iterator[tuple[str, Iterator[str]]]:
    """Relative path and text, in pieces, of the one label file."""

    def text() -> Iterator[str]:
        yield "["
        for place, image in enumerate(images, 1):
            yield ("" if place == 1 else ",\n") + task_text(place, image, masks)
        yield "]\n"

    yield FILE, text()


def lost(images: Iterable[LabelledImage], masks: bool) -> Counter[str]:
    """What is not said: masks, where only boxes were asked for."""
    return masks_lost(images, masks)


def task_text(place: int, image: LabelledImage, masks: bool) -> str:
    """One image with its labels, as Label Studio imports it; a folder of local storage is named in front."""
    results = [_result(k, instance, image, masks) for k, instance in enumerate(image.instances, 1)]
    if image.label is not None:
        value = {"choices": [image.label]}
        results.append({"id": "c", "type": "choices", "from_name": "choice", "to_name": "image", "value": value})
    address = f"/data/local-files/?d={image_path(image)}"
    task = {"id": place, "data": {"image": address}, "annotations": [{"id": place, "result": results}]}
    return json.dumps(task, ensure_ascii=False)


def _result(place: int, instance: Instance, image: LabelledImage, masks: bool) -> dict[str, Any]:
    wide, high = 100 / image.width, 100 / image.height
    mask = instance.mask(image.height, image.width) if masks else None
    rings = [] if mask is None else outlines.outlines(mask)
    if mask is None:
        x1, y1, x2, y2 = instance.box
        kind, to = "rectanglelabels", "box"
        value: dict[str, Any] = {
            "x": x1 * wide, "y": y1 * high, "width": (x2 - x1) * wide, "height": (y2 - y1) * high, "rotation": 0,
        }  # fmt: skip
    elif len(rings) == 1 and np.equal(rings[0], np.round(rings[0])).all():  # a slit lies between pixel edges
        kind, to = "polygonlabels", "polygon"
        value = {"points": (rings[0] * [wide, high]).tolist(), "closed": True}
    else:
        kind, to = "brushlabels", "brush"
        value = {"format": "rle", "rle": encode_rle(mask)}
    return {
        "id": f"r{place}", "type": kind, "from_name": to, "to_name": "image", "image_rotation": 0,
        "original_width": image.width, "original_height": image.height, "value": value | {kind: [instance.class_name]},
    }  # fmt: skip
