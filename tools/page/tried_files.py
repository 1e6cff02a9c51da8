"""What a model found on a person's photos, as one zip to keep: images with outlines, counts, labels."""

import csv
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO

from tools.core.task import slug
from tools.data.formats.coco import to_coco
from tools.data.formats.labels import LabelledImage
from tools.data.images import decode_image
from tools.data.sample import Instance


@dataclass(frozen=True)
class TriedImage:
    """One image and what was found on it."""

    name: str
    content: bytes  # JPEG, as it was looked at
    drawn: bytes  # JPEG with outlines
    found: list[Instance]


def zipped(images: Sequence[TriedImage], names: Sequence[str]) -> bytes:
    """The zip: `outlines/`, `images/` with `labels.json` (COCO) beside, and `counts.csv`.

    Args:
        images: in order.
        names: classes in order.
    """
    buffer, table = BytesIO(), StringIO()
    rows = csv.writer(table)
    rows.writerow(["picture", *names])
    labelled = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for number, one in enumerate(images, 1):
            file = f"{number:03d}-{slug(one.name) or 'picture'}.jpg"
            height, width = decode_image(one.content, one.name).shape[:2]
            packed.writestr(f"outlines/{file}", one.drawn)
            packed.writestr(f"images/{file}", one.content)
            rows.writerow([_plain_cell(one.name), *(sum(i.class_name == n for i in one.found) for n in names)])
            labelled.append(LabelledImage(file, width, height, one.found))
        packed.writestr("counts.csv", table.getvalue())
        packed.writestr("labels.json", json.dumps(to_coco(labelled, list(names)), ensure_ascii=False))
    return buffer.getvalue()


def _plain_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
