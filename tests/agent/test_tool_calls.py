"""Calls as models and servers really write them."""

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.endpoint import EndpointError, put_right
from agent.tool_calls import UNREADABLE, arguments_of, calls_in_text, clean, fit, plain_calls, tool_named

APPLE = {"kind": "segment", "classes": [{"name": "apple"}]}
WRITTEN = json.dumps(APPLE)
TOOLS = {"define_task": {}, "train_model": {}}


@pytest.mark.parametrize(
    ("written", "args"),
    [
        (APPLE, APPLE),
        (WRITTEN, APPLE),
        (json.dumps(WRITTEN), APPLE),  # encoded twice
        (json.dumps(json.dumps(WRITTEN)), APPLE),
        (WRITTEN + "\n</tool_call>", APPLE),
        (f"```json\n{WRITTEN}\n```", APPLE),
        (repr(APPLE), APPLE),  # Python's notation
        ('{"kind": "segment", "classes": [{"name": "apple"},],}', APPLE),
        ("{kind: 'segment', classes: [{name: 'apple'}]}", APPLE),
        ([APPLE], APPLE),
        ("", {}), (None, {}), ("null", {}), ("[]", {}), ([], {}), ("{}", {}),
        ("7", {UNREADABLE: "7"}), (7, {UNREADABLE: "7"}), ("true", {UNREADABLE: "true"}),
        ("apple", {UNREADABLE: "apple"}), ("[1, 2]", {UNREADABLE: "[1, 2]"}),
        ('{"classes": [{"name": "app', {UNREADABLE: '{"classes": [{"name": "app'}),
        ('{"classes": [{"name": "apple"}', {UNREADABLE: '{"classes": [{"name": "apple"}'}),
        ("{" * 5000, {UNREADABLE: "{" * 300}),
    ],
)  # fmt: skip
def test_arguments_are_taken_where_the_meaning_is_plain(written, args):
    assert arguments_of(written) == args


@pytest.mark.parametrize(
    ("value", "shape", "fitted"),
    [
        ("Segment", {"type": "string", "enum": ["segment", "detect"]}, "segment"),
        ("swim", {"type": "string", "enum": ["segment", "detect"]}, "swim"),
        ("table", {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}, ["table"]),
        ('["table"]', {"type": "array", "items": {"type": "string"}}, ["table"]),
        ('[{"name": "apple"}]', {"type": "array", "items": {"type": "object"}}, [{"name": "apple"}]),
        ({"name": "apple"}, {"type": "array", "items": {"type": "object"}}, [{"name": "apple"}]),
        ([""], {"type": "array", "items": {"type": "string"}}, []),
        ("[1]", {"type": "string"}, "[1]"),
        (3, {"type": "array"}, 3),
    ],
)
def test_a_value_is_put_into_the_shape_that_the_tool_takes(value, shape, fitted):
    assert fit({"x": value}, {"properties": {"x": shape}, "required": ["x"]}) == {"x": fitted}


def test_null_for_an_optional_argument_leaves_it_out_and_for_a_needed_one_is_kept():
    parameters = {"properties": {"needed": {"type": "string"}, "more": {"type": "integer"}}, "required": ["needed"]}
    assert fit({"needed": None, "more": None}, parameters) == {"needed": None}
    assert fit({"needed": "x", "more": "", "odd": None}, parameters) == {"needed": "x", "odd": None}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("define_task", "define_task"), ("functions.define_task", "define_task"), (" define_task", "define_task"),
        ("default_api:Define_Task", "define_task"), ("functions.define_task:0", "define_task"),
        ("define_task()", "define_task"), ("rm_rf", "rm_rf"), (None, "unnamed"), ("", "unnamed"),
    ],
)  # fmt: skip
def test_the_tool_that_a_name_means(written, name):
    assert tool_named(written, TOOLS) == name


@pytest.mark.parametrize(
    "text",
    [
        f'<tool_call>\n{{"name": "define_task", "arguments": {WRITTEN}}}\n</tool_call>',
        f'I begin.\n<tool_call>{{"name": "define_task", "arguments": {WRITTEN}}}',
        json.dumps({"name": "define_task", "parameters": APPLE}),
        json.dumps({"type": "function", "function": {"name": "define_task", "arguments": WRITTEN}}),
        json.dumps({"tool_calls": [{"function": {"name": "define_task", "arguments": APPLE}}]}),
        f'I call it:\n```json\n{{"name": "define_task", "arguments": {WRITTEN}}}\n```',
        f'[TOOL_CALLS][{{"name": "define_task", "arguments": {WRITTEN}}}]',
        f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>define_task\n```json\n{WRITTEN}\n```"
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        f"<function=define_task>{WRITTEN}</function>",
        "<tool_call>\n<function=define_task>\n<parameter=kind>\nsegment\n</parameter>\n<parameter=classes>\n"
        '[{"name": "apple"}]\n</parameter>\n</function>\n</tool_call>',
    ],
)
def test_a_call_that_came_as_text_is_taken(text):
    shapes = {"properties": {"classes": {"type": "array"}}, "required": ["classes"]}
    plain = plain_calls(AIMessage(text), {"define_task": shapes})
    assert [(c["name"], c["args"]) for c in plain.tool_calls] == [("define_task", APPLE)]
    assert plain.text == ""


def test_two_calls_as_text_are_two_and_thoughts_are_none():
    block = '<tool_call>{"name": "train_model", "arguments": {}}</tool_call>'
    assert calls_in_text(block + block, TOOLS) == [("train_model", {})] * 2
    plain = plain_calls(AIMessage(f"<think>{block}</think>\nDone."), TOOLS)
    assert (plain.tool_calls, plain.text) == ([], "Done.")


@pytest.mark.parametrize(
    "text",
    [
        "All done.",
        'I called {"name": "train_model", "arguments": {}} before.',
        '{"name": "apple", "arguments": {}}',
        '{"name": "train_model"}',
        "<tool_call>{",
        '{"a": ' * 3000,
    ],
)
def test_words_stay_words(text):
    assert plain_calls(AIMessage(text), TOOLS).tool_calls == []


@pytest.mark.parametrize("given", [[None, None], ["", "x"], ["same", "same"], ["c" * 20_000, "d"]])
def test_every_call_has_an_id_of_its_own(given):
    calls = [{"name": "train_model", "args": {}, "id": i, "type": "tool_call"} for i in given]
    ids = [c["id"] for c in plain_calls(AIMessage("", tool_calls=calls), TOOLS).tool_calls]
    assert len(set(ids)) == 2 and all(0 < len(i) <= 64 for i in ids)


def test_a_legacy_call_is_a_call():
    legacy = AIMessage("", additional_kwargs={"function_call": {"name": "define_task", "arguments": WRITTEN}})
    plain = plain_calls(legacy, TOOLS)
    assert plain.tool_calls[0]["args"] == APPLE
    assert "function_call" not in plain.additional_kwargs


def test_half_surrogates_and_control_characters_are_replaced():
    bad: dict[str, Any] = {"a\x00": ["x\ud800y", "\ud83d\ude00", "ok\n\t"], "n": 1}
    assert clean(bad) == {"a\ufffd": ["x\ufffdy", "😀", "ok\n\t"], "n": 1}
    args = json.dumps({"classes": ["\ud800"]})
    assert json.dumps(arguments_of(args), ensure_ascii=False).encode() == '{"classes": ["\ufffd"]}'.encode()


@pytest.mark.parametrize(
    ("response", "words"),
    [
        ({"error": {"message": "model overloaded", "code": 503}}, "model overloaded"),
        ({"error": "does not support tools"}, "does not support tools"),
        ({}, "no choices"), ({"choices": None}, "no choices"), ({"choices": []}, "no choices"),
        ({"choices": [{"message": None}]}, "no message"), ({"choices": [7]}, "no message"),
    ],
)  # fmt: skip
def test_an_answer_without_a_message_is_named(response, words):
    with pytest.raises(EndpointError if "error" in response else ValueError, match=words):
        put_right(response)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"content": None, "refusal": "I cannot help with that."}, "I cannot help with that."),
        ({"role": "model", "content": "hi"}, "hi"),
        ({"content": "bad \ud83d half"}, "bad \ufffd half"),
        ({}, ""),
    ],
)
def test_a_message_is_put_into_the_shapes_of_the_protocol(message, expected):
    said = put_right({"choices": [{"message": message}]})["choices"][0]["message"]
    assert (said["role"], said["content"]) == ("assistant", expected)


def test_an_odd_call_is_put_into_the_shapes_of_the_protocol():
    odd = [{"id": 3, "function": {"name": "a", "arguments": APPLE}}, {"function": {"name": None}}, "nonsense", {}]
    calls = put_right({"choices": [{"message": {"tool_calls": odd}}]})["choices"][0]["message"]["tool_calls"]
    assert [(c["id"], c["function"]["name"], json.loads(c["function"]["arguments"])) for c in calls] == [
        ("3", "a", APPLE), (None, "", {}), (None, "", {}),
    ]  # fmt: skip
