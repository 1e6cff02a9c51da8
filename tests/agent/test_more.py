"""More rounds for a finished run: budget, message, what the planner makes of it, and that corrections last."""

import json

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from agent.conversation import ROUND
from agent.more import MORE, ask_for_more, rounds_in
from agent.planner import EXPORTS, OfflinePlanner
from agent.run import ExitCode, execute
from agent.run_folder import open_run, start_run
from tests.runs import make_run
from tests.scripted import ScriptedModel, call
from tests.tools.full import full_after
from tools.core.errors import FixArguments
from tools.core.files import trouble
from tools.core.settings import Settings
from tools.page import review
from tools.steps.annotate import annotate


def test_the_budget_grows_by_rounds_like_those_before(tmp_path):
    run = make_run(tmp_path / "r", rounds=2, images=15)
    run.record.task.budget.minutes = 3
    message = ask_for_more(run, 2)
    budget = run.record.task.budget
    assert (budget.rounds, budget.images, budget.minutes) == (4, 60, None)
    assert rounds_in(message.text) == 2
    ask_for_more(run, 2)  # asked again after a kill: not doubled
    assert (budget.rounds, budget.images) == (4, 60)


@pytest.mark.parametrize("rounds", [0, -1, 19, 1000])
def test_a_number_of_rounds_out_of_range_is_refused(tmp_path, rounds):
    with pytest.raises(FixArguments, match="between 1 and 18"):
        ask_for_more(make_run(tmp_path / "r", rounds=2), rounds)


def test_a_run_without_a_round_gets_no_more(tmp_path):
    with pytest.raises(FixArguments, match="has not made a round"):
        ask_for_more(make_run(tmp_path / "r", rounds=0), 1)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"more_rounds": "x"}', "more_rounds"])
def test_another_message_asks_for_no_rounds(text):
    assert rounds_in(text) == 0


def conversation(*names):
    messages = [HumanMessage("segment apples", id="request")]
    for number, name in enumerate(names):
        if name == MORE:
            messages.append(HumanMessage(json.dumps({"more_rounds": 1}), name=MORE))
            continue
        report = {"rounds": 1, "stop": "budget"} if name in ("define_task", "diagnose_model") else {"done": "x"}
        messages.append(AIMessage("", tool_calls=[{"name": name, "args": {}, "id": str(number), "type": "tool_call"}]))
        messages.append(ToolMessage(json.dumps(report), tool_call_id=str(number), name=name))
    return messages


def test_the_planner_goes_round_once_more_and_exports_again():
    planner = OfflinePlanner(known=lambda phrase: ("apple", []))
    done = ["define_task", *ROUND, *EXPORTS]
    planner = planner.bind_tools([{"name": n, "description": "", "parameters": {"type": "object", "properties": {}}}
                                  for n in done])  # fmt: skip
    assert planner.invoke(conversation(*done)).tool_calls == []
    steps = [*done, MORE]
    for expected in (*ROUND, *EXPORTS):
        (called,) = planner.invoke(conversation(*steps)).tool_calls
        assert called["name"] == expected
        steps.append(expected)
    assert planner.invoke(conversation(*steps)).tool_calls == []


def ended(tmp_path):
    """A run that came to its end with a model."""
    settings = Settings(runs_dir=tmp_path / "runs", memory_dir=tmp_path / "memory", llm="offline")
    run = start_run("segment apples", settings, name="r")
    made = make_run(tmp_path / "made")
    run.record.task, run.record.rounds, run.record.best = made.record.task, made.record.rounds, made.record.best
    run.dataset.add_scenes(1, made.dataset.scenes())
    first = ScriptedModel(script=[AIMessage("There is a model.")])
    assert execute(run, lambda _q: None, model=first) is ExitCode.FINISHED
    return run


def test_a_finished_run_is_driven_on(tmp_path):
    run = ended(tmp_path)
    second = ScriptedModel(script=[call("search_memory", query="apples"), AIMessage("One more round is made.")])
    assert execute(run, lambda _q: None, model=second, more_rounds=1) is ExitCode.FINISHED
    (asked,) = [m for m in second.received[0] if m.name == MORE]
    assert json.loads(asked.text)["more_rounds"] == 1
    assert len(second.received) == 2


@pytest.mark.parametrize("writes", [0, 1])
def test_a_full_disk_where_more_rounds_are_asked_for_is_said_and_asking_again_works(tmp_path, monkeypatch, writes):
    run = ended(tmp_path)
    rounds = len(run.record.rounds) + 1

    def more():
        again = open_run(run.folder)
        script = [call("search_memory", query="apples"), AIMessage("One more round is made.")]
        return execute(again, lambda _q: None, model=ScriptedModel(script=script), more_rounds=1), again.record

    with full_after(monkeypatch, writes):
        try:
            code, record = more()
        except OSError as error:  # before the run had begun: the command line says it
            assert writes == 0 and "is full" in trouble(error, run.folder)
        else:
            assert code is ExitCode.FAILED and "is full" in record.error
    code, record = more()
    assert code is ExitCode.FINISHED and record.error is None
    assert record.task.budget.rounds == rounds


def test_annotating_again_leaves_corrected_images_alone(tmp_path):
    run = make_run(tmp_path / "r", rounds=1)
    corrected, *others = [s for s in run.dataset.samples(verdict="kept") if len(s.instances) > 1]
    review.delete(run.dataset, corrected, 0)
    run.settings.annotation.min_instance_px = 10**6  # whatever is labelled anew loses its labels
    report = json.loads(annotate(run))
    assert report["checked_by_hand"] == 1
    assert run.dataset.sample(corrected.id).instances == corrected.instances[1:]
    assert all(run.dataset.sample(s.id).instances == [] for s in others)
