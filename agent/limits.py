"""When a chat model comes to nothing: what it is told once more, and the sentence with which a run ends at last.

What the model is told and what the person reads are two texts: "call the next tool" is no help to a person.
"""

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

from agent.conversation import step_of
from agent.more import FOLLOWUP, MORE, RESUMED
from agent.spending import APPROVED, MONEY
from agent.tool_calls import UNREADABLE, looks_like_a_call
from tools.core.errors import Code, StepFailed
from tools.runs.runtime import RunContext

_SAID_CHARS = 200  # of a model's words, in a sentence about it
GiveUp = Callable[[str], StepFailed]


class Missing(NamedTuple):
    """What is wrong with an answer that calls no tool."""

    ask: str  # for the model: what it should do
    told: str  # for the person: what the model does, after "the language model"


_EMPTY = Missing(
    "Your last answer was empty. Call the next tool, or finish with a short summary in plain words.",
    "gives empty answers",
)
_CUT = Missing(
    "Your last answer was cut off before it came to a call. Think less, and call the next tool.",
    "is cut off, at the length that SIGHTSMITH_LLM_MAX_TOKENS allows, before it comes to a call",
)
_TEXT = Missing(
    "Your last answer holds a call as text that cannot be read. Call the tool, or finish in plain words.",
    "writes its calls as text that cannot be read",
)
_TALK = Missing(
    "No model is trained and measured yet. Call the next tool, or ask_user if something is unclear.",
    "only talks, and nothing is trained and measured yet",
)


def giving_up(offline: bool) -> GiveUp:
    """What ends a run whose model comes to nothing, of a sentence on why; the way out follows from its code."""
    return lambda why: StepFailed(why) if offline else StepFailed(why, Code.WITHOUT_MODEL, {"check": "model"})


def guard(messages: Sequence[AnyMessage], calls: int, run: RunContext, give_up: GiveUp) -> None:
    """Stop a model that loops. What was before a person's word to go on does not count, nor what a person answered.

    Args:
        messages: the conversation.
        calls: of the model, since the person's word.
        run: its settings say how much is too much.
        give_up: makes what is raised of a sentence.

    Raises:
        StepFailed: too many calls, the same call again and again, or nothing but refused calls.
    """
    settings = run.settings
    if calls >= settings.llm.max_calls:
        raise give_up(f"the model made {calls} calls without an end.")
    messages = messages[_last_word(messages) + 1 :]
    by_person = {m.tool_call_id for m in messages if isinstance(m, ToolMessage) and _by_person(m)}
    asked = [str(m.id) if any(c["id"] in by_person for c in m.tool_calls) else _as_text(m)
             for m in messages if isinstance(m, AIMessage) and m.tool_calls]  # fmt: skip
    last = asked[-settings.llm.max_repeats :]
    if len(last) == settings.llm.max_repeats and len(set(last)) == 1:
        raise give_up(f"the model made the same call {len(last)} times in a row: {_short(last[0])}.")
    answers = [m for m in messages if isinstance(m, ToolMessage)][-settings.llm.max_errors :]
    refused = [m for m in answers if m.status == "error" and m.tool_call_id not in by_person]
    if len(refused) == settings.llm.max_errors:
        raise give_up(f"{len(answers)} calls in a row were refused, the last: {_short(answers[-1].text)}.")


def check_minutes(calls: int, run: RunContext, give_up: GiveUp) -> None:
    """Stop a model that has settled nothing in all of the user's minutes; from then on the steps keep to them.

    Raises:
        StepFailed: the minutes are over.
    """
    record, minutes = run.record, run.record.options.get("minutes")
    begun = record.task is not None or record.labelled is not None
    if calls and minutes and not begun and run.elapsed_s() > minutes * 60:
        raise give_up(f"the {minutes:g} minutes are over, and after {calls} answers of the model no task is settled.")


def check_money(run: RunContext, give_up: GiveUp) -> None:
    """Stop when the language model and the services together have cost more than the person allowed.

    Without a limit above 0 the person named none for the language model: it costs what its key and price say.

    Raises:
        StepFailed: the money is spent.
    """
    record = run.record
    budget = record.task.budget.money if record.task else 0.0  # more than was given at first where more was approved
    limit = max(record.options.get("money") or 0.0, budget, record.totals.get(APPROVED, 0.0))
    spent, asked = record.totals.get("money", 0.0), record.totals.get(MONEY, 0.0)
    if limit and asked and spent + asked >= limit:
        rest = f" and pictures ${spent:.2f}" if spent else ""
        raise give_up(f"the ${limit:g} allowed are spent: the language model has cost ${asked:.2f}{rest}.")


def missing_in(messages: Sequence[AnyMessage], answer: AIMessage, run: RunContext) -> Missing | None:
    """What is still missing when the model stops calling tools; None when it may end."""
    if not answer.text.strip():
        return _CUT if answer.response_metadata.get("finish_reason") == "length" else _EMPTY
    if looks_like_a_call(answer.text):
        return _TEXT
    last_result = next((m for m in reversed(messages) if isinstance(m, ToolMessage)), None)
    gave_reason = last_result is not None and step_of(last_result, last_result.name or "", {}).failed
    if run.record.best is None and run.record.labelled is None and not gave_reason:
        return _TALK
    return None


def no_call(messages: Sequence[AnyMessage], answer: AIMessage, missing: Missing, answers: int) -> str:
    """Why a run ends at an answer without a call: what the model does, how often in a row, what it said.

    Args:
        messages: the conversation before the answer.
        answer: the last.
        missing: what is wrong with it.
        answers: how many in a row called no tool.
    """
    said = f" It said: “{_short(answer.text)}”." if answer.text.strip() else ""
    never = not any(isinstance(m, AIMessage) and m.tool_calls for m in messages)
    why = " It may be one that cannot call tools." if never else ""
    times = f"{answers} answers in a row" if answers > 1 else "its answer"
    return f"the language model {missing.told}: {times} called no tool.{said}{why}"


def _by_person(message: ToolMessage) -> bool:
    step = step_of(message, message.name or "", {})
    return step.answer is not None or step.code in (Code.WISH, Code.SAME_AGAIN)


def _last_word(messages: Sequence[AnyMessage]) -> int:
    """Index of the person's last word to go on, or that began a turn; -1 when there is none."""
    return max((i for i, m in enumerate(messages) if m.name in (MORE, RESUMED, FOLLOWUP)), default=-1)


def _as_text(message: AIMessage) -> str:
    """The calls of an answer in words; the same calls are the same text."""
    return ", ".join(
        f"{c['name']} with arguments that cannot be read: {c['args'][UNREADABLE]}"
        if UNREADABLE in c["args"] else f"{c['name']} {json.dumps(c['args'], sort_keys=True, ensure_ascii=False)}"
        for c in message.tool_calls
    )  # fmt: skip


def _short(text: str) -> str:
    """Text of others on one line, of a bounded length, without the stop at its end."""
    line = " ".join(text.split())
    return (f"{line[:_SAID_CHARS].rstrip()} …" if len(line) > _SAID_CHARS else line).rstrip(".")
