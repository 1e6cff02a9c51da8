"""Work as a count that is the same on every machine: calls of functions, steps of SQLite."""

import sqlite3
import sys
from collections.abc import Callable
from typing import Any

import pytest

STEPS_AT_ONCE = 20


def calls(do: Callable[[], object]) -> int:
    """How many functions are called, Python's and C's, while `do` runs in this thread."""
    count = 0

    def look(_frame: object, event: str, _about: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        do()
    finally:
        sys.setprofile(before)
    return count


class QuerySteps:
    """Counts the instructions of SQLite's machine in every connection that is opened from now on, to the nearest 20.

    How often it goes over rows, whatever the machine: a scan of n rows takes a multiple of n, a look-up hardly any.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        connect = sqlite3.connect

        def counted(*given: Any, **named: Any) -> sqlite3.Connection:
            opened = connect(*given, **named)
            opened.set_progress_handler(self._add, STEPS_AT_ONCE)
            return opened

        monkeypatch.setattr(sqlite3, "connect", counted)

    def of(self, do: Callable[[], object]) -> int:
        """Those of one piece of work."""
        before = self.count
        do()
        return self.count - before

    def _add(self) -> int:
        self.count += STEPS_AT_ONCE
        return 0
