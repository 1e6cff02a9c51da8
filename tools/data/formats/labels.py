"""What every label format is written from and read into: images by name, with their instances."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

from pycocotools import mask as coco_mask

from tools.data.images import MAX_PIXELS
from tools.data.sample import Box, Instance, Sample, Split

# A whole number or a decimal one in ASCII. float() also takes "1_0", "nan", "infinity" and the digits of any script.
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_BEYOND = 0.01  # of an image's side by which a box may leave it before that is said; at least a pixel
_MAX_STEM_BYTES = 150  # file systems take 255 for a whole name; suffixes and temporary names are put around it
CUT = "boxes that reach beyond their picture, cut at its edge"


@dataclass(frozen=True)
class LabelledImage:
    """The labels of one image."""

    file: str  # as the label file names it; written ones are a bare file name
    width: int  # 0: the label file does not say
    height: int
    instances: list[Instance] = field(default_factory=list)
    label: str | None = None  # class of the whole image
    split: Split = "train"
    bad: list[str] = field(default_factory=list)  # why labels of it are left out, one sentence each
    asides: Counter[str] = field(default_factory=Counter)  # what else is to be said of its labels, and how often
    original: str = ""  # name of the photo, where `file` had to be another

    @property
    def stem(self) -> str:
        """The file name without folders and suffix."""
        return PurePosixPath(self.file).stem

    @property
    def is_unknown(self) -> bool:
        """Whether it has labels of which none could be read: such an image is not empty."""
        return not self.instances and self.label is None and bool(self.bad or self.asides)


@dataclass
class LabelSet:
    """What one label file says."""

    classes: list[str]
    images: list[LabelledImage]
    notes: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)  # why labels are left out that are of no image in `images`


def labelled(sample: Sample) -> LabelledImage:
    """A sample as the formats write it; its image is named by the sample's id."""
    suffix = PurePosixPath(sample.image).suffix.lower()
    return LabelledImage(
        file=f"{sample.id}{suffix}", width=sample.width, height=sample.height, instances=sample.instances,
        label=sample.label, split=sample.split or "train",
    )  # fmt: skip


def class_index(classes: list[str]) -> dict[str, int]:
    """Class name -> place in the label order, from 0."""
    return {name: index for index, name in enumerate(classes)}


def instances_of(images: Iterable[LabelledImage]) -> int:
    """Labels in all images together."""
    return sum(len(image.instances) for image in images)


def mask_area(counts: str, height: int, width: int) -> int:
    """Pixels of a mask, without decoding it."""
    return int(coco_mask.area({"size": [height, width], "counts": counts.encode("ascii")}))


def counts_box(counts: str, height: int, width: int) -> Box:
    """Tight (x1, y1, x2, y2) of a mask, without decoding it."""
    x, y, w, h = (float(v) for v in coco_mask.toBbox({"size": [height, width], "counts": counts.encode("ascii")}))
    return x, y, x + w, y + h


def clip_box(box: Box, width: int, height: int) -> Box:
    """The part of a box that lies in the image."""
    x1, y1, x2, y2 = box
    return max(0.0, min(x1, width)), max(0.0, min(y1, height)), max(0.0, min(x2, width)), max(0.0, min(y2, height))


def masks_lost(images: Iterable["LabelledImage"], masks: bool) -> Counter[str]:
    """What a format that holds masks and boxes does not say: masks, where only boxes were asked for."""
    stored = 0 if masks else sum(i.counts is not None for image in images for i in image.instances)
    return +Counter({"masks not stored": stored})


def counted(counter: Counter[str]) -> str:
    """'3 of this, 2 of that'."""
    return ", ".join(f"{n} {what}" for what, n in sorted(counter.items()))


# What strangers wrote -----------------------------------------------------------------------------------------------


def number(value: Any, most: float = 1e9) -> float:
    """A number as label files hold it.

    Args:
        value: a number, or the text of one.
        most: the greatest size that makes sense.

    Raises:
        ValueError: it is none, not finite, or greater.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{short(value)} is not a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not finite")
    if abs(value) > most:
        raise ValueError(f"{short(value)} is too large")
    return float(value)


def image_size(width: Any, height: Any) -> tuple[int, int]:
    """An image's size as a label file says it; 0, 0 where it does not.

    Raises:
        ValueError: it is no size that an image has.
    """
    sides = [number(v, MAX_PIXELS) if v not in (None, "") else 0.0 for v in (width, height)]
    if min(sides) < 0 or sides[0] * sides[1] > MAX_PIXELS:
        raise ValueError(f"no picture is {short(width)} x {short(height)} pixels")
    return (int(sides[0]), int(sides[1])) if all(sides) else (0, 0)


def class_name(value: Any) -> str:
    """A class as a label names it, without white space around it.

    Raises:
        ValueError: there is none.
    """
    name = str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    if not name:
        raise ValueError("its class has no name")
    return name


def refuse_shares(pixels: Sequence[float]) -> None:
    """Refuse a label that lies, by its numbers, within its image's first pixel.

    Raises:
        ValueError: it does.
    """
    if min(pixels) >= 0 and max(pixels) <= 1 and any(v != int(v) for v in pixels):
        shown = ", ".join(f"{v:g}" for v in pixels[:4])
        raise ValueError(f"a label within one pixel ({shown} ...): shares of the picture in place of pixels?")


def checked_box(box: Box, image: LabelledImage) -> Box:
    """The part of a foreign box, in pixels, that lies in its image; that it was cut is noted there.

    Raises:
        ValueError: nothing of it does, or its numbers are no pixels.
    """
    x1, y1, x2, y2 = box
    shown = f"({x1:g}, {y1:g}, {x2:g}, {y2:g})"
    if not (x1 < x2 and y1 < y2):
        raise ValueError(f"a box without area: {shown}")
    refuse_shares(box)
    if not image.width or not image.height:
        return box
    room_x, room_y = max(1.0, _BEYOND * image.width), max(1.0, _BEYOND * image.height)
    cut = clip_box(box, image.width, image.height)
    if not (cut[0] < cut[2] and cut[1] < cut[3]):
        raise ValueError(f"a box outside its picture: {shown}")
    if x1 < -room_x or y1 < -room_y or x2 > image.width + room_x or y2 > image.height + room_y:
        image.asides[CUT] += 1
    return cut


def holdable(stem: str) -> str:
    """A file's name, without its suffix, that every label format and file system can hold.

    Control characters break XML and lists of names, a backslash is a folder on some systems, and joined folders make
    names too long; what is cut off is told apart by a hash.
    """
    plain = "".join("_" if unicodedata.category(c) in ("Cc", "Cs", "Cn", "Zl", "Zp") or c == "\\" else c for c in stem)
    plain = plain.strip() or "photo"
    if len(plain.encode()) <= _MAX_STEM_BYTES:
        return plain
    digest = sha256(stem.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return plain.encode()[: _MAX_STEM_BYTES - 9].decode("utf-8", "ignore").rstrip() + "-" + digest


def short(value: Any) -> str:
    """A foreign value, as far as a sentence has room for it."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
