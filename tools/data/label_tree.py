"""The files of a folder of labelled photos, and which image a label file means: never another one in silence."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from tools.core.errors import StepFailed
from tools.data.images import (
    IMAGE_SUFFIXES,
    UNREAD_SUFFIXES,
    is_image,
    is_unread_image,
    plain_name,
    unread_reason,
    walk_files,
)

HOW = (
    "Bring pictures with labels beside them (COCO, YOLO, Pascal VOC, CVAT, labelme, Label Studio, Hugging Face or mask "
    "pictures), or one folder a class to classify."
)
IMAGE_FOLDERS = frozenset({"images", "image", "imgs", "img", "jpegimages", "photos", "pictures"})
_SPLITS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
LABEL_FOLDERS = frozenset({"labels", "label", "annotations", "annotation"})
_MOST_ABOVE = 2  # folders: a data set has images/train or train/images
# Folders of images that say what is where in another image of the same name.
_MASK_FOLDERS = frozenset({
    "masks", "mask", "segmentationclass", "segmentationobject", "segmentation", "segmentations", "gt", "ground_truth",
    "groundtruth", "labels", "label", "annotations", "annotation", "panoptic",
})  # fmt: skip
_MASK_END = re.compile(r"(?i)[_-](mask|masks|seg|gt|label|labels|instance|instances)[_-]?(\d*)$")
_MASK_SUFFIXES = frozenset({".png", ".bmp", ".tif", ".tiff", ".gif"})


@dataclass
class Tree:
    """The files of a folder by kind, in sorted order."""

    root: Path
    top: Path  # the root, or a folder above it whose labels are of its images
    images: list[Path] = field(default_factory=list)
    masks: list[Path] = field(default_factory=list)  # images of what is where in another image
    unread: list[str] = field(default_factory=list)  # photos that are not read, and why
    links: list[Path] = field(default_factory=list)  # linked folders, which were followed
    others: dict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))  # by suffix

    def relative(self, path: Path) -> str:
        """A file as a person finds it from the folder."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


def read_tree(folder: Path) -> Tree:
    """List a folder.

    Raises:
        StepFailed: it is missing, cannot be read, or holds no image.
    """
    if not folder.exists():
        raise StepFailed(f"{folder}: there is no such folder. Give the folder of your labelled photos.")
    if not folder.is_dir():
        raise StepFailed(f"{folder} is a file, not a folder. Unpack it if it is an archive, and give the folder.")
    tree = Tree(folder, folder)
    try:
        files = sorted(walk_files(folder, tree.links))
    except OSError as error:
        raise StepFailed(f"{folder} cannot be read ({error.strerror}). Check its permissions.") from error
    for path in files:
        if path.name.startswith("."):
            continue
        if reason := _why_unread(path):
            tree.unread.append(f"{plain_name(tree.relative(path))} ({reason})")
        elif is_image(path):
            tree.images.append(path)
        elif path.is_file():
            tree.others[path.suffix.lower()].append(path)
    tree.masks = _masks(tree)
    tree.images = sorted(set(tree.images) - set(tree.masks))
    if not tree.images:
        what = "is empty" if not files else "holds no picture"
        if tree.unread:
            what = f"holds only pictures that are not read, such as {tree.unread[0]}"
        raise StepFailed(f"{folder} {what}. {HOW}")
    return tree


def _why_unread(path: Path) -> str:
    """Why a photo is not read, or a file whose name nobody could write down; empty for all others."""
    if plain_name(str(path)) != str(path):
        return "its name is not text in UTF-8; rename it"
    if is_unread_image(path):
        return unread_reason(path)
    return "a link to nowhere" if is_image(path) and not path.exists() else ""


def above(root: Path) -> list[Path]:
    """The folders above one that is called like a part of a data set (`images/train`), nearest first."""
    found: list[Path] = []
    here = root
    while len(found) < _MOST_ABOVE and here.name.casefold() in _SPLITS.keys() | IMAGE_FOLDERS:
        here = here.parent
        if here.name.startswith(".") or here == here.parent:
            break
        found.append(here)
    return found


def widen(tree: Tree) -> bool:
    """Take in the label folders beside a folder of images that has no labels itself; whether there are any."""
    added = False
    for place in above(tree.root):
        try:
            folders = [p for p in sorted(place.iterdir()) if p.name.casefold() in LABEL_FOLDERS and p.is_dir()]
            files = [p for folder in folders for p in walk_files(folder) if p.is_file()]
        except OSError:  # what the person did not give may be closed to us
            continue
        for path in files:
            if path.suffix.lower() in (".txt", ".json", ".xml"):
                tree.others[path.suffix.lower()].append(path)
                tree.top, added = place, True
    return added


def _masks(tree: Tree) -> list[Path]:
    """Images in a folder of masks, where an image of the same name lies elsewhere."""

    def in_mask_folder(path: Path) -> bool:
        inside = [p.casefold() for p in path.relative_to(tree.root).parts[:-1]]
        telling = [p for p in inside if p in _MASK_FOLDERS or p in IMAGE_FOLDERS]
        return path.suffix.lower() in _MASK_SUFFIXES and bool(telling) and telling[-1] in _MASK_FOLDERS

    suspects = [p for p in tree.images if in_mask_folder(p)]
    photos = {p.stem for p in tree.images if not in_mask_folder(p)}
    return [p for p in suspects if mask_of(p, photos) is not None]


def mask_of(mask: Path, photos: Collection[str]) -> tuple[str, bool] | None:
    """The name of the photo that a mask is of, and whether it shows one object of it alone; None where there is none.

    Args:
        mask: called like its photo; or in a folder called so, or called so with a number, of one object.
        photos: names of photos without their endings.
    """
    known = {_plain(p) for p in photos}
    if _plain(mask.stem) in known:
        return mask.stem, False
    if (end := _MASK_END.search(mask.stem)) and _plain(own := mask.stem[: end.start()]) in known:
        return own, bool(end[2])
    above = mask.parent.parent if mask.parent.name.casefold() in _MASK_FOLDERS else mask.parent
    return (above.name, True) if _plain(above.name) in known else None


def split_of(parts: Iterable[str]) -> str:
    """The split that folders or file names speak of, the last one first; empty for none."""
    for part in reversed(list(parts)):
        found = {_SPLITS[w] for w in re.split(r"[^a-z]+", part.casefold()) if w in _SPLITS}
        if len(found) == 1:
            return found.pop()
    return ""


# Names ----------------------------------------------------------------------------------------------------------------


def _exact(name: str) -> str:
    return name


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _decoded(name: str) -> str:
    return _plain(unquote(name))


# How two names may be the same, the strictest first.
WAYS: tuple[tuple[Callable[[str], str], str], ...] = (
    (_exact, ""),
    (_composed, "another Unicode form"),
    (_plain, "other capitals"),
    (_decoded, "URL encoding"),
)


@dataclass(frozen=True)
class NamedImage:
    """An image that a label file speaks of."""

    name: str  # as the file says it, with folders if it does
    source: Path  # the label file


@dataclass
class Matches:
    """Which images are meant."""

    images: list[Path | None]
    unclear: list[bool]  # whether several may be meant
    notes: dict[str, list[str]]  # how names differ -> examples


_Fit = tuple[int, ...]


def match_images(tree: Tree, wanted: Sequence[NamedImage]) -> Matches:
    """Find the image of every label, exact names first; what a stricter rule took, a laxer one leaves alone.

    A name that fits two images is cleared up by its folders, by the split that label file and image speak of and
    by the nearest folder, or not at all; so is an image that two names fit. An image of another split than the
    label file's is never meant.
    """
    found = Matches([None] * len(wanted), [False] * len(wanted), defaultdict(list))
    open_ = list(range(len(wanted)))
    for by_stem in (False, True):
        for same, how in WAYS:
            key = _stem_key(same) if by_stem else same
            taken = {p for p in found.images if p is not None}
            index: dict[str, list[Path]] = defaultdict(list)
            for image in tree.images:
                if image not in taken:
                    index[key(image.name)].append(image)
            claims: dict[Path, list[tuple[_Fit, int]]] = defaultdict(list)
            for place in open_:
                _claim(tree, wanted[place], place, index.get(key(_path(wanted[place]).name), []), same, claims, found)
            for image, claim in claims.items():
                _grant(image, claim, wanted, found)
            how_now = "another ending" if by_stem else how
            for place in open_:
                if how_now and (meant := found.images[place]) is not None:
                    found.notes[how_now].append(f"{wanted[place].name} -> {tree.relative(meant)}")
            open_ = [p for p in open_ if found.images[p] is None and not found.unclear[p]]
    return found


def _claim(
    tree: Tree, wanted: NamedImage, place: int, candidates: Sequence[Path], same: Callable[[str], str],
    claims: dict[Path, list[tuple[_Fit, int]]], found: Matches,
) -> None:  # fmt: skip
    name = _path(wanted)
    ranks = {p: _fit(tree, name, wanted.source, p, same) for p in candidates if not _other_split(tree, wanted, p)}
    if not ranks:
        return
    best = max(ranks.values())
    first = [p for p, rank in ranks.items() if rank == best]
    if len(first) == 1:
        claims[first[0]].append((best, place))
    else:
        found.unclear[place] = True


def _grant(image: Path, claims: list[tuple[_Fit, int]], wanted: Sequence[NamedImage], found: Matches) -> None:
    """Give an image to the name that fits it best, in whichever files that stands."""
    best = max(fit for fit, _ in claims)
    names = {wanted[place].name for fit, place in claims if fit == best}
    for fit, place in claims:
        if fit == best and len(names) == 1:
            found.images[place] = image
        else:
            found.unclear[place] = True


def _path(wanted: NamedImage) -> PurePosixPath:
    return PurePosixPath(wanted.name.replace("\\", "/"))


def stem_of(name: str) -> str:
    """An image's name without its ending; a dot within a name without one is no ending."""
    stem, dot, ending = name.rpartition(".")
    return stem if dot and f".{ending.lower()}" in IMAGE_SUFFIXES | UNREAD_SUFFIXES else name


def _stem_key(same: Callable[[str], str]) -> Callable[[str], str]:
    return lambda name: same(stem_of(name))


def _other_split(tree: Tree, wanted: NamedImage, image: Path) -> bool:
    said = split_of(_path(wanted).parts[:-1]) or _file_split(tree, wanted.source)
    own = split_of(image.relative_to(tree.top).parts[:-1])
    return bool(said and own and said != own)


def _file_split(tree: Tree, source: Path) -> str:
    parts = source.relative_to(tree.top).parts
    return split_of([*parts[:-1], source.stem])


def _fit(tree: Tree, name: PurePosixPath, source: Path, image: Path, same: Callable[[str], str]) -> _Fit:
    """How well an image's place fits: folders of the name, split, an images folder, nearness to the label file."""
    inside = image.relative_to(tree.top).parts[:-1]
    alike = 0
    for a, b in zip(reversed(image.parts[:-1]), reversed(name.parts[:-1]), strict=False):
        if same(a) != same(b):
            break
        alike += 1
    said = split_of(name.parts[:-1]) or _file_split(tree, source)
    shared = len([1 for a, b in zip(image.parts, source.parts, strict=False) if a == b])
    images = any(part.casefold() in IMAGE_FOLDERS for part in inside)
    return alike, int(bool(said) and said == split_of(inside)), shared, int(images)
