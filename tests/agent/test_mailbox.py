"""What is said while a run works is heard once, at its next step."""

import json

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from agent.followup import at_once, follow_up
from agent.mailbox import MAILBOX, leave, letters
from agent.more import LETTER
from agent.run import ExitCode, execute
from agent.run_folder import lock, open_run
from tests.agent.talking import finished
from tests.agent.test_planner import args_of, names, talk, usual
from tests.scripted import ScriptedModel, call
from tools.core.errors import FixArguments
from tools.runs.runtime import read_record


def test_a_letter_is_kept_in_order_and_a_cut_line_harms_none(tmp_path):
    first, second = leave(tmp_path, "more shade please"), leave(tmp_path, "停")
    with (tmp_path / MAILBOX).open("a") as file:
        file.write('{"id": "letter-000000000000", "te\n[]\n{"id": "x", "text": "forged", "time": ""}\n')
    third = leave(tmp_path, "stop after this round")
    assert letters(tmp_path) == [first, second, third]
    assert letters(tmp_path, {first.id, third.id}) == [second]
    assert letters(tmp_path / "nowhere") == []


@pytest.mark.parametrize("text", ["", "  \n", "x" * 2001])
def test_what_is_no_letter_is_refused(tmp_path, text):
    with pytest.raises(FixArguments):
        leave(tmp_path, text)
    assert not (tmp_path / MAILBOX).exists()


def test_the_agent_hears_a_letter_before_its_next_decision_and_only_once(tmp_path):
    run = finished(tmp_path / "fruit")
    model = ScriptedModel(script=[call("search_memory", query="apples"), call("search_memory", query="pears"),
                                  AIMessage("There you are.")])  # fmt: skip

    def on_event(event):
        if event["kind"] == "model" and event["calls"] == ["search_memory"] and len(model.received) == 1:
            leave(run.folder, "more shade please")

    run.listen(on_event)
    assert execute(run, lambda _q: None, model=model, said="how is it?") is ExitCode.FINISHED
    heard = [[m.text for m in received if m.name == LETTER] for received in model.received]
    assert heard == [[], ["more shade please"], ["more shade please"]]
    assert "more shade please" in (run.folder / "events.jsonl").read_text(encoding="utf-8")
    again = ScriptedModel(script=[AIMessage("Fine.")])
    execute(open_run(run.folder), lambda _q: None, model=again, said="and now?")
    assert [m.text for m in again.received[0] if m.name == LETTER] == ["more shade please"]  # as part of what was said


@pytest.mark.parametrize(
    ("said", "focus", "rounds"),
    [
        ("more shade please", ["light=deep shade"], 2),
        ("多一点阴影", ["light=deep shade"], 2),
        ("stop after this round", None, 1),
        ("这一轮之后停", None, 1),
    ],
)
def test_the_planner_minds_what_is_said_while_a_round_runs(monkeypatch, said, focus, rounds):
    from agent import planner as planning

    read = planning.read_story

    def with_letter(messages):  # the letter stands after the training of round 1
        at = next((i for i, m in enumerate(messages) if m.name == "train_model"), None)
        letter = [] if at is None else [HumanMessage(said, name=LETTER, id="letter-1")]
        return read([*messages[: (at or 0) + 1], *letter, *messages[(at or 0) + 1 :]])

    monkeypatch.setattr(planning, "read_story", with_letter)
    calls, last = talk("segment apples", usual)
    assert names(calls).count("design_scenes") == rounds
    if focus:
        assert args_of(calls, "design_scenes")[1] == {"focus": focus}
    assert "not done yet" not in last


def test_what_came_too_late_is_said_at_the_end(monkeypatch):
    from agent import planner as planning

    read = planning.read_story
    monkeypatch.setattr(
        planning, "read_story",
        lambda messages: read([*messages, HumanMessage("more backlight please", name=LETTER, id="letter-1")])
        if sum(m.name == "export_dataset" for m in messages) else read(messages),
    )  # fmt: skip
    _, last = talk("segment apples", usual)
    assert 'not done yet: "more backlight please"' in last


def test_a_run_that_works_is_asked_from_its_record_and_told_by_letter(tmp_path):
    run = finished(tmp_path / "fruit")
    with lock(run.folder):
        assert follow_up(run.folder, "why is the score low?").outcome == "answered"
        assert follow_up(run.folder, "stop after this round").outcome == "heard"
        assert at_once(run.folder, "more shade please").outcome == "heard"
        later = follow_up(run.folder, "also find lemons")
        assert later.outcome == "refused" and "when it has ended" in later.text
    assert [le.text for le in letters(run.folder)] == ["stop after this round", "more shade please"]
    assert at_once(run.folder, "another round") is None  # that wants a worker
    assert at_once(run.folder, "where are the files?").outcome == "answered"
    assert read_record(run.folder).status == "finished"


def test_the_model_is_told_how_to_write_vocabularies_and_phrases_whatever_draws(tmp_path):
    run = finished(tmp_path / "fruit")
    model = ScriptedModel(script=[AIMessage("Yes.")])
    execute(run, lambda _q: None, model=model, said="is it good?")
    (system,) = [m for m in model.received[0] if isinstance(m, SystemMessage)]
    assert "How to write a vocabulary" in system.text and "How to write phrases" in system.text
    assert json.loads((run.folder / "run.json").read_text())["settings"]["generation"]["generator"].endswith(
        "ShapeGenerator"
    )
