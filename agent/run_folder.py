"""The folder of a run: begun, opened, read, listed, and held by one process at a time; all of a run is in it."""

import errno
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.requests.questions import ask_for_less
from agent.requests.understand import MAX_REQUEST_CHARS
from tools.core.errors import Code, FixArguments, StepFailed
from tools.core.files import beside, clear_leftovers, explain_os_error, is_left_over
from tools.core.locks import locked
from tools.core.settings import Settings, grouped
from tools.core.task import slug
from tools.data.photo_files import find_photos
from tools.runs.pace import machine_name
from tools.runs.photo_sets import labelled_folder, photos_of
from tools.runs.profile import auto_settings
from tools.runs.runtime import Listener, RunContext, RunRecord, read_record, write_json

log = logging.getLogger(__name__)


_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)  # another process has just put something there


# Who only looks whether a run is held (`is_locked`) holds it for a moment; a worker that starts just then waits.
LOCK_PATIENCE_S = 0.5


def start_run(
    request: str,
    settings: Settings,
    *,
    name: str | None = None,
    real: Path | None = None,
    assets: Path | None = None,
    few: Path | None = None,
    unlabelled: Path | None = None,
    options: dict[str, Any] | None = None,
    listener: Listener | None = None,
    auto_approve: bool = False,
) -> RunContext:
    """Make the folder of a new run.

    Raises:
        FixArguments: the request is too long, the name is taken or not usable, or a given folder does not exist or has
            no photo.
        StepFailed: the runs folder cannot be written, or all photos of `few` are of photos in `real`, too.
    """
    if len(request) > MAX_REQUEST_CHARS:
        raise FixArguments(ask_for_less(len(request), MAX_REQUEST_CHARS, "en"))
    real = None if real is None else labelled_folder(real, settings)
    few, unlabelled = (None if given is None else photos_of(given, settings) for given in (few, unlabelled))
    folders = {"--real": real, "--assets": assets, "--few": few, "--unlabelled": unlabelled}
    for flag, given in folders.items():
        if given is not None and not given.is_dir():
            what = "a file; name the folder that it is in" if given.is_file() else "there is no such folder"
            raise FixArguments(f"{flag} {given}: {what}")
        if given is not None and not _is_text(str(given.resolve())):
            raise FixArguments(f"{flag} {str(given)!a}: the name is no UTF-8 text, so no record can hold it; rename it")
    if unlabelled is not None:
        _check_unlabelled(unlabelled)
    if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise FixArguments(f"--run {name!r}: use letters, digits, '.', '_' and '-', at most 64")
    if few is not None:
        from tools.data.apart import check_apart

        if real is not None:
            check_apart(few, real)
    settings, chosen = auto_settings(settings)
    record = RunRecord(
        name="",
        request=request,
        machine=machine_name(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        settings=settings.written(),
        chosen=chosen,
        options={k: v for k, v in (options or {}).items() if v is not None},
        real=None if real is None else str(real.resolve()),
        assets=None if assets is None else str(assets.resolve()),
        few=None if few is None else str(few.resolve()),
        unlabelled=None if unlabelled is None else str(unlabelled.resolve()),
    )
    folder = _claim(record, settings, name)
    return RunContext(folder, record, settings, listener=listener, auto_approve=auto_approve)


def _check_unlabelled(folder: Path) -> None:
    if next(find_photos([folder]), None) is None:
        raise FixArguments(f"--unlabelled {folder}: there is no picture in it")


def show_photos(folder: Path, few: Path, unlabelled: Path | None = None) -> None:
    """Give a run photos of its thing, to be learnt from in place of drawn ones.

    Args:
        folder: of a run whose work has not begun.
        few: photos of the thing, with labels or without.
        unlabelled: more photos, which join where that helps.

    Raises:
        FixArguments: there is no such folder of photos, or the run has begun its first round.
        StepFailed: all photos are of photos that judge.
    """
    record = read_record(folder)
    settings = Settings(runs_dir=folder.parent)
    few = photos_of(few, settings)
    if next(find_photos([few]), None) is None:
        raise FixArguments(f"--few {few}: there is no picture in it")
    if unlabelled is not None:
        unlabelled = photos_of(unlabelled, settings)
        _check_unlabelled(unlabelled)
    if record.rounds:
        data = {"request": record.request, "few": str(few)}
        raise FixArguments(f"{record.name} has begun with what it had; start a new run", Code.BEGUN, data)
    if record.real is not None:
        from tools.data.apart import check_apart

        check_apart(few, Path(record.real))
    record.few, record.approved = str(few.resolve()), False
    if unlabelled is not None:
        record.unlabelled = str(unlabelled.resolve())
    write_json(folder / "run.json", record.model_dump(mode="json"))


def open_run(
    folder: Path,
    *,
    listener: Listener | None = None,
    auto_approve: bool = False,
    llm: str | None = None,
    changes: dict[str, Any] | None = None,
) -> RunContext:
    """An existing run, with the settings it was started with, but for the chat model and `changes`.

    Raises:
        FixArguments: there is no run in that folder, or its record is damaged.
    """
    record = read_record(folder)
    asked = {"runs_dir": folder.parent} | ({"llm": llm} if llm else {}) | (changes or {})
    settings = Settings(**grouped(record.settings, asked))
    return RunContext(folder, record, settings, listener=listener, auto_approve=auto_approve)


def list_runs(runs_dir: Path) -> list[RunRecord]:
    """Readable runs, newest first; a run marked running whose process is gone is called stopped.

    Raises:
        FixArguments: the runs folder is a file.
    """
    if runs_dir.exists() and not runs_dir.is_dir():
        raise FixArguments(f"--runs-dir {runs_dir}: is a file, not a folder")
    records = []
    for path in runs_dir.glob("*/run.json"):
        if path.parent.name.startswith("."):  # being deleted
            continue
        try:
            record = read_record(path.parent)
        except FixArguments as error:
            log.warning("%s", error)
            continue
        if record.status == "running" and not is_locked(path.parent):
            record.status = "stopped"
        records.append(record)
    return sorted(records, key=lambda r: (r.created, r.name), reverse=True)


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """One process at a time works on a run.

    Raises:
        FixArguments: another process does.
    """
    refusal = FixArguments(f"run {folder.name} is being worked on by another process")
    with locked(folder / ".lock", LOCK_PATIENCE_S, refusal):
        (folder / ".worker").write_text(str(os.getpid()), encoding="ascii")  # whom a stop is sent to
        clear_leftovers(folder)
        yield


def is_locked(folder: Path) -> bool:
    """Whether a process works on the run now."""
    try:
        with locked(folder / ".lock", 0.0, BlockingIOError()):
            return False
    except OSError:
        return True


def _is_text(name: str) -> bool:
    """Whether a path's name is UTF-8; bytes that are not come as lone surrogates."""
    return not any("\ud800" <= c <= "\udfff" for c in name)


def _claim(record: RunRecord, settings: Settings, name: str | None) -> Path:
    """Put a new run's record in a folder of its own, both at once: a kill leaves a run that can be resumed, or none."""
    runs_dir = settings.runs_dir
    stem = name or slug(record.request)[:40].strip("-") or "run"
    new = beside(runs_dir / stem, "new")
    try:
        for old in filter(is_left_over, runs_dir.glob(".*.new")):
            shutil.rmtree(old, ignore_errors=True)
        new.mkdir(parents=True, exist_ok=True)
        for number in range(1, 10_000):
            folder = runs_dir / (stem if number == 1 else f"{stem}-{number}")
            if not os.path.lexists(folder) or _is_empty(folder):
                record.name = folder.name
                RunContext(new, record, settings).save()
                try:
                    new.rename(folder)
                    return folder
                except OSError as error:
                    if error.errno not in _TAKEN:
                        raise
            if name is not None:
                way_on = f"`sightsmith resume {name}` goes on with it, or " if (folder / "run.json").exists() else ""
                raise FixArguments(f"run {name!r} exists; {way_on}choose another --run")
    except OSError as error:
        raise StepFailed(explain_os_error(error, runs_dir)) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    raise FixArguments(f"{runs_dir} holds 10,000 runs named {stem}; name this one with --run")


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())
