"""Improve photos into a folder of their own; what is done to each, and by what, is written beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tools.core import owned
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import write_json
from tools.data.images import ImageArray, read_image, write_image
from tools.data.photo_files import PhotoFile, find_photos, read_ahead
from tools.data.sample import BoolMask
from tools.repair.classical import (
    BLURRED_PX,
    MOST_BLUR_PX,
    NOISY,
    blur_of,
    deblurred,
    denoised,
    enlarged,
    filled,
    noise_of,
)
from tools.repair.network import RepairNetwork

Told = Callable[[int, int], None]
STEPS = ("fill", "denoise", "deblur", "enlarge")
_RECORD, _BY = "improved.json", "improve"


@dataclass
class Repair:
    """What is to be done to photos.

    Args:
        steps: of fill, denoise, deblur and enlarge; what a photo does not need is left out.
        networks: take the place of the classical way: one that restores that of denoise and deblur.
        scale: of enlarge, where no network does it.
    """

    steps: Sequence[str] = ("denoise", "deblur")
    networks: Sequence[RepairNetwork] = ()
    scale: int = 2
    _by_purpose: dict[str, RepairNetwork] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = [s for s in self.steps if s not in STEPS]
        if unknown or not (self.steps or self.networks):
            raise FixArguments(f"--step {', '.join(unknown) or '(none)'}: known are {', '.join(STEPS)}")
        self._by_purpose = {n.purpose: n for n in self.networks}

    @property
    def enlarges(self) -> int:
        """How many times as wide and high a photo gets."""
        network = self._by_purpose.get("enlarge")
        return network.scale if network else self.scale if "enlarge" in self.steps else 1

    def apply(self, image: ImageArray, mask: BoolMask | None = None) -> tuple[ImageArray, list[str]]:
        """A photo made better, and what was done to it.

        Args:
            image: RGB.
            mask: (h, w) of what is to be filled in.
        """
        done: list[str] = []
        if mask is not None and mask.any():
            filler = self._by_purpose.get("fill")
            image = filler.fill(image, mask) if filler else filled(image, mask)
            done.append(f"filled in {int(mask.sum())} pixels by {filler.name if filler else 'Telea'}")
        if (restorer := self._by_purpose.get("restore")) is not None:
            image = restorer.improve(image)
            done.append(f"restored by {restorer.name}")
        else:
            image = self._classically(image, done)
        if (larger := self._by_purpose.get("enlarge")) is not None:
            image = larger.improve(image)
            done.append(f"enlarged {larger.scale} times by {larger.name}")
        elif "enlarge" in self.steps:
            image = enlarged(image, self.scale)
            done.append(f"enlarged {self.scale} times by Lanczos")
        return image, done

    def _classically(self, image: ImageArray, done: list[str]) -> ImageArray:
        noise = noise_of(image)
        if "denoise" in self.steps and noise >= NOISY:
            image = denoised(image, noise)
            done.append(f"denoised ({noise:.1f} grey levels)")
            noise = noise_of(image)
        blur = blur_of(image) if "deblur" in self.steps else 0.0
        if BLURRED_PX <= blur <= MOST_BLUR_PX:
            image = deblurred(image, blur, noise)
            done.append(f"deblurred ({blur:.1f} px)")
        return image


def improve_photos(
    photos: Sequence[Path], out: Path, repair: Repair, marks: Path | None = None, regions: Sequence[str] = (),
    told: Told | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Write better copies of photos; the photos are only read.

    Args:
        photos: files and folders.
        out: folder of the copies; nothing of anybody else's in it is written over.
        repair: what is done.
        marks: folder of masks, white where a photo of the same name is to be filled in.
        regions: "x1,y1,x2,y2" that are filled in in every photo.
        told: called with how far it is; may raise to stop, which keeps what is done.

    Returns:
        {"photos", "changed", "left_as_they_are", "broken": {file: reason}, "out"}.

    Raises:
        FixArguments: `out` is a file or holds the photos, or a mark is none.
        StepFailed: none of the photos can be read.
    """
    if out.exists() and not out.is_dir():
        raise FixArguments(f"--out {out} is a file; name a folder")
    if any(p.is_dir() and p.resolve() == out.resolve() for p in photos):
        raise FixArguments(f"--out {out} holds the photos themselves; name another folder")
    files = list(find_photos(photos))
    if not files:
        raise FixArguments(f"no photo in {', '.join(map(str, photos))}")
    taken = owned.foreign(out)
    names = [_free(file, taken) for file in files]
    owned.announce(out, _BY, [_RECORD, *names])
    done: dict[str, list[str]] = {}
    broken: dict[str, str] = {}
    for number, (photo, name) in enumerate(zip(read_ahead(iter(files)), names, strict=True), 1):
        if photo.image is None:
            broken[photo.file.name] = photo.problem
        else:
            better, what = repair.apply(photo.image, _mask_of(photo.file, photo.image, marks, regions))
            write_image(out / name, better)
            done[name] = what
        if told is not None:
            told(number, len(files))
    if not done:
        raise StepFailed(f"none of the {len(files)} photos can be read; the first: {next(iter(broken.values()))}")
    write_json(out / _RECORD, {"photos": done, "broken": broken})
    owned.sign(out, _BY, only=[_RECORD, *done])
    changed = sum(bool(what) for what in done.values())
    return {
        "photos": len(done), "changed": changed, "left_as_they_are": len(done) - changed, "broken": broken,
        "out": str(out),
    }  # fmt: skip


def _free(file: PhotoFile, taken: set[str]) -> str:
    """A name in the folder of copies that nobody has: copies are PNGs, since JPEG would blur them again."""
    stem = file.name.replace("/", "__").rsplit(".", 1)[0][:120]
    number, name = 1, f"{stem}.png"
    while name in taken:
        number += 1
        name = f"{stem}-{number}.png"
    taken.add(name)
    return name


def _mask_of(file: PhotoFile, image: ImageArray, marks: Path | None, regions: Sequence[str]) -> BoolMask | None:
    """What is marked in a photo; None: nothing."""
    h, w = image.shape[:2]
    mask = np.zeros((h, w), bool)
    for text in regions:
        try:
            x1, y1, x2, y2 = (round(float(v)) for v in text.split(","))
        except ValueError:
            raise FixArguments(f"--region {text}: four numbers are wanted, as x1,y1,x2,y2 in pixels") from None
        mask[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)] = True
    if marks is not None:
        place = next((p for p in sorted(marks.glob("*")) if p.stem == file.path.stem), None)
        if place is not None:
            marked = read_image(place)
            if marked.shape[:2] != (h, w):
                raise FixArguments(f"{place} is {marked.shape[1]} x {marked.shape[0]} pixels, its photo {w} x {h}")
            mask |= marked.max(axis=2) > 127
    return mask if mask.any() else None
