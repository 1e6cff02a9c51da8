"""Which images come from one photo, which photos decide and which report, and which may not be learnt from.

Tiles, crops and augmented copies of one photo look alike: were they on both sides, a score would flatter. Images are
one photo when they are one file, when their names say so, or when they look almost the same. The name of the photo is,
by the first rule that fits:

1. a Roboflow name without its `.rf.<hash>`, then by the rules below;
2. everything up to a camera's file number or time: `DSC_1042_17kv1r20k_3` -> `DSC_1042`, `IMG_20240503_101500_2`
   -> `IMG_20240503_101500`;
3. the name without a tile's place at its end: `field_x0_y640`, `field_tile_3`, `field_0_640_320_320` -> `field`;
4. the name without a last `_<number>`, when what is left has a number of its own: `photo12_3` -> `photo12`, but
   `apple_12` and `apple_13` stay two photos;
5. the whole name.

A look is a perceptual hash (`look_hash`); turned by quarters or mirrored it is the same look. The limits are measured
(`benchmarks/same_photo.py`, `docs/thresholds.md`) on 393 photos of orchards, landscapes, circuit boards and things on
white: of what was saved again, resized, blurred or made darker 99 % differ in at most 16 of the 256 bits. Two different
photos differ in 92 or more, small things on plain white, which are the hardest, in 20 or more.

Within a folder the name alone joins (`group_images`). Between two folders (`find_twins`: one learnt from, one that
judges) two cameras count to the same number, and every set has a `0001.jpg`. There an equal name is enough when

- it holds a date and time, or
- one of the two is named as a part (a tile, a crop, a copy: more than the photo's own name), the photo's name is that
  of a camera's file or says more than a word for any image, a number or a day (`frame_0001`, `0001`, `2024-05-03`,
  `a`), and no folder says otherwise.

Else the looks have to agree loosely, or it is only a doubt that is told. Looks decide nothing where most of the judging
photos look like one another: those are frames of a fixed camera, and different images.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

# Folders that sort files and say nothing about the photo: the same name in two of them is the same photo.
SORTING_FOLDERS = frozenset({
    "train", "training", "val", "valid", "validation", "dev", "test", "testing", "images", "image", "imgs", "img",
    "photos", "pictures", "jpegimages", "data",
})  # fmt: skip
_ROBOFLOW = re.compile(r"([._-](jpe?g|png|bmp|webp|tiff?))?\.rf\.[0-9A-Za-z]+$", re.IGNORECASE)
_DATE = r"(?:19|20)\d{6}"
_CAMERA = re.compile(
    r"^(.*?(?<![A-Za-z])(?:"
    rf"(?:IMG|PXL|VID|MVIMG|DJI|WIN|Screenshot)?[_-]?{_DATE}[_-]?(?:\d{{6,9}}|WA\d+)(?:[_-]\d{{4}}(?=_[A-Z]))?"
    r"|(?:DSC[NF]?|_?DSC|IMG|_MG|IMGP|PXL|DJI|GOPR|GH\d\d|GX\d\d|MVI|CIMG|SAM|HPIM|KIMG|PICT|P\d)[_-]?\d{3,}"
    r"))(?=$|[^0-9])"
)
_TILE = re.compile(
    r"(?:[._-](?:tile|crop(?:ped)?|patch|slice|part|chip|aug|copy)s?[._-]?\d*(?:[._-]\d+)*"
    r"|[._-][xrcy](?:ow|ol)?\d+[._-]?[xrcy](?:ow|ol)?\d+"
    r"|(?:[._-]\d+){4})$",
    re.IGNORECASE,
)
_LAST_NUMBER = re.compile(r"[._-]\d+$")
_FRAME = re.compile(r"_part_\d{6}\.\w+$")

_DATED = re.compile(rf"{_DATE}[_-]?\d{{6,9}}")
# What any set calls its images: a word or letter for all of them, a number or a day, or both.
_ANY_NAME = re.compile(
    r"(?:[a-z]|frame|img|image|im|photo|picture|pic|file|scan|shot|snap|snapshot|capture|tile|crop|sample|untitled"
    r"|train|val|test)?s?[\d ._-]*",
    re.IGNORECASE,
)
_DAY = re.compile(r"(?<!\d)(?:19|20)\d\d[._-]?[01]\d(?:[._-]?[0-3]\d)?$")
_MOST_DIGITS = 8  # of a number that counts; a longer one names its image

SAME_LOOK_BITS = 16  # of 256, at most: the same photo saved again, resized, brightened
LOOSE_LOOK_BITS = 64  # of photos with one name: cut by 2 % they differ in 54 at most, different ones in 92 and more
_HASH_SIDE = 16
_SEEN_SIDE = 64  # px that the frequencies are taken of
_FLAT = 2.0  # grey levels of spread below which an image has nothing to compare
_AT_ONCE = 256  # looks that are compared with all others at a time: bounds the memory that pairs take
_FIXED_CAMERA = 8  # judging photos that all look the same, and are most of them: frames, not copies
_ASKED = 200  # judging photos that are asked whether most look like them


def photo_of(path: str) -> str:
    """The photo that an image comes from, by the rules above.

    Args:
        path: relative to the folder of the photos, with forward slashes.
    """
    place = PurePosixPath(path)
    folders = [part for part in place.parts[:-1] if part.casefold() not in SORTING_FOLDERS]
    name = _ROBOFLOW.sub("", place.stem)
    if camera := _CAMERA.match(name):
        name = camera.group(1)
    elif tile := _TILE.search(name):
        name = name[: tile.start()] or name
    elif (last := _LAST_NUMBER.search(name)) and re.search(r"\d", name[: last.start()]):
        name = name[: last.start()]
    return "/".join([*folders, name])


def look_hash(image: npt.NDArray[np.uint8]) -> int | None:
    """256 bits that hardly change when an image is saved again or resized; None for a featureless one.

    The signs of its 16 x 16 lowest frequencies on a tiny grey copy (pHash, Zauner 2010). Signs, and not which is above
    the median: a mirrored image has the same bits, but for those of the odd frequencies, which are all turned over.

    Args:
        image: (h, w, 3) RGB.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_SEEN_SIDE, _SEEN_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    if float(small.std()) < _FLAT:
        return None
    bits = cv2.dct(small)[:_HASH_SIDE, :_HASH_SIDE] > 0
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def alike(
    looks: Sequence[int | None], others: Sequence[int | None]
) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:  # fmt: skip
    """Each look that others share (as it is, turned by quarters or mirrored), with those others, lowest first."""
    rows = [i for i, look in enumerate(looks) if look is not None]
    known = np.array([i for i, look in enumerate(others) if look is not None], np.int64)
    if not rows or not len(known):
        return
    base = look_signs([look for look in others if look is not None])
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        bits = bits_apart(look_signs([look for i in part if (look := looks[i]) is not None]), base)
        for row, near in zip(part, bits <= SAME_LOOK_BITS, strict=True):
            if near.any():
                yield row, known[near]


def look_signs(looks: Sequence[int]) -> npt.NDArray[np.float32]:
    """(n, 16, 16) of -1 and 1: the bits of looks."""
    packed = np.stack([np.frombuffer(look.to_bytes(_HASH_SIDE * _HASH_SIDE // 8, "big"), np.uint8) for look in looks])
    bits = np.unpackbits(packed, axis=1).reshape(-1, _HASH_SIDE, _HASH_SIDE)
    return bits.astype(np.float32) * 2 - 1


def bits_apart(looks: npt.NDArray[np.float32], others: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(n, m) bits in which looks differ from others, each turned and mirrored as it fits best.

    A mirrored image has the other sign at every odd frequency. So the even and odd rows and columns are multiplied
    apart, once for all ways to mirror.

    Args:
        looks: (n, 16, 16) of -1 and 1.
        others: (m, 16, 16) of -1 and 1.
    """

    def split(signs: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        return [signs[:, row::2, column::2].reshape(len(signs), -1) for row in (0, 1) for column in (0, 1)]

    best = np.full((len(looks), len(others)), -np.inf, np.float32)
    for way in (looks, looks.transpose(0, 2, 1)):
        ee, eo, oe, oo = (a @ b.T for a, b in zip(split(way), split(others), strict=True))
        np.maximum(best, ee + oo + np.abs(eo + oe), out=best)  # as it is, or turned upside down
        np.maximum(best, ee - oo + np.abs(eo - oe), out=best)  # mirrored, either way
    return (_HASH_SIDE * _HASH_SIDE - best) / 2


def frame_name(video: str, number: int) -> str:
    """A file name for a frame of a video; the frames of one video are one photo, also where there is no other."""
    return f"{video}_part_{number:06d}.jpg"


def stored_name(name: str, number: int, digest: str) -> str:
    """A name under which an image is kept, of plain characters, that says of its photo what its own name says.

    Args:
        name: of the person's file.
        number: of the image in its folder.
        digest: hash of the file's bytes.
    """
    photo, suffix = photo_of(name), PurePosixPath(name).suffix.lower()
    if photo == PurePosixPath(name).stem:
        return f"{digest[:16]}{suffix}"
    part = "part_" if _FRAME.search(name) else ""
    return f"1{hashlib.sha256(photo.encode()).hexdigest()[:16]}_{part}{number:06d}{suffix}"


def group_images(names: Sequence[str], looks: Sequence[int | None], digests: Sequence[str]) -> tuple[list[str], int]:
    """The photo of each image.

    Args:
        names: relative paths.
        looks: `look_hash` of each.
        digests: hash of each file's bytes.

    Returns:
        The photo's name for each image, and how many photos were joined because they look the same.
    """
    by_name = [photo_of(name) for name in names]
    if len(set(by_name)) < 2 and not all(map(_FRAME.search, names)):  # names that tell nothing
        by_name = [PurePosixPath(name).with_suffix("").as_posix() for name in names]
    photos = sorted(set(by_name))
    number = {photo: i for i, photo in enumerate(photos)}
    of_image = np.array([number[photo] for photo in by_name], np.int64)
    joined = np.arange(len(photos))  # of each photo the first one that it is the same as

    def join(images: Sequence[int] | npt.NDArray[np.int64]) -> None:
        same = np.unique(joined[of_image[images]])
        if len(same) > 1:
            joined[np.isin(joined, same)] = same[0]

    files: dict[str, list[int]] = defaultdict(list)
    for index, digest in enumerate(digests):
        files[digest].append(index)
    for images in files.values():
        join(images)
    for _, others in alike(looks, looks):  # a look is like itself
        join(others)
    found = [photos[i] for i in joined[of_image]]
    sizes: dict[str, int] = defaultdict(int)
    for photo in found:
        sizes[photo] += 1
    # Frames of one fixed camera all look the same and are still different images.
    if len(sizes) < 2 or (len(sizes) < len(photos) and max(sizes.values()) > len(names) / 2):
        return by_name, 0
    return found, len(photos) - len(sizes)


Reason = Literal["file", "name", "look"]


@dataclass(frozen=True)
class Fingerprint:
    """What tells whether two images are of one photo."""

    name: str  # path relative to the folder of its set, with forward slashes; "" when it says nothing
    sha256: str  # of the file's bytes
    look: int | None


@dataclass(frozen=True)
class Twin:
    """A judging photo that an image shows, too."""

    judge: int  # its index
    by: Reason
    sure: bool  # else it is only worth telling


def find_twins(learnt: Sequence[Fingerprint], judging: Sequence[Fingerprint]) -> dict[int, Twin]:
    """The images to learn from that a judging photo shows, too; see the module for the rule.

    Args:
        learnt: images of one or more sets.
        judging: photos of another set, on which a model is judged.

    Returns:
        {index of the image: its twin}, those that are the same photo and those that only may be.
    """
    files = {print_.sha256: j for j, print_ in reversed(list(enumerate(judging))) if print_.sha256}
    names = [_Name.of(print_.name) for print_ in judging]
    named: dict[str, list[int]] = defaultdict(list)
    for j, known in enumerate(names):
        named[known.key].append(j)
    looks = [print_.look for print_ in judging]
    tell = _looks_tell(looks)
    seen = {i: int(others[0]) for i, others in alike([print_.look for print_ in learnt], looks)}
    twins = {}
    for i, print_ in enumerate(learnt):
        name = _Name.of(print_.name)
        same_named = named.get(name.key, []) if name.key else []
        if (file := files.get(print_.sha256)) is not None:
            twins[i] = Twin(file, "file", sure=True)
        elif i in seen and tell:
            twins[i] = Twin(seen[i], "look", sure=True)
        elif (
            twin := next((j for j in same_named if name.says_all(names[j]) or _loosely(print_, judging[j])), None)
        ) is not None:
            twins[i] = Twin(twin, "name", sure=True)
        elif same_named:
            twins[i] = Twin(same_named[0], "name", sure=False)
        elif i in seen:
            twins[i] = Twin(seen[i], "look", sure=False)
    return twins


def _looks_tell(looks: Sequence[int | None]) -> bool:
    """Whether photos can be told apart by their looks: not when most look like one another."""
    some = looks[:: max(1, len(looks) // _ASKED)]
    most = max((len(others) for _, others in alike(some, looks)), default=0)
    return most < _FIXED_CAMERA or most <= len(looks) / 2


@dataclass(frozen=True)
class _Name:
    """What an image's name says of its photo."""

    key: str  # the photo's own name, wherever it lies
    place: str
    dated: bool
    camera: bool
    little: bool  # other sets have a photo of this name, too
    part: bool  # of the photo, or a copy

    @classmethod
    def of(cls, path: str) -> "_Name":
        place, _, name = photo_of(path).rpartition("/") if path else ("", "", "")
        part = PurePosixPath(path).stem.casefold() != name.casefold()
        camera = bool(_CAMERA.fullmatch(name))
        return cls(name.casefold(), place, bool(_DATED.search(name)), camera, _says_little(name), part)

    def says_all(self, other: "_Name") -> bool:
        """Whether that of another with the same key says that both are of one photo."""
        if self.dated:
            return True
        elsewhere = not self.camera and bool(self.place and other.place) and self.place != other.place
        return not (self.little or elsewhere) and (self.part or other.part)


def _loosely(a: Fingerprint, b: Fingerprint) -> bool:
    if a.look is None or b.look is None:
        return a.look is b.look
    return (a.look ^ b.look).bit_count() <= LOOSE_LOOK_BITS


def _says_little(name: str) -> bool:
    if _DAY.search(name):
        return True
    digits = re.sub(r"\D", "", name).lstrip("0")
    return bool(_ANY_NAME.fullmatch(name)) and not _CAMERA.fullmatch(name) and len(digits) <= _MOST_DIGITS


def split_photos(strata: Mapping[str, str], images: Mapping[str, int], val_share: float) -> set[str]:
    """The photos that decide; the others report. By the hash of their names, so the same on every machine.

    Args:
        strata: photo -> kind, each of which is shared out by itself (labelled and empty, or by class).
        images: photo -> how many images it has.
        val_share: wanted share of the images, 0..1.

    Returns:
        At least one photo, and never all of two or more.
    """
    chosen: set[str] = set()
    for stratum in sorted(set(strata.values())):
        photos = sorted((p for p, s in strata.items() if s == stratum), key=_order)
        chosen |= _fill(photos, images, val_share)
    if len(strata) > 1 and not 0 < len(chosen) < len(strata):
        chosen = _fill(sorted(strata, key=_order), images, val_share)
    return chosen


def _order(photo: str) -> str:
    return hashlib.sha256(photo.encode()).hexdigest()


def _fill(photos: Sequence[str], images: Mapping[str, int], share: float) -> set[str]:
    """The first photos up to the share; of a lone photo its hash decides."""
    if len(photos) == 1:
        return set(photos) if int(_order(photos[0])[:8], 16) / 16**8 < share else set()
    target, taken = share * sum(images[p] for p in photos), 0
    count = 0
    while count < len(photos) - 1 and (count == 0 or taken + images[photos[count]] / 2 <= target):
        taken += images[photos[count]]
        count += 1
    return set(photos[:count])
