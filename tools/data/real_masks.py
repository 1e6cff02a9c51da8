"""Mask images in somebody's folder: which one is of which photo, what its numbers mean, and what is in it."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tools.core.errors import StepFailed
from tools.core.task import slug
from tools.data.formats import folders, mask_pngs
from tools.data.formats.labels import LabelledImage
from tools.data.label_tree import NamedImage, Tree, mask_of, match_images
from tools.data.real_yolo import read_text

_LISTS = ("classes.txt", "labels.txt", "labelmap.txt")
_OBJECTS = frozenset({"segmentationobject", "instances"})  # folders of images of numbered objects
_ANY = "object"  # the class of masks that nothing names
_WORDLESS = frozenset({"", "mask", "masks", "object", "instance", "seg", "label", mask_pngs.NOTHING})


@dataclass
class MaskLabels:
    """What the masks say."""

    entries: list[tuple[Path, LabelledImage]] = field(default_factory=list)
    unclear: list[Path] = field(default_factory=list)  # masks that may be of several photos
    unlisted: list[Path] = field(default_factory=list)  # photos without a mask
    nameless: bool = False  # no list of classes was found
    parts: bool = False  # connected parts were taken for objects


@dataclass
class _Classes:
    """The list of classes of one folder."""

    names: list[str] = field(default_factory=list)
    colours: dict[mask_pngs.Colour, int] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)  # as they are called in the names of masks -> class


def read_masks(tree: Tree) -> MaskLabels:
    """Read every mask of a folder.

    Raises:
        StepFailed: a list of classes cannot be read, or masks of several numbers have none; names the way out.
    """
    found = MaskLabels()
    photos = {p.stem for p in tree.images}
    meant = {path: mask_of(path, photos) for path in tree.masks}
    wanted = [NamedImage(f"{own[0]}.png", path) for path, own in meant.items() if own]
    matches = match_images(tree, wanted)
    of_photo: dict[Path, list[Path]] = defaultdict(list)
    for want, path, is_unclear in zip(wanted, matches.images, matches.unclear, strict=True):
        if path is not None:
            of_photo[path].append(want.source)
        elif is_unclear:
            found.unclear.append(want.source)
    lists = _lists(tree)
    for path in tree.images:
        if path in of_photo:
            image = _read_photo(tree, tree.relative(path), of_photo[path], lists, photos, found)
            found.entries.append((path, image))
        else:
            found.unlisted.append(path)
    return found


def _read_photo(
    tree: Tree, name: str, masks: list[Path], lists: dict[Path, _Classes], photos: set[str], found: MaskLabels
) -> LabelledImage:
    """The labels of one photo, of all its masks."""
    bad: list[str] = []
    read: list[tuple[Path, mask_pngs.Index]] = []
    for path in sorted(masks):
        try:
            read.append((path, mask_pngs.read_index(path, _colours(path, lists, photos))))
        except ValueError as error:
            bad.append(f"{tree.relative(path)}: {error}")
    if len({index.shape for _, index in read}) > 1:
        bad.append(f"{tree.relative(read[0][0])}: the masks of this photo differ in size")
        read = []
    height, width = read[0][1].shape if read else (0, 0)
    image = LabelledImage(name, width, height, bad=bad)
    objects = {path: index for path, index in read if _is_of_objects(path)}
    for path, index in read:
        own = _nearest(path, lists)
        if path in objects:
            continue
        if _is_one_object(path, photos):
            mask_pngs.read_object(index, _class_of(path, own, photos, found), image)
        elif objects:
            mask_pngs.read_objects(next(iter(objects.values())), index, _numbered(tree, path, index, own, found), image)
        else:
            before = len(image.instances)
            mask_pngs.read_classes(index, _numbered(tree, path, index, own, found), image)
            found.parts |= len(image.instances) > before
    if objects and len(objects) == len(read):
        image.bad.append(f"{tree.relative(next(iter(objects)))}: objects without a mask of their classes")
    return image


def _is_of_objects(path: Path) -> bool:
    return path.parent.name.casefold() in _OBJECTS


def _is_one_object(path: Path, photos: set[str]) -> bool:
    own = mask_of(path, photos)
    return own is not None and own[1]


def _colours(path: Path, lists: dict[Path, _Classes], photos: set[str]) -> dict[mask_pngs.Colour, int]:
    plain = _is_of_objects(path) or _is_one_object(path, photos)
    return {} if plain else _nearest(path, lists).colours


def _numbered(tree: Tree, path: Path, index: mask_pngs.Index, own: _Classes, found: MaskLabels) -> dict[int, str]:
    """What the numbers of a mask mean.

    Raises:
        StepFailed: there are several, and no list of classes.
    """
    values = {int(v) for v in np.unique(index) if v}
    if own.names:
        names = mask_pngs.numbered(own.names)
        if len(names) == 1 and values == {mask_pngs.VOID}:  # black and white
            return {mask_pngs.VOID: next(iter(names.values()))}
        return names
    if len(values) > 1:
        raise StepFailed(
            f"{tree.root}: {tree.relative(path)} is a mask of the numbers {', '.join(map(str, sorted(values)[:4]))}, "
            "and nothing says which classes they are. Put a classes.txt there: the class of 1 in its first line, of 2 "
            "in the next (or 'background' first)."
        )
    found.nameless |= bool(values)
    return dict.fromkeys(values, _ANY)


def _class_of(path: Path, own: _Classes, photos: set[str], found: MaskLabels) -> str:
    """The class of a mask of one object, by its name."""
    photo = mask_of(path, photos)
    word = re.sub(rf"^{re.escape(photo[0])}[_-]+", "", path.stem) if photo else path.stem
    word = re.sub(r"^\d+[_-]+", "", word)
    if word in own.folders:
        return own.folders[word]
    word = slug(re.sub(r"[\d_-]*$", "", word)).strip("-")
    known = list(mask_pngs.numbered(own.names).values()) or list(own.folders.values())
    for name in known:
        if slug(name) == word:
            return name
    if len(known) == 1:
        return known[0]
    found.nameless |= word in _WORDLESS
    return _ANY if word in _WORDLESS or known else word


def _nearest(path: Path, lists: dict[Path, _Classes]) -> _Classes:
    near = [lists[folder] for folder in path.parents if folder in lists]
    return near[0] if near else next(iter(lists.values()), _Classes()) if len(lists) == 1 else _Classes()


def _lists(tree: Tree) -> dict[Path, _Classes]:
    """Folder -> its list of classes.

    Raises:
        StepFailed: one cannot be read.
    """
    found: dict[Path, _Classes] = {}
    for path in [*tree.others[".txt"], *tree.others[".json"]]:
        try:
            if path.name.casefold() == _LISTS[-1]:
                own = found.setdefault(path.parent, _Classes())
                own.names, own.colours = mask_pngs.parse_label_map(read_text(path))
            elif path.name.casefold() in _LISTS:
                names = [line.strip() for line in read_text(path).splitlines()]
                own = found.setdefault(path.parent, _Classes())
                own.names = own.names or [name for name in names if name]
            elif path.name == folders.NAMES_FILE:
                found.setdefault(path.parent, _Classes()).folders = folders.parse_names(read_text(path))
        except ValueError as error:
            raise StepFailed(f"{path}: the list of classes cannot be read: {error}. Repair or remove it.") from error
    return found
