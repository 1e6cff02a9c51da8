"""What a run is called on the page: its things and their place, or the name that the person gave it."""

from datetime import datetime
from pathlib import Path

from tools.core.files import write_text
from tools.runs.runtime import RunRecord
from ui import plain_words, session
from ui.session import t
from ui.texts import EN

FILE = "title.txt"  # beside the record, which a worker may be writing
MOST_CHARS = 80
_NAMED = 3


def title_of(folder: Path, record: RunRecord) -> str:
    """The name that was given, else one made of the task, else the request."""
    own = given(folder)
    if own:
        return own
    if record.task is None:
        request = " ".join(record.request.split())
        return request if len(request) <= MOST_CHARS else f"{request[: MOST_CHARS - 1]}…"
    names = [plain_words.several(n, 2) for n in record.task.class_names]
    if len(names) > _NAMED:
        names = [*names[:_NAMED], t("title_more", count=len(names) - _NAMED)]
    things = t("comma").join(names[:-1]) + t("title_and") + names[-1] if len(names) > 1 else names[0]
    places = [c for c in record.task.contexts if f"slice_context_{c}" in EN]
    where = plain_words.where(f"context={places[0]}") if len(places) == 1 else ""
    title = t("title_at", things=things, where=where) if where else things
    return title[:1].upper() + title[1:]


def given(folder: Path) -> str:
    """The name that the person gave; empty where none was."""
    try:
        return (folder / FILE).read_text(encoding="utf-8").strip()[:MOST_CHARS]
    except (OSError, UnicodeDecodeError):
        return ""


def rename(folder: Path, title: str) -> None:
    """Give a run a name; an empty one takes it back.

    Raises:
        OSError: the disk is full or read-only.
    """
    write_text(folder / FILE, " ".join(title.split())[:MOST_CHARS] + "\n")


def when(record: RunRecord) -> str:
    """Day and time at which it began, on this machine's clock."""
    try:
        began = datetime.fromisoformat(record.created).astimezone()
    except ValueError:
        return record.created[:16]
    return began.strftime("%Y-%m-%d %H:%M")


def fits(record: RunRecord, wanted: str) -> bool:
    """Whether a run is among those that a search means: every word of it is in its titles, request or classes."""
    folder = session.runs_dir() / record.name
    classes = " ".join(record.task.class_names) if record.task else ""
    text = f"{title_of(folder, record)} {record.request} {record.name} {classes}".casefold()
    return all(word in text for word in wanted.casefold().split())
