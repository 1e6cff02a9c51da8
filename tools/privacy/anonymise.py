"""Blur faces, number plates or what a model finds in photos, into new files that hold their pixels and nothing else.

A blur is only as good as what finds: what each finder sees and misses is said with every result, and photos in which
nothing was found are named, for a person to look at.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from tools.core import owned
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import write_json
from tools.core.settings import Settings
from tools.data.formats.labels import holdable
from tools.data.images import WRITTEN_SUFFIXES, ImageArray, write_image
from tools.data.origin import carry
from tools.data.photo_files import PhotoFile, find_photos, read_ahead
from tools.data.sample import Box

log = logging.getLogger(__name__)
BUILT_IN = ("faces", "plates")
REPORT = "anonymised.json"
_BY = "anonymise"
_GROWN = 0.2  # of a box's side on each side: hair, chin and the plate's frame go along
_BLOCKS = 6  # across the shorter side of what is blurred: fewer than a face or a letter needs to be read
_LONGEST_PX = 2000  # a photo is looked at no larger: a face of 24 px there has 48 in one of 4,000
_LEAST_PX = 24  # side that the cascades were trained on


_FILES = {
    "faces": (
        "haarcascade_frontalface_default.xml", "haarcascade_frontalface_alt2.xml", "haarcascade_profileface.xml",
    ),
    "plates": ("haarcascade_russian_plate_number.xml", "haarcascade_license_plate_rus_16stages.xml"),
}  # fmt: skip
_LIMITS = {
    "faces": "finds upright faces from the front, and many from the side, of 24 pixels and more in a photo of up to "
    "2,000 px; misses many that are turned, tilted, small, dark, masked or partly hidden, and takes some patterns for "
    "faces. It does not find bodies, tattoos, names or anything else that tells who somebody is",
    "plates": "trained on Russian plates: finds long light plates seen from about the front; misses many others (two "
    "rows, dark ground, slanted, small or dirty), and takes some signs for plates",
}


class RegionFinder(Protocol):
    """Finds what is to be blurred."""

    name: str
    limits: str  # what it sees and what it misses, in plain words

    def find(self, image: ImageArray) -> list[Box]:
        """(x1, y1, x2, y2) in pixels of an (h, w, 3) RGB image."""


@dataclass
class Anonymised:
    """What was done."""

    out: Path
    photos: int = 0
    found: Counter[str] = field(default_factory=Counter)  # finder -> regions
    nothing: list[str] = field(default_factory=list)  # photos without a find
    problems: dict[str, str] = field(default_factory=dict)  # photo -> why it was left out
    limits: dict[str, str] = field(default_factory=dict)  # finder -> what it sees and misses

    def plain(self) -> dict[str, Any]:
        """As values that JSON holds."""
        return {
            "photos": self.photos, "blurred": dict(self.found), "photos_without_a_find": self.nothing,
            "left_out": self.problems, "what_it_can_and_cannot_find": self.limits, "written_to": str(self.out),
        }  # fmt: skip


def anonymise(
    photos: Sequence[Path], out: Path, finders: Sequence[RegionFinder], told: Callable[[int], None] = lambda _done: None
) -> Anonymised:
    """Write blurred copies of photos; the originals are only read.

    Args:
        photos: photos and folders of them.
        out: new folder, or one that this wrote before and nobody changed.
        finders: at least one.
        told: called with how many are done.

    Raises:
        FixArguments: nothing to find is named, a photo or folder is not there, or `out` holds other files.
        StepFailed: none of the photos can be read.
    """
    if not finders:
        raise FixArguments(f"say what to blur: --find {' or '.join(BUILT_IN)}, or --model with --classes")
    owned.refuse_foreign(out, "--out")
    if any(out.resolve().is_relative_to(p.resolve()) for p in photos if p.is_dir()):
        raise FixArguments(f"--out {out} lies within the photos; name a folder elsewhere, or it would be read again")
    done = Anonymised(out, limits={f.name: f.limits for f in finders})
    building = owned.unfinished(out)
    building.mkdir(parents=True)
    taken: set[str] = set()
    for photo in read_ahead(find_photos(photos)):
        if photo.image is None:
            done.problems[photo.file.name] = photo.problem
            continue
        regions = [(f.name, box) for f in finders for box in f.find(photo.image)]
        target = building / _name(photo.file, taken)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_image(target, blurred(photo.image, [box for _, box in regions]))
        carry(photo.file.path, target)
        done.found.update(name for name, _ in regions)
        done.nothing += [] if regions else [photo.file.name]
        done.photos += 1
        told(done.photos)
    if not done.photos:
        why = next(iter(done.problems.values()), "there is no photo in it")
        raise StepFailed(f"none of the photos could be read: {why}")
    write_json(building / REPORT, done.plain())
    done.out = owned.install(building, out, _BY)
    return done


def blurred(image: ImageArray, boxes: Sequence[Box]) -> ImageArray:
    """A copy with boxes made unreadable: a few blocks a side, then smoothed. It cannot be turned back.

    Args:
        image: (h, w, 3) RGB.
        boxes: (x1, y1, x2, y2) in pixels; each is grown by a fifth of its side first.
    """
    result = image.copy()
    height, width = image.shape[:2]
    for x1, y1, x2, y2 in boxes:
        dx, dy = _GROWN * (x2 - x1), _GROWN * (y2 - y1)
        left, top = max(0, int(x1 - dx)), max(0, int(y1 - dy))
        right, bottom = min(width, int(np.ceil(x2 + dx))), min(height, int(np.ceil(y2 + dy)))
        if right <= left or bottom <= top:
            continue
        part = result[top:bottom, left:right]
        step = max(1.0, min(part.shape[:2]) / _BLOCKS)
        size = (max(1, round(part.shape[1] / step)), max(1, round(part.shape[0] / step)))
        coarse = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        result[top:bottom, left:right] = cv2.resize(
            coarse, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR
        )
    return result


def _name(file: PhotoFile, taken: set[str]) -> str:
    """A photo's own relative name, ended by a kind that is written; numbered where two are called the same."""
    path = Path(file.name)
    suffix = path.suffix.lower() if path.suffix.lower() in WRITTEN_SUFFIXES else ".jpg"
    stem, number = (path.parent / holdable(path.stem)).as_posix(), 1
    name = f"{stem}{suffix}"
    while name.casefold() in taken:
        number += 1
        name = f"{stem}-{number}{suffix}"
    taken.add(name.casefold())
    return name


# Finders --------------------------------------------------------------------------------------------------------------


class Cascade:
    """OpenCV's bundled Haar cascades.

    Args:
        name: one of `BUILT_IN`.

    Raises:
        StepFailed: the installed OpenCV comes without them.
    """

    def __init__(self, name: str) -> None:
        self.name, self.limits = name, _LIMITS[name]
        folder = Path(getattr(getattr(cv2, "data", None), "haarcascades", ""))
        self._cascades = []
        for file in _FILES[name]:
            if (folder / file).is_file():
                self._cascades.append(cv2.CascadeClassifier(str(folder / file)))
        if not self._cascades:
            raise StepFailed(f"this OpenCV comes without the cascades for {name}; name a detector with --model")

    def find(self, image: ImageArray) -> list[Box]:
        """See `RegionFinder`; profiles are looked for both ways round."""
        scale = min(1.0, _LONGEST_PX / max(image.shape[:2]))
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        if scale < 1:
            grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        grey = cv2.equalizeHist(grey)
        found: list[Box] = []
        for cascade in self._cascades:
            for mirrored in (False, True):
                seen = cv2.flip(grey, 1) if mirrored else grey
                for x, y, w, h in cascade.detectMultiScale(seen, 1.08, 3, minSize=(_LEAST_PX, _LEAST_PX // 2)):
                    left = grey.shape[1] - x - w if mirrored else x
                    found.append((left / scale, y / scale, (left + w) / scale, (y + h) / scale))
        return found


class ModelFinder:
    """A detector by name, as `label` takes it: a run, a file of weights, 'open-vocabulary' or 'starter'.

    Args:
        model: its name or path.
        classes: what to blur.
        settings: engines and runs.
        confidence: least score; None: half of the model's working one, since a blur too many costs less than a face.

    Raises:
        FixArguments: there is no such model, or it does not know the classes.
        StepFailed: weights are missing or damaged.
    """

    def __init__(self, model: str | None, classes: str, settings: Settings, confidence: float | None = None) -> None:
        from tools.label.choosing import choose, make_engine
        from tools.label.labeler import label_task

        task = label_task(classes, "detect")
        self._engine = make_engine(task, settings, choose(task, settings, model))
        self._least = self._engine.threshold / 2 if confidence is None else confidence
        self.name = ", ".join(task.class_names)
        self.limits = (
            f"finds what {self._engine.name} takes for {self.name} with a score of {self._least:.2f} or more; "
            "`sightsmith label --labelled` measures what that is worth on your photos"
        )

    def find(self, image: ImageArray) -> list[Box]:
        """See `RegionFinder`."""
        return [instance.box for instance in self._engine.find([image], self._least)[0]]
