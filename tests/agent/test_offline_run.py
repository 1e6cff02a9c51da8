"""The offline planner with the real define_task and ask_user in the real graph: questions, plans, wishes, resumes."""

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.tools import BaseTool, tool
from langgraph.prebuilt import ToolRuntime

from agent.conversation import ROUND
from agent.planner import EXPORTS
from agent.run import ExitCode, execute
from agent.run_folder import open_run, start_run
from tools.core.settings import Settings
from tools.runs.runtime import Best, Round, RunContext
from tools.steps.task import ask_user, define_task


def step(name: str) -> BaseTool:
    """A tool that reports; design begins a round, evaluation leaves a best model."""

    @tool(name)
    def work(runtime: ToolRuntime[RunContext], focus: list[str] | None = None) -> str:
        """Work."""
        run = runtime.context
        assert run.task.classes
        if name == "design_scenes":
            run.record.rounds.append(Round(number=len(run.record.rounds) + 1, focus=focus or []))
        if name == "evaluate_model":
            run.record.best = Best(round=run.round.number, weights="w", threshold=0.3)
        more = {"aim": ["light=deep shade"]} if name == "diagnose_model" else {}
        return json.dumps({"done": name, **more})

    return work


TOOLS = [define_task, ask_user, *(step(n) for n in (*ROUND, *EXPORTS))]


def new_run(tmp_path: Path, request: str, *, yes: bool = False, **options: Any) -> RunContext:
    settings = Settings(runs_dir=tmp_path, memory_dir=tmp_path / "memory", llm="offline", effort="quick")
    return start_run(request, settings, options=options, auto_approve=yes)


def drive(run: RunContext, *answers: str, first: str | None = None) -> tuple[ExitCode, list[dict[str, Any]]]:
    asked: list[dict[str, Any]] = []
    queue = list(answers)

    def person(question: dict[str, Any]) -> str | None:
        asked.append(question)
        return queue.pop(0) if queue else None

    return execute(run, person, tools=TOOLS, answer=first), asked


def test_a_request_runs_to_its_end_without_a_word(tmp_path):
    run = new_run(tmp_path, "segment apples in an orchard", yes=True)
    code, asked = drive(run)
    assert code is ExitCode.FINISHED
    assert asked == []
    assert [r.focus for r in run.record.rounds] == [[], ["light=deep shade"]]
    assert run.task.contexts == ["orchard"]


def test_question_plan_wish_and_yes_in_one_sitting(tmp_path):
    run = new_run(tmp_path, "hello")
    code, asked = drive(run, "ripe and raw tomatoes", "only 50 pictures and boxes", "yes")
    assert code is ExitCode.FINISHED
    assert [q["kind"] for q in asked] == ["question", "approve", "approve"]
    assert asked[1]["plan"]["pictures"].startswith("360 of")
    assert asked[2]["plan"]["pictures"].startswith("50 of")
    assert (run.task.kind, run.task.class_names) == ("detect", ["ripe tomato", "raw tomato"])


def test_each_answer_may_come_in_a_process_of_its_own(tmp_path):
    run = new_run(tmp_path, "分割水果")
    code, asked = drive(run)
    assert (code, asked[-1]["kind"]) == (ExitCode.NEEDS_ANSWER, "question")
    assert "水果" in asked[0]["question"]
    for answer, kind in (("苹果", "approve"), ("加上梨", "approve")):
        code, asked = drive(open_run(run.folder), first=answer)
        assert (code, asked[-1]["kind"]) == (ExitCode.NEEDS_ANSWER, kind)
    again = open_run(run.folder, auto_approve=True)
    assert drive(again)[0] is ExitCode.FINISHED
    assert [(c.name, c.drawn_as) for c in again.task.classes] == [("苹果", "apple"), ("梨", "pear")]
    assert sum(s.name == "define" for s in again.record.stages) == 1


@pytest.mark.parametrize(
    ("request_", "answers", "words"),
    [
        ("segment apples", ["no"], "the plan was refused"),
        ("segment zorbs", ["stop"], "stopped at the question"),
        ("predict stock prices", ["quit"], "stopped at the question"),
    ],
)
def test_a_no_ends_the_run_with_its_reason_and_nothing_done(tmp_path, request_, answers, words):
    run = new_run(tmp_path, request_)
    code, _ = drive(run, *answers)
    assert code is ExitCode.FAILED
    assert words in run.record.error
    assert run.record.rounds == []


def test_a_number_in_the_request_does_not_pass_the_flag(tmp_path):
    run = new_run(tmp_path, "segment apples, 200 images", yes=True, images=60)
    assert drive(run)[0] is ExitCode.FINISHED
    assert run.task.budget.images == 60
