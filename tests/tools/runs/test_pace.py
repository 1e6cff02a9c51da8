"""Estimates go by what this machine took before, and by nothing else."""

import json
import os

import pytest

from agent.run_folder import start_run
from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.runs.estimate import Plan, estimate
from tools.runs.pace import RUNS, at_pace, latest_paces, machine_name
from tools.runs.runtime import PHOTOS, Round, RunRecord, StageTime

HERE = "Some CPU, 2 cores"
PLAN = Plan(images=100, rounds=1, effort="quick")


@pytest.fixture
def finished(tmp_path):
    """Write the record of a run that made 50 images in `render_s` each and trained 25 of them for 4 epochs."""

    def write(name="before", render_s=3.0, rate=10.0, made=50, changed=None, **settings):
        folder = tmp_path / name
        (folder / "rounds" / "01").mkdir(parents=True)
        record = RunRecord(
            name=name, request="apples", created="", status="finished", machine=HERE,
            settings=Settings(**settings).model_dump(mode="json"), rounds=[Round(number=1, generated=made)],
            stages=[StageTime(name="generate", round=1, seconds=render_s * made),
                    StageTime(name="train", round=1, seconds=100 / rate)],
        ).model_copy(update=changed or {})  # fmt: skip
        (folder / "run.json").write_text(record.model_dump_json())
        (folder / "rounds" / "01" / "training.json").write_text(json.dumps({"epochs": 4, "train_images": 25}))
        return folder

    return write


def names(tmp_path, **settings):
    return [p.run for p in latest_paces(tmp_path, HERE, Settings(**settings), [])]


def test_what_was_measured_here_is_what_is_estimated(tmp_path, finished):
    settings = Settings(workers=8, size_px=416)
    finished(render_s=3.0, rate=10.0, workers=8, size_px=416)
    paces = latest_paces(tmp_path, HERE, settings, [])
    stages = estimate(PLAN, at_pace(settings, paces)).stages
    assert stages["generate"] == pytest.approx(100 * 3.0 / 60, abs=0.01)
    before = estimate(PLAN, settings).stages["train"]
    rate = settings.estimate.train_images_per_s * 4**0.5 / (416 / 320) ** 2  # of the estimate without a run
    assert stages["train"] == pytest.approx(before * rate / 10.0, rel=0.01)
    assert at_pace(settings, []) == settings


def test_the_median_of_the_latest_runs_counts(tmp_path, finished):
    for k in range(RUNS + 1):
        finished(f"run-{k}", render_s=[100.0, 2.0, 3.0, 50.0][k])
        os.utime(tmp_path / f"run-{k}" / "run.json", ns=(10**18 + k, 10**18 + k))
    paces = latest_paces(tmp_path, HERE, Settings(), [])
    assert [p.run for p in paces] == ["run-3", "run-2", "run-1"]
    assert estimate(PLAN, at_pace(Settings(), paces)).stages["generate"] == pytest.approx(100 * 3.0 / 60, abs=0.01)


def test_runs_of_the_same_things_count_before_all_others(tmp_path, finished):
    """An image of dogs takes twice as long as one of apples."""
    for k, thing in enumerate(("apple", "dog", "dog")):
        classes = [ClassSpec(name=f"{thing}s", drawn_as=thing)]
        task = TaskSpec(kind="detect", classes=classes, budget=Budget(images=50, rounds=1))
        finished(f"{thing}-{k}", changed={"task": task})
        os.utime(tmp_path / f"{thing}-{k}" / "run.json", ns=(10**18 + k, 10**18 + k))

    def used(*drawn):
        return [p.run for p in latest_paces(tmp_path, HERE, Settings(), drawn)]

    assert used("apple") == ["apple-0"] and used("mug", "dog") == ["dog-2", "dog-1"]
    assert used("mug") == ["dog-2", "dog-1", "apple-0"]


@pytest.mark.parametrize(
    ("made", "changed"),
    [
        ({}, {"machine": "Another CPU, 2 cores"}),
        ({}, {"status": "failed"}),
        ({}, {"stages": []}),
        ({"made": 10}, {}),
        ({"size_px": 640}, {}),
        ({"generator": "copy_paste"}, {}),
    ],
)
def test_other_runs_say_nothing(tmp_path, finished, made, changed):
    finished(changed=changed, **made)
    assert names(tmp_path) == []


def test_rounds_on_photos_are_another_stage_and_do_not_count(tmp_path, finished):
    finished(rate=10.0, changed={"rounds": [Round(number=1, generated=50), Round(number=2, focus=[PHOTOS])]})
    (tmp_path / "before" / "rounds" / "02").mkdir()
    (tmp_path / "before" / "rounds" / "02" / "training.json").write_text('{"epochs": 50, "train_images": 25}')
    [pace] = latest_paces(tmp_path, HERE, Settings(), [])
    assert pace.train_images_per_s == pytest.approx(10.0)


def test_damaged_records_are_passed_over(tmp_path, finished):
    (finished("broken") / "run.json").write_text("{")
    (finished("cut") / "rounds" / "01" / "training.json").write_text("[1]")
    finished("whole")
    assert names(tmp_path) == ["whole"]
    assert latest_paces(tmp_path / "nowhere", HERE, Settings(), []) == []


def test_a_run_says_on_which_machine_it_was(tmp_path):
    run = start_run("apples", Settings(runs_dir=tmp_path / "runs"))
    assert run.record.machine == machine_name()
    assert machine_name().endswith("cores") and len(machine_name()) > len(", 2 cores")
