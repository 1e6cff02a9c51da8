"""Sample and Instance: an image with its labels, scores and provenance; masks as COCO RLE."""

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask
from pydantic import BaseModel, Field

BoolMask = npt.NDArray[np.bool_]
Box = tuple[float, float, float, float]
Verdict = Literal["new", "kept", "dropped"]
Split = Literal["train", "val", "test"]

Item = TypeVar("Item")


def evenly(items: Sequence[Item], most: int) -> list[Item]:
    """At most so many of a list's items, from all over it, in order."""
    if len(items) <= most:
        return list(items)
    return [items[int(i)] for i in np.linspace(0, len(items) - 1, most).round()]


def encode_mask(mask: BoolMask) -> str:
    """Compressed COCO RLE counts of an (h, w) mask."""
    counts: bytes = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]
    return counts.decode("ascii")


def crop_counts(crop: BoolMask, x: int, y: int, height: int, width: int) -> str:
    """`encode_mask` of a mask of which only a part holds anything; takes time as that part does, not as the whole.

    Args:
        crop: (h, w) with at least one pixel set.
        x: of its left upper corner in the whole.
        y: of the same.
        height: of the whole.
        width: of the whole.
    """
    columns, rows = np.nonzero(crop.T)
    places = (columns + x).astype(np.int64) * height + rows + y
    breaks = np.flatnonzero(np.diff(places) != 1)
    firsts = places[np.concatenate([[0], breaks + 1])]
    ends = places[np.concatenate([breaks, [len(places) - 1]])] + 1
    edges = np.stack([firsts, ends], axis=1).reshape(-1)
    runs = np.diff(np.concatenate([[0], edges, [height * width]])).tolist()
    if runs[-1] == 0:
        runs.pop()
    counts: bytes = coco_mask.frPyObjects({"size": [height, width], "counts": runs}, height, width)["counts"]
    return counts.decode("ascii")


def decode_mask(counts: str, height: int, width: int) -> BoolMask:
    """The (h, w) mask of compressed COCO RLE counts."""
    decoded: npt.NDArray[np.uint8] = coco_mask.decode({"size": [height, width], "counts": counts.encode("ascii")})
    return decoded.astype(bool)


def mask_box(mask: BoolMask) -> Box:
    """Tight (x1, y1, x2, y2) of a mask in pixels, x2 and y2 exclusive.

    Raises:
        ValueError: the mask is empty.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        raise ValueError("an empty mask has no box")
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


class Instance(BaseModel):
    """One labelled object in one image."""

    class_name: str
    box: Box = Field(description="x1, y1, x2, y2 in pixels, of the visible part")
    counts: str | None = Field(None, description="compressed COCO RLE of the visible part; None: only a box is known")
    full_box: Box | None = Field(
        None, description="box of the whole object with its hidden parts; may leave the picture"
    )
    visible_share: float | None = Field(None, description="visible pixels over pixels of the whole object, 0..1")
    depth: float | None = Field(None, description="distance from the camera in scene units")
    score: float = 1.0
    source: str = "exact"

    def mask(self, height: int, width: int) -> BoolMask | None:
        """The (h, w) mask, or None where only a box is known."""
        return None if self.counts is None else decode_mask(self.counts, height, width)


class Sample(BaseModel):
    """An image, where it came from, its scores and its verdict."""

    id: str
    scene_id: str = ""
    round: int = 1
    image: str = Field(description="path relative to the run folder")
    width: int
    height: int
    sha256: str
    family: str
    split: Split | None = None
    axes: dict[str, str] = Field(default_factory=dict)
    engine: str
    seed: int = 0
    provenance: dict[str, Any] = Field(default_factory=dict)
    scores: dict[str, float] = Field(default_factory=dict)
    quality: float | None = None
    verdict: Verdict = "new"
    reasons: list[str] = Field(default_factory=list)
    label: str | None = Field(None, description="class of the whole picture in a classification task")
    instances: list[Instance] = Field(default_factory=list)
    lookalikes: list[Instance] = Field(
        default_factory=list, description="things drawn to be mistaken for targets, by their own names; never labelled"
    )
