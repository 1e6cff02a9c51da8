"""The offline planner, in conversations with tools that report, refuse, fail and ask."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool

from agent.conversation import ROUND, artifact_of
from agent.more import RESUMED, go_on
from agent.planner import EXPORTS, OfflinePlanner
from tests.agent.objects import known
from tools.core.answers import ANSWERS, SHOWN, as_wish
from tools.core.errors import Code, FixArguments, SightsmithError

REPORTS: dict[str, dict[str, Any]] = {
    "define_task": {"done": "settled", "kind": "segment", "classes": ["apple"], "images": 132, "rounds": 2},
    "evaluate_model": {
        "done": "measured", "decided_on": "synthetic_val", "score": 0.61, "accepted": True,
        "scores": {"synthetic_test": {"mask_map50": 0.61, "interval": [0.52, 0.7], "pictures": 20}},
    },
    "diagnose_model": {"done": "diagnosed", "weak": [{"slice": "light=deep shade", "score": 0.2}], "plateau": False,
                       "aim": ["light=deep shade", "distance=far"], "next": "design_scenes for another round"},
}  # fmt: skip
Reply = Callable[[str, dict[str, Any], int], Any]


def make_tool(name: str, *args: str) -> Any:
    def body(**kwargs: Any) -> str:
        return ""

    body.__annotations__ = {a: str for a in args} | {"return": str}
    schema = {"type": "object", "properties": {a: {"type": "string"} for a in args}}
    return tool(name, description=name, args_schema=schema)(body)


DEFINE = (
    "kind",
    "classes",
    "contexts",
    "target",
    "images",
    "rounds",
    "minutes",
    "money",
    "effort",
    "model",
    "assumptions",
)
TOOLS = [
    make_tool("define_task", *DEFINE), make_tool("ask_user", "question", "options"),
    make_tool("design_scenes", "count", "focus", "vocabulary"), *(make_tool(n) for n in ROUND[1:]),
    *(make_tool(n) for n in EXPORTS), make_tool("search_memory", "query"),
]  # fmt: skip


def talk(
    request: str, reply: Reply, *, memory: dict[str, Any] | None = None, tools: list[Any] = TOOLS, most: int = 60
) -> tuple[list[tuple[str, dict[str, Any]]], str]:
    """The calls of a whole conversation and the last words. A reply of None is the tool's usual report."""
    planner = OfflinePlanner(known=known).bind_tools(tools)
    messages: list[BaseMessage] = [HumanMessage(request, id="request"), SystemMessage("You run Sightsmith.")]
    if memory is not None:
        messages.append(HumanMessage(json.dumps(memory), name="memory"))
    calls: list[tuple[str, dict[str, Any]]] = []
    for _ in range(most):
        answer = planner.invoke(messages)
        assert planner.invoke(messages).tool_calls == answer.tool_calls, "the same conversation gives the same call"
        messages.append(answer)
        if not answer.tool_calls:
            return calls, answer.text
        [call] = answer.tool_calls
        count = sum(name == call["name"] for name, _ in calls)
        calls.append((call["name"], call["args"]))
        said = reply(call["name"], call["args"], count)
        if said is None:
            said = json.dumps(REPORTS.get(call["name"], {"done": "done"}))
        messages.append(tool_message(said, call["id"], call["name"]))
    raise AssertionError(f"no end after {most} calls: {calls[-4:]}")


def tool_message(said: str | SightsmithError, identity: str, name: str = "") -> ToolMessage:
    """What a tool answers; an error becomes what the graph makes of it."""
    if isinstance(said, SightsmithError):
        text, carried = f"{type(said).__name__}: {said}", artifact_of(said)
        return ToolMessage(text, tool_call_id=identity, name=name, status="error", artifact=carried)
    status = "error" if said.startswith(("FixArguments", "StepFailed", "Error")) else "success"
    return ToolMessage(said, tool_call_id=identity, name=name, status=status)


def usual(_name: str, _args: dict[str, Any], _count: int) -> None:
    return None


def names(calls: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [name for name, _ in calls]


def args_of(calls: list[tuple[str, dict[str, Any]]], name: str) -> list[dict[str, Any]]:
    return [args for n, args in calls if n == name]


def test_two_rounds_the_second_aimed_at_what_was_weak():
    calls, last = talk("segment apples", usual)
    assert names(calls) == ["define_task", *ROUND, *ROUND, *EXPORTS]
    assert args_of(calls, "design_scenes") == [{}, {"focus": ["light=deep shade", "distance=far"]}]
    assert "mask mAP50 0.61 (0.52–0.70) on 20 rendered test pictures" in last
    assert "accuracy" not in last
    assert "real photos is not known" in last
    assert "light=deep shade" in last


def test_look_alikes_stand_beside_all_that_a_round_aims_at():
    slices = ["light=sun", "light=deep shade", "distance=far", "context=table"]
    said = json.dumps(REPORTS["diagnose_model"] | {"aim": [*slices, "lookalike=tomato", "lookalike=peach"]})
    calls, _ = talk("segment apples", lambda n, args, k: said if n == "diagnose_model" else usual(n, args, k))
    assert args_of(calls, "design_scenes")[1] == {"focus": [*slices[:3], "lookalike=tomato", "lookalike=peach"]}


def test_what_was_understood_reaches_the_task():
    calls, _ = talk(
        "count ripe and raw tomatoes on a conveyor, 200 images, 3 rounds, five minutes, at least 90 %", usual
    )
    assert calls[0] == (
        "define_task",
        {"kind": "detect", "classes": [{"name": "ripe tomato"}, {"name": "raw tomato"}], "contexts": ["conveyor"],
         "images": 200, "rounds": 3, "minutes": 5.0, "target": 0.9},
    )  # fmt: skip


def test_what_is_not_done_or_not_understood_reaches_the_plan():
    args = talk("track apples with yolo11s, no pears, for my shiny boss", usual)[0][0][1]
    assert args["model"] == "yolo11s"
    said = " / ".join(args["assumptions"])
    assert all(w in said for w in ("not understood:", "shiny boss", "then follows and counts", "not looked for: pears"))


def test_an_assumption_is_said_in_the_language_of_the_request():
    assert "segment" in talk("apples", usual)[0][0][1]["assumptions"][0]
    assert "分割" in talk("苹果", usual)[0][0][1]["assumptions"][0]


def test_the_summary_speaks_the_language_of_the_request_and_names_real_photos():
    def reply(name: str, _args: dict[str, Any], _count: int) -> str | None:
        scores = {
            "real_test": {"box_map50": 0.5, "pictures": 40},
            "synthetic_test": {"share_right": 0.9, "pictures": 9},
        }
        return json.dumps({"accepted": True, "scores": scores}) if name == "evaluate_model" else None

    chinese = talk("帮我做一个苹果分割模型", reply)[1]
    assert "留作测试的真实照片（40 张）：框 mAP50 0.50" in chinese
    assert "判对的图片比例 0.90" in chinese
    assert "准确率" not in chinese
    assert "not known" not in talk("segment apples", reply)[1]


def test_the_best_round_is_summed_up_not_the_last():
    def reply(name: str, _args: dict[str, Any], count: int) -> str | None:
        if name != "evaluate_model":
            return None
        # Scores are of the model that is handed over, measured anew when the set has grown.
        scores = {"synthetic_test": {"mask_map50": 0.7, "pictures": (9, 16)[count]}}
        return json.dumps({"accepted": count == 0, "score": (0.7, 0.3)[count], "best_round": 1, "scores": scores})

    last = talk("segment apples", reply)[1]
    assert "0.70 on 16" in last
    assert "0.30" not in last
    assert "on 9" not in last


def test_what_is_still_weak_is_so_of_the_model_that_is_handed_over():
    def reply(name: str, _args: dict[str, Any], count: int) -> str | None:
        if name == "evaluate_model":
            return json.dumps({"accepted": count == 0, "best_round": 1, "scores": {}})
        if name == "diagnose_model":
            return json.dumps({"round": count + 1, "weak": [{"slice": ("light=shade", "distance=far")[count]}]})
        return None

    last = talk("segment apples, two rounds", reply)[1]
    assert "Still weak: light=shade" in last
    assert "distance=far" not in last


@pytest.mark.parametrize(
    ("said", "rounds"),
    [
        ({"stop": "the target of 0.5 is reached", "next": "stop: the target of 0.5 is reached"}, 1),
        ({"stop": "no minutes left"}, 1),
        ({"next": "stop, as a word in a sentence"}, 5),
        ({"plateau": True, "aim": ["light=sun"]}, 2),
        ({}, 5),
        ({"weak": "nonsense", "aim": 3}, 5),
    ],
)
def test_rounds_end_with_target_budget_or_plateau(said, rounds):
    def reply(name: str, _args: dict[str, Any], _count: int) -> str | None:
        if name == "define_task":
            return json.dumps({"rounds": 5, "classes": ["apple"]})
        return json.dumps(said) if name == "diagnose_model" else None

    calls, _ = talk("segment apples", reply)
    assert names(calls).count("design_scenes") == rounds
    assert names(calls)[-2:] == list(EXPORTS)


def test_a_weak_class_goes_with_all_that_a_round_aims_at_and_is_remembered():
    said = json.dumps(REPORTS["diagnose_model"] | {"aim": ["light=sun", "class=pear", "confused=pear/apple"]})
    calls, _ = talk("segment apples and pears", lambda n, a, k: said if n == "diagnose_model" else usual(n, a, k))
    assert args_of(calls, "design_scenes")[1] == {"focus": ["light=sun", "class=pear", "confused=pear/apple"]}
    memory = {"lessons": [{"weak": ["class=pear", "class=plum", "confused=pear/apple", "confused=plum/apple"]}]}
    both = ["class=pear", "confused=pear/apple"]
    for request, focus in (("segment apples and pears", both), ("segment plums", None)):
        calls, _ = talk(request, usual, memory=memory)
        assert args_of(calls, "design_scenes")[0].get("focus") == focus, request


def test_lessons_of_past_runs_aim_the_first_round():
    lessons = [{"weak": ["light=deep shade", "crowding=many"]}, {"weak": ["light=deep shade", "distance=far", "x=y"]}]
    calls, _ = talk("segment apples", usual, memory={"lessons": lessons})
    assert args_of(calls, "design_scenes")[0] == {"focus": ["light=deep shade", "crowding=many", "distance=far"]}


@pytest.mark.parametrize("memory", [{}, {"lessons": None}, {"lessons": [3, {"weak": [None, 7, "no slice"]}]}])
def test_a_damaged_memory_is_no_lesson(memory):
    assert args_of(talk("segment apples", usual, memory=memory)[0], "design_scenes")[0] == {}


# Failures -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [n for n in ROUND if n not in ("score_images", "diagnose_model")])
def test_a_step_that_fails_in_round_one_ends_the_run_with_its_reason(step):
    def reply(name: str, _args: dict[str, Any], _count: int) -> str | None:
        return "StepFailed: the disk is full" if name == step else None

    calls, last = talk("segment apples", reply)
    assert names(calls)[-1] == step
    assert "No model was trained" in last
    assert step in last
    assert "the disk is full" in last


@pytest.mark.parametrize("step", [n for n in ROUND if n not in ("score_images", "diagnose_model")])
def test_a_step_that_fails_in_round_two_leaves_the_first_rounds_model(step):
    def reply(name: str, _args: dict[str, Any], count: int) -> str | None:
        return "StepFailed: no minutes left" if name == step and count == 1 else None

    calls, last = talk("segment apples", reply)
    assert names(calls)[-3:] == [step, *EXPORTS]
    assert "mask mAP50 0.61" in last
    assert f"Not done: {step}: no minutes left" in last


@pytest.mark.parametrize(("step", "after"), [("score_images", "curate_dataset"), ("diagnose_model", "design_scenes")])
def test_a_round_goes_on_without_scores_or_diagnosis(step, after):
    def reply(name: str, _args: dict[str, Any], count: int) -> str | None:
        return "StepFailed: cannot" if name == step and count == 0 else None

    order = names(talk("segment apples", reply)[0])
    assert order[order.index(step) + 1] == after
    assert order[-2:] == list(EXPORTS)


def test_a_failed_export_is_said_and_does_not_stop_the_other():
    def reply(name: str, _args: dict[str, Any], _count: int) -> str | None:
        return "StepFailed: onnx disagrees" if name == "export_model" else None

    calls, last = talk("segment apples", reply)
    assert names(calls)[-2:] == list(EXPORTS)
    assert "Not done: export_model: onnx disagrees" in last


def test_a_refused_focus_is_tried_without():
    def reply(name: str, args: dict[str, Any], _count: int) -> str | None:
        return "FixArguments: unknown slice" if name == "design_scenes" and args else None

    calls, _ = talk("segment apples", reply)
    assert args_of(calls, "design_scenes") == [{}, {"focus": ["light=deep shade", "distance=far"]}, {}]
    assert names(calls).count("evaluate_model") == 2


@pytest.mark.parametrize("text", ["FixArguments: no", "The user answers: maybe", "Error: what is this tool?"])
def test_a_call_that_is_refused_again_and_again_is_given_up(text):
    def reply(name: str, _args: dict[str, Any], _count: int) -> str | None:
        return text if name == "train_model" else None

    calls, last = talk("segment apples", reply)
    assert names(calls).count("train_model") == 2
    assert "No model was trained" in last


def test_a_question_of_a_step_is_followed_by_the_step():
    def reply(name: str, _args: dict[str, Any], count: int) -> str | None:
        return "The user answers: fruit=apple" if name == "evaluate_model" and count == 0 else None

    order = names(talk("segment apples", reply)[0])
    assert order[order.index("evaluate_model") + 1] == "evaluate_model"


@pytest.mark.parametrize(
    ("failed", "text", "resumed_with"),
    [
        ("define_task", "StepFailed: --real photos is empty", "define_task"),
        ("define_task", "StepFailed: the plan was refused", "define_task"),
        ("generate_images", "StepFailed: the disk is full", "generate_images"),
        ("train_model", "FixArguments: no", "train_model"),
        ("design_scenes", "FixArguments: no", "design_scenes"),
        ("evaluate_model", "StepFailed: no memory", "evaluate_model"),
    ],
)
def test_a_resumed_run_tries_the_failed_step_anew_and_goes_on(failed, text, resumed_with):
    planner = OfflinePlanner(known=known).bind_tools(TOOLS)
    messages: list[BaseMessage] = [HumanMessage("segment apples"), SystemMessage("s")]

    def until_the_end(broken: bool) -> list[str]:
        called = []
        while (answer := planner.invoke(messages)).tool_calls:
            [call] = answer.tool_calls
            said = text if broken and call["name"] == failed else json.dumps(REPORTS.get(call["name"], {"done": "x"}))
            status = "error" if said == text else "success"
            messages.extend([answer, ToolMessage(said, tool_call_id=call["id"], name=call["name"], status=status)])
            called.append(call["name"])
        messages.append(answer)
        return called

    assert until_the_end(broken=True)[-1] == failed
    messages.append(go_on("it failed"))
    called = until_the_end(broken=False)
    assert called[0] == resumed_with
    assert called[-2:] == list(EXPORTS)


def test_steps_whose_tool_is_missing_are_left_out():
    few = [t for t in TOOLS if t.name not in ("score_images", "export_dataset")]
    order = names(talk("segment apples", usual, tools=few)[0])
    assert "score_images" not in order
    assert order[-1] == "export_model"


def test_photos_that_were_given_are_learnt_from_once_after_the_rounds():
    def reply(name: str, args: dict[str, Any], count: int) -> Any:
        said = REPORTS["define_task"] | {"unlabelled": "/photos"}
        return json.dumps(said) if name == "define_task" else None

    tools = [*TOOLS, make_tool("learn_from_photos")]
    order = names(talk("segment apples", reply, tools=tools)[0])
    assert order[-3:] == ["learn_from_photos", *EXPORTS] and order.count("learn_from_photos") == 1
    assert "learn_from_photos" not in names(talk("segment apples", usual, tools=tools)[0])


def test_it_takes_over_what_another_model_began():
    planner = OfflinePlanner(known=known).bind_tools(TOOLS)

    def call(name: str, number: int, **args: Any) -> AIMessage:
        return AIMessage("", tool_calls=[{"name": name, "args": args, "id": f"call_{number}", "type": "tool_call"}])

    messages = [
        HumanMessage("segment apples"), SystemMessage("s"),
        call("search_memory", 1, query="apples"), ToolMessage("{}", tool_call_id="call_1"),
        call("define_task", 2), ToolMessage(json.dumps(REPORTS["define_task"]), tool_call_id="call_2"),
        call("design_scenes", 3), ToolMessage("{}", tool_call_id="call_3"), AIMessage("Let me think."),
        HumanMessage("No model is trained yet.", name="nudge"),
    ]  # fmt: skip
    assert planner.invoke(messages).tool_calls[0]["name"] == "generate_images"


def test_a_task_that_was_refused_after_one_was_settled_lifts_no_budget():
    planner = OfflinePlanner(known=known).bind_tools(TOOLS)
    settled = json.dumps(REPORTS["define_task"] | {"rounds": 1})
    told: list[tuple[str, Any]] = [("define_task", settled), ("define_task", uncovered("<b>"))]
    told += [(name, json.dumps(REPORTS.get(name, {"done": "done"}))) for name in ROUND]
    messages: list[BaseMessage] = [HumanMessage("segment apples")]
    for number, (name, text) in enumerate(told):
        messages.append(AIMessage("", tool_calls=[{"name": name, "args": {}, "id": f"c{number}"}]))
        messages.append(tool_message(text, f"c{number}"))
    [made] = planner.invoke(messages).tool_calls
    assert made["name"] == EXPORTS[0]


def test_what_another_model_made_of_the_request_is_no_question_to_the_person():
    planner = OfflinePlanner(known=known).bind_tools(TOOLS)
    messages = [
        HumanMessage("segment apples"), SystemMessage("s"),
        AIMessage("", tool_calls=[{"name": "define_task", "args": {"classes": [{"name": "<b>"}]}, "id": "c"}]),
        tool_message(uncovered("<b>"), "c"),
        HumanMessage(json.dumps({"failed_by": "the model gave up"}), name=RESUMED),
    ]  # fmt: skip
    [made] = planner.invoke(messages).tool_calls
    assert (made["name"], made["args"]["classes"]) == ("define_task", [{"name": "apple"}])


# Questions ------------------------------------------------------------------------------------------------------------


def uncovered(*names_: str, near: dict[str, list[str]] | None = None) -> FixArguments:
    nearest = {n: (near or {}).get(n, []) for n in names_}
    return FixArguments("No way to draw that.", Code.UNCOVERED, {"names": list(names_), "nearest": nearest})


def conversation(request: str, *events: tuple[str, str | SightsmithError]) -> list[tuple[str, dict[str, Any]]]:
    """Calls of a conversation whose define_task and ask_user reply as given, in order, and then work."""
    queue = list(events)

    def reply(name: str, _args: dict[str, Any], _count: int) -> str | SightsmithError | None:
        if queue and queue[0][0] == name:
            return queue.pop(0)[1]
        return None

    return talk(request, reply)[0]


def defined(calls: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, list[str]]]:
    return [(a["kind"], [c["name"] for c in a["classes"]]) for a in args_of(calls, "define_task")]


@pytest.mark.parametrize(
    ("request_", "answers", "kind", "classes"),
    [
        ("hello", ["apples"], "segment", ["apple"]),
        ("", ["detect pears please"], "detect", ["pear"]),
        ("build me a detector", ["keys and cups"], "detect", ["key", "cup"]),
        ("predict stock prices", ["then find cars on the road"], "detect", ["car"]),
        ("segment or detect apples, I don't know", ["boxes"], "detect", ["apple"]),
        ("segment or detect apples, I don't know", ["segment"], "segment", ["apple"]),
        ("classify apples", ["pears"], "classify", ["apple", "pear"]),
        ("classify apples", ["ripe and rotten apples"], "classify", ["ripe apple", "rotten apple"]),
        ("detect if an apple is rotten", ["good ones"], "classify", ["rotten apple", "good apple"]),
        ("hello", ["what?", "apples"], "segment", ["apple"]),
        ("你好", ["苹果"], "segment", ["苹果"]),
        ("苹果分割还是检测？", ["检测"], "detect", ["苹果"]),
        ("对苹果进行分类", ["梨"], "classify", ["苹果", "梨"]),
    ],
)
def test_an_answered_question_becomes_the_task(request_, answers, kind, classes):
    calls = conversation(request_, *(("ask_user", f"The user answers: {a}") for a in answers))
    assert names(calls)[: len(answers)] == ["ask_user"] * len(answers)
    assert defined(calls) == [(kind, classes)]


def test_a_question_that_was_not_answered_is_put_again_in_other_words():
    calls = conversation("hello", ("ask_user", "The user answers: ???"), ("ask_user", "The user answers: 200 images"),
                         ("ask_user", "The user answers: pears"))  # fmt: skip
    asked = [a["question"] for a in args_of(calls, "ask_user")[:3]]
    assert asked[1].startswith("That answer did not settle it (asked 1 time;")
    assert asked[2].startswith("That answer did not settle it (asked 2 times;")
    assert all(text.endswith(asked[0]) for text in asked)
    assert defined(calls) == [("segment", ["pear"])]


@pytest.mark.parametrize(
    ("request_", "hole", "answer", "classes"),
    [
        ("segment zorbs", uncovered("zorb"), "apples", ["apple"]),
        ("segment aples", uncovered("aple", near={"aple": ["apple"]}), "apple", ["apple"]),
        ("segment zorbs and pears", uncovered("zorb"), "bananas", ["pear", "banana"]),
        ("分割水果", uncovered("水果"), "苹果和梨", ["苹果", "梨"]),
    ],
)
def test_a_class_that_nothing_draws_is_asked_about_and_never_replaced(request_, hole, answer, classes):
    calls = conversation(request_, ("define_task", hole), ("ask_user", f"The user answers: {answer}"))
    assert names(calls)[:3] == ["define_task", "ask_user", "define_task"]
    assert defined(calls)[-1][1] == classes
    question = args_of(calls, "ask_user")[0]
    assert question["not_drawn"] == hole.data["names"] and "--" not in question["question"]
    assert hole.data["names"][0] in question["question"]
    if ["apple"] in hole.data["nearest"].values():
        assert question["options"] == ["apple"]


@pytest.mark.parametrize(
    ("wish", "kind", "classes", "rest"),
    [
        ("only 50 images", "segment", ["apple"], {"images": 50}),
        ("one round, in 3 minutes please", "segment", ["apple"], {"rounds": 1, "minutes": 3.0}),
        ("use boxes instead", "detect", ["apple"], {}),
        ("add pears", "segment", ["apple", "pear"], {}),
        ("pears too, and on a table", "segment", ["apple", "pear"], {"contexts": ["table"]}),
        ("only pears", "segment", ["pear"], {}),
        ("越快越好，50张", "segment", ["apple"], {"effort": "quick", "images": 50}),
    ],
)
def test_a_wish_changes_the_plan(wish, kind, classes, rest):
    calls = conversation("segment apples", ("define_task", as_wish(wish)))
    assert defined(calls)[-1] == (kind, classes)
    last = args_of(calls, "define_task")[-1]
    assert {k: last.get(k) for k in rest} == rest


def test_a_wish_takes_a_class_away():
    calls = conversation("segment apples and pears", ("define_task", as_wish("without pears")))
    assert defined(calls)[-1][1] == ["apple"]


PLAN_TOOLS = [make_tool("define_task", *DEFINE, "reply"), *TOOLS[1:]]


def words_at_the_plan(request: str, *words: str) -> list[dict[str, Any]]:
    """Arguments of the plans that are shown, one after each word of the person, the last approved."""
    queue = list(words)

    def reply(name: str, _args: dict[str, Any], _count: int) -> FixArguments | None:
        return as_wish(queue.pop(0)) if name == "define_task" and queue else None

    calls, _ = talk(request, reply, tools=PLAN_TOOLS)
    assert "ask_user" not in names(calls), "the plan itself is shown again, with its buttons"
    return args_of(calls, "define_task")


@pytest.mark.parametrize(
    ("request_", "wish", "words"),
    [
        ("segment apples", "hmm, make it nicer", '"hmm, make it nicer" changes nothing'),
        ("segment apples", "why so many pictures?", "So many pictures show each thing"),
        ("segment apples", "why not bananas?", "more than I can answer"),
        ("segment apples", "How long will it take", "The minutes are an estimate"),
        ("segment apples", "does it cost money?", "What it costs stands in the plan"),
        ("segment apples", "will it work on real photos?", "bring labelled photos"),
        ("分割苹果", "为什么要这么多图片？", "这么多图片"),
        ("分割苹果", "嗯，再好看一点", "没有改变计划"),
    ],
)
def test_a_word_that_changes_nothing_is_answered_and_the_plan_shown_again(request_, wish, words):
    first, second = words_at_the_plan(request_, wish)
    assert words in second.pop("reply")
    assert second == first


def test_whatever_a_person_says_at_the_plan_it_is_never_given_up():
    said = ["hmm", "hmm", "hmm", "hmm", "why?", "why?", "only 50 pictures", "hmm"]
    plans = words_at_the_plan("segment apples", *said)
    assert len(plans) == len(said) + 1
    assert [p.get("images") for p in plans] == [None] * 7 + [50, 50]


def test_a_question_beside_a_wish_is_a_wish():
    assert words_at_the_plan("segment apples", "why so many? make it 60 pictures")[-1]["images"] == 60
    assert [c["name"] for c in words_at_the_plan("segment apples", "how about pears too?")[-1]["classes"]] == [
        "apple", "pear",
    ]  # fmt: skip


def test_a_number_over_the_flag_is_left_to_the_flag():
    refusal = FixArguments("More than the user allows.", Code.LEAVE_OUT, {"argument": "images"})
    calls = conversation("segment apples, 200 images", ("define_task", refusal))
    assert "images" not in args_of(calls, "define_task")[-1]
    assert names(calls)[2] == "design_scenes"


def test_noted_pairs_lead_to_the_same_call():
    noted = ("define_task", FixArguments("Noted.", Code.SAME_AGAIN))
    calls = conversation("segment apples", noted, noted, noted)
    assert all(args == calls[0][1] for args in args_of(calls, "define_task"))
    assert names(calls)[:5] == ["define_task"] * 4 + ["design_scenes"]


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([("define_task", "StepFailed: the plan was refused; nothing was spent")], "the plan was refused"),
        ([("define_task", uncovered("zorb")), ("ask_user", "StepFailed: the user stopped at the question")], "stopped"),
        ([("define_task", "FixArguments: it is Tuesday")] * 2, "it is Tuesday"),
    ],
)
def test_a_refused_plan_ends_with_the_reason(events, words):
    queue = list(events)

    def reply(name: str, _args: dict[str, Any], _count: int) -> str | None:
        return queue.pop(0)[1] if queue and queue[0][0] == name else None

    calls, last = talk("segment zorbs", reply)
    assert "design_scenes" not in names(calls)
    assert words in last


# A thing that is shown ------------------------------------------------------------------------------------------------


def test_a_thing_that_nothing_draws_can_be_shown_and_is_then_learnt_from_its_photos():
    tools = [*TOOLS, make_tool("learn_from_examples")]
    asked: list[str] = []

    def reply(name, args, count):
        if name == "define_task":
            return (
                uncovered("zorbling") if not asked else json.dumps(REPORTS["define_task"] | {"shown": "/photos/mine"})
            )
        if name == "ask_user":
            asked.append(args["question"])
            return f"{ANSWERS}{SHOWN}"
        return json.dumps(REPORTS.get(name, {"done": "learnt", "scores": {"cross_val": {"box_map50": 0.7}}}))

    calls, last = talk("find my zorbling", reply, tools=tools)
    assert names(calls) == ["define_task", "ask_user", "define_task", "learn_from_examples", *EXPORTS]
    assert calls[0] == calls[2]
    assert "a few photos of it" in asked[0]
    assert "learnt from the photos that you showed" in last
    assert "each judged by a model that had not seen it" in last
