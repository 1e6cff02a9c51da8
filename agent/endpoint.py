"""The client of an OpenAI-compatible endpoint that bears servers which follow the protocol loosely.

Time-outs, retries and their pace are the client library's; here its tries are told, the length of an answer is limited
in tokens and in time, and what its parser would stumble over is put right before it looks.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import openai
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from agent.tool_calls import arguments_of, clean
from tools.core.in_time import WHOLE, in_time
from tools.core.secrecy import reveal
from tools.core.settings import Settings

log = logging.getLogger(__name__)
Told = Callable[[str], None]
_LIMIT_REFUSED = re.compile(r"max_(?:completion_)?tokens|maximum context|context length|context window", re.IGNORECASE)
_RETRY_HEADER = "x-stainless-retry-count"  # what the client library says of each try


class EndpointError(Exception):
    """The endpoint answered with an error in place of a message; says which."""


class EndpointChat(ChatOpenAI):
    """`ChatOpenAI`, with the answers of odd servers put right."""

    total_s: float  # for one answer with all its tries

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        """Ask, and give up on an answer that drips without an end: the client's time-out is of each piece of it."""
        return in_time(lambda: self._asked(messages, *args, **kwargs), self.total_s)

    def _asked(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        try:
            return super()._generate(messages, *args, **kwargs)
        except openai.BadRequestError as error:
            if not (self.max_tokens or self.extra_body) or not _LIMIT_REFUSED.search(str(error)):
                raise
            log.info("the endpoint takes no limit on the length of an answer; asking without")
            self.max_tokens, self.extra_body = None, None
            return super()._generate(messages, *args, **kwargs)

    def _create_chat_result(
        self, response: "dict[str, Any] | openai.BaseModel", generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        plain = response.model_dump(warnings=False) if isinstance(response, openai.BaseModel) else response
        if not isinstance(plain, dict):
            return super()._create_chat_result(plain, generation_info)
        return super()._create_chat_result(put_right(plain), generation_info)


def open_endpoint(model: str, settings: Settings, key: str, told: Told | None = None) -> EndpointChat:
    """The client for a model.

    Args:
        model: its name at the endpoint.
        settings: address, time-out, tries and the length of an answer.
        key: for the endpoint.
        told: hears a sentence whenever the client has to try again.
    """
    tries = settings.llm.retries + 1

    def on_request(request: httpx.Request) -> None:
        again = int(request.headers.get(_RETRY_HEADER, 0))
        if again and told is not None:
            told(f"no answer of the language model yet: try {again + 1} of {tries}, {settings.llm.timeout_s:g} s")

    # The limit's old name is the one that servers of one's own know; api.openai.com takes only the new one.
    limit: dict[str, Any] = {"max_tokens": settings.llm.max_tokens}
    own: dict[str, Any] = {"extra_body": limit} if settings.openai.base_url else limit
    return EndpointChat(
        model=model,
        base_url=reveal(settings.openai.base_url),
        api_key=SecretStr(key),
        timeout=settings.llm.timeout_s,
        total_s=WHOLE * tries * settings.llm.timeout_s,
        max_retries=settings.llm.retries,
        temperature=0,
        http_client=openai.DefaultHttpxClient(event_hooks={"request": [on_request]}),
        **own,
    )


def put_right(response: Mapping[str, Any]) -> dict[str, Any]:
    """A chat completion in the shapes of the protocol.

    Args:
        response: as the endpoint sent it.

    Raises:
        EndpointError: it is an error.
        ValueError: it holds no message.
    """
    error = response.get("error")
    if error:
        raise EndpointError(str(error.get("message") or error) if isinstance(error, Mapping) else str(error))
    choices = response.get("choices")
    if "choices" not in response or not isinstance(choices, list) or not choices:
        raise ValueError("it holds no choices")
    said = [dict(c) for c in choices if isinstance(c, Mapping) and isinstance(c.get("message"), Mapping)]
    if not said:
        raise ValueError("it holds no message")
    for choice in said:
        choice["message"] = _message(clean(dict(choice["message"])))
    return dict(response) | {"choices": said, "usage": _counts(response.get("usage"))}


def _counts(said: Any) -> dict[str, Any] | None:
    """Counts of tokens without what is none, which the client adds up; and the cost, which some endpoints say."""
    if not isinstance(said, Mapping):
        return None
    details = {name: _counts(value) for name, value in said.items() if str(name).endswith("_details")}
    counts = {name: value for name, value in said.items() if isinstance(value, int) and name not in details}
    cost = said.get("cost")
    return counts | details | ({"cost": cost} if isinstance(cost, float) else {})


def _message(message: dict[str, Any]) -> dict[str, Any]:
    calls = message.get("tool_calls")
    legacy = message.get("function_call")
    put = {
        "role": "assistant",
        "content": message.get("content") or message.get("refusal") or "",
        "tool_calls": [_call(c) for c in calls if isinstance(c, Mapping)] if isinstance(calls, list) else None,
        "function_call": legacy if isinstance(legacy, Mapping) else None,
    }
    return message | put


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    function = function if isinstance(function, Mapping) else {}
    args, call_id = arguments_of(function.get("arguments")), call.get("id")
    return {
        "id": None if call_id in (None, "") else str(call_id),
        "type": "function",
        "function": {"name": str(function.get("name") or ""), "arguments": json.dumps(args)},
    }
