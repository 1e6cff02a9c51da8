"""Photos of a thing without labels: what may be meant in each, numbered, so that one answer or one click settles it.

The starter finds objects of any kind. A person says which of them it is; what was said becomes a labelled set in the
run's own folder, a set like any other. The photos themselves are only read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tools.annotators.prompted_mask import MaskEngine, Prompt, mask_of
from tools.core.errors import FixArguments, StepFailed
from tools.core.task import TaskSpec
from tools.data.formats import coco
from tools.data.formats.labels import LabelledImage
from tools.data.geometry import box_iou
from tools.data.images import ImageArray, walk_files, write_image
from tools.data.photo_files import ReadPhoto, find_photos, read_ahead
from tools.data.sample import Box, Instance, mask_box
from tools.runs.runtime import write_json

if TYPE_CHECKING:
    from tools.models.predict import Predictor

MOST_PHOTOS = 20  # that are asked about: more answers than a person gives at once
MOST = 6  # proposals a photo: what is not among the first few is sooner clicked than searched
INSIDE = 0.8  # of a proposal's box lies in a surer one: a part of that thing, and asked about after all wholes
SEEN_FROM = 0.03  # objectness; a person sees at once which are none
APART_IOU = 0.6  # of boxes: what overlaps more is one proposal
NONE = ("none", "no", "-", "0", "没有", "无")
_COLOURS = ((255, 64, 64), (64, 160, 255), (255, 200, 0), (180, 80, 255), (0, 220, 180), (255, 120, 200))
_SHEET_PX = 640  # of a numbered image's longer side
LABELS = "annotations/instances.json"


@dataclass(frozen=True)
class Asked:
    """A photo, what may be meant in it, and its numbered image."""

    photo: ReadPhoto
    proposals: list[Instance]
    drawn: Path


def is_unlabelled(folder: Path) -> bool:
    """Whether a folder holds photos and nothing that could be a label of theirs."""
    from tools.data.formats.hugging_face import NAMES
    from tools.data.label_tree import read_tree
    from tools.data.uploads import LABEL_SUFFIXES

    if next(find_photos([folder]), None) is None or read_tree(folder).masks:
        return False
    files = [p for p in walk_files(folder) if p.is_file()]
    return not any(p.suffix.lower() in LABEL_SUFFIXES or p.name.casefold() in NAMES for p in files)


def proposals_in(image: ImageArray, starter: "Predictor | None") -> list[Instance]:
    """Objects of any kind in an (h, w, 3) image, surest first and wholes before parts, no two of the same place.

    Large things come from the whole image; the image's middle is always among them, for a photo is usually taken of
    what is in it.
    """
    height, width = image.shape[:2]
    found = [] if starter is None else sorted(starter.predict(image, SEEN_FROM), key=lambda i: -i.score)
    kept: list[Instance] = []
    for instance in found:
        if all(box_iou(instance.box, other.box) < APART_IOU for other in kept):
            kept.append(instance)
    whole = [i for i in kept if not any(o.score > i.score and _inside(i.box, o.box) > INSIDE for o in kept)]
    kept = [*whole, *(i for i in kept if i not in whole)][: MOST - 1]
    middle: Box = (0.2 * width, 0.2 * height, 0.8 * width, 0.8 * height)
    if all(box_iou(middle, other.box) < APART_IOU for other in kept):
        kept.append(Instance(class_name="object", box=middle, score=0.0, source="middle"))
    return kept


def _inside(part: Box, whole: Box) -> float:
    """Share of a box that lies in another."""
    sides = [max(0.0, min(part[k + 2], whole[k + 2]) - max(part[k], whole[k])) for k in (0, 1)]
    return sides[0] * sides[1] / max(1e-9, (part[2] - part[0]) * (part[3] - part[1]))


def at_point(
    image: ImageArray,
    points: Sequence[tuple[float, float]],
    proposals: Sequence[Instance],
    engine: MaskEngine | None = None,
) -> Box:
    """The box of the thing under one or more clicks on it.

    The surest proposal whose outline holds all of the clicks; where there is none, what a cut around them gives.

    Args:
        image: (h, w, 3) RGB.
        points: x, y in pixels, all on the thing.
        proposals: of `proposals_in`.
        engine: cuts by clicks; None takes GrabCut.

    Raises:
        FixArguments: no point lies in the image.
        StepFailed: nothing stands out from its ground there.
    """
    height, width = image.shape[:2]
    inside = [(x, y) for x, y in points if 0 <= x < width and 0 <= y < height]
    if not inside:
        raise FixArguments("click on the thing, inside the picture")
    for instance in proposals:
        mask = instance.mask(height, width)
        if mask is not None and all(mask[int(y), int(x)] for x, y in inside):
            return instance.box
    return mask_box(mask_of(image, Prompt(inside=inside), engine))


def ask_about(folder: Path, out: Path, starter: "Predictor | None") -> list[Asked]:
    """Write a numbered image of each photo, and one sheet of all of them.

    Args:
        folder: of photos without labels; at most `MOST_PHOTOS` are asked about.
        out: where the images are written.
        starter: of `tools.shown.outlines.starter_predictor`.

    Raises:
        StepFailed: none of the photos can be read.
    """
    asked: list[Asked] = []
    problems = []
    for photo in read_ahead(find_photos([folder])):
        if photo.image is None:
            problems.append(f"{photo.file.name}: {photo.problem}")
            continue
        found = proposals_in(photo.image, starter)
        drawn = out / f"{len(asked) + 1:02d}.jpg"
        out.mkdir(parents=True, exist_ok=True)
        write_image(drawn, numbered(photo.image, found, f"photo {len(asked) + 1}"))
        asked.append(Asked(photo, found, drawn))
        if len(asked) == MOST_PHOTOS:
            break
    if not asked:
        raise StepFailed(f"{folder}: no photo can be read. {' '.join(problems[:3])}".strip())
    return asked


def numbered(image: ImageArray, proposals: Sequence[Instance], title: str) -> ImageArray:
    """A copy of at most `_SHEET_PX` with the outline and the number of each proposal."""
    height, width = image.shape[:2]
    scale = _SHEET_PX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shown = np.ascontiguousarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else 1))
    for number, instance in reversed(list(enumerate(proposals, 1))):
        colour = _COLOURS[(number - 1) % len(_COLOURS)]
        mask = instance.mask(height, width)
        x1, y1, x2, y2 = (round(v * scale) for v in instance.box)
        if mask is None:
            cv2.rectangle(shown, (x1, y1), (x2, y2), colour, 2, cv2.LINE_AA)
        else:
            small = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
            edges, _ = cv2.findContours(small, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(shown, edges, -1, colour, 2, cv2.LINE_AA)
        _plate(shown, str(number), (x1 + 2, y1 + 2), colour)
    _plate(shown, title, (4, size[1] - 26), (255, 255, 255))
    return shown


def _plate(canvas: ImageArray, text: str, corner: tuple[int, int], colour: tuple[int, int, int]) -> None:
    (wide, high), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 2)
    left = int(np.clip(corner[0], 0, max(0, canvas.shape[1] - wide - 8)))
    top = int(np.clip(corner[1], 0, max(0, canvas.shape[0] - high - below - 8)))
    cv2.rectangle(canvas, (left, top), (left + wide + 7, top + high + below + 5), colour, -1)
    ink = (0, 0, 0) if np.dot(colour, (0.299, 0.587, 0.114)) > 140 else (255, 255, 255)
    cv2.putText(canvas, text, (left + 4, top + high + 3), cv2.FONT_HERSHEY_SIMPLEX, 0.6, ink, 2, cv2.LINE_AA)


def read_numbers(answer: str, asked: Sequence[int]) -> list[list[int]]:
    """The proposals that an answer names, photo by photo: "2, 1+3, none" -> [[2], [1, 3], []].

    Args:
        answer: one entry a photo, in their order, commas between; several things of a photo with "+" or blanks
            between; "none" where it is not among them. With "photo:" before an entry any order and any part will do.
        asked: how many proposals each photo has.

    Raises:
        FixArguments: an entry is no number, there is no such photo or proposal, or the count does not fit.
    """
    parts = [p.strip() for p in re.split(r"[,;，；、\n]", answer) if p.strip()]
    by_photo: dict[int, list[int]] = {}
    for position, part in enumerate(parts):
        head, sign, rest = part.replace("：", ":").replace("=", ":").partition(":")
        photo_text, entry = (head, rest) if sign else (str(position + 1), part)
        digits = re.search(r"\d+", photo_text)
        photo = int(digits[0]) if digits else 0
        if not 1 <= photo <= len(asked):
            raise FixArguments(f"{part!r}: there are photos 1 to {len(asked)}")
        words = [w for w in re.split(r"[+\s&和]+", entry.strip()) if w]
        if [w.casefold() for w in words] and all(w.casefold() in NONE for w in words):
            by_photo[photo] = []
            continue
        if not words or not all(w.isdigit() for w in words):
            raise FixArguments(f"{part!r}: name the numbers on photo {photo}, such as '2' or '1+3', or 'none'")
        chosen = [int(w) for w in words]
        if wrong := [n for n in chosen if not 1 <= n <= asked[photo - 1]]:
            raise FixArguments(f"{part!r}: photo {photo} has proposals 1 to {asked[photo - 1]}, no {wrong[0]}")
        by_photo[photo] = list(dict.fromkeys(chosen))
    if not by_photo:
        raise FixArguments("name a number for each photo, such as '1, 2, none'")
    if len(by_photo) == 1 and len(asked) > 1 and ":" not in answer.replace("：", ":"):
        raise FixArguments(f"there are {len(asked)} photos; name a number for each, such as '1, 2, none'")
    return [by_photo.get(n, []) for n in range(1, len(asked) + 1)]


def write_set(folder: Path, named: Sequence[tuple[ReadPhoto, Sequence[Instance]]], task: TaskSpec) -> Path:
    """A labelled set of photos in which things were pointed at; photos without any are left out.

    Args:
        folder: where the set is written: copies of the photos, and COCO labels.
        named: photos, and the objects in each, by class.
        task: names the classes in order.

    Raises:
        FixArguments: nothing was pointed at.
    """
    images: list[LabelledImage] = []
    for photo, instances in named:
        if not instances or photo.image is None:
            continue
        name = f"images/{len(images) + 1:03d}.jpg"
        (folder / "images").mkdir(parents=True, exist_ok=True)
        write_image(folder / name, photo.image)
        height, width = photo.image.shape[:2]
        images.append(LabelledImage(name, width, height, list(instances)))
    if not images:
        raise FixArguments("it was pointed at in none of the photos; bring others, or draw boxes around it")
    write_json(folder / LABELS, coco.to_coco(images, task.class_names))
    return folder
