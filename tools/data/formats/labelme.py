"""labelme JSON, one file a picture: polygons, rectangles and circles."""

from typing import Any

import numpy as np

from tools.data.formats import outlines
from tools.data.formats.labels import (
    LabelledImage,
    checked_box,
    class_name,
    counts_box,
    number,
    picture_size,
    refuse_shares,
    short,
)
from tools.data.sample import Instance


def is_labelme(data: Any) -> bool:
    """Whether a JSON value looks like labelme's."""
    return isinstance(data, dict) and isinstance(data.get("shapes"), list) and "imagePath" in data


def from_labelme(data: dict[str, Any]) -> LabelledImage:
    """Read the shapes of one picture; those that share a class and a group are one object. Wrong ones are left out."""
    file = data["imagePath"].strip() if isinstance(data["imagePath"], str) else ""
    try:
        image = LabelledImage(file, *picture_size(data.get("imageWidth"), data.get("imageHeight")))
        wrong = "" if image.width else "its picture has no imageWidth and imageHeight"
    except ValueError as error:
        image, wrong = LabelledImage(file, 0, 0, bad=[str(error)]), str(error)
    groups: dict[tuple[str, str], list[np.ndarray[Any, Any]]] = {}
    for place, shape in enumerate(data["shapes"], 1):
        try:
            if wrong or not isinstance(shape, dict):
                raise ValueError(wrong or "it is not an object")
            kind = shape.get("shape_type") or "polygon"
            if kind not in ("polygon", "rectangle", "circle"):
                image.asides[f"shapes of the kind {short(kind)}, which are not read, left out"] += 1
                continue
            name, points = class_name(shape.get("label")), _points(shape.get("points"))
            if kind == "rectangle":
                (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
                box = checked_box((float(x1), float(y1), float(x2), float(y2)), image)
                image.instances.append(Instance(class_name=name, box=box, source="real"))
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


def _circle(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A circle by its centre and a point on it."""
    radius = float(np.hypot(*(points[1] - points[0])))
    return outlines.ellipse(float(points[0][0]), float(points[0][1]), radius, radius)
