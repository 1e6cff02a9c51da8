"""Calls of tools as models and servers really write them: taken where the meaning is plain, else marked for a refusal.

Pure functions on one answer. Nothing is guessed: arguments that were cut off or are no object stay unreadable, and the
model is told so.
"""

import ast
import json
import re
from collections.abc import Collection, Mapping
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage, ToolCall

# The only argument of a call whose arguments cannot be read: what was written in their place.
UNREADABLE = "unreadable"
_MAX_ENCODED = 3  # JSON in a string in a string
_MAX_ID_CHARS = 64  # endpoints that check ids take no longer ones back
_MAX_TEXT_CHARS = 20_000  # of an answer in words, searched for calls
_MAX_BITS = 63  # of a whole number that the store of conversations holds
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
# How servers mark a call that they did not parse: Hermes and Qwen, DeepSeek, Mistral, Llama.
_MARK = re.compile(r"<tool_call>|<[｜|]tool[▁_]call|\[TOOL_CALLS\]|<\|python_tag\|>|<function=")
_FENCE = re.compile(r"```(?:json|tool_call|tool_code)?\s*(?=[{\[])")
_NAMED_BEFORE = re.compile(r"(?:tool[▁_]sep[｜|]>\s*|<function=)([\w.\-]+)>?\s*(?:```(?:json)?)?\s*")
_PARAMETER = re.compile(r"<parameter=([\w\-]+)>\s*(.*?)\s*</parameter>", re.DOTALL)


def plain_calls(answer: AIMessage, tools: Mapping[str, Mapping[str, Any]]) -> AIMessage:
    """The answer with every call as a name, a dictionary of arguments and an id of its own.

    Args:
        answer: of any chat model.
        tools: name -> JSON schema of its parameters.
    """
    content, legacy = clean(answer.content), answer.additional_kwargs.get("function_call")
    written: list[tuple[Any, Any, Any]] = [(c["name"], c["args"], c["id"]) for c in answer.tool_calls]
    written += [(c["name"], c["args"], c["id"]) for c in answer.invalid_tool_calls]
    if not written and isinstance(legacy, Mapping):
        written = [(legacy.get("name"), legacy.get("arguments"), None)]
    if not written:
        written = [(name, args, None) for name, args in calls_in_text(_in_words(answer), tools)]
        content = "" if written else content
    if isinstance(content, str):
        content = _THOUGHT.sub("", content).strip()
    calls: list[ToolCall] = []
    for name, args, given_id in written:
        named = tool_named(name, tools)
        fitted = fit(arguments_of(args), tools.get(named, {}))
        calls.append(ToolCall(name=named, args=fitted, id=_own_id(given_id, calls), type="tool_call"))
    kept = {k: v for k, v in answer.additional_kwargs.items() if k not in ("function_call", "tool_calls")}
    return answer.model_copy(
        update={"content": content, "tool_calls": calls, "invalid_tool_calls": [], "additional_kwargs": clean(kept)}
    )


def looks_like_a_call(text: str) -> bool:
    """Whether an answer in words holds the marks of a call that could not be read."""
    return _MARK.search(text) is not None


def clean(value: Any) -> Any:
    """The value as it can be stored and sent on: no control characters, no half surrogates, huge numbers as text."""
    if isinstance(value, str):
        whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return _CONTROL.sub("\ufffd", whole.replace("\r\n", "\n"))
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return str(value)
    if isinstance(value, Mapping):
        return {clean(k): clean(v) for k, v in value.items()}
    return [clean(v) for v in value] if isinstance(value, list) else value


def tool_named(name: Any, tools: Collection[str]) -> str:
    """The tool that a name means: "functions.define_task" and " Define_Task" are define_task."""
    written = str(name or "").strip()
    if written in tools:
        return written
    by_lower = {tool.casefold(): tool for tool in tools}
    parts = re.split(r"[.:/\s()]+", written.casefold())
    return next((by_lower[p] for p in reversed(parts) if p in by_lower), clean(written) or "unnamed")


# Arguments ------------------------------------------------------------------------------------------------------------


def arguments_of(written: Any) -> dict[str, Any]:
    """The arguments of a call as a dictionary; `{UNREADABLE: text}` where they are no object or were cut off.

    Args:
        written: JSON, or what stands for it: an object, JSON in a string, a fenced block, Python's notation, nothing.
    """
    value = written
    for _ in range(_MAX_ENCODED):
        if not isinstance(value, str):
            break
        value = _parsed(value)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None or value in ("", []):
        return {}
    if isinstance(value, Mapping):
        return dict(clean(value))
    shown = written if isinstance(written, str) else json.dumps(written, default=str)
    return {UNREADABLE: clean(shown)[:300]}


def _parsed(text: str) -> Any:
    """JSON as it was meant; a bare number or word for what is none, which is no object either."""
    text = text.strip()
    try:
        return json.loads(text, strict=False) if text else None
    except (ValueError, RecursionError):
        pass
    start, end = text.find("{"), text.rfind("}") + 1
    if start < 0 or end <= start:
        return False
    try:
        return json.JSONDecoder(strict=False).raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        pass
    inner = text[start:end]
    try:
        return json.loads(json.dumps(ast.literal_eval(inner)))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        pass
    if inner.count("{") != inner.count("}") or inner.count("[") != inner.count("]"):
        return False  # cut off: what is missing cannot be known
    import json_repair

    return json_repair.loads(inner)


def fit(args: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments in the shapes that a tool takes, where that leaves their meaning alone.

    Null and "" for an optional argument are as good as leaving it out, one text where a list is wanted is a list of
    one, JSON in a string is what it says, "Segment" is segment.

    Args:
        args: as the model wrote them.
        parameters: the tool's JSON schema.
    """
    shapes, required = parameters.get("properties", {}), parameters.get("required", ())
    fitted = {}
    for name, value in args.items():
        if name in shapes and name not in required and (value is None or value == ""):
            continue
        fitted[name] = _fit_one(value, shapes[name]) if name in shapes else value
    return fitted


def _fit_one(value: Any, shape: Mapping[str, Any]) -> Any:
    variants = shape.get("anyOf", [shape])
    types = {v.get("type") for v in variants}
    if isinstance(value, str):
        words = [word for v in variants for word in v.get("enum", ())]
        value = next((w for w in words if str(w).casefold() == value.strip().casefold()), value)
        if "string" not in types and types & {"array", "object"}:
            inner = _parsed(value) if value.lstrip().startswith(("{", "[")) else None
            value = inner if isinstance(inner, list | dict) else value
    if "array" in types and isinstance(value, str | dict):
        value = [value]
    return [v for v in value if v != ""] if isinstance(value, list) else value


# Calls in words -------------------------------------------------------------------------------------------------------


def calls_in_text(text: str, tools: Collection[str]) -> list[tuple[str, Any]]:
    """Calls that a server handed over as text: (tool, arguments as written), in order; only tools that there are.

    Args:
        text: the whole answer. An object in the middle of a sentence is no call; one that is marked, fenced or stands
            alone is.
        tools: their names.
    """
    text = text.strip()[:_MAX_TEXT_CHARS]
    if not (looks_like_a_call(text) or _FENCE.search(text) or text.startswith(("{", "["))):
        return []
    found: list[tuple[str, Any]] = []
    for match in _NAMED_BEFORE.finditer(text):
        value, _ = _object_at(text, match.end())
        block = text[match.end() :].split("</function>")[0]
        args = value if isinstance(value, dict) else dict(_PARAMETER.findall(block))
        found.append((match[1], args))
    if not found:
        at = 0
        while (at := text.find("{", at)) >= 0:
            value, at = _object_at(text, at)
            found += _calls_of(value)
    return [(named, args) for name, args in found if (named := tool_named(name, tools)) in tools]


def _object_at(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that begins there and where it ends; None, and the next place, where there is none."""
    try:
        return json.JSONDecoder(strict=False).raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, at + 1


def _calls_of(value: Any) -> list[tuple[str, Any]]:
    """{"name": ..., "arguments": {...}} in its variants, also in {"tool_calls": [...]}."""
    if not isinstance(value, dict):
        return []
    for key in ("tool_calls", "function", "tool_call"):
        inner = value.get(key)
        if isinstance(inner, dict | list):
            return [call for one in (inner if isinstance(inner, list) else [inner]) for call in _calls_of(one)]
    name = next((value[k] for k in ("name", "function", "tool", "tool_name") if isinstance(value.get(k), str)), None)
    args = next((value[k] for k in ("arguments", "parameters", "args", "input") if k in value), None)
    return [(name, args)] if name and isinstance(args, dict | str) else []


def _in_words(answer: AIMessage) -> str:
    return _THOUGHT.sub("", str(clean(answer.text)))


def _own_id(given: Any, others: list[ToolCall]) -> str:
    """The id that a call came with, or a new one where it has none, or another call of the answer has it."""
    usable = str(clean(str(given))) if given not in (None, "") else ""
    taken = {call["id"] for call in others}
    return usable if usable and len(usable) <= _MAX_ID_CHARS and usable not in taken else f"call_{uuid4().hex[:12]}"
