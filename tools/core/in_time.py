"""Wait for a service no longer than is said, however its answer comes."""

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

Answer = TypeVar("Answer")
# Times the time-out of a request: clients apply theirs to each piece of an answer, and a server that sends blanks while
# it thinks is in order for a while.
WHOLE = 2


def in_time(ask: Callable[[], Answer], seconds: float) -> Answer:
    """What a call returns or raises, given up after some seconds; it then goes on unheard in a thread of its own.

    Args:
        ask: asks a service; runs with the context variables of the caller.
        seconds: from which on it is given up.

    Raises:
        TimeoutError: it took longer.
    """
    answer: Future[Answer] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:
            answer.set_exception(error)

    Thread(target=copy_context().run, args=(run,), daemon=True).start()
    return answer.result(seconds)
