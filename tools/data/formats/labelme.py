"""labelme JSON, one file an image: polygons, rectangles, circles and mask crops."""

import base64
import binascii
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tools.core.errors import StepFailed
from tools.data.formats import outlines
from tools.data.formats.labels import (
    LabelledImage,
    checked_box,
    class_name,
    counts_box,
    image_size,
    masks_lost,
    number,
    refuse_shares,
    short,
)
from tools.data.images import open_image
from tools.data.sample import Instance, encode_mask

_KINDS = ("polygon", "rectangle", "circle", "mask")
_VERSION = "5.4.1"  # of labelme; any that reads groups reads what is written here


def image_path(image: LabelledImage) -> str:
    """Where an image lies in the exported folder: its labels lie beside it, as labelme wants them."""
    return f"images/{image.file}"


def label_files(images: Iterable[LabelledImage], masks: bool) -> Iterator[tuple[str, str]]:
    """Relative path and text of every label file."""
    for image in images:
        yield f"images/{image.stem}.json", to_labelme(image, masks)


def lost(images: Iterable[LabelledImage], masks: bool) -> Counter[str]:
    """What is not said: masks, where only boxes were asked for."""
    return masks_lost(images, masks)


def to_labelme(image: LabelledImage, masks: bool) -> str:
    """The label file of one image: boxes as rectangles, masks as polygons; parts of one object share a group."""
    shapes: list[dict[str, Any]] = []
    for group, instance in enumerate(image.instances, 1):
        mask = instance.mask(image.height, image.width) if masks else None
        if mask is None:
            x1, y1, x2, y2 = instance.box
            shapes.append(_shape(instance.class_name, "rectangle", [[x1, y1], [x2, y2]], None))
            continue
        rings = outlines.outlines(mask)
        number = group if len(rings) > 1 else None
        shapes += [_shape(instance.class_name, "polygon", ring.tolist(), number) for ring in rings]
    data: dict[str, Any] = {
        "version": _VERSION, "flags": {}, "shapes": shapes, "imagePath": image.file, "imageData": None,
        "imageHeight": image.height, "imageWidth": image.width,
    }  # fmt: skip
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _shape(name: str, kind: str, points: list[list[float]], group: int | None) -> dict[str, Any]:
    return {"label": name, "points": points, "group_id": group, "shape_type": kind, "flags": {}}


def is_labelme(data: Any) -> bool:
    """Whether a JSON value looks like labelme's."""
    return isinstance(data, dict) and isinstance(data.get("shapes"), list) and "imagePath" in data


def from_labelme(data: dict[str, Any]) -> LabelledImage:
    """Read the shapes of one image; those that share a class and a group are one object. Wrong ones are left out."""
    file = data["imagePath"].strip() if isinstance(data["imagePath"], str) else ""
    try:
        image = LabelledImage(file, *image_size(data.get("imageWidth"), data.get("imageHeight")))
        wrong = "" if image.width else "its picture has no imageWidth and imageHeight"
    except ValueError as error:
        image, wrong = LabelledImage(file, 0, 0, bad=[str(error)]), str(error)
    groups: dict[tuple[str, str], list[np.ndarray[Any, Any]]] = {}
    for place, shape in enumerate(data["shapes"], 1):
        try:
            if wrong or not isinstance(shape, dict):
                raise ValueError(wrong or "it is not an object")
            kind = shape.get("shape_type") or "polygon"
            if kind not in _KINDS:
                image.asides[f"shapes of the kind {short(kind)}, which are not read, left out"] += 1
                continue
            name, points = class_name(shape.get("label")), _points(shape.get("points"))
            if kind == "rectangle":
                (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
                box = checked_box((float(x1), float(y1), float(x2), float(y2)), image)
                image.instances.append(Instance(class_name=name, box=box, source="real"))
                continue
            if kind == "mask":
                image.instances.append(_masked(name, points, shape.get("mask"), image))
                continue
            ring = points if kind == "polygon" else _circle(points)
            if outlines.fill([ring], image.height, image.width) is None:
                raise ValueError("it covers no pixel of the picture")
            group = shape.get("group_id")
            groups.setdefault((name, f"#{place}" if group is None else short(group)), []).append(ring)
        except ValueError as error:
            image.bad.append(f"shape {place}: {error}")
    for (name, _), rings in groups.items():
        try:
            counts = outlines.fill(rings, image.height, image.width)
        except ValueError as error:  # all of a group together are too much
            image.bad.append(f"a group of {name}: {error}")
            continue
        assert counts is not None  # each of the rings fills a pixel
        box = counts_box(counts, image.height, image.width)
        image.instances.append(Instance(class_name=name, box=box, counts=counts, source="real"))
    return image


def _points(points: Any) -> np.ndarray[Any, Any]:
    if not isinstance(points, list) or len(points) < 2 or not all(isinstance(p, list) and len(p) == 2 for p in points):
        raise ValueError("its points are not pairs of numbers")
    found = np.array([[number(v) for v in point] for point in points])
    refuse_shares(found.reshape(-1).tolist())
    return found


def _masked(name: str, points: np.ndarray[Any, Any], packed: Any, image: LabelledImage) -> Instance:
    """A mask by its crop, a PNG as text; its points are the first and the last pixel of the crop."""
    (left, top), (right, bottom) = points.astype(int).min(axis=0), points.astype(int).max(axis=0)
    try:
        if not isinstance(packed, str):
            raise ValueError("its mask is no text")
        with open_image(Path("its mask"), io.BytesIO(base64.b64decode(packed, validate=True)), ("PNG",)) as crop:
            if (crop.width, crop.height) != (right - left + 1, bottom - top + 1):
                raise ValueError(f"its mask has {crop.width} x {crop.height} pixels, not those of its points")
            if left < 0 or top < 0 or right >= image.width or bottom >= image.height:
                raise ValueError("its mask leaves the picture")
            inside = np.asarray(crop) > 0
    except (binascii.Error, StepFailed, OSError, SyntaxError) as error:
        raise ValueError(f"its mask is no PNG ({short(str(error))})") from error
    if inside.ndim != 2 or not inside.any():
        raise ValueError("its mask is empty, or coloured")
    mask = np.zeros((image.height, image.width), bool)
    mask[top : bottom + 1, left : right + 1] = inside
    counts = encode_mask(mask)
    return Instance(
        class_name=name, box=counts_box(counts, image.height, image.width), counts=counts, source="real"
    )  # fmt: skip


def _circle(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A circle by its centre and a point on it."""
    radius = float(np.hypot(*(points[1] - points[0])))
    return outlines.ellipse(float(points[0][0]), float(points[0][1]), radius, radius)
