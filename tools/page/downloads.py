"""What a person can take away from a run: weights, data sets as zips, the report."""

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from tools.core.errors import StepFailed
from tools.core.task import slug
from tools.runs.runtime import RunRecord

_ZIPS = ".downloads"
_MANIFEST = ".sightsmith.json"


@dataclass(frozen=True)
class Download:
    """One file to take."""

    group: str  # model, dataset or report
    title: str
    file_name: str
    mime: str
    bytes: int  # of the files that go in
    open: Callable[[], BinaryIO]


def downloads(folder: Path, record: RunRecord) -> list[Download]:
    """What there is to take from a run, whole files only."""
    found = []
    stem = slug(record.name) or "sightsmith"
    exported = record.exports.get("model", {}).get("files") or ("model.pt", "model.onnx")
    files = [(folder / "export" / name, name) for name in exported]
    if record.best is not None:
        files.insert(0, (folder / record.best.weights, "weights.safetensors"))
    for path, name in files:
        if path.is_file():
            found.append(
                Download(
                    "model",
                    name,
                    f"{stem}-{name}",
                    "application/octet-stream",
                    path.stat().st_size,
                    partial(_file, path),
                )
            )
    for place in sorted((folder / "export").glob("dataset_*")):
        if (place / _MANIFEST).is_file():
            name = place.name.removeprefix("dataset_")
            found.append(
                Download(
                    "dataset",
                    name,
                    f"{stem}-{name}.zip",
                    "application/zip",
                    _weight(place),
                    partial(_zipped, place, folder / _ZIPS),
                )
            )
    for name, mime in (("report.html", "text/html"), ("report.md", "text/markdown")):
        path = folder / name
        if path.is_file():
            found.append(Download("report", name, f"{stem}-{name}", mime, path.stat().st_size, partial(_file, path)))
    return found


def _file(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise StepFailed(f"{path.name} cannot be read ({error.strerror})") from error


def _weight(place: Path) -> int:
    return sum(p.stat().st_size for p in place.rglob("*") if p.is_file())


def _zipped(place: Path, zips: Path) -> BinaryIO:
    """A folder as a zip, made once for each state of it; on a disk that is full it is made in memory."""
    fingerprint = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))["fingerprint"][:16]
    path = zips / f"{place.name}-{fingerprint}.zip"
    if path.is_file():
        return _file(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        zips.mkdir(exist_ok=True)
        for old in zips.glob(f"{place.name}-*.zip"):
            old.unlink(missing_ok=True)
        with temporary.open("wb") as out:
            write_zip(place, out)
        temporary.replace(path)
        return _file(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        content = BytesIO()
        write_zip(place, content)
        content.seek(0)
        return content


def write_zip(place: Path, out: BinaryIO) -> None:
    """Write a folder's files as a zip; images are packed already and only stored."""
    with zipfile.ZipFile(out, "w") as packed:
        for path in sorted(p for p in place.rglob("*") if p.is_file() and p.name != _MANIFEST):
            kind = (
                zipfile.ZIP_DEFLATED if path.suffix in (".txt", ".json", ".xml", ".md", ".yaml") else zipfile.ZIP_STORED
            )
            packed.write(path, path.relative_to(place).as_posix(), compress_type=kind)
