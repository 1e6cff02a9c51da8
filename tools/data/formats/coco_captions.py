"""COCO's captions, and referring expressions as COCO instances that carry the sentences which mean them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.data.formats.labels import LabelledImage, class_index, mask_area
from tools.data.sample import Instance

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Said:
    """What is said about one image."""

    image: LabelledImage
    captions: tuple[str, ...]
    expressions: tuple[tuple[Instance, tuple[str, ...]], ...] = field(default=())  # thing -> all that mean it alone


def image_path(image: LabelledImage) -> str:
    """Where an image lies in the exported folder."""
    return f"images/{image.split}/{image.file}"


def label_files(said: Sequence[Said], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Relative path and text of every file: captions and referring expressions, one JSON a split each."""
    for split in SPLITS:
        part = [s for s in said if s.image.split == split]
        if part:
            yield f"annotations/captions_{split}.json", json.dumps(to_captions(part), ensure_ascii=False)
            yield f"annotations/referring_{split}.json", json.dumps(to_referring(part, names), ensure_ascii=False)


def to_captions(said: Sequence[Said]) -> dict[str, Any]:
    """The JSON object of captions; ids count from 1."""
    annotations: list[dict[str, Any]] = []
    for image_id, entry in enumerate(said, 1):
        for caption in entry.captions:
            annotations.append({"id": len(annotations) + 1, "image_id": image_id, "caption": caption})
    return {"info": _INFO, "licenses": [], "type": "captions", "images": _images(said), "annotations": annotations}


def to_referring(said: Sequence[Said], names: Sequence[str]) -> dict[str, Any]:
    """COCO instances with `sentences`; masks as compressed RLE, which pycocotools reads."""
    index = class_index(list(names))
    annotations: list[dict[str, Any]] = []
    for image_id, entry in enumerate(said, 1):
        height, width = entry.image.height, entry.image.width
        for thing, sentences in entry.expressions:
            assert thing.counts is not None
            x1, y1, x2, y2 = thing.box
            annotations.append({
                "id": len(annotations) + 1, "image_id": image_id, "category_id": index[thing.class_name] + 1,
                "bbox": [x1, y1, x2 - x1, y2 - y1], "area": mask_area(thing.counts, height, width), "iscrowd": 0,
                "segmentation": {"size": [height, width], "counts": thing.counts}, "sentences": list(sentences),
            })  # fmt: skip
    categories = [{"id": i, "name": name, "supercategory": ""} for i, name in enumerate(names, 1)]
    return {
        "info": _INFO,
        "licenses": [],
        "images": _images(said),
        "annotations": annotations,
        "categories": categories,
    }


_INFO = {"description": "made by Sightsmith"}


def _images(said: Sequence[Said]) -> list[dict[str, Any]]:
    return [
        {"id": i, "file_name": s.image.file, "width": s.image.width, "height": s.image.height}
        for i, s in enumerate(said, 1)
    ]
