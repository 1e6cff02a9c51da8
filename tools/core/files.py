"""Files that must last: written beside, synced and renamed. And what a disk or database that refuses means, in words.

Writers raise OSError, with the file's own name; who talks to a person asks `trouble` for the sentence.
"""

import contextlib
import errno
import json
import logging
import os
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil

from tools.core.database import explain_database_error

log = logging.getLogger(__name__)
FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EROFS, errno.EPERM)
_LEFTOVER = re.compile(r"\.(\d+)-\d+\.(?:tmp|new)")  # as `beside` names them: process and thread
_LONG_S = 3600.0  # nothing of ours takes so long to write: whoever began it is gone, also in another container
_SOME_BYTES = 2**20  # less than this free: too little for a database to write its next pages
# What libraries in other languages say of a full disk; they hand over no number.
_FULL_WORDS = ("No space left on device", "os error 28", "disk is full")


class DiskFull(OSError):
    """No space is left for a file; says how much was wanted, where that is known."""

    def __init__(self, path: Path, wanted_bytes: int | None = None) -> None:
        super().__init__(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        self.wanted_bytes = wanted_bytes


# Writing --------------------------------------------------------------------------------------------------------------


def write_bytes(path: Path, content: bytes | Iterable[bytes], *, mode: int = 0o666) -> None:
    """Write a file whole or not at all, and have it on the disk when this returns.

    Args:
        path: its folder is made when missing.
        content: all of it, or its pieces as they are made.
        mode: who may read it, from the first byte on; the umask holds.

    Raises:
        DiskFull: there is no space; what was there before is kept.
        OSError: it cannot be written; `filename` is the file's own.
    """
    temporary, written = beside(path), 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            for piece in (content,) if isinstance(content, bytes) else content:
                written += file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if error.errno in FULL:
            raise DiskFull(path, len(content) if isinstance(content, bytes) else written) from error
        error.filename, error.filename2 = str(path), None
        raise
    except BaseException:  # of whoever makes the pieces
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_text(path: Path, text: str, *, errors: str = "strict") -> None:
    """`write_bytes` of UTF-8 text."""
    write_bytes(path, text.encode("utf-8", errors))


def write_json(path: Path, value: Any) -> None:
    """`write_bytes` of a value as JSON."""
    write_bytes(path, json_text(value, indent=2).encode())


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON that can always be written: a file name that is no UTF-8 is kept by its escapes, which Python reads back."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text.encode("utf-8", "backslashreplace").decode()


def copy_file(source: Path, target: Path) -> None:
    """Copy a file whole or not at all, in place of what was there.

    Raises:
        OSError: the disk refuses.
    """
    temporary = beside(target)
    shutil.copyfile(source, temporary)
    temporary.replace(target)


def link_or_copy(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where the disk gives none; whole or not at all, in place of what was there.

    Raises:
        OSError: the disk refuses.
    """
    temporary = beside(target)
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:  # another disk, or one that knows no hard links
        copy_file(source, target)
        return
    temporary.replace(target)
    temporary.unlink(missing_ok=True)  # where both were one file already, the system leaves both names


def clear_leftovers(folder: Path) -> None:
    """Remove what killed writers of this module left in a folder and below; what a living one writes stays."""
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names if _LEFTOVER.fullmatch(name)):
            if is_left_over(path):
                with contextlib.suppress(OSError):
                    path.unlink()


def is_left_over(path: Path) -> bool:
    """Whether something that has a name by `beside` was begun by a process that is gone."""
    found = _LEFTOVER.fullmatch(path.name)
    try:
        return found is not None and (
            not psutil.pid_exists(int(found[1])) or time.time() - path.stat().st_mtime > _LONG_S
        )
    except OSError:  # it has its place meanwhile
        return False


def beside(path: Path, ending: str = "tmp") -> Path:
    """Where something is made before it takes its place; short, so that a long name has room for it."""
    return path.with_name(f".{os.getpid()}-{threading.get_native_id()}.{ending}")


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk; some file systems cannot, and need not."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def in_the_way(path: Path) -> Path | None:
    """The file that is where a folder should be, at this path or above it; None where a folder is or can be made.

    Raises:
        OSError: no system takes such a name.
    """
    return next((place for place in (path, *path.parents) if place.is_file()), None)


def set_aside(path: Path, why: str) -> Path:
    """Rename a damaged file of ours to NAME.damaged, numbered where there is one, and say so.

    Returns:
        Its new place.

    Raises:
        OSError: it cannot be renamed.
    """
    names = [f"{path.name}.damaged", *(f"{path.name}.damaged-{n}" for n in range(2, 10_000))]
    aside = next(p for p in map(path.with_name, names) if not p.exists())
    path.rename(aside)
    log.warning("%s is damaged (%s): set aside as %s", path, why.splitlines()[0] if why else "unreadable", aside.name)
    return aside


# In words -------------------------------------------------------------------------------------------------------------


def trouble(error: BaseException, folder: Path) -> str | None:
    """What a failed disk, file or database means, in a sentence with a way out; None where the error is another.

    Args:
        error: also one of a library that was writing when the disk was full.
        folder: what was worked on, named where the error names nothing.
    """
    if isinstance(error, OSError):
        return explain_os_error(error, folder)
    if isinstance(error, sqlite3.DatabaseError):
        full = _is_full(error) or ("I/O" in str(error) and _free_bytes(folder) < _SOME_BYTES)
        return full_disk(Path(getattr(error, "filename", folder))) if full else explain_database_error(error, folder)
    if full_one := next((e for e in _chain(error) if _is_full(e)), None):
        return explain_os_error(full_one, folder) if isinstance(full_one, OSError) else full_disk(folder)
    return None


def explain_os_error(error: OSError, folder: Path) -> str:
    """A sentence that names the disk or file and the way out."""
    where = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else folder
    if error.errno in FULL:
        return full_disk(where, getattr(error, "wanted_bytes", None))
    if error.errno in _REFUSED:
        return f"cannot write {where}: {error.strerror}; choose another place with --runs-dir"
    return f"{where}: {error.strerror or error}"


def full_disk(path: Path, wanted_bytes: int | None = None) -> str:
    """The sentence about a full disk: which, how much is free, how much was wanted."""
    place = _there(path)
    mount = next(p for p in (place, *place.parents) if p.is_mount() or p == p.parent)
    wanted = "" if wanted_bytes is None else f", {_size(wanted_bytes)} wanted for {path.name}"
    return (
        f"the disk of {place} (mounted at {mount}) is full ({_size(_free_bytes(place))} free{wanted}); free some "
        "space, then resume or give the same command again: nothing done is lost"
    )


def is_full(error: BaseException) -> bool:
    """Whether an error is, or came of, a full disk."""
    return any(_is_full(e) for e in _chain(error))


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in FULL
    return any(words in str(error) for words in _FULL_WORDS)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it came of."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__


def _there(path: Path) -> Path:
    """The nearest folder of a path that exists."""
    path = path.absolute()
    return next(p for p in (path, *path.parents) if p.is_dir())


def _free_bytes(path: Path) -> int:
    return shutil.disk_usage(_there(path)).free


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count < 10 * 2**20 else f"{count / 2**20:.0f} MiB"
