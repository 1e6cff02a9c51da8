"""A new turn of a run that had come to its end, as the offline planner goes through it."""

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from agent.conversation import ROUND
from agent.extend import EXTEND
from agent.more import FOLLOWUP
from agent.planner import EXPORTS, OfflinePlanner
from tests.agent.objects import known
from tests.agent.test_planner import TOOLS, make_tool, tool_message
from tools.core.answers import as_wish
from tools.core.errors import SightsmithError, StepFailed

BOUND = [
    *TOOLS,
    make_tool(EXTEND, "rounds", "pictures", "focus", "notes", "reply"),
    make_tool("label_photos", "photos"),
]
DIAGNOSIS = {
    "done": "diagnosed",
    "aim": ["light=sun", "class=pear", "lookalike=peach"],
    "next": "stop: budget",
    "stop": "b",
}


def ended(*names: str) -> list[BaseMessage]:
    """The conversation of a run that has come to its end."""
    messages: list[BaseMessage] = [HumanMessage("segment apples and pears", id="request")]
    for number, name in enumerate(["define_task", *ROUND, *EXPORTS]):
        classes = [{"name": n} for n in ("apple", "pear")]
        add(messages, name, {"classes": classes, "kind": "segment"} if name == "define_task" else {}, f"first-{number}")
    messages.append(AIMessage("There is a model."))
    return messages


def add(
    messages: list[BaseMessage],
    name: str,
    args: dict[str, Any],
    identity: str,
    said: str | SightsmithError | None = None,
) -> None:
    messages.append(AIMessage("", tool_calls=[{"name": name, "args": args, "id": identity, "type": "tool_call"}]))
    reports: dict[str, dict[str, Any]] = {
        "define_task": {"done": "settled", "classes": ["apple", "pear"], "rounds": 1},
        "diagnose_model": DIAGNOSIS,
        EXTEND: {"done": "approved", "more_rounds": args.get("rounds", 1), "focus": args.get("focus", [])},
    }
    said = said if said is not None else json.dumps(reports.get(name, {"done": name}))
    messages.append(tool_message(said, identity, name))


def goes_on(
    messages: list[BaseMessage], answers: list[Any] | None = None
) -> tuple[list[tuple[str, dict[str, Any]]], str]:
    """What the planner calls in this turn, and its last words; answers are those of `extend_run`, in order."""
    planner = OfflinePlanner(known=known).bind_tools(BOUND)
    calls: list[tuple[str, dict[str, Any]]] = []
    for number in range(40):
        answer = planner.invoke(messages)
        if not answer.tool_calls:
            return calls, answer.text
        (called,) = answer.tool_calls
        calls.append((called["name"], called["args"]))
        text = answers.pop(0) if answers and called["name"] == EXTEND else None
        add(messages, called["name"], called["args"], f"next-{number}", text or None)
    raise AssertionError(f"no end: {calls[-3:]}")


def turn(said: str, answers: list[Any] | None = None) -> tuple[list[tuple[str, dict[str, Any]]], str]:
    return goes_on([*ended(), HumanMessage(said, name=FOLLOWUP)], answers)


def test_a_round_is_aimed_at_what_is_missed_and_exported_again():
    calls, last = turn("it misses green apples")
    assert [name for name, _ in calls] == [EXTEND, *ROUND, *EXPORTS]
    assert calls[0][1] == {"rounds": 1, "focus": ["appearance=green"]}
    # what the person names takes the turns, and what goes with every scene stays beside it
    assert calls[1][1] == {"focus": ["appearance=green", "class=pear", "lookalike=peach"]}
    assert last


def test_another_round_is_aimed_at_what_was_weak():
    calls, _ = turn("two more rounds")
    assert calls[0] == (EXTEND, {"rounds": 2})
    assert next(a for n, a in calls if n == "design_scenes") == {
        "focus": ["light=sun", "class=pear", "lookalike=peach"]
    }


def test_a_wish_about_the_plan_changes_it_and_a_refusal_ends_the_turn():
    refused = StepFailed("the plan was refused; nothing was spent and nothing was changed")
    calls, last = turn("it misses green apples", [as_wish("only 40 pictures, in the shade"), refused])
    assert calls[1][1] == {"rounds": 1, "focus": ["light=deep shade", "appearance=green"], "pictures": 40}
    assert len(calls) == 2 and "nothing was changed" in last


def test_a_question_about_the_plan_is_answered_with_it():
    calls, _ = turn("another round", [as_wish("what does that cost?"), ""])
    assert "money" in calls[1][1]["reply"] and calls[1][1]["rounds"] == 1


@pytest.mark.parametrize(("said", "name"), [("export for a phone", "export_model"), ("导出到手机", "export_model")])
def test_a_step_that_is_asked_for_is_made_once(said, name):
    calls, last = turn(said)
    assert [n for n, _ in calls] == [name] and last


def test_a_turn_after_a_turn_begins_anew():
    messages = [*ended(), HumanMessage("it misses green apples", name=FOLLOWUP)]
    goes_on(messages)
    messages += [AIMessage("Done."), HumanMessage("another round", name=FOLLOWUP)]
    calls, _ = goes_on(messages)
    assert [n for n, _ in calls] == [EXTEND, *ROUND, *EXPORTS]
    assert "appearance=green" not in calls[1][1]["focus"]


def test_photos_are_labelled_with_this_model():
    calls, _ = turn("label the photos in /data/orchard with it")
    assert calls == [("label_photos", {"photos": ["/data/orchard"]})]
