"""Folders that Sightsmith wrote and may write anew, as long as nobody has put anything of his own into them.

A manifest in the folder says who wrote it, with a digest of each file. What was added or changed since is a person's:
that folder is left alone, and its successor is written beside it.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tools.core.errors import FixArguments
from tools.core.files import in_the_way, sync_folder, write_json

MANIFEST = ".sightsmith.json"
_OLDER_MARK = ".sightsmith-labels"  # of exports without digests: ours, but nobody knows whether they were touched
_MOST_SIBLINGS = 10_000


def sign(folder: Path, by: str, *, only: Iterable[str] | None = None, **about: Any) -> None:
    """Write down files of a folder as ours.

    Args:
        folder: finished.
        by: what wrote it; only the same may write it anew.
        only: names of the files, where not all are ours.
        about: kept with it.
    """
    files = {name: _digest(folder / name) for name in (_files(folder) if only is None else only)}
    write_json(folder / MANIFEST, {**about, "by": by, "files": files})


def manifest(folder: Path) -> dict[str, Any]:
    """What a folder says of itself: "by", "files" and what else was told; empty where nothing or nothing whole is."""
    try:
        known: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        return known if isinstance(known["by"], str) and isinstance(known["files"], dict) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def announce(folder: Path, by: str, names: Iterable[str]) -> None:
    """Say which files will be written into a folder that others may use too, so that a kill leaves nobody's file."""
    write_json(folder / MANIFEST, {"by": by, "files": manifest(folder).get("files", {}), "coming": list(names)})


def add(folder: Path, by: str, names: Iterable[str]) -> None:
    """Write down more files of a folder as ours, beside those that were before."""
    files = manifest(folder).get("files", {}) | {name: _digest(folder / name) for name in names}
    write_json(folder / MANIFEST, {"by": by, "files": files})


def foreign(folder: Path) -> set[str]:
    """Names in a folder that are not ours to write over: never written by us, or changed since."""
    known = manifest(folder)
    files, coming = known.get("files", {}), known.get("coming", [])
    return {p.name for p in folder.glob("*") if p.name not in coming and not is_same(p, files.get(p.name))}


def is_same(path: Path, digest: str | None) -> bool:
    """Whether a file is the one that was signed."""
    return path.is_file() and not path.is_symlink() and _digest(path) == digest


def may_write(folder: Path, by: str) -> bool:
    """Whether nothing would be lost: not there, empty, or written by the same and not added to or changed since.

    What was taken away is no loss; caches that training tools leave are nobody's work.
    """
    if not folder.is_dir():
        return not folder.exists() and not folder.is_symlink()
    if not any(folder.iterdir()):
        return True
    known = manifest(folder)
    return known.get("by") == by and all(is_same(folder / n, known["files"].get(n)) for n in _files(folder))


def siblings(folder: Path) -> Iterator[Path]:
    """The folder, then NAME-2, NAME-3 ... beside it."""
    yield folder
    yield from (folder.with_name(f"{folder.name}-{n}") for n in range(2, _MOST_SIBLINGS))


def refuse_foreign(folder: Path, flag: str) -> None:
    """Refuse a folder that a person named where it holds what Sightsmith never wrote; called before any work.

    Raises:
        FixArguments: it does, or is a file.
    """
    if (blocking := in_the_way(folder)) is not None:
        raise FixArguments(f"{flag} {folder} cannot be a folder: {blocking} is a file; name another")
    if folder.exists() and not folder.is_dir():
        raise FixArguments(f"{flag} {folder} is no folder; name one")
    if folder.is_dir() and any(folder.iterdir()) and not any((folder / m).exists() for m in (MANIFEST, _OLDER_MARK)):
        raise FixArguments(f"{flag} {folder} holds other files; name an empty or new folder")


def unfinished(folder: Path) -> Path:
    """The hidden place where a folder is built, after what a kill left was cleared away. Not made yet."""
    building, old = _beside(folder)
    if old.exists() and not folder.exists():  # killed between the two moves
        old.replace(folder)
    for left_over in (building, old):
        shutil.rmtree(left_over, ignore_errors=True)
    return building


def install(building: Path, folder: Path, by: str, **about: Any) -> Path:
    """Sign what was built, and put it into place; see `sign`.

    Returns:
        Where it is: the folder, or one beside it when the folder is no longer ours to write.
    """
    sign(building, by, **about)
    target = next(p for p in siblings(folder) if may_write(p, by))
    old = _beside(folder)[1]
    if target.exists():
        target.replace(old)
    building.replace(target)
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)
    return target


def _beside(folder: Path) -> tuple[Path, Path]:
    return folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")


def _files(folder: Path) -> Iterator[str]:
    """Paths in a folder, but for the manifest and for caches of label readers."""
    for path in sorted(folder.rglob("*")):
        if (path.is_file() or path.is_symlink()) and path.name != MANIFEST and path.suffix != ".cache":
            yield path.relative_to(folder).as_posix()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
