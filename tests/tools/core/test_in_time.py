"""An answer that does not come is given up; one that comes is handed over, with what the caller had around it."""

import threading
from contextvars import ContextVar

import pytest

from tools.core.in_time import in_time

AROUND: ContextVar[str] = ContextVar("AROUND")


def test_what_is_answered_or_raised_in_time_is_handed_over():
    AROUND.set("here")
    assert in_time(AROUND.get, 600) == "here"
    with pytest.raises(ZeroDivisionError):
        in_time(lambda: 1 // 0, 600)


def test_what_takes_longer_is_given_up():
    never = threading.Event()
    with pytest.raises(TimeoutError):
        in_time(never.wait, 0.01)
    never.set()
