"""What is kept of a person's photos, found by their bytes and by how they look, and erased when the person says so.

The photos themselves stay where they are: erased are copies, labels, answers and lists in runs and sets of photos. What
a model has learnt from a photo stays in its weights; the runs that learnt from it are named.
"""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.core.database import connect
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import write_json, write_text
from tools.core.locks import locked
from tools.core.settings import Settings
from tools.data.dataset import file_sha256
from tools.data.images import is_image, read_image
from tools.data.photo_files import find_photos
from tools.data.photos import alike, look_hash
from tools.runs.photo_sets import photos_folder

_DIGEST_CHARS = 64
_PATIENCE_S = 0.5
_LISTS = ("predictions.json", "photos.json", "results.jsonl", "instances.json", "original_names.json")
_BY_SAMPLE = ("instances", "lookalikes", "embeddings", "corrections", "labelled")
_MADE_ANEW = ("export/dataset_*", ".downloads")  # written again from the data set, without what is gone from it


@dataclass(frozen=True)
class PhotoRow:
    """A photo in a data set."""

    database: Path
    sample: str
    name: str


@dataclass
class Traces:
    """What is kept of some photos."""

    files: dict[Path, str] = field(default_factory=dict)  # copy, or folder that is written anew -> why
    rows: list[PhotoRow] = field(default_factory=list)
    lists: dict[Path, set[str]] = field(default_factory=dict)  # file that lists photos -> names in it
    learnt: list[str] = field(default_factory=list)  # runs whose models saw them
    unread: list[str] = field(default_factory=list)  # photos that could not be read: found by their bytes alone

    @property
    def count(self) -> int:
        """How many things would be erased."""
        return len(self.files) + len(self.rows) + sum(map(len, self.lists.values()))

    @property
    def left(self) -> str:
        """What erasing does not reach."""
        if not self.learnt:
            return "Labels that were written to folders of yours are yours: look there too."
        runs = ", ".join(self.learnt)
        return f"The models of {runs} learnt from these photos and still know what they learnt: delete those runs, too."

    def plain(self) -> dict[str, Any]:
        """As values that JSON holds."""
        return {
            "files": {str(path): why for path, why in sorted(self.files.items())},
            "labels": [f"{row.name} ({row.sample}) in {row.database}" for row in self.rows],
            "listed_in": {str(path): sorted(names) for path, names in sorted(self.lists.items())},
            "models_that_learnt_from_them": self.learnt, "found_by_bytes_alone": self.unread, "note": self.left,
        }  # fmt: skip


@dataclass(frozen=True)
class _Photos:
    """The photos that are to be forgotten."""

    paths: frozenset[str]
    digests: frozenset[str]
    looks: tuple[int, ...]


def find_traces(photos: Sequence[Path], digests: Sequence[str], settings: Settings) -> Traces:
    """Everything beside the runs that is of these photos.

    Args:
        photos: files and folders.
        digests: SHA-256 of photos that are no longer there.
        settings: where runs, and the answers of a vision model, are kept.

    Raises:
        FixArguments: nothing is named, a photo is not there, or a digest is none.
        StepFailed: a folder cannot be read.
    """
    traces = Traces()
    wanted = _wanted(photos, digests, traces)
    runs_dir = settings.runs_dir
    places = [p for p in _folders(runs_dir) if (p / "run.json").is_file()] + _folders(photos_folder(runs_dir))
    for folder in places:
        _in_folder(folder, wanted, traces)
    for answer in sorted(runs_dir.glob("**/asked/*.json")):
        if _read(answer).get("photo") in wanted.digests:
            traces.files[answer] = "what a vision model said of it"
    return traces


def _wanted(photos: Sequence[Path], digests: Sequence[str], traces: Traces) -> _Photos:
    for digest in digests:
        if len(digest) != _DIGEST_CHARS or any(c not in "0123456789abcdef" for c in digest.lower()):
            raise FixArguments(f"--digest {digest[:80]!r} is no SHA-256: 64 digits and letters a to f")
    paths: set[str] = set()
    looks: list[int] = []
    found = {d.lower() for d in digests}
    for file in find_photos(photos):
        paths.add(str(file.path.resolve()))
        found.add(file_sha256(file.path))
        look = _look(file.path)
        looks += [] if look is None else [look]
        traces.unread += [file.name] if look is None else []
    if not found:
        raise FixArguments("name the photos to forget, or their --digest")
    return _Photos(frozenset(paths), frozenset(found), tuple(looks))


def _folders(place: Path) -> list[Path]:
    return sorted(p for p in place.glob("*") if p.is_dir() and not p.is_symlink()) if place.is_dir() else []


def _in_folder(folder: Path, wanted: _Photos, traces: Traces) -> None:
    """One run or one set of photos."""
    rows = list(_rows(folder / "dataset.sqlite", wanted, traces))
    traces.rows += rows
    names = {row.sample for row in rows} | {Path(row.name).stem for row in rows}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink() or path in traces.files:
            continue
        if (
            is_image(path)
            and str(path.resolve()) not in wanted.paths
            and (why := _why(path, folder, wanted)) is not None
        ):
            traces.files[path] = why
            names.add(path.stem)
    for path in sorted(p for p in folder.rglob("*") if p.name in _LISTS and p.is_file()):
        if listed := {name for name in _mentioned(path) if name in wanted.paths or Path(name).stem in names}:
            traces.lists[path] = listed
            drawn = {d for d in _drawn(path, listed) if (path.parent / d).is_file()}
            traces.files |= {path.parent / d: "a picture of what was found in it" for d in drawn}
    if rows:
        for pattern in _MADE_ANEW:
            traces.files |= dict.fromkeys(folder.glob(pattern), "made from it; export writes it anew, without it")
    record = _read(folder / "run.json")
    given = [record.get(k) for k in ("few", "unlabelled", "real")]
    if any(Path(p).is_relative_to(str(g)) for p in wanted.paths for g in given if g) or (record and rows):
        traces.learnt.append(folder.name)


def _rows(database: Path, wanted: _Photos, traces: Traces) -> Iterator[PhotoRow]:
    if not database.is_file():
        return
    with closing(connect(database)) as db:
        for identity, image, digest, provenance in db.execute("SELECT id, image, sha256, provenance FROM samples"):
            if digest in wanted.digests:
                path = database.parent / image
                if path.is_file():
                    traces.files[path] = "a copy, in a data set"
                yield PhotoRow(database, identity, str(json.loads(provenance).get("file", image)))


def _why(path: Path, folder: Path, wanted: _Photos) -> str | None:
    """Why an image is a trace; renders of a run are of no photo and are not looked at."""
    inside = path.relative_to(folder).parts
    if (folder / "run.json").is_file() and inside[0] in ("images", "export"):
        return None
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() in wanted.digests:
        return "the same file"
    if wanted.looks and (look := _look(path)) is not None and next(iter(alike([look], wanted.looks)), None):
        return "it looks the same"
    return None


def _look(path: Path) -> int | None:
    try:
        return look_hash(read_image(path))
    except StepFailed:
        return None


# Lists ------------------------------------------------------------------------------------------------------------


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _values(path: Path) -> list[Any]:
    """The entries of a list of photos: of JSON, or of JSON lines."""
    try:
        text = path.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else [json.loads(text)]
    except (OSError, ValueError):
        return []


def _mentioned(path: Path) -> set[str]:
    """Every text in it that may name a photo."""
    found: set[str] = set()
    waiting = _values(path)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.values(), *value]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and len(value) < 4096:
            found.add(value)
    return found


def _drawn(path: Path, names: set[str]) -> set[str]:
    entries = [e for value in _values(path) if isinstance(value, dict) for e in value.get("pictures", [])]
    return {str(e["drawn"]) for e in entries if isinstance(e, dict) and e.get("file") in names and "drawn" in e}


def _without(value: Any, names: set[str]) -> Any:
    """A value without the entries that name a photo; in COCO its labels go along."""
    if isinstance(value, list):
        return [_without(v, names) for v in value if not _names_one(v, names)]
    if not isinstance(value, dict):
        return value
    kept = {
        k: _without(v, names) for k, v in value.items() if k not in names and not (isinstance(v, str) and v in names)
    }
    if isinstance(kept.get("images"), list) and isinstance(kept.get("annotations"), list):
        there = {i.get("id") for i in kept["images"] if isinstance(i, dict)}
        kept["annotations"] = [a for a in kept["annotations"] if a.get("image_id") in there]
    return kept


def _names_one(value: Any, names: set[str]) -> bool:
    return value in names if isinstance(value, str) else (
        isinstance(value, dict) and any(isinstance(v, str) and v in names for v in value.values())
    )  # fmt: skip


# Erasing ----------------------------------------------------------------------------------------------------------


def erase(traces: Traces) -> None:
    """Erase what was found.

    Raises:
        FixArguments: a run is being worked on; nothing was erased.
        StepFailed: a file or data set cannot be changed.
    """
    with ExitStack() as held:
        for folder in {row.database.parent for row in traces.rows}:
            busy = FixArguments(f"{folder.name} is being worked on; stop it first. Nothing was erased")
            held.enter_context(locked(folder / ".lock", _PATIENCE_S, busy))
        try:
            for database in {row.database for row in traces.rows}:
                _delete_rows(database, [row.sample for row in traces.rows if row.database == database])
            for path, names in traces.lists.items():
                _rewrite(path, names)
            for path in traces.files:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        except (OSError, sqlite3.DatabaseError) as error:
            raise StepFailed(f"not everything could be erased ({error}); mend that, and erase again") from error


def _delete_rows(database: Path, samples: Sequence[str]) -> None:
    """Take photos out of a data set, and overwrite where they were."""
    with closing(connect(database)) as db:
        db.execute("PRAGMA secure_delete = ON")
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        with db:
            for sample in samples:
                for table in _BY_SAMPLE:
                    if table in tables:
                        db.execute(f"DELETE FROM {table} WHERE sample_id = ?", (sample,))
                db.execute("DELETE FROM samples WHERE id = ?", (sample,))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("VACUUM")


def _rewrite(path: Path, names: set[str]) -> None:
    values = _without(_values(path), names)
    if path.suffix == ".jsonl":
        write_text(path, "".join(json.dumps(v, ensure_ascii=False) + "\n" for v in values))
    else:
        write_json(path, values[0] if values else {})
