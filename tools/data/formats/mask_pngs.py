"""Masks as images: numbers or colours that name classes, images of numbered objects, or an image an object.

An image of classes says nothing of single objects: each connected part of a class is taken for one. Beside an image
of objects (`SegmentationObject` in Pascal VOC), each of its numbers is one object of the class that most of it has.
"""

import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from tools.core.errors import StepFailed
from tools.data.formats import folders
from tools.data.formats.labels import LabelledImage, counts_box
from tools.data.images import open_image
from tools.data.sample import BoolMask, Instance, crop_counts

BACKGROUND = frozenset({"background", "_background_", "bg", "__ignore__"})
VOID = 255  # what Pascal VOC paints between objects, where nothing is decided
_UNNAMED = {(0, 0, 0): 0, (224, 224, 192): VOID}  # what colours mean that no list names
NOTHING = "nothing"  # names the empty mask of an image without objects
MOST_OBJECTS = 1_000  # in one mask: a noisy image is no mask
_MASK = "masks"
Index = npt.NDArray[np.int32]  # (h, w)
Colour = tuple[int, int, int]


def read_index(path: Path, colours: Mapping[Colour, int]) -> Index:
    """The (h, w) numbers of a mask image: grey values of 8 or 16 bits, places in a palette, or named colours.

    Args:
        path: of the mask.
        colours: what a list of classes says that its colours mean.

    Raises:
        ValueError: no readable image, or of colours that nothing names.
    """
    try:
        with open_image(path) as image:
            image.load()
            if image.mode == "P" and colours:
                by_colour = _by_palette(image, colours)
                if by_colour is not None:
                    return by_colour
            if image.mode in ("RGB", "RGBA"):
                return _by_colour(np.asarray(image), colours)
            if image.mode not in ("1", "L", "P", "I", "I;16", "I;16B", "I;16L"):
                raise ValueError(f"a mask of the kind {image.mode}, which says no numbers")
            index = np.asarray(image).astype(np.int32)
    except StepFailed as error:
        raise ValueError(str(error).replace(f"{path}: ", "").rstrip(".")) from error
    except (OSError, SyntaxError) as error:
        raise ValueError(f"it is broken or cut off ({error})") from error
    if index.min() < 0:
        raise ValueError("it has negative numbers")
    return index


def _by_palette(image: Image.Image, colours: Mapping[Colour, int]) -> Index | None:
    """Numbers by the colours of a palette; None where one that is used is not named."""
    places = np.asarray(image)
    palette = image.getpalette("RGB") or []
    lookup = np.zeros(256, np.int32)
    for place in (int(v) for v in np.unique(places)):
        red, green, blue, *_ = [*palette[3 * place : 3 * place + 3], 0, 0, 0]  # a palette may be cut off
        colour = (red, green, blue)
        meant = colours.get(colour, _UNNAMED.get(colour))
        if meant is None:
            return None
        lookup[place] = meant
    found: Index = lookup[places]
    return found


def _by_colour(pixels: npt.NDArray[np.uint8], colours: Mapping[Colour, int]) -> Index:
    if pixels.shape[2] == 4 and (pixels[..., 3] != 255).any():
        raise ValueError("a mask that is transparent in part")
    rgb = pixels[..., :3].astype(np.int32)
    if not colours and (rgb == rgb[..., :1]).all():
        grey: Index = rgb[..., 0]
        return grey
    packed = (rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., 2]
    found: Index = np.full(packed.shape, -1, np.int32)
    for colour in np.unique(packed):
        red, green, blue = int(colour) >> 16, (int(colour) >> 8) & 255, int(colour) & 255
        meant = colours.get((red, green, blue), _UNNAMED.get((red, green, blue)))
        if meant is None:
            raise ValueError(f"its colour ({red}, {green}, {blue}) is of no class; name it in labelmap.txt")
        found[packed == colour] = meant
    return found


def parse_label_map(text: str) -> tuple[list[str], dict[Colour, int]]:
    """Classes of a `labelmap.txt`, a `name:r,g,b:parts:actions` a line, and which number each colour means.

    Raises:
        ValueError: it is none.
    """
    names: list[str] = []
    painted: list[Colour] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(":")
        parts = fields[1].split(",") if len(fields) > 1 else []
        if not fields[0].strip() or len(parts) != 3 or not all(p.strip().isdigit() for p in parts):
            raise ValueError(f"its line {line[:40]!r} is no name and colour")
        red, green, blue = (int(p) for p in parts)
        painted.append((red, green, blue))
        names.append(fields[0].strip())
    first = 0 if names and names[0].casefold() in BACKGROUND else 1
    return names, {
        colour: 0 if name.casefold() in BACKGROUND else place
        for place, (name, colour) in enumerate(zip(names, painted, strict=True), first)
    }


def numbered(names: Sequence[str]) -> dict[int, str]:
    """Number -> class. 0 is the background, whether the list begins with it or not."""
    first = 0 if names and names[0].casefold() in BACKGROUND else 1
    return {k: name for k, name in enumerate(names, first) if name.casefold() not in BACKGROUND}


def read_classes(index: Index, names: Mapping[int, str], image: LabelledImage) -> None:
    """Add the connected parts of each class to an image's labels.

    Args:
        index: numbers of classes; 0 is background.
        names: number -> class.
        image: gets the objects, and why numbers of no class are left out.
    """
    values = [int(v) for v in np.unique(index) if v]
    if len(values) > MOST_OBJECTS:
        image.bad.append(f"{len(values)} classes in one mask: at most {MOST_OBJECTS} are read")
        return
    for value in values:
        if value not in names:
            _no_class(value, image)
            continue
        count, parts, boxes, _ = cv2.connectedComponentsWithStats((index == value).astype(np.uint8), connectivity=8)
        if count - 1 > MOST_OBJECTS:
            image.bad.append(f"{count - 1} parts of the class {names[value]}: at most {MOST_OBJECTS} are read")
            continue
        for k in range(1, count):
            x, y, w, h = (int(v) for v in boxes[k][:4])
            _add(image, names[value], parts[y : y + h, x : x + w] == k, x, y)


def read_objects(index: Index, classes: Index, names: Mapping[int, str], image: LabelledImage) -> None:
    """Add numbered objects; each has the class that most of its pixels have.

    Args:
        index: numbers of objects; 0 is background.
        classes: numbers of classes of the same pixels.
        names: number -> class.
        image: gets the objects, and why some are left out.
    """
    if index.shape != classes.shape:
        image.bad.append("its masks of classes and of objects differ in size")
        return
    from scipy import ndimage  # most commands need not wait for it

    values, places = np.unique(index, return_inverse=True)
    if len(values) > MOST_OBJECTS:
        image.bad.append(f"{len(values)} objects in one mask: at most {MOST_OBJECTS} are read")
        return
    boxes = ndimage.find_objects(places.reshape(index.shape).astype(np.int32) + 1)
    for value, where in zip((int(v) for v in values), boxes, strict=True):
        crop = index[where] == value
        kinds, pixels = np.unique(classes[where][crop], return_counts=True)
        pixels = np.where(kinds == 0, 0, pixels)  # background says nothing
        most = int(kinds[pixels.argmax()]) if pixels.any() else 0
        if value == 0 or (value == VOID and most in (0, VOID) and VOID not in names):
            continue  # background, and borders in which nothing is decided
        if most in names:
            _add(image, names[most], crop, where[1].start, where[0].start)
        else:
            _no_class(most, image)


def read_object(index: Index, name: str, image: LabelledImage) -> None:
    """Add the one object of a mask; an empty one says that there is nothing."""
    values = np.unique(index)
    mask = index > 0 if len(values) <= 2 else index > values[-1] / 2  # soft edges: where it covers half a pixel
    if mask.any():
        _add(image, name, mask, 0, 0)


def _no_class(value: int, image: LabelledImage) -> None:
    if value == VOID:
        image.asides["borders of masks in which nothing is decided"] += 1
    else:
        image.bad.append(f"its number {value} is of no class in the list")


def _add(image: LabelledImage, name: str, crop: BoolMask, x: int, y: int) -> None:
    counts = crop_counts(crop, x, y, image.height, image.width)
    box = counts_box(counts, image.height, image.width)
    image.instances.append(Instance(class_name=name, box=box, counts=counts, source="real"))


# Writing --------------------------------------------------------------------------------------------------------------


def image_path(image: LabelledImage) -> str:
    """Where an image lies in the exported folder."""
    return f"images/{image.file}"


def label_files(images: Iterable[LabelledImage], classes: list[str]) -> Iterator[tuple[str, bytes | str]]:
    """Relative path and content of every file: a mask an object, and the list of classes."""
    for image in images:
        yield from mask_files(image, classes)
    yield folders.NAMES_FILE, class_list(classes)


def class_list(classes: list[str]) -> str:
    """What the class folders' names in the masks' names mean."""
    names = {folder: name for name, folder in folders.folder_names(classes).items()}
    return json.dumps(names, ensure_ascii=False, indent=2) + "\n"


def mask_files(image: LabelledImage, classes: list[str]) -> Iterator[tuple[str, bytes]]:
    """A black and white PNG for each object of one image; a black one where there is none."""
    names = folders.folder_names(classes)
    for place, instance in enumerate(image.instances, 1):
        mask = instance.mask(image.height, image.width)
        if mask is None:
            mask = _rectangle(instance, image)
        yield f"{_MASK}/{image.stem}/{place:04d}_{names[instance.class_name]}.png", _png(mask)
    if not image.instances:
        yield f"{_MASK}/{image.stem}/{NOTHING}.png", _png(np.zeros((image.height, image.width), bool))


def lost(images: Iterable[LabelledImage]) -> Counter[str]:
    """What masks do not say: that only a box was known."""
    boxes = sum(i.counts is None for image in images for i in image.instances)
    return +Counter({"boxes written as rectangles": boxes})


def _rectangle(instance: Instance, image: LabelledImage) -> BoolMask:
    """A box as a mask of whole pixels, never empty."""
    mask: Any = np.zeros((image.height, image.width), bool)
    x1, y1, x2, y2 = (round(v) for v in instance.box)
    x1, y1 = min(max(x1, 0), image.width - 1), min(max(y1, 0), image.height - 1)
    mask[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)] = True
    found: BoolMask = mask
    return found


def _png(mask: BoolMask) -> bytes:
    out = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).save(out, "PNG")
    return out.getvalue()
