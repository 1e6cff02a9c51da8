"""What a person says while a run works: a small file in the run's folder that the agent reads between two steps.

Whoever shows the run (the page, a command, another program) appends a letter; the agent takes it into the conversation
before its next decision. A letter that came too late for the round in hand is heard in the next turn.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from tools.core.errors import FixArguments, StepFailed
from tools.core.files import explain_os_error

MAILBOX = "mailbox.jsonl"
MAX_CHARS = 2000  # of a letter: a wish, no document
MAX_UNHEARD = 20  # letters that wait at once; more would be no conversation
_ID = re.compile(r"letter-[0-9a-f]{12}")


@dataclass(frozen=True)
class Letter:
    """One word of a person."""

    id: str
    text: str
    time: str


def leave(folder: Path, text: str) -> Letter:
    """Leave a word for the agent that works on a run.

    Args:
        folder: of the run.
        text: what the person says, at most `MAX_CHARS`.

    Raises:
        FixArguments: it is empty or too long, or the agent has not heard so many letters yet.
        StepFailed: the folder cannot be written.
    """
    text = text.strip()
    if not text:
        raise FixArguments("the message is empty")
    if len(text) > MAX_CHARS:
        raise FixArguments(f"the message has {len(text)} characters, and at most {MAX_CHARS} are read; say it shorter")
    letter = Letter(f"letter-{uuid4().hex[:12]}", text, datetime.now(UTC).isoformat(timespec="milliseconds"))
    try:
        # One write of one line to a file opened for appending: two who write at once do not mix.
        with (folder / MAILBOX).open("a", encoding="utf-8") as file:
            file.write(json.dumps(vars(letter), ensure_ascii=False) + "\n")
    except OSError as error:
        raise StepFailed(explain_os_error(error, folder)) from error
    return letter


def letters(folder: Path, heard: Collection[str] = ()) -> list[Letter]:
    """The letters of a run that have not been heard, oldest first; none where there is no mailbox.

    Args:
        folder: of the run.
        heard: ids of those that the conversation holds already.
    """
    try:
        lines = (folder / MAILBOX).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            written = json.loads(line)
            letter = Letter(str(written["id"]), str(written["text"])[:MAX_CHARS], str(written["time"]))
        except (ValueError, KeyError, TypeError):  # cut by a kill, or not ours
            continue
        if _ID.fullmatch(letter.id) and letter.id not in heard:
            found.append(letter)
    return found[-MAX_UNHEARD:]
