"""A run's events as a conversation: as they come, cut by kills, said twice by resumes."""

import json

from agent.mcp.story import Story
from tools.core.settings import Settings
from tools.runs.runtime import RunContext, RunRecord


def context(folder):
    folder.mkdir(exist_ok=True)
    record = RunRecord(name="r", request="apples", created="2026-01-01T00:00:00+00:00")
    return RunContext(folder, record, Settings(runs_dir=folder.parent))


def test_steps_progress_and_losses_are_read_as_they_come(tmp_path):
    run = context(tmp_path / "r")
    story = Story(run.folder)
    assert story.read() is False
    with run.stage("generate"):
        run.progress("generate", 0, 10)
        assert story.read()
        assert story.running.name == "generate"
        run.progress("generate", 4, 10, seconds_per_image=0.5)
        story.read()
        assert (story.running.done, story.running.total) == (4, 10)
        assert story.running.about == {"seconds_per_image": 0.5}
    with run.stage("train"):
        run.emit("loss", epoch=1, epochs=2, loss=2.0)
        run.emit("loss", epoch=2, epochs=2, loss=1.5, val_score=0.4)
    story.read()
    assert story.running is None
    assert [(e.step.name, e.step.state) for e in story.entries] == [("generate", "done"), ("train", "done")]
    assert story.losses == {1: {1: (2.0, None), 2: (1.5, 0.4)}}
    assert story.read() is False


def test_the_time_left_is_by_the_latest_speed(tmp_path):
    folder = tmp_path / "r"
    folder.mkdir()
    events = [{"kind": "stage", "name": "train", "round": 2, "state": "started"}]
    events += [{"kind": "progress", "stage": "train", "done": n, "total": 100} for n in range(1, 31)]
    lines = [
        json.dumps({"time": f"2026-01-01T00:00:{n:02d}+00:00", **event}) for n, event in enumerate(events)
    ]  # one a second
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n")
    story = Story(folder)
    story.read()
    assert story.running.round == 2
    assert abs(story.running.seconds_left - 70) < 1e-6


def test_a_line_that_a_kill_cut_is_finished_later_or_passed_over(tmp_path):
    run = context(tmp_path / "r")
    path = run.folder / "events.jsonl"
    path.write_text('{"time": "x", "kind": "note", "te')
    story = Story(run.folder)
    story.read()
    assert story.entries == []
    with path.open("a") as file:
        file.write('xt": "hello"}\nrubbish\n[1]\n{"kind": "stage"}\n')
    story.read()
    assert [e.text for e in story.entries] == ["hello"]


def test_a_killed_stage_that_starts_again_is_one_step_and_a_repeated_question_one_question(tmp_path):
    run = context(tmp_path / "r")
    asked = {"kind": "question", "question": "Which?"}
    run.emit("stage", name="train", round=1, state="started")
    run.emit("stage", name="train", round=1, state="started")
    run.emit("question", asked=asked)
    run.emit("question", asked=asked)
    run.emit("answer", text="this")
    run.emit("question", asked=asked)
    run.emit("end", status="stopped", error="stopped by the user")
    story = Story(run.folder)
    story.read()
    assert [e.kind for e in story.entries] == ["step", "question", "answer", "question", "stopped"]
    assert story.entries[0].step.state == "stopped"


def test_a_step_counts_the_images_of_its_round_however_much_it_looks_at(tmp_path):
    run = context(tmp_path / "r")
    with run.stage("generate"):  # after a stop: 20 of the round are there, two scenes gave none
        run.progress("generate", 20, 50, pictures=20)
        run.progress("generate", 50, 50, pictures=48)
    with run.stage("curate"):  # looks at what earlier rounds kept as well
        run.progress("curate", 116, 116, pictures=48)
    with run.stage("train"):  # stopped early
        run.progress("train", 18, 29, loss=1.0)
    story = Story(run.folder)
    story.read()
    assert [(e.step.name, e.step.counted) for e in story.entries] == [("generate", 48), ("curate", 48), ("train", 18)]
