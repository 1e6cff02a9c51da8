"""The plan stays in sight, images appear as they are made, Stop can always be pressed, a first visit shows why."""

import pytest

from agent import detached
from tests.runs import make_run
from tests.ui.conftest import words
from tools.trainers.glimpse import NAME as GLIMPSE


@pytest.fixture
def working(runs_dir, monkeypatch):
    """An approved run whose worker is alive."""
    run = make_run(runs_dir / "apples", rounds=1)
    run.record.status = "running"
    run.record.estimate = {"minutes": 3.5, "stages": {"generate": 2.0}, "money": 0.0, "notes": ["light=deep shade"]}
    run.save()
    run.emit("question", asked={"kind": "approve", "plan": {"pictures": 30}})
    run.emit("answer", text="yes")
    monkeypatch.setattr(detached, "is_alive", lambda folder: True)
    return run


def images(test):
    return sum(len(element.proto.imgs) for element in test.get("image"))


def test_the_plan_stays_after_its_approval(draw, working):
    said = words(draw("chat", "apples"))
    assert said.index("The plan") < said.index("Approved.")
    assert "about 3.5 minutes" in said
    assert "light=" not in said
    assert "A plan was shown." not in said


@pytest.mark.parametrize("stage", ["", "generate", "train", "export_model"])
def test_stop_can_be_pressed_whatever_runs(draw, working, stage, monkeypatch):
    if stage:
        working.emit("stage", name=stage, round=1, state="started")
    stopped = []
    monkeypatch.setattr(detached, "stop", stopped.append)
    test = draw("chat", "apples")
    button = next(b for b in test.button if b.label == "Stop")
    assert not button.disabled
    button.click().run()
    assert stopped == [working.folder]


def test_nothing_is_greyed_while_it_is_drawn_anew():
    from pathlib import Path

    import ui

    sheet = (Path(ui.__file__).parent / "style.css").read_text()
    assert '[data-stale="true"]' in sheet


def test_the_newest_images_are_shown_while_they_are_drawn(draw, working):
    before = images(draw("chat", "apples"))
    working.emit("stage", name="generate", round=1, state="started")
    test = draw("chat", "apples")
    assert "The newest pictures" in words(test)
    assert images(test) == before + 6


def test_what_it_sees_by_now_is_shown_while_it_learns(draw, working):
    working.emit("stage", name="train", round=1, state="started")
    assert "What it sees by now" not in words(draw("chat", "apples"))
    folder = working.round_folder(1) / "train"
    folder.mkdir()
    sample = next(working.dataset.samples())
    (folder / GLIMPSE).write_bytes((working.folder / sample.image).read_bytes())
    assert "What it sees by now" in words(draw("chat", "apples"))


def test_a_first_visit_has_a_result_to_look_at_and_three_requests(draw, runs_dir):
    test = draw("chat")
    assert images(test) == 1
    assert [b.key for b in test.button][:3] == ["example_1", "example_2", "example_3"]
    assert "Show me photos of it" in [e.label for e in test.expander]
    make_run(runs_dir / "known", rounds=0)
    assert images(draw("chat")) == 0


def test_the_end_leads_on_to_every_room(draw, run):
    run.emit("stage", name="train", round=2, state="started")
    run.emit("stage", name="train", round=2, state="done", seconds=1)
    run.emit("summary", text="x")
    labels = [b.label for b in draw("chat", "apples").button]
    assert {"Try it on a photo", "Download and use", "Correct what is wrong", "One more round"} <= set(labels)
