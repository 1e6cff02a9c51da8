"""Images are made once each, whatever dies on the way; what cannot be made is said and not fatal."""

import errno
import itertools
import json
import shutil
import sqlite3
from collections import namedtuple

import pytest

from tests.fakes import ShapeGenerator
from tests.pipeline import new_run
from tools.core.errors import FixArguments, StepFailed, Stopped
from tools.core.task import ClassSpec
from tools.data.dataset import file_sha256, sample_id
from tools.data.images import read_size
from tools.generators import Failed, choosing
from tools.generators.blender.engine import BlenderGenerator
from tools.generators.choosing import make_generator
from tools.runs.estimate import Plan, estimate
from tools.steps import generate as module
from tools.steps.generate import generate
from tools.steps.scenes import design


class Unlucky(ShapeGenerator):
    """Gives no image of every third scene."""

    def generate(self, scenes, folder):
        for number, result in enumerate(super().generate(scenes, folder)):
            yield Failed(result.scene, "the worker died") if number % 3 == 1 else result


class Hopeless(ShapeGenerator):
    def generate(self, scenes, folder):
        for number, scene in enumerate(scenes):
            yield Failed(scene, "no such object" if number else "the worker died")


class Backwards(ShapeGenerator):
    """Finishes the last scene first, as parallel workers may."""

    def generate(self, scenes, folder):
        yield from super().generate(scenes[::-1], folder)


class FullDisk(ShapeGenerator):
    def generate(self, scenes, folder):
        yield from super().generate(scenes[:3], folder)
        raise OSError(errno.ENOSPC, "No space left on device")


class FailsOnFullDisk(ShapeGenerator):
    def generate(self, scenes, folder):
        for scene in scenes:
            yield Failed(scene, "cannot write picture")


class Bug(ShapeGenerator):
    def generate(self, scenes, folder):
        raise OSError(errno.ENOENT, "a bug, not the disk")


class Bare:
    """Draws nothing, and inherits nothing."""

    def __init__(self, settings):
        self.name = "bare"


class Absent(ShapeGenerator):
    def unavailable(self):
        return "the shapes are not installed; pip install shapes"


class NotOne:
    pass


def _kept(run):
    return {s.id: (s.sha256, s.round, s.image, s.label, s.instances) for s in run.dataset.samples()}


def test_every_scene_becomes_a_sample_with_its_provenance(tmp_path):
    run = new_run(tmp_path)
    design(run, 8, [], None)
    answer = json.loads(generate(run))
    scenes = {s.id: s for s in run.dataset.scenes()}
    samples = list(run.dataset.samples())
    assert answer["done"] == "made 8 pictures of 8 planned scenes"
    assert run.round.generated == len(samples) == 8
    for sample in samples:
        scene = scenes[sample.scene_id]
        assert sample.id == sample_id(scene, "shapes")
        assert (sample.family, sample.axes, sample.seed, sample.round) == (scene.family, scene.axes(), scene.seed, 1)
        assert sample.provenance["engine"] == "shapes"
        assert sample.provenance["licence"] == ShapeGenerator.licence
        assert sample.sha256 == file_sha256(run.path(sample.image))
        assert read_size(run.path(sample.image)) == (96, 96)
        assert sample.label is None
        assert len(sample.instances) <= len(scene.targets)
        assert {k.class_name for k in sample.lookalikes} <= {o.drawn_as for o in scene.objects if o.role == "lookalike"}
    assert any(s.lookalikes and s.lookalikes[0].mask(96, 96).any() for s in samples)
    assert run.record.engines["shapes"]["version"] == "1"
    assert not (tmp_path / ".generating").exists()


def test_doing_it_twice_adds_nothing(tmp_path):
    run = new_run(tmp_path)
    design(run, 5, [], None)
    generate(run)
    before = _kept(run)
    assert json.loads(generate(run))["done"] == "made 0 pictures of 0 planned scenes"
    assert _kept(run) == before


def test_results_do_not_depend_on_who_finishes_first(tmp_path):
    runs = [new_run(tmp_path / n, generator=f"tests.{g}") for n, g in (
        ("a", "fakes:ShapeGenerator"), ("b", "tools.steps.test_generate:Backwards"))]  # fmt: skip
    for run in runs:
        design(run, 8, [], None)
        generate(run)
    assert _kept(runs[0]) == _kept(runs[1])


@pytest.mark.parametrize("kills", [1, 4, 7])
def test_a_stop_keeps_what_is_done_and_goes_on_after_it(tmp_path, kills):
    whole = new_run(tmp_path / "whole")
    run = new_run(tmp_path / "stopped")
    for one in (whole, run):
        design(one, 8, [], None)
    generate(whole)
    left = iter(range(kills))
    (run.folder / ".generating").mkdir()
    (run.folder / ".generating" / "half.png").write_bytes(b"half a picture")  # left by a kill
    run.check_stop = lambda: None if next(left, None) is not None else (_ for _ in ()).throw(Stopped("stop"))
    with pytest.raises(Stopped):
        generate(run)
    assert run.dataset.count() == kills + 1
    run.check_stop = lambda: None
    generate(run)
    assert _kept(run) == _kept(whole)
    assert not (run.folder / ".generating").exists()


def test_failures_are_recorded_and_not_fatal(tmp_path):
    run = new_run(tmp_path, generator="tests.tools.steps.test_generate:Unlucky")
    design(run, 9, [], None)
    answer = json.loads(generate(run))
    assert answer["failed"] == {"the worker died": 3}
    assert run.round.generated == 6
    assert set(run.dataset.failures().values()) == {"the worker died"}
    assert run.dataset.pending_scenes() == []  # a scene that failed is not tried for ever


def test_when_all_fail_the_commonest_reason_is_told(tmp_path):
    run = new_run(tmp_path, generator="tests.tools.steps.test_generate:Hopeless")
    design(run, 5, [], None)
    for _ in range(2):  # also when called again with nothing left to try
        with pytest.raises(StepFailed, match="no picture could be made: no such object"):
            generate(run)


def test_without_scenes_it_says_what_to_do(tmp_path):
    run = new_run(tmp_path)
    with pytest.raises(FixArguments, match="design_scenes"):
        generate(run)


@pytest.mark.parametrize("engine", ["FullDisk", "FailsOnFullDisk"])
def test_a_full_disk_is_named_and_no_scene_is_blamed(tmp_path, monkeypatch, engine):
    run = new_run(tmp_path, generator=f"tests.tools.steps.test_generate:{engine}")
    design(run, 8, [], None)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage(10, 10, 2**20))
    with pytest.raises(StepFailed, match=r"the disk of .* is full \(1 MB free\)") as caught:
        generate(run)
    assert str(tmp_path) in str(caught.value)
    monkeypatch.undo()
    assert run.dataset.failures() == {}
    run.settings.generation.generator = "tests.fakes:ShapeGenerator"
    generate(run)
    assert run.dataset.count() == 8


def test_a_full_disk_of_the_database_is_named_too(tmp_path, monkeypatch):
    run = new_run(tmp_path)
    design(run, 3, [], None)

    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(run.dataset, "add_sample", full)
    with pytest.raises(StepFailed, match="is full"):
        generate(run)


def test_other_errors_stay_what_they_are(tmp_path):
    run = new_run(tmp_path, generator="tests.tools.steps.test_generate:Bug")
    design(run, 3, [], None)
    with pytest.raises(OSError, match="a bug") as caught:
        generate(run)
    assert caught.value.errno == errno.ENOENT


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("brush", FixArguments, "use 'blender', .* or 'module:Class'"),
        ("tests.fakes:Nobody", FixArguments, "Nobody"),
        ("no_such_module:Engine", FixArguments, "no_such_module"),
        ("tests.tools.steps.test_generate:NotOne", FixArguments, "NotOne"),
        ("tests.tools.steps.test_generate:Bare", FixArguments, "Bare does not inherit tools.generators.Generator"),
        ("tests.tools.steps.test_generate:Absent", StepFailed, "pip install shapes"),
    ],
)
def test_an_engine_that_cannot_be_had_is_said(tmp_path, name, error, message):
    with pytest.raises(error, match=message):
        make_generator(new_run(tmp_path, generator=name))


def test_the_renderer_is_told_what_flaws_are_sought_on(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(BlenderGenerator, "__init__", lambda _self, **given: told.append(given["grounds"]))
    monkeypatch.setattr(BlenderGenerator, "unavailable", lambda _self: "")
    run = new_run(tmp_path, generator="blender")
    run.record.task.classes = [ClassSpec(name="crack", drawn_as="crack", appearances=["on road"])]
    make_generator(run)
    assert told == [["on road"]]


def test_the_minutes_budget_leaves_time_to_train(tmp_path):
    run = new_run(tmp_path, minutes=10)
    design(run, 8, [], None)
    seconds = iter([600, 400, 200, *[100] * 20])
    run.remaining_s = lambda: next(seconds)
    answer = json.loads(generate(run))
    assert 1 <= run.round.generated < 8
    assert "minutes budget" in answer["stopped"]
    assert len(run.dataset.pending_scenes()) == 8 - run.round.generated  # they are made when there is time again


def test_images_take_no_more_of_the_minutes_than_the_plan_gives_them(tmp_path, monkeypatch):
    run = new_run(tmp_path, images=30, minutes=10)
    # A second an image in ten minutes: where one takes two, the first 20 images have time for half of them.
    run.record.estimate = {"minutes": 10.0, "stages": {"generate": 0.5}, "images": 30}
    design(run, 20, [], None)
    clock = itertools.count(0.0, 1.0)  # looked at twice an image
    monkeypatch.setattr(module, "monotonic", lambda: next(clock))
    answer = json.loads(generate(run))
    assert 8 <= run.round.generated <= 11  # of 20, which are two thirds of the 30
    assert "minutes budget" in answer["stopped"]
    left = run.dataset.pending_scenes()
    assert len(left) == 20 - run.round.generated

    from tools.data.scores import Diagnosis

    run.round.diagnosis = Diagnosis(round=1, on="synthetic_val")
    design(run, 10, [], None)
    aimed = {s.id for s in run.dataset.scenes(2)}
    assert {s.id for s in run.dataset.pending_scenes()[:10]} == aimed  # first what this round is for
    generate(run)
    made = {s.scene_id for s in run.dataset.samples()}
    assert aimed & made
    assert not {s.id for s in left} & made


def test_images_may_take_longer_where_the_plan_leaves_minutes_over(tmp_path, monkeypatch):
    run = new_run(tmp_path, images=30, minutes=2)
    run.record.estimate = {
        "minutes": 0.3,
        "stages": {"generate": 0.01},
        "images": 30,
    }  # an engine slower than was known
    design(run, 20, [], None)
    clock = itertools.count(0.0, 1.0)
    monkeypatch.setattr(module, "monotonic", lambda: next(clock))
    assert "stopped" not in json.loads(generate(run))
    assert run.round.generated == 20


def test_classify_images_are_labelled_by_their_target(tmp_path):
    run = new_run(tmp_path, "apple", "lemon", kind="classify")
    design(run, 8, [], None)
    generate(run)
    assert {s.label for s in run.dataset.samples()} == {"apple", "lemon"}
    targets = {s.id: s.targets[0].class_name for s in run.dataset.scenes()}
    assert all(targets[s.scene_id] == s.label for s in run.dataset.samples())


def test_a_scene_planned_earlier_stays_of_its_round(tmp_path):
    run = new_run(tmp_path)
    design(run, 4, [], None)
    first = {s.id for s in run.dataset.scenes()}
    from tools.data.scores import Diagnosis

    run.round.diagnosis = Diagnosis(round=1, on="synthetic_val")
    design(run, 4, [], None)
    generate(run)
    assert {s.scene_id for s in run.dataset.samples(round_number=1)} == first
    assert run.round.generated == 4


class Slow(ShapeGenerator):
    """Works on its first image until it is told to stop."""

    def stop_by(self, check):
        self.check = check

    def generate(self, scenes, folder):
        for _ in range(1000):
            self.check()
            yield from ()
        raise AssertionError("nobody told it to stop")


def test_a_stop_reaches_an_engine_before_its_first_image(tmp_path):
    run = new_run(tmp_path / "t", generator="tests.tools.steps.test_generate:Slow")
    design(run, 8, [], None)
    run.stop_requested.set()
    with pytest.raises(Stopped):
        generate(run)
    assert len(run.dataset.pending_scenes()) == 8
    assert not (run.folder / ".generating").exists()


def test_progress_is_told(tmp_path):
    run = new_run(tmp_path)
    design(run, 3, [], None)
    events = []
    run.listen(events.append)
    generate(run)
    told = [e for e in events if e["kind"] == "progress"]
    assert [e["done"] for e in told] == [0, 1, 2, 3]
    assert all(e["total"] == 3 for e in told)
    assert told[-1]["seconds_per_image"] is not None
    shutil.rmtree(run.folder / "images")


@pytest.mark.parametrize(("seconds_an_image", "warned"), [(2.0, True), (0.8, False)])
def test_a_machine_slower_than_the_plan_is_said_early(tmp_path, monkeypatch, seconds_an_image, warned):
    run = new_run(tmp_path)
    run.record.estimate = {"minutes": 10.0, "stages": {"generate": 5.0}, "images": 300}  # 1 s an image
    design(run, 20, [], None)
    clock = itertools.count(0.0, seconds_an_image)
    monkeypatch.setattr(module, "monotonic", lambda: next(clock))
    events = []
    run.listen(events.append)
    generate(run)
    said = [e for e in events if e["kind"] == "warning"]
    assert [e["text"] for e in said] == (
        ["a picture takes 2.0 s here, and the plan counted 1.0: the whole run would take about 20 minutes, not 10"]
        if warned
        else []
    )
    if warned:
        before_half = next(e["done"] for e in events[events.index(said[0]) :] if e["kind"] == "progress")
        assert before_half == module.PACE_AFTER


@pytest.mark.parametrize(
    ("minutes", "seconds", "rounds"), [(6.0, 1.9, 1), (20.0, 1.9, 2), (6.0, 40.0, 2)]
)  # the last: nothing fits, so nothing is planned anew
def test_a_slow_machine_makes_fewer_rounds_of_few_minutes(tmp_path, minutes, seconds, rounds):
    run = new_run(tmp_path)
    run.task.budget.minutes, run.task.budget.rounds = minutes, 2
    plan = Plan(images=144, rounds=2, effort="quick", photos=100)
    cost = estimate(plan, run.settings, limited=True).model_dump() | plan.model_dump()
    events = []
    run.listen(events.append)
    rest = module._fewer_rounds(run, cost, seconds)
    assert run.task.budget.rounds == run.record.task.budget.rounds == rest["rounds"] == rounds
    assert (rest["images"] < 144) is (rounds == 1)
    ending = " (rounds: 1 instead of 2)" if rounds == 1 else ""
    assert events[-1]["text"].endswith(f"; what does not fit into {minutes:g} minutes is left out{ending}")


@pytest.mark.parametrize("chosen", [True, False])
def test_blender_takes_the_place_of_an_engine_that_the_user_did_not_name(tmp_path, monkeypatch, chosen):
    """The profile chose diffusion and its weights are gone; who named it is told instead."""
    run = new_run(tmp_path, generator="diffusion", diffusion_model="nobody/none", profile="offline")
    if chosen:
        run.record.chosen["generator"] = "pictures: diffusion, because a GPU and weights are here"
    monkeypatch.setattr(choosing, "_blender", lambda r: ShapeGenerator(r.settings))
    design(run, 4, [], None)
    if not chosen:
        with pytest.raises(StepFailed, match="nobody/none are not on this machine"):
            generate(run)
        assert (run.settings.generation.generator, run.dataset.count()) == ("diffusion", 0)
        return
    generate(run)
    assert run.settings.generation.generator == run.record.settings["generation"]["generator"] == "blender"
    assert {s.engine for s in run.dataset.samples()} == {"shapes"}
    assert "nobody/none" in run.record.chosen["generator"]
    assert "going on with blender" in (run.folder / "events.jsonl").read_text()


def test_the_prompts_behind_a_scene_are_kept_with_its_image(tmp_path):
    run = new_run(tmp_path, images=4)
    design(run, 4, [], None)
    versions = {s.id: {"phrases": "0123456789ab"} if n % 2 else {} for n, s in enumerate(run.dataset.scenes())}
    scenes = [s.model_copy(update={"prompts": versions[s.id]}) for s in run.dataset.scenes()]
    run.dataset.pending_scenes = lambda: scenes
    generate(run)
    kept = {s.scene_id: s.provenance.get("prompts", {}) for s in run.dataset.samples()}
    assert kept == versions
