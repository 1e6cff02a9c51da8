"""What every label format is written from and read into: pictures by name, with their instances."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pycocotools import mask as coco_mask

from tools.data.sample import Box, Instance, Sample, Split


@dataclass(frozen=True)
class LabelledImage:
    """The labels of one picture."""

    file: str  # as the label file names it; written ones are a bare file name
    width: int  # 0: the label file does not say
    height: int
    instances: list[Instance] = field(default_factory=list)
    label: str | None = None  # class of the whole picture
    split: Split = "train"

    @property
    def stem(self) -> str:
        """The file name without folders and suffix."""
        return PurePosixPath(self.file).stem


@dataclass
class LabelSet:
    """What one label file says."""

    classes: list[str]
    images: list[LabelledImage]
    notes: list[str] = field(default_factory=list)


def labelled(sample: Sample) -> LabelledImage:
    """A sample as the formats write it; its picture is named by the sample's id."""
    suffix = PurePosixPath(sample.image).suffix.lower()
    return LabelledImage(
        file=f"{sample.id}{suffix}", width=sample.width, height=sample.height, instances=sample.instances,
        label=sample.label, split=sample.split or "train",
    )  # fmt: skip


def class_index(classes: list[str]) -> dict[str, int]:
    """Class name -> place in the label order, from 0."""
    return {name: index for index, name in enumerate(classes)}


def instances_of(images: Iterable[LabelledImage]) -> int:
    """Labels in all pictures together."""
    return sum(len(image.instances) for image in images)


def mask_area(counts: str, height: int, width: int) -> int:
    """Pixels of a mask, without decoding it."""
    return int(coco_mask.area({"size": [height, width], "counts": counts.encode("ascii")}))


def counts_box(counts: str, height: int, width: int) -> Box:
    """Tight (x1, y1, x2, y2) of a mask, without decoding it."""
    x, y, w, h = (float(v) for v in coco_mask.toBbox({"size": [height, width], "counts": counts.encode("ascii")}))
    return x, y, x + w, y + h


def clip_box(box: Box, width: int, height: int) -> Box:
    """The part of a box that lies in the picture."""
    x1, y1, x2, y2 = box
    return max(0.0, min(x1, width)), max(0.0, min(y1, height)), max(0.0, min(x2, width)), max(0.0, min(y2, height))


def counted(counter: Counter[str]) -> str:
    """'3 of this, 2 of that'."""
    return ", ".join(f"{n} {what}" for what, n in sorted(counter.items()))
