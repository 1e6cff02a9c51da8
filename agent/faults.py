"""Where the traceback of a fault that nobody foresaw is kept: never in the terminal, always in a file that is named."""

import json
import logging
import os
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)
_MOST_CHARS = 8000


def keep_traceback(error: BaseException, folder: Path | None) -> str:
    """Write a traceback to a run's events, or beside the system's temporary files where that cannot be.

    Args:
        error: the fault.
        folder: of the run; None where the fault belongs to none.

    Returns:
        A clause that says where it is.
    """
    text = "".join(traceback.format_exception(error))[-_MOST_CHARS:]
    log.debug("%s", text)
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"time": moment, "kind": "traceback", "text": text}) + "\n"
    places = [Path(tempfile.gettempdir()) / f"sightsmith-fault-{os.getpid()}.log"]
    if folder is not None:
        places.insert(0, folder / "events.jsonl")
    for path, content in zip(places, [line, text][-len(places) :], strict=True):
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(content)
            return f"its traceback is in {path}"
        except OSError as problem:
            log.debug("%s: %s", path, problem)
    return "its traceback could not be kept, for no disk takes it"
