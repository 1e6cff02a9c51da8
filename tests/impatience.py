"""A client gives up on a service at the moment in which it falls silent, and on nothing else, however slow the machine.

A short time limit would do the same on a free machine; on a busy one it also cuts off good answers.
"""

import importlib
import itertools
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import openai
import pytest

NUMBER = "X-Number"  # header by which a service says which request it leaves without an answer


def give_up_on_silence(monkeypatch: pytest.MonkeyPatch, silent: set[str]) -> list[float]:
    """Let OpenAI's clients time out on requests whose number is in `silent`.

    Returns:
        The time limit in seconds that each request was sent with, as they are sent.
    """
    library = importlib.import_module(openai.DefaultHttpxClient.__base__.__module__.split(".")[0])  # httpx or httpx2
    send, numbers = library.HTTPTransport.handle_request, itertools.count(1)
    limits: list[float] = []
    pool = ThreadPoolExecutor(32, "request")

    def handle_request(transport: Any, request: Any) -> Any:
        number = request.headers[NUMBER] = str(next(numbers))
        limits.append(request.extensions["timeout"]["read"])
        answer = pool.submit(send, transport, request)
        while not wait([answer], 0.01).done:
            if number in silent:
                raise library.ReadTimeout("it is silent", request=request)
        return answer.result()

    monkeypatch.setattr(library.HTTPTransport, "handle_request", handle_request)
    return limits
