"""SQLite connections whose errors name the file, and what those errors mean for a person."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_FORMAT")
_REFUSED = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
# What is lost with a damaged file, and what helps.
_WAYS_OUT = {
    "checkpoints.sqlite": "It holds only how far the agent was: delete it, then resume. Pictures, labels, weights and "
    "scores remain, and the steps are gone through again.",
    "dataset.sqlite": "It holds scenes, labels and verdicts: restore it from a copy. The pictures in images/, the "
    "weights and run.json remain, so `show` and `predict` still work; without a copy build anew.",
}  # fmt: skip


class Damaged(sqlite3.DatabaseError):
    """A file that a look through it found broken."""


class _Cursor(sqlite3.Cursor):
    """Reading a damaged page may fail at any row."""

    def execute(self, *arguments: Any) -> Self:
        with _named(self.connection):
            super().execute(*arguments)
        return self

    def executemany(self, *arguments: Any) -> Self:
        with _named(self.connection):
            super().executemany(*arguments)
        return self

    def fetchone(self) -> Any:
        with _named(self.connection):
            return super().fetchone()

    def fetchall(self) -> list[Any]:
        with _named(self.connection):
            return super().fetchall()

    def __next__(self) -> Any:
        with _named(self.connection):
            return super().__next__()


class Connection(sqlite3.Connection):
    """As sqlite3's own, but its errors have a `filename`."""

    filename = ""

    def cursor(self, factory: Any = _Cursor) -> Any:
        """See sqlite3."""
        return super().cursor(factory)

    def execute(self, *arguments: Any) -> Any:  # sqlite3's own takes a plain cursor
        """See sqlite3."""
        return self.cursor().execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        """See sqlite3."""
        return self.cursor().executemany(*arguments)

    def executescript(self, sql_script: str, /) -> sqlite3.Cursor:
        """See sqlite3."""
        with _named(self):
            return super().executescript(sql_script)

    def commit(self) -> None:
        """See sqlite3."""
        with _named(self):
            super().commit()

    def __exit__(self, *error: Any) -> Any:
        """See sqlite3."""
        with _named(self):
            return super().__exit__(*error)


@contextmanager
def _named(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        error.filename = getattr(connection, "filename", "")  # type: ignore[attr-defined]
        raise


def connect(path: Path, **options: Any) -> Connection:
    """A connection that any thread may use, one at a time; its errors name the file.

    Args:
        path: of the file, made when missing.
        options: of sqlite3.connect.

    Raises:
        sqlite3.DatabaseError: it cannot be opened.
    """
    try:
        connection = sqlite3.connect(path, check_same_thread=False, factory=Connection, **options)
    except sqlite3.DatabaseError as error:
        error.filename = str(path)  # type: ignore[attr-defined]
        raise
    connection.filename = str(path)
    return connection


def connected(path: Path, prepare: Callable[[Connection], object], **options: Any) -> Connection:
    """`connect`, and what is to be done first; the file is let go when that fails."""
    connection = connect(path, **options)
    try:
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the file is no database, or a broken one."""
    return isinstance(error, Damaged) or getattr(error, "sqlite_errorname", "").startswith(_DAMAGED)


def damaged(path: Path, why: str) -> str:
    """The sentence about a damaged file, with what helps."""
    way_out = _WAYS_OUT.get(path.name, "Restore it from a copy, or delete it.")
    return f"{path} is damaged ({why.splitlines()[0][:300]}). {way_out}"


def explain_database_error(error: sqlite3.Error, folder: Path) -> str:
    """A sentence that names the file and the way out."""
    path, name = Path(getattr(error, "filename", "") or folder), getattr(error, "sqlite_errorname", "")
    if is_damaged(error):
        return damaged(path, str(error))
    if name.startswith(_REFUSED):
        return f"cannot write {path}: {error}; check its permissions, or choose another place with --runs-dir"
    if name.startswith(_BUSY):
        return f"{path} is used by another process ({error}); try again when that has ended"
    return f"{path}: {error}"
