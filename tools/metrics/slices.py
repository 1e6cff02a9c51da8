"""Slices: the parts of a set by which a model is judged, and what a scene can do about each of them.

Rendered images carry the axes of their scene. Photos carry none, so theirs are measured. Both have slices of single
instances (size, visible share), in which the other instances are ignored rather than counted as false.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tools.data.geometry import large_enough
from tools.data.images import ImageArray
from tools.data.sample import Box, Instance, Sample
from tools.metrics.coco import Bools, Floats, JudgedImage
from tools.scenes.scene import AXES

SIZES = {"small": 32.0, "medium": 96.0, "large": float("inf")}  # px of the side, upper ends: COCO's borders
VISIBLE = {"mostly hidden": 0.55, "partly hidden": 0.85, "open": float("inf")}  # the borders of the axis occlusion
_MEASURED_SIDE = 320  # images are compared at this size, or a large photo would look sharp because it is large
_DARK, _BRIGHT = 0.30, 0.65  # mean grey, 0 black .. 1 white
_BLURRED = 100.0  # variance of the Laplacian of 8-bit greys: the usual border
_TOUCH = 0.1  # IoU from which a false alarm belongs to the instance it overlaps most
_CROWD = 4  # more instances than this are "many", as on the axis crowding

# What goes with every aimed scene, whatever slice it is aimed at: classes, pairs of them, things that are no targets.
BESIDE = ("class", "confused", "lookalike")

# What a scene can be asked for when a slice that is no axis of a scene is weak.
_AIMS = {
    "size=small": "distance=far",
    "size=medium": "distance=medium",
    "size=large": "distance=close",
    "visible=open": "occlusion=open",
    "visible=partly hidden": "occlusion=partly hidden",
    "visible=mostly hidden": "occlusion=mostly hidden",
    "brightness=dark": "light=deep shade",
    "brightness=bright": "light=sun",
    "sharpness=blurred": "weather=haze",
}


@dataclass(frozen=True)
class Slice:
    """A part of a set of n images."""

    axis: str
    value: str
    images: Bools  # (n,)
    truths: list[Bools] | None = None  # of each image; None: the slice is made of whole images
    found: list[Bools] | None = None

    @property
    def name(self) -> str:
        """'axis=value'."""
        return f"{self.axis}={self.value}"


def aim_of(name: str) -> str | None:
    """What scenes can be designed for, 'axis=value'; None when no scene can help (normal brightness, say)."""
    axis, _, value = name.partition("=")
    if axis in (*AXES, *BESIDE) and value not in ("", "none"):
        return name
    return _AIMS.get(name)


def is_beside(name: str) -> bool:
    """Whether an aim goes with every aimed scene, so that it takes no turn from the slices."""
    return name.partition("=")[0] in BESIDE


def size_of(box: Box, scale: float) -> str:
    """Small, medium or large, by the geometric mean of the sides of a box times `scale`."""
    side = scale * float(np.sqrt(max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])))
    return next(name for name, limit in SIZES.items() if side < limit)


def visible_of(instance: Instance) -> str | None:
    """Open, partly or mostly hidden; None where the hidden part is unknown."""
    share = instance.visible_share
    return None if share is None else next(name for name, limit in VISIBLE.items() if share < limit)


def image_axes(sample: Sample, pixels: ImageArray) -> dict[str, str]:
    """The slices an image belongs to as a whole: its scene's axes, or what can be measured on a photo."""
    known = {axis: sample.axes[axis] for axis in AXES if sample.axes.get(axis)}
    if known:
        return known
    height, width = pixels.shape[:2]
    scale = min(1.0, _MEASURED_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    grey = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA).astype(np.float64)
    brightness = float(grey.mean()) / 255
    count = len(sample.instances)
    return {
        "brightness": "dark" if brightness < _DARK else "bright" if brightness > _BRIGHT else "normal",
        "sharpness": "blurred" if float(cv2.Laplacian(grey, cv2.CV_64F).var()) < _BLURRED else "sharp",
        "crowding": "none" if count == 0 else "one" if count == 1 else "few" if count <= _CROWD else "many",
    }


def image_slices(images: Sequence[JudgedImage]) -> list[Slice]:
    """Every value of every axis of whole images, sorted by name."""
    names = sorted({item for image in images for item in image.axes.items()})
    return [
        Slice(axis, value, np.array([p.axes.get(axis) == value for p in images], dtype=bool)) for axis, value in names
    ]


def instance_slices(images: Sequence[JudgedImage], overlaps: Sequence[Floats], seen_px: int) -> list[Slice]:
    """Slices by size and by visible share that hold any instance.

    An unmatched detection counts as a false alarm in the slice of its own size. Nothing tells how hidden a thing is
    that isn't there, so by visible share it counts in the slice of the instance it overlaps most, and else in none.

    Args:
        images: n images.
        overlaps: for each (detections, truths), as from `Matcher.overlaps`.
        seen_px: the longer side of an image as the model sees it; sizes are in these pixels.
    """
    everywhere = np.ones(len(images), dtype=bool)
    scales = [seen_px / max(p.width, p.height) for p in images]
    sizes = [[size_of(t.box, s) for t in p.truths] for p, s in zip(images, scales, strict=True)]
    found_sizes = [[size_of(d.box, s) for d in p.found] for p, s in zip(images, scales, strict=True)]
    hidden = [[visible_of(t) for t in p.truths] for p in images]
    found_hidden = [_of_nearest(table, values) for table, values in zip(overlaps, hidden, strict=True)]
    result = []
    for axis, names, of_truths, of_found in (
        ("size", SIZES, sizes, found_sizes),
        ("visible", VISIBLE, hidden, found_hidden),
    ):
        for value in names:
            truths, found = _flags(of_truths, value), _flags(of_found, value)
            if any(t.any() for t in truths):
                result.append(Slice(axis, value, everywhere, truths, found))
    return result


def counted(images: Sequence[JudgedImage], ignore_side_px: float) -> tuple[list[Bools], list[Bools]]:
    """Which truths and which detections are judged, image by image."""
    return (
        [large_enough([t.box for t in p.truths], ignore_side_px) for p in images],
        [large_enough([d.box for d in p.found], ignore_side_px) for p in images],
    )


def both(first: Sequence[Bools], second: Sequence[Bools]) -> list[Bools]:
    """Flags that hold in both lists."""
    return [a & b for a, b in zip(first, second, strict=True)]


def _of_nearest(overlaps: Floats, values: Sequence[str | None]) -> list[str | None]:
    """For each detection the value of the truth that it overlaps most."""
    if overlaps.shape[1] == 0:
        return [None] * len(overlaps)
    nearest = overlaps.argmax(axis=1)
    return [values[k] if row[k] >= _TOUCH else None for k, row in zip(nearest, overlaps, strict=True)]


def _flags(values: Sequence[Sequence[str | None]], wanted: str) -> list[Bools]:
    return [np.array([v == wanted for v in row], dtype=bool) for row in values]
