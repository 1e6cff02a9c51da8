"""The chat model that the settings name: an OpenAI-compatible endpoint or the offline planner; its errors in words."""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from langchain_core.language_models import BaseChatModel

from tools.core.errors import Code, FixArguments, StepFailed
from tools.core.secrecy import redact, reveal, shown
from tools.core.settings import Settings

log = logging.getLogger(__name__)
OFFLINE = "offline"
# What a client sends when a server of one's own asks for no key.
_NO_KEY = "not-needed"
_LIST_TIMEOUT_S = 10.0
_NO_TOOLS = re.compile(r"(?i)support(?:s|ing)? (?:for )?(?:tools|function)|tool[ -]choice|tool-call-parser|--jinja")


class ChatModelChoice(NamedTuple):
    """A chat model and why it is taken."""

    name: str  # "offline", or the name of a model; empty: the server is asked what it serves
    why: str


def choose(settings: Settings) -> ChatModelChoice:
    """Which chat model the settings mean, and a sentence that says why. Nothing is loaded or called."""
    url = reveal(settings.openai.base_url)
    where = f"at {shown(url)}" if url else "at api.openai.com"
    if settings.llm.name == OFFLINE:
        return ChatModelChoice(OFFLINE, "offline planner: the settings name it")
    if settings.llm.name != "auto":
        return ChatModelChoice(settings.llm.name, f"language model {settings.llm.name} {where}: the settings name it")
    if settings.profile == "offline":
        return ChatModelChoice(OFFLINE, "offline planner: the profile is offline")
    if not has_endpoint(settings):
        return ChatModelChoice(OFFLINE, "offline planner: neither OPENAI_API_KEY nor OPENAI_BASE_URL is set")
    variable = "OPENAI_BASE_URL" if settings.openai.base_url else "OPENAI_API_KEY"
    name = settings.openai.model or ("" if settings.openai.base_url else settings.llm.openai_default)
    return ChatModelChoice(name, f"language model {name or '(the first one served)'} {where}: {variable} is set")


def has_endpoint(settings: Settings) -> bool:
    """Whether a key or an address of an endpoint is at hand."""
    return bool(reveal(settings.openai.base_url) or reveal(settings.openai.api_key))


def chat_model(
    settings: Settings,
    *,
    folder: Path | None = None,
    assets: str | Path | None = None,
    told: Callable[[str], None] | None = None,
) -> BaseChatModel:
    """The chat model of a run.

    Args:
        settings: `llm` names it; key and address come from the environment.
        folder: the run's folder, whose taught objects the offline planner knows.
        assets: the user's folder of models, whose names it knows too.
        told: hears a sentence whenever an endpoint has to be asked once more.

    Raises:
        StepFailed: the endpoint has no key, serves no model, or the assets cannot be read.
    """
    choice = choose(settings)
    log.info("%s", choice.why)
    if choice.name == OFFLINE:
        return _planner(settings, folder, assets)
    if not has_endpoint(settings):
        raise _at_fault(f"the language model {choice.name} needs a key, or the address of a server of your own", "key")
    from agent.endpoint import open_endpoint

    key = reveal(settings.openai.api_key) or _NO_KEY
    return open_endpoint(choice.name or served_model(settings), settings, key, told)


def served_model(settings: Settings) -> str:
    """The first model that the server lists.

    Raises:
        StepFailed: it cannot be reached or lists none.
    """
    import openai

    client = openai.OpenAI(
        base_url=reveal(settings.openai.base_url), api_key=reveal(settings.openai.api_key) or _NO_KEY,
        timeout=_LIST_TIMEOUT_S, max_retries=1,
    )  # fmt: skip
    try:
        names = [m.id for m in client.models.list().data or []]
    except Exception as error:
        raise failure(error) from error
    if not names:
        raise _at_fault("the server lists no model; load one there, or name it", "model")
    return names[0]


def _planner(settings: Settings, folder: Path | None, assets: str | Path | None) -> BaseChatModel:
    from agent.planner import OfflinePlanner
    from tools.generators.blender.library import Library
    from tools.generators.copy_paste.cutouts import CutoutFolder

    try:
        if settings.generation.generator == "copy_paste" and settings.copy_paste.cutouts_dir is not None:
            return OfflinePlanner(known=CutoutFolder(settings.copy_paste.cutouts_dir).find)
        library = Library.of_run(folder, Path(assets) if assets else None, settings) if folder else Library()
    except FixArguments as error:
        raise StepFailed(str(error)) from error
    return OfflinePlanner(known=library.find)


# Errors ---------------------------------------------------------------------------------------------------------------


# What a person may put right; the last: nothing but to try again later.
_Check = Literal["key", "address", "model", "time", "later"]


def failure(error: BaseException) -> StepFailed:
    """What went wrong with the language model, of what its client raised; no key, no password."""
    return _at_fault(*_cause(error))


def _at_fault(said: str, check: _Check) -> StepFailed:
    return StepFailed(said, Code.WITHOUT_MODEL, {"check": check})


def _cause(error: BaseException) -> tuple[str, _Check]:
    import openai

    from agent.endpoint import EndpointError

    detail = _detail(error)
    if isinstance(error, openai.APIStatusError | EndpointError) and _NO_TOOLS.search(detail):
        return (
            f"the server lets this model call no tools: {detail}. Turn tool calling on (vLLM: "
            "--enable-auto-tool-choice --tool-call-parser NAME; llama.cpp: --jinja), or take a model that has it"
        ), "model"
    match error:
        case EndpointError():
            return f"the endpoint answered with an error: {detail}", "later"
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return f"the endpoint refused the key ({error.status_code}): {detail}", "key"
        case openai.NotFoundError():
            return f"the endpoint knows no such model or address (404): {detail}", "model"
        case openai.RateLimitError():
            return f"the endpoint takes no more requests for now (429): {detail}. Wait, or raise the quota", "later"
        case openai.BadRequestError() | openai.UnprocessableEntityError():
            return (
                f"the endpoint refused the request ({error.status_code}): {detail}. The model may not support tools or "
                "may be too small"
            ), "model"
        case openai.InternalServerError():
            return f"the endpoint failed ({error.status_code}): {detail}", "later"
        case openai.APIStatusError():
            return f"the endpoint answered {error.status_code}: {detail}", "later"
        case openai.APITimeoutError() | TimeoutError():
            return "the language model did not answer in time", "time"
        case openai.APIConnectionError() | ConnectionError():
            return _connection_cause(error)
    kind = type(error).__name__
    return f"the endpoint's answer could not be read ({kind}: {detail}). Is it an OpenAI-compatible server?", "address"


def _connection_cause(error: BaseException) -> tuple[str, _Check]:
    causes: list[str] = []
    inner: BaseException | None = error
    while inner is not None and len(causes) < 6:
        causes.append(f"{type(inner).__name__} {inner}")
        inner = inner.__cause__ or inner.__context__
    chain = " ".join(causes)
    if "RemoteProtocol" in chain or "ReadError" in chain or "incomplete" in chain:
        return "the language model's answer was cut off half-way", "later"
    if "refused" in chain.lower():
        return "nothing answers at the language model's address (connection refused); start the server", "address"
    return "the language model cannot be reached; check the network", "address"


def _detail(error: BaseException) -> str:
    """What the endpoint said, on one line, short and without secrets."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else None
    text = inner.get("message") if isinstance(inner, dict) else inner if isinstance(inner, str) else None
    return redact(re.sub(r"\s+", " ", str(text or error)).strip())[:200].rstrip(".")
