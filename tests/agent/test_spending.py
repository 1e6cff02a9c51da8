"""What a language model has cost is counted however a run ends, and told wherever the end is."""

import pytest
from langchain_core.messages import AIMessage

from agent import spending
from agent.cli.console import Console, print_record
from agent.extend import extend, more_money
from agent.llm import chat_model
from agent.planner import OfflinePlanner
from agent.run import ExitCode, execute
from agent.run_folder import open_run, start_run
from tests.agent.objects import known
from tests.agent.test_graph import TOOLS, drive, offline_tools
from tests.agent.test_llm import Endpoint, endpoint, fault, message, settings
from tests.runs import make_run
from tests.scripted import ScriptedModel, call
from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.runs.runtime import read_record

__all__ = ["endpoint"]  # the fixture
PRICE = (0.5, 2.0)  # US dollars a million tokens


def used(answer: AIMessage, read: int, written: int, **said: float) -> AIMessage:
    """An answer of which the endpoint says what it took."""
    usage = {"input_tokens": read, "output_tokens": written, "total_tokens": read + written}
    return answer.model_copy(update={"usage_metadata": usage, "response_metadata": {"token_usage": said}})


@pytest.mark.parametrize(
    ("price", "said", "money", "told"),
    [
        (None, {}, None, "the price is not known"),
        (PRICE, {}, 3 * (4000 * 0.5 + 100 * 2.0) / 1e6, "about $0.0066"),
        (PRICE, {"cost": 0.02}, 0.06, "about $0.0600"),  # what the endpoint says is what it takes
        (None, {"cost": 0.0}, 0.0, "about $0.0000"),
        (None, {"cost": float("nan")}, None, "the price is not known"),
        (None, {"cost": -1.0}, None, "the price is not known"),
        (None, {"cost": "dear"}, None, "the price is not known"),
    ],
)
def test_a_model_that_only_talks_ends_the_run_with_what_it_cost(tmp_path, monkeypatch, price, said, money, told):
    if price:
        monkeypatch.setenv("SIGHTSMITH_LLM_PRICE", str(list(price)))
    code, run, model = drive(tmp_path, [used(AIMessage("First, think of apples."), 4000, 100, **said)], repeat=True)
    assert code is ExitCode.FAILED
    assert len(model.received) == 3
    record = read_record(run.folder)
    assert (record.totals["llm_calls"], record.totals["llm_tokens_read"]) == (3, 12_000)
    assert record.totals.get("llm_money") == (pytest.approx(money) if money is not None else None)
    sentence = spending.sentence(record)
    assert sentence.startswith("The language model was asked 3 times: 12,000 tokens read, 300 written; ")
    assert told in sentence
    for report in ("report.html", "report.md"):
        text = (run.folder / report).read_text()
        assert "12,000 tokens read" in text
        assert text.count(f"sightsmith resume {run.record.name}") == text.count("--llm offline")  # one way out


@pytest.mark.parametrize(
    ("allowed", "images", "asked"),
    [(None, 0.0, 3), (0.0, 0.0, 3), (0.05, 0.0, 3), (0.03, 0.0, 2), (0.05, 0.04, 1), (1.0, 0.5, 3)],
)
def test_the_money_that_a_person_allows_holds_for_the_language_model_too(tmp_path, allowed, images, asked):
    """Each answer costs two cents; three answers without a call are the end anyway."""
    run = start_run(
        "segment apples", Settings(runs_dir=tmp_path / "runs", memory_dir=tmp_path / "memory"),
        options={"money": allowed},
    )  # fmt: skip
    run.record.totals["money"] = images
    model = ScriptedModel(script=[used(AIMessage("Hm."), 10, 1, cost=0.02)], repeat=True)
    assert execute(run, lambda _q: None, model=model, tools=TOOLS) is ExitCode.FAILED
    assert len(model.received) == asked
    said = f"the ${allowed or 0:g} allowed are spent: the language model has cost ${0.02 * asked:.2f}"
    report = (run.folder / "report.md").read_text()
    assert (said in report) == (asked < 3)
    assert ("and pictures $0.04" in report) == (images == 0.04)


@pytest.mark.parametrize(
    ("images", "asked", "cost", "more"),
    [(0.0, 0.0, 0.04, 2), (0.0, 0.5, 0.04, 2), (0.3, 0.5, 0.04, 2), (0.0, 0.5, 0.0, 0)],
)
def test_what_was_approved_on_top_counts_too(tmp_path, images, asked, cost, more):
    """Two cents were given at first; what is approved then is for what comes, not for what was spent before it."""
    run = start_run(
        "segment apples", Settings(runs_dir=tmp_path / "runs", memory_dir=tmp_path / "memory"), options={"money": 0.02}
    )
    run.record.task = TaskSpec(
        kind="segment", classes=[ClassSpec(name="apple")], budget=Budget(images=9, rounds=1, money=0.02)
    )
    run.record.totals |= {"money": images, spending.MONEY: asked}
    more_money(run.record, cost)
    model = ScriptedModel(script=[used(AIMessage("Hm."), 10, 1, cost=0.02)], repeat=True)
    execute(run, lambda _q: None, model=model, tools=TOOLS)
    assert len(model.received) == more


def test_approving_more_images_raises_what_may_be_spent(tmp_path, monkeypatch):
    run = make_run(tmp_path / "r")
    run.record.totals |= {"money": 0.3, spending.MONEY: 0.5}
    monkeypatch.setattr("agent.extend._plan", lambda *_: {"cost": 0.2})
    monkeypatch.setattr("agent.extend._approve", lambda *_: None)
    extend(run, 1, 10, (), (), None)
    assert run.record.task.budget.money == 0.5
    assert run.record.totals[spending.APPROVED] == 1.0


def test_what_a_resume_asks_is_added(tmp_path):
    _, run, _ = drive(tmp_path, [used(AIMessage("Hm."), 10, 1)], repeat=True)
    script = [used(call("train_model"), 20, 2), used(AIMessage("Done: a model is trained."), 30, 3)]
    again, model = open_run(run.folder), ScriptedModel(script=script)
    assert execute(again, lambda _q: None, model=model, tools=TOOLS) is ExitCode.FINISHED
    assert "5 times: 80 tokens read, 8 written" in spending.sentence(read_record(run.folder))


def test_a_question_without_an_answer_may_have_cost_too(tmp_path):
    script = [used(call("add_numbers", a=1, b=1), 10, 1), TimeoutError("timed out")]
    _, run, _ = drive(tmp_path, script)
    assert "2 times: 10 tokens read, 1 written, 1 of the calls not counted" in spending.sentence(run.record)


def test_an_endpoint_that_counts_nothing_is_named_so(tmp_path):
    _, run, _ = drive(tmp_path, [AIMessage("Hm.")], repeat=True)
    assert "asked 3 times; how many tokens that took, its endpoint does not say" in spending.sentence(run.record)


def test_the_offline_planner_costs_nothing(tmp_path):
    run = start_run("segment apples", Settings(runs_dir=tmp_path / "runs", memory_dir=tmp_path / "memory"))
    execute(run, lambda _q: None, model=OfflinePlanner(known=known), tools=offline_tools([]))
    assert spending.sentence(run.record) == ""


_TALK, _TEXT = message("Sure! First we should think about apples."), message('<tool_call>{"name": "define_task", "a')
_EMPTY, _CALL = message(""), message(name="define_task", args={})
_CALL["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] = '{"kind": seg'


@pytest.mark.parametrize(
    ("script", "calls", "said"),
    [
        ([_TALK], 3, "only talks"),
        ([_EMPTY], 3, "gives empty answers"),
        ([_TEXT], 3, "writes its calls as text that cannot be read"),
        ([_CALL], 3, 'define_task with arguments that cannot be read: {"kind": seg'),
        ([_TALK, _EMPTY, _TEXT], 3, "writes its calls as text"),
        ([fault(500, "oops")], 1, "the endpoint failed (500)"),
    ],
)
def test_an_endpoint_without_a_call(endpoint: Endpoint, tmp_path, capsys, script, calls, said):
    """The real client and tools, as on the command line: a clear end, one way out, and what it cost."""
    endpoint.script = [*script]
    run = start_run("build me an apple segmenter", settings(runs_dir=tmp_path / "runs", llm_retries=0, llm="m"))
    assert execute(run, lambda _q: None, model=chat_model(run.settings)) is ExitCode.FAILED
    assert len(endpoint.requests) == run.record.totals["llm_calls"] == calls
    assert said in run.record.error
    Console(quiet=True).print_end(run.record, run.folder)
    print_record(run.record, run.folder)
    told = capsys.readouterr().out
    assert told.count("The language model was asked") == 2
    assert told.count("sightsmith resume") == 2  # once a print: the same model would end so again
    assert told.count("--llm offline") == 2
    if calls > 1:
        assert f"asked {calls} times: {calls} tokens read, {calls} written; the price is not known" in told


def test_the_cost_that_an_endpoint_says_reaches_the_record(endpoint: Endpoint, tmp_path):
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10, "cost": 0.0125}
    endpoint.script = [message("Hm.") | {"usage": usage}]
    run = start_run("apples", settings(runs_dir=tmp_path / "runs", llm="m"))
    execute(run, lambda _q: None, model=chat_model(run.settings))
    assert run.record.totals["llm_money"] == pytest.approx(0.0375)
