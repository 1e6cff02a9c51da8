"""Data sets as a hub gives them out: parquet files whose rows hold an image and its labels.

They are written once as images with a `metadata.jsonl` beside them, which `tools.data.formats.hugging_face` reads;
classes that the file numbers and names are written by name.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from tools.core.errors import FixArguments
from tools.core.files import write_text
from tools.data.formats.hugging_face import BOXES, CLASSES, METADATA, WHOLE
from tools.data.images import IMAGE_SUFFIXES, is_image, walk_files
from tools.data.uploads import Limits, building

SUFFIX = ".parquet"
_ROWS = 16  # in memory at once
_SPLITS = ("train", "validation", "valid", "test")
_PLAIN = ("width", "height", "objects", *WHOLE)  # columns that say something about an image
_NAME_CHARS = 60


def is_parquet(given: Path) -> bool:
    """Whether a path is a parquet file, or a folder with such files and no images beside them."""
    if given.is_file():
        return given.suffix.lower() == SUFFIX
    found = False
    for path in walk_files(given) if given.is_dir() else ():
        if is_image(path):
            return False
        found |= path.suffix.lower() == SUFFIX
    return found


def unpack_parquet(given: Path, into: Path, limits: Limits) -> None:
    """Write the images and labels of parquet files into a new folder.

    Args:
        given: a file or a folder of files; nothing in it is touched.
        into: a folder that does not exist yet; made only when all is written.
        limits: of size and number, as for an archive.

    Raises:
        FixArguments: a file cannot be read or holds no images, or they are too many; the message names it.
        StepFailed: the disk is full or read-only.
    """
    taken: set[str] = set()
    left = limits.unpacked_bytes
    with building(into) as folder:
        rows: dict[str, list[str]] = {}
        for file in parquet_files(given):
            split = next((s for s in _SPLITS if s in file.stem.lower() or s in file.parent.name.lower()), "train")
            for name, content, row in _rows(file):
                path = _free_name(f"{split}/{name}", taken)
                left -= len(content)
                if left < 0 or len(taken) > limits.files:
                    raise FixArguments(
                        f"{given}: holds more than {limits.files} pictures or {limits.unpacked_mb} MB of them; give "
                        "fewer of its files."
                    )
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
                said = {"file_name": PurePosixPath(path).name, **row}
                rows.setdefault(split, []).append(json.dumps(said, ensure_ascii=False))
        for split, own in rows.items():
            write_text(folder / METADATA.format(split=split), "".join(f"{row}\n" for row in own))


def parquet_files(given: Path) -> list[Path]:
    """The file that was given, or all in the folder, in order."""
    if given.is_file():
        return [given]
    return sorted(p for p in walk_files(given) if p.suffix.lower() == SUFFIX)


def _rows(file: Path) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Name, bytes and labels of every image.

    Raises:
        FixArguments: the file cannot be read, or no column of it holds images.
    """
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    try:
        with parquet.ParquetFile(file) as opened:
            schema = opened.schema_arrow
            features = _features(schema.metadata or {})
            column = _image_column(schema, features)
            if column is None:
                raise FixArguments(
                    f"{file}: no column of it holds pictures ({', '.join(schema.names)[:200]}). Data sets that only "
                    "name their pictures are read as folders with metadata.jsonl."
                )
            names = _class_names(features)
            wanted = [n for n in schema.names if n in (column, *_PLAIN, *BOXES, *CLASSES)]
            place = 0
            for batch in opened.iter_batches(batch_size=_ROWS, columns=wanted):
                for row in batch.to_pylist():
                    place += 1
                    image = row.pop(column)
                    content = image.get("bytes") if isinstance(image, dict) else image
                    if isinstance(content, bytes) and content:
                        path = image.get("path") if isinstance(image, dict) else None
                        yield _file_name(path, content, place), content, _labels(row, names)
    except (arrow.ArrowException, OSError) as error:
        raise FixArguments(f"{file}: no parquet file that can be read ({str(error)[:200]}). Fetch it again.") from error


def _features(metadata: Mapping[bytes, bytes]) -> dict[str, Any]:
    """What the library that wrote the file says of its columns; empty where it says nothing."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def _image_column(schema: Any, features: Mapping[str, Any]) -> str | None:
    """The first column of images: a struct with their bytes, or plain bytes."""
    import pyarrow as arrow

    def holds_bytes(kind: Any) -> bool:
        if arrow.types.is_struct(kind):
            return any(kind.field(i).name == "bytes" for i in range(kind.num_fields))
        return bool(arrow.types.is_binary(kind) or arrow.types.is_large_binary(kind))

    able = [field.name for field in schema if holds_bytes(field.type)]
    said = [n for n in able if isinstance(features.get(n), dict) and features[n].get("_type") == "Image"]
    return next(iter([*said, *able]), None)


def _class_names(features: Any, key: str = "") -> dict[str, list[str]]:
    """Column -> names of its numbers, however deep it lies."""
    found: dict[str, list[str]] = {}
    if isinstance(features, dict):
        if features.get("_type") == "ClassLabel" and isinstance(features.get("names"), list):
            return {key: [str(n) for n in features["names"]]}
        for name, inner in features.items():
            found |= _class_names(inner, key if name == "feature" else name)
    elif isinstance(features, list):
        for inner in features:
            found |= _class_names(inner, key)
    return found


def _labels(row: dict[str, Any], names: Mapping[str, list[str]]) -> dict[str, Any]:
    """The row as a line of metadata: objects in one place, classes by name."""
    boxes, classes = (next((k for k in keys if isinstance(row.get(k), list)), "") for keys in (BOXES, CLASSES))
    if row.get("objects") is None and boxes and classes:
        row["objects"] = {boxes: row.pop(boxes), classes: row.pop(classes)}
    return {k: _named(k, v, names) for k, v in row.items() if k in _PLAIN and v is not None and v != -1}


def _named(key: str, value: Any, names: Mapping[str, list[str]]) -> Any:
    if isinstance(value, dict):
        return {k: _named(k, v, names) for k, v in value.items()}
    if isinstance(value, list):
        return [_named(key, v, names) for v in value]
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names.get(key, ())):
        return names[key][value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _file_name(path: Any, content: bytes, place: int) -> str:
    """A name for an image, its own where it has one; the suffix is of what it holds."""
    from PIL import Image

    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", PurePosixPath(path).stem)[:_NAME_CHARS] if isinstance(path, str) else ""
    try:
        with Image.open(io.BytesIO(content)) as image:
            kind = (image.format or "").lower()
    except Exception:  # decoders fail in many ways; that it is broken is said when it is read
        kind = ""
    suffix = {"jpeg": ".jpg", "tiff": ".tif"}.get(kind, f".{kind}")
    return f"{stem.strip('.-') or f'row_{place:06d}'}{suffix if suffix in IMAGE_SUFFIXES else '.jpg'}"


def _free_name(path: str, taken: set[str]) -> str:
    """The path, or, where it is taken, one with a number that is free."""
    given, free = PurePosixPath(path), path
    while free.casefold() in taken:
        free = str(given.with_stem(f"{given.stem}-{len(taken)}"))
    taken.add(free.casefold())
    return free
