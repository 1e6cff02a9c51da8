"""Class folders: one folder a class, for the classification of whole images.

Class names are data and may hold anything, so folders are called by number and slug; `classes.json` tells which is
which.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator

from tools.core.task import slug
from tools.data.formats.labels import LabelledImage

NAMES_FILE = "classes.json"


def folder_names(classes: list[str]) -> dict[str, str]:
    """Class -> folder. The number in front keeps the label order for readers that sort by name."""
    return {name: "-".join(filter(None, [f"{index:03d}", slug(name)])) for index, name in enumerate(classes)}


def image_path(image: LabelledImage, classes: list[str]) -> str | None:
    """Where an image lies in the exported folder; None without a class."""
    return None if image.label is None else f"{image.split}/{folder_names(classes)[image.label]}/{image.file}"


def label_files(classes: list[str]) -> Iterator[tuple[str, str]]:
    """Relative path and text of the one label file."""
    names = {folder: name for name, folder in folder_names(classes).items()}
    yield NAMES_FILE, json.dumps(names, ensure_ascii=False, indent=2) + "\n"


def lost(images: Iterable[LabelledImage]) -> Counter[str]:
    """What folders cannot say."""
    counter: Counter[str] = Counter()
    for image in images:
        counter["pictures of no class left out"] += image.label is None
        counter["boxes and masks not stored"] += len(image.instances)
    return +counter


def parse_names(text: str) -> dict[str, str]:
    """Folder -> class of a `classes.json`.

    Raises:
        ValueError: it is no such file.
    """
    data = json.loads(text)
    if not isinstance(data, dict) or not all(isinstance(v, str) for v in data.values()):
        raise ValueError("it does not map folders to class names")
    return data
