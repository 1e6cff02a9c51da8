"""Which pictures come from one photo, and which photos decide and which report.

Tiles, crops and augmented copies of one photo look alike: were they on both sides, a score would flatter. Pictures are
one photo when their names say so, or when they look almost the same. The name of the photo is, by the first rule
that fits:

1. a Roboflow name without its `.rf.<hash>`, then by the rules below;
2. everything up to a camera's file number or time: `DSC_1042_17kv1r20k_3` -> `DSC_1042`, `IMG_20240503_101500_2`
   -> `IMG_20240503_101500`;
3. the name without a tile's place at its end: `field_x0_y640`, `field_tile_3`, `field_0_640_320_320` -> `field`;
4. the name without a last `_<number>`, when what is left has a number of its own: `photo12_3` -> `photo12`, but
   `apple_12` and `apple_13` stay two photos;
5. the whole name.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

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
    r"(?:[._-](?:tile|crop|patch|slice|part|chip|aug|copy)s?[._-]?\d*(?:[._-]\d+)*"
    r"|[._-][xrcy](?:ow|ol)?\d+[._-]?[xrcy](?:ow|ol)?\d+"
    r"|(?:[._-]\d+){4})$",
    re.IGNORECASE,
)
_LAST_NUMBER = re.compile(r"[._-]\d+$")

_HASH_SIDE = 16  # a difference hash of 16 x 16 = 256 bits; unrelated photos differ in about 128
_MAX_BITS = 12  # of 256: the same picture saved again, resized or slightly brightened
_BANDS = 16  # two hashes that differ in fewer bits than there are bands are equal in one of them
_MAX_COMPARED = 200  # of one band; more share it only when the band says nothing
_FLAT = 2.0  # grey levels of spread below which a picture has nothing to compare


def photo_of(path: str) -> str:
    """The photo that a picture comes from, by the rules above.

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


def look_hash(picture: npt.NDArray[np.uint8]) -> int | None:
    """256 bits that hardly change when a picture is saved again or resized; None for a featureless one.

    Difference hash (Krawetz 2013): is a pixel brighter than its right neighbour, on a tiny grey copy.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_HASH_SIDE + 1, _HASH_SIDE), interpolation=cv2.INTER_AREA).astype(np.int16)
    if float(small.std()) < _FLAT:
        return None
    bits = (small[:, 1:] > small[:, :-1]).reshape(-1)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def group_pictures(names: Sequence[str], looks: Sequence[int | None], digests: Sequence[str]) -> tuple[list[str], int]:
    """The photo of each picture.

    Args:
        names: relative paths.
        looks: `look_hash` of each.
        digests: hash of each file's bytes.

    Returns:
        The photo's name for each picture, and how many photos were joined because they look the same.
    """
    by_name = [photo_of(name) for name in names]
    if len(set(by_name)) < 2:  # names that tell nothing
        by_name = [PurePosixPath(name).with_suffix("").as_posix() for name in names]
    root = {photo: photo for photo in by_name}

    def find(photo: str) -> str:
        while root[photo] != photo:
            photo = root[photo]
        return photo

    for a, b in _alike(looks, digests):
        first, second = sorted((find(by_name[a]), find(by_name[b])))
        root[second] = first
    joined = [find(photo) for photo in by_name]
    sizes: dict[str, int] = defaultdict(int)
    for photo in joined:
        sizes[photo] += 1
    # Frames of one fixed camera all look the same and are still different pictures.
    if len(sizes) < 2 or (len(sizes) < len(root) and max(sizes.values()) > len(names) / 2):
        return by_name, 0
    return joined, len(root) - len(sizes)


def split_photos(strata: Mapping[str, str], pictures: Mapping[str, int], val_share: float) -> set[str]:
    """The photos that decide; the others report. By the hash of their names, so the same on every machine.

    Args:
        strata: photo -> kind, each of which is shared out by itself (labelled and empty, or by class).
        pictures: photo -> how many pictures it has.
        val_share: wanted share of the pictures, 0..1.

    Returns:
        At least one photo, and never all of two or more.
    """
    chosen: set[str] = set()
    for stratum in sorted(set(strata.values())):
        photos = sorted((p for p, s in strata.items() if s == stratum), key=_order)
        chosen |= _fill(photos, pictures, val_share)
    if len(strata) > 1 and not 0 < len(chosen) < len(strata):
        chosen = _fill(sorted(strata, key=_order), pictures, val_share)
    return chosen


def _order(photo: str) -> str:
    return hashlib.sha256(photo.encode()).hexdigest()


def _fill(photos: Sequence[str], pictures: Mapping[str, int], share: float) -> set[str]:
    """The first photos up to the share; of a lone photo its hash decides."""
    if len(photos) == 1:
        return set(photos) if int(_order(photos[0])[:8], 16) / 16**8 < share else set()
    target, taken = share * sum(pictures[p] for p in photos), 0
    count = 0
    while count < len(photos) - 1 and (count == 0 or taken + pictures[photos[count]] / 2 <= target):
        taken += pictures[photos[count]]
        count += 1
    return set(photos[:count])


def _alike(looks: Sequence[int | None], digests: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of pictures that are the same file or look almost the same."""
    pairs: list[tuple[int, int]] = []
    first_of: dict[object, int] = {}
    for keys in (digests, looks):
        for index, key in enumerate(keys):
            if key is not None and first_of.setdefault(key, index) != index:
                pairs.append((first_of[key], index))
    distinct = {look: first_of[look] for look in looks if look is not None}
    width = _HASH_SIDE * _HASH_SIDE // _BANDS
    for band in range(_BANDS):
        buckets: dict[int, list[int]] = defaultdict(list)
        for look in distinct:
            buckets[(look >> (band * width)) & ((1 << width) - 1)].append(look)
        for bucket in buckets.values():
            for i, a in enumerate(bucket):
                others = bucket[i + 1 : i + 1 + _MAX_COMPARED]
                pairs += [(distinct[a], distinct[b]) for b in others if (a ^ b).bit_count() <= _MAX_BITS]
    return pairs
