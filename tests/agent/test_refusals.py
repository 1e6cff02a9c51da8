"""What a refusal is about goes by its code: its sentence can be worded anyhow, and nobody notices but who reads it."""

import json
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.messages import ToolMessage
from langchain_core.tools import tool

from agent.cli.console import Console
from agent.conversation import artifact_of, step_of
from agent.extend import EXTEND
from agent.llm import chat_model
from agent.mcp.door import question_text
from agent.planner import OfflinePlanner
from agent.run import ExitCode, execute
from agent.run_folder import open_run, start_run
from tests.agent.objects import SmallLibrary, known
from tests.agent.test_planner import PLAN_TOOLS, names, talk, uncovered
from tests.agent.test_turns import turn
from tests.scripted import ScriptedModel, call
from tools.core.answers import as_wish
from tools.core.database import connect
from tools.core.errors import Code, FixArguments, SightsmithError, StepFailed
from tools.core.settings import Settings
from tools.drawable.classes import ClassArgument, resolve_classes
from tools.runs.runtime import RunContext, read_record
from tools.steps import task


def raised(work: Any, *args: Any) -> SightsmithError:
    with pytest.raises(SightsmithError) as caught:
        work(*args)
    return caught.value


def of_classes(*classes: str) -> SightsmithError:
    return raised(resolve_classes, [ClassArgument(name=n) for n in classes], SmallLibrary())


def over_the_flag() -> SightsmithError:
    run = SimpleNamespace(record=SimpleNamespace(options={"images": 100}))
    return raised(task._within_flag, "images", 200, run)


def out_of_range() -> SightsmithError:
    run = SimpleNamespace(record=SimpleNamespace(options={}), settings=Settings())
    wanted = task.Wanted(kind="segment", classes=[ClassArgument(name="apple")], images=10**9)
    return raised(task._plan, run, wanted, run.settings)


# Request, and the refusals that the tools themselves raise, one a call of define_task.
REFUSALS = {
    Code.UNCOVERED: [("segment zorbs", lambda: of_classes("zorb")), ("segment aples", lambda: of_classes("aple"))],
    Code.ALIKE: [("segment ripe and red tomatoes", lambda: of_classes("ripe tomato", "red tomato"))],
    Code.LEAVE_OUT: [("segment apples, 200 images", over_the_flag), ("segment apples, 200 images", out_of_range)],
    Code.SAME_AGAIN: [("segment apples", lambda: task._same_again("Noted."))],
    Code.WISH: [("segment apples", lambda: as_wish("boxes instead"))],
}


def reworded(error: SightsmithError, words: str) -> SightsmithError:
    return type(error)(words, error.code, error.data)


def what_follows(request: str, error: SightsmithError) -> tuple[list[tuple[str, dict[str, Any]]], str]:
    """The planner's calls after that refusal of its first call, with an answer to every question."""

    def reply(name: str, _args: dict[str, Any], count: int) -> Any:
        if name == "ask_user":
            return "The user answers: pears"
        return error if (name, count) == ("define_task", 0) else None

    return talk(request, reply, tools=PLAN_TOOLS)


@pytest.mark.parametrize("words", ["Wombat.", "FixArguments", "Das geht so nicht: {}", "no (re)gex [can\nread] this"])
@pytest.mark.parametrize(("code", "number"), [(code, n) for code, cases in REFUSALS.items() for n in range(len(cases))])
def test_a_refusal_in_other_words_has_the_same_effect(code, number, words):
    request, refuse = REFUSALS[code][number]
    error = refuse()
    assert error.code is code and json.loads(json.dumps(error.data)) == error.data
    calls, last = what_follows(request, error)
    assert len(names(calls)) > 5, "the run goes on"
    assert what_follows(request, reworded(error, words)) == (calls, last)
    uncoded = what_follows(request, type(error)(words))
    assert uncoded != (calls, last), "without its code it is another refusal"


def test_a_wish_about_more_rounds_is_heard_in_any_words():
    said = as_wish("only 40 pictures")
    calls = [turn("another round", [answer, ""])[0] for answer in (said, reworded(said, "Wombat."))]
    assert calls[0] == calls[1] and calls[0][1] == (EXTEND, {"rounds": 1, "pictures": 40})


def test_every_code_is_acted_upon():
    # Those of people: tests/ui/test_plain_words.py
    told = {Code.WITHOUT_MODEL, Code.WITHOUT_CLUSTER, Code.UNFINISHED, Code.NO_RUN, Code.BEGUN}
    assert set(REFUSALS) | told == set(Code)


# Kept with the conversation -------------------------------------------------------------------------------------------


def tools_that(*errors: SightsmithError) -> list[Any]:
    left = list(errors)

    @tool
    def define_task(kind: str, classes: list[dict[str, str]]) -> str:
        """Define."""
        if left:
            raise left.pop(0)
        return json.dumps({"done": "settled", "classes": [c["name"] for c in classes]})

    @tool
    def ask_user(question: str, options: list[str] | None = None) -> str:
        """Ask."""
        return "The user answers: " + task.ask(question, options)

    return [define_task, ask_user]


def test_a_run_that_is_opened_again_still_knows_what_was_refused(tmp_path):
    settings = Settings(runs_dir=tmp_path / "runs", memory_dir=tmp_path / "memory")
    run = start_run("segment zorbs and pears", settings)
    tools = tools_that(reworded(uncovered("zorb", near={"zorb": ["orange"]}), "Wombat."))
    planner = OfflinePlanner(known=known)
    assert execute(run, lambda _q: None, model=planner, tools=tools) is ExitCode.NEEDS_ANSWER
    assert run.record.question["options"] == ["orange"]
    run.dataset.close()
    again = open_run(run.folder)
    execute(again, lambda _q: None, model=planner, tools=tools, answer="bananas")
    steps = [step_of(m, m.name, {}) for m in kept(again) if isinstance(m, ToolMessage)]
    assert [(s.refusal, s.code, s.data.get("names")) for s in steps[:1]] == [("FixArguments", Code.UNCOVERED, ["zorb"])]
    assert json.loads(steps[-1].text)["classes"] == ["pear", "banana"], "the answer takes the place of zorbs alone"


def kept(run: RunContext) -> list[Any]:
    from langgraph.checkpoint.sqlite import SqliteSaver

    with closing(connect(run.folder / "checkpoints.sqlite")) as file:
        found = SqliteSaver(file).get_tuple({"configurable": {"thread_id": run.record.name}})
    return found.checkpoint["channel_values"]["messages"]


OF_2030 = {"refusal": {"kind": "StepFailed", "code": "of 2030", "data": {}}}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (ToolMessage("FixArguments: it is Tuesday", tool_call_id="c", status="error"), ("FixArguments", None, None)),
        (ToolMessage("StepFailed: no disk", tool_call_id="c", status="error"), ("StepFailed", None, None)),
        (ToolMessage("StepFailed: no disk", tool_call_id="c", status="error", artifact={"ended": "no disk"}),
         ("StepFailed", None, None)),
        (ToolMessage("Error: no such tool", tool_call_id="c", status="error"), ("FixArguments", None, None)),
        (ToolMessage("FixArguments: The user wants: boxes", tool_call_id="c", status="error"),
         ("FixArguments", Code.WISH, "boxes")),
        (ToolMessage("The user answers: yes", tool_call_id="c", status="error"), (None, None, None)),
        (ToolMessage('{"done": "StepFailed: is no prefix"}', tool_call_id="c"), (None, None, None)),
        (ToolMessage("x", tool_call_id="c", artifact=OF_2030), ("StepFailed", None, None)),
    ],
)  # fmt: skip
def test_conversations_of_other_versions_are_read(message, expected):
    step = step_of(message, "define_task", {})
    assert (step.refusal, step.code, step.wish) == expected


def test_reports_are_told_from_refusals_by_what_they_carry():
    said = ToolMessage("a disk is full", tool_call_id="c", artifact=artifact_of(StepFailed("a disk is full")))
    assert step_of(said, "x", {}).failed and step_of(said, "x", {}).reason == "a disk is full"
    assert artifact_of(ValueError("of a schema"))["refusal"] == {"kind": "FixArguments", "code": None, "data": {}}


# A model at fault -----------------------------------------------------------------------------------------------------


def test_a_run_says_by_code_that_it_can_go_on_without_its_model(tmp_path, monkeypatch):
    settings = Settings(runs_dir=tmp_path / "runs", memory_dir=tmp_path / "memory")
    run = start_run("segment apples", settings)
    silent = ScriptedModel(script=[call("define_task", kind="", classes=[])], repeat=True)
    execute(run, lambda _q: None, model=silent, tools=tools_that())
    assert (open_run(run.folder).record.error_code, run.record.status) == (Code.WITHOUT_MODEL, "failed")
    execute(run, lambda _q: None, model=OfflinePlanner(known=known), tools=tools_that(*[StepFailed("no")] * 9))
    assert (run.record.status, run.record.error_code) == ("failed", None), "the planner itself cannot be left out"


def test_no_endpoint_is_a_model_at_fault(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    error = raised(chat_model, Settings(llm="gpt-x", runs_dir=tmp_path))
    assert error.code is Code.WITHOUT_MODEL


@pytest.mark.parametrize(
    "error", [FixArguments("a", Code.ALIKE, {"classes": ["b"]}), StepFailed("a", Code.WITHOUT_MODEL)]
)
def test_an_error_keeps_its_code_from_process_to_process(error):
    import pickle

    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.code, again.data) == (str(error), error.code, error.data)


# A question with its ways out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", ["segment zorblings", "分割佐布林"])
def test_what_nothing_draws_is_asked_with_the_ways_out_of_each_surface(tmp_path, capsys, request_):
    run = start_run(request_, Settings(runs_dir=tmp_path / "runs", memory_dir=tmp_path / "memory", llm="offline"))
    execute(run, lambda _q: None)
    question = read_record(run.folder).question
    assert question["code"] == Code.UNCOVERED and question["data"]["names"] and "--" not in question["question"]
    Console().print_end(run.record, run.folder)
    assert "--few DIR" in capsys.readouterr().out
    assert "few=FOLDER" in question_text(question) and "--" not in question_text(question)
