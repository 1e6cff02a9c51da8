"""Wait for what other threads and processes do: minutes long, for only a hang may end a wait, and it is named then."""

import time
from collections.abc import Callable
from typing import TypeVar

LONG_S = 600.0  # what takes a second on a free machine may take a minute on a core that three others share
Found = TypeVar("Found")


def wait_until(true: Callable[[], Found], what: str | Callable[[], object]) -> Found:
    """What `true` returns once it is truthy.

    Args:
        true: looked at again and again.
        what: should come true, for the message; or a function that tells how things stand.

    Raises:
        AssertionError: it did not come true in ten minutes.
    """
    deadline = time.monotonic() + LONG_S
    while not (found := true()):
        assert time.monotonic() < deadline, f"not so after {LONG_S:g} s: {what() if callable(what) else what}"
        time.sleep(0.02)
    return found
