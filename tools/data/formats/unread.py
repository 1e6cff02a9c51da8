"""Label formats that are not read, by name: a person is told the way out, never that there are no labels."""

from pathlib import Path
from typing import Any

from tools.data.formats.coco import is_panoptic

_WAY_OUT = "Export the labels as COCO, YOLO, Pascal VOC, CVAT XML, labelme or Label Studio JSON."
_SUFFIXES = {
    ".csv": "a table (CSV)", ".tsv": "a table (TSV)", ".tfrecord": "TFRecord", ".record": "TFRecord",
    ".ndjson": "JSON by lines", ".jsonl": "JSON by lines", ".parquet": "Parquet", ".mat": "MATLAB",
    ".xlsx": "a table (Excel)",
}  # fmt: skip


def json_kind(data: Any) -> str:
    """The name of the format of a JSON value of labels that are not read; empty for anything else."""
    entries = data.values() if isinstance(data, dict) else data if isinstance(data, list) else []
    first = next(iter(entries), None)
    if isinstance(data, dict):
        if is_panoptic(data):
            return "COCO panoptic"
        if "_via_img_metadata" in data or (isinstance(first, dict) and {"filename", "regions"} <= first.keys()):
            return "VIA JSON"
        if "objects" in data and "size" in data:
            return "Supervisely JSON"
        if isinstance(data.get("annotations"), list) and "images" in data:
            return "COCO JSON without categories"
        if isinstance(data.get("items"), list) and "categories" in data:
            return "Datumaro JSON"
        return "BDD100K or Scalabel JSON" if isinstance(data.get("frames"), list) else ""
    if isinstance(first, dict):
        if "image" in first and any(_is_region(v) for v in first.values()):
            return "Label Studio's JSON-MIN, which lacks what JSON has"
        if "annotations" in first and "image" in first:
            return "CreateML JSON"
        if "image_id" in first and "bbox" in first:
            return "COCO results"
        if "name" in first and isinstance(first.get("labels"), list):
            return "BDD100K or Scalabel JSON"
        if "Label" in first or "data_row" in first:
            return "Labelbox JSON"
    return ""


def _is_region(value: Any) -> bool:
    region = value[0] if isinstance(value, list) and value else None
    return isinstance(region, dict) and "original_width" in region


def suffix_kind(path: Path) -> str:
    """The name of a format that is not read and that a file's suffix tells; empty for anything else."""
    return _SUFFIXES.get(path.suffix.lower(), "")


def refusal(kind: str, where: str) -> str:
    """What a person is told."""
    return f"{where} looks like {kind}, which is not read. {_WAY_OUT}"
