"""Under a finished project one can ask and change: no word opens another project, none is swallowed."""

import pytest

from agent import asked, detached
from agent.followup import Reply
from tests.runs import make_run
from tests.ui.conftest import words
from tools.core.errors import StepFailed


@pytest.fixture
def said(monkeypatch):
    """Words that came to a run; answered as told."""
    heard = []
    replies = [Reply("why", "answered", "Few pictures; --real DIR measures more.", "apples")]

    def ask(folder, word, secrets, *, visitor=False):
        heard.append((folder.name, word, dict(secrets)))
        return replies[0]

    monkeypatch.setattr(asked, "ask", ask)
    monkeypatch.setattr(detached, "_spawn", lambda *_arguments: heard.append("spawned"))
    return heard, replies


def test_a_question_is_answered_and_begins_nothing(draw, run, runs_dir, said):
    test = draw("chat", "apples", connection={"OPENAI_API_KEY": "sk-mine"})
    test.chat_input[0].set_value("why is the score low?").run()
    shown = words(test)
    assert said[0] == [("apples", "why is the score low?", {"OPENAI_API_KEY": "sk-mine"})]
    assert "why is the score low?" in shown
    assert "Few pictures" in shown
    assert "--real" not in shown
    assert [p.name for p in runs_dir.iterdir() if (p / "run.json").is_file()] == ["apples"]


def test_an_answer_that_the_story_holds_is_shown_once(draw, run, said):
    test = draw("chat", "apples")
    test.chat_input[0].set_value("why?").run()
    run.emit("answer", text="why?")
    run.emit("summary", text=said[1][0].text)
    assert words(test.run()).count("Few pictures") == 1


def test_an_answer_after_the_end_leaves_the_result_where_it_was(draw, run):
    run.emit("stage", name="train", round=1, state="started")
    run.emit("stage", name="train", round=1, state="done", seconds=3)
    run.emit("summary", text="mask mAP50 0.6")
    run.emit("answer", text="why?")
    run.emit("summary", text="Few pictures.")
    shown = words(draw("chat", "apples"))
    assert shown.index("Done: a model that finds") < shown.index("why?") < shown.index("Few pictures.")
    assert shown.count("Done: a model that finds") == 1


def test_a_fork_is_turned_to_with_its_plan(draw, run, runs_dir, said):
    other = make_run(runs_dir / "apples-and-pears", names=("apple", "pear"), rounds=0)
    other.record.status, other.record.question = "needs_answer", {"kind": "approve", "plan": {}}
    other.save()
    said[1][0] = Reply("classes", "waits", "Here is the plan.", "apples-and-pears", forked=True)
    test = draw("chat", "apples")
    test.chat_input[0].set_value("also find pears").run()
    assert test.session_state["run"] == "apples-and-pears"
    assert "Approve" in [b.label for b in test.button]


def test_a_working_project_hears_too(draw, run, monkeypatch, said):
    monkeypatch.setattr(detached, "is_alive", lambda folder: True)
    said[1][0] = Reply("stop", "heard", "Heard: it is minded at the next step.", "apples")
    test = draw("chat", "apples")
    assert not test.chat_input[0].disabled
    test.chat_input[0].set_value("stop after this round").run()
    assert "minded at the next step" in words(test)
    assert not next(b for b in test.button if b.label == "Stop").disabled


def test_what_goes_wrong_is_said(draw, run, monkeypatch):
    def fails(*_arguments, **_options):
        raise StepFailed("the process that answers ended without a word")

    monkeypatch.setattr(asked, "ask", fails)
    test = draw("chat", "apples")
    test.chat_input[0].set_value("why?").run()
    assert "ended without a word" in words(test)
