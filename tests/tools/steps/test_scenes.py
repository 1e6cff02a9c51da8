"""Scenes cover pairs of values evenly, aim where asked, and never show what they must not."""

import itertools
from collections import Counter

import numpy as np
import pytest

from tests.effort import calls
from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.dataset import Dataset
from tools.data.scores import Diagnosis
from tools.generators.blender.catalogue import catalogue
from tools.runs.runtime import RunContext, RunRecord
from tools.scenes.coverage import cover_pairs
from tools.scenes.places import SPECIAL_PLACES
from tools.scenes.scene import CONTEXTS, DISTANCES, LIGHTS, SceneSpec
from tools.scenes.vocabulary import LEAST_SCALE
from tools.steps.scenes import IMPOSSIBLE, build_vocabulary, design, known_place, sample_scenes


def task(*names: str, kind: str = "segment", contexts: tuple[str, ...] = (), images: int = 100, rounds: int = 2):
    return TaskSpec(
        kind=kind, classes=[ClassSpec(name=n) for n in names or ("apple",)], contexts=list(contexts),
        budget=Budget(images=images, rounds=rounds),
    )  # fmt: skip


def scenes(count: int = 200, seed: int = 3, focus: tuple[str, ...] = (), **options):
    wanted = task(**options) if "names" not in options else task(*options.pop("names"), **options)
    return sample_scenes(wanted, build_vocabulary(wanted, catalogue(), 0.8), count, seed, focus=focus)


@pytest.fixture
def run(tmp_path):
    record = RunRecord(name="t", request="", created="", task=task(images=50), approved=True)
    return RunContext(tmp_path, record, Settings(runs_dir=tmp_path))


def test_pairs_are_covered_more_evenly_than_by_chance():
    axes = {name: {f"{name}{i}": 1.0 for i in range(n)} for name, n in (("a", 6), ("b", 5), ("c", 4), ("d", 3))}
    rng = np.random.default_rng(0)

    def worst(rows):
        least = []
        for one, other in itertools.combinations(axes, 2):
            counts = Counter((r[one], r[other]) for r in rows)
            due = len(rows) / (len(axes[one]) * len(axes[other]))
            least.append(min(counts[x, y] for x in axes[one] for y in axes[other]) / due)
        return min(least)

    chance = [{n: str(rng.choice(list(v))) for n, v in axes.items()} for _ in range(90)]
    covered = cover_pairs(axes, 90, rng)
    assert worst(covered) >= 0.66  # every one of 30 pairs at least twice out of 3
    assert worst(chance) < 0.5


def test_fixed_and_forbidden_values_are_kept():
    axes = {"a": {"x": 1.0, "y": 1.0}, "b": {"u": 1.0, "v": 1.0}}
    rows = cover_pairs(axes, 40, np.random.default_rng(1), fixed=[{"a": "x"}] * 30, forbidden=[("a", "x", "b", "u")])
    assert all(r == {"a": "x", "b": "v"} for r in rows[:30])
    assert ("x", "u") not in {(r["a"], r["b"]) for r in rows}


@pytest.mark.slow
def test_ten_thousand_scenes_are_distinct():
    assert len({s.id for s in scenes(10_000)}) == 10_000


def test_a_scene_takes_as_much_work_among_many_as_among_few():
    scenes(10)  # what is imported and read once
    few, many = calls(lambda: scenes(250)), calls(lambda: scenes(1000))
    assert many < 4.4 * few
    assert many < 1000 * 1000  # a thousand calls a scene; 360 are made today


def test_same_seed_same_scenes():
    assert scenes(60) == scenes(60)
    assert scenes(60) != scenes(60, seed=4)


def test_a_request_without_a_place_gets_every_place_light_and_distance():
    axes = [s.axes() for s in scenes(150)]
    assert {a["context"] for a in axes} == set(CONTEXTS) - SPECIAL_PLACES
    assert {a["light"] for a in axes} == set(LIGHTS)
    assert {a["distance"] for a in axes} == set(DISTANCES)


def test_a_named_place_gets_most_of_the_scenes():
    named = Counter(s.context for s in scenes(100, contexts=("conveyor",)))
    assert 70 <= named["conveyor"] <= 90
    assert len(named) > 3


def test_one_in_seven_is_empty_and_half_of_these_hold_lookalikes():
    made = scenes(400)
    empty = [s for s in made if not s.targets]
    assert len(empty) == 56
    assert 18 <= sum(bool(s.objects) for s in empty) <= 38
    assert any(o.role == "lookalike" for s in made if s.targets for o in s.objects)
    assert all(o.class_name is None for s in made for o in s.objects if o.role == "lookalike")


def test_what_cannot_be_never_is():
    for scene in scenes(600):
        row = {"context": scene.context, "light": scene.light, "weather": scene.weather, "viewpoint": scene.viewpoint}
        for axis_a, value_a, axis_b, value_b in IMPOSSIBLE:
            assert not (row.get(axis_a) == value_a and row.get(axis_b) == value_b)


def test_sizes_follow_the_distance_and_boxes_hardly_overlap():
    for scene in scenes(200):
        low, high = DISTANCES[scene.distance]
        for thing in scene.objects:
            least = 0.69 if thing.role == "target" else 0.69 * LEAST_SCALE
            assert least * low <= thing.box[2] <= high + 1e-6
        assert len(scene.targets) <= 12


@pytest.mark.parametrize(
    ("focus", "axis", "value"),
    [
        (("light=deep shade",), "light", "deep shade"),
        (("distance=far",), "distance", "far"),
        (("occlusion=mostly hidden",), "occlusion", "mostly hidden"),
    ],
)
def test_aimed_scenes_are_more_than_half_and_differ_in_the_rest(focus, axis, value):
    plain, aimed = scenes(100), scenes(100, focus=focus)

    def share(made):
        return sum(s.axes()[axis] == value for s in made)

    assert share(aimed) >= 50 > share(plain)
    assert len({s.context for s in aimed if s.axes()[axis] == value}) >= 8


@pytest.mark.parametrize("focus", ["light=neon", "colour=red", "nonsense", "light"])
def test_an_impossible_aim_is_refused_with_what_there_is(focus):
    with pytest.raises(FixArguments, match="no scene can aim at"):
        scenes(10, focus=(focus,))


def test_classify_shows_exactly_one_target_an_image():
    made = scenes(100, names=("apple", "orange"), kind="classify")
    assert all(len(s.targets) == 1 for s in made)
    counts = Counter(s.targets[0].class_name for s in made)
    assert abs(counts["apple"] - counts["orange"]) <= 10
    assert not {o.drawn_as for s in made for o in s.objects if o.role == "lookalike"} & {"apple", "orange"}


def test_two_classes_are_balanced_and_meet():
    made = scenes(200, names=("apple", "lemon"))
    counts = Counter(o.class_name for s in made for o in s.targets)
    assert 0.7 < counts["apple"] / counts["lemon"] < 1.4
    assert any(len({o.class_name for o in s.targets}) == 2 for s in made)


@pytest.mark.parametrize("kind", ["segment", "classify"])
@pytest.mark.parametrize("names", [("apple", "pear"), ("apple", "pear", "orange", "lemon", "tomato", "cucumber")])
def test_a_class_that_is_aimed_at_gets_most_of_the_objects_of_the_next_round(kind, names):
    first = scenes(100, names=names, kind=kind)
    wanted = task(*names, kind=kind)
    beside = () if kind == "classify" else ("light=deep shade", "distance=far")
    for focus in (("class=pear",), ("class=pear", *beside), ("class=pear", "confused=apple/pear")):
        words = build_vocabulary(wanted, catalogue(), 0.8)
        next_ones = sample_scenes(wanted, words, 100, 4, focus=focus, earlier=first)
        counts = Counter(o.class_name for s in next_ones for o in s.targets)
        assert counts["pear"] >= 0.6 * counts.total(), focus
        assert set(counts) == set(names), "the others are kept known"
    plain = Counter(o.class_name for s in first for o in s.targets)
    assert plain["pear"] < 0.55 * plain.total()


def test_two_weak_classes_share_what_one_would_get():
    made = scenes(100, names=("apple", "pear", "orange", "lemon"), focus=("class=pear", "class=lemon"))
    counts = Counter(o.class_name for s in made for o in s.targets)
    assert counts["pear"] + counts["lemon"] >= 0.6 * counts.total()
    assert 0.8 < counts["pear"] / counts["lemon"] < 1.25


def test_classes_that_are_confused_stand_side_by_side():
    def together(made):
        return sum({"apple", "pear"} <= {o.class_name for o in s.targets} for s in made)

    names = ("apple", "pear", "orange", "lemon", "tomato", "cucumber")
    plain, aimed = scenes(100, names=names), scenes(100, names=names, focus=("confused=pear/apple", "light=sun"))
    assert together(aimed) >= 45 > together(plain)
    assert sum(s.light == "sun" for s in aimed) >= 45  # beside what takes turns
    alone = scenes(60, names=names, focus=("confused=pear/apple", "crowding=one"))
    assert sum(len(s.targets) == 1 for s in alone) >= 30  # single things stay single


@pytest.mark.parametrize("focus", ["class=plum", "confused=apple/plum", "confused=apple", "confused=apple/apple"])
def test_a_class_that_there_is_not_cannot_be_aimed_at(focus):
    with pytest.raises(FixArguments, match="no scene can aim at"):
        scenes(10, names=("apple", "pear"), focus=(focus,))


def test_only_the_wanted_appearances():
    wanted = TaskSpec(
        kind="segment", classes=[ClassSpec(name="ripe tomato", drawn_as="tomato", appearances=["ripe"])],
        budget=Budget(images=9, rounds=1),
    )  # fmt: skip
    made = sample_scenes(wanted, build_vocabulary(wanted, catalogue(), 0.8), 50, 1)
    assert {o.appearance for s in made for o in s.targets} == {"ripe"}


@pytest.mark.parametrize(("word", "place"), [("Factory", "conveyor"), ("orchard", "orchard"), ("desk", "table")])
def test_places_have_other_names(word, place):
    assert known_place(word) == place


def test_an_unknown_place_is_refused():
    with pytest.raises(FixArguments, match="on the moon"):
        scenes(10, contexts=("on the moon",))


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [({"mood": {"sad": 1}}, "no axis 'mood'"), ({"light": {"neon": 1}}, "no value 'neon'"),
     ({"light": dict.fromkeys(LIGHTS, 0)}, "light")],
)  # fmt: skip
def test_a_wrong_vocabulary_is_refused(wishes, sentence):
    if sentence == "light":
        with pytest.raises(FixArguments):
            build_vocabulary(task(), catalogue(), 0.8, wishes)
        return
    with pytest.raises(FixArguments, match=sentence):
        build_vocabulary(task(), catalogue(), 0.8, wishes)


def test_rounds_share_the_budget_and_doing_it_twice_adds_nothing(run):
    design(run, None, [], None)
    assert len(run.dataset.scenes()) == 25
    design(run, None, [], None)
    assert len(run.dataset.scenes()) == 25
    assert len(run.record.rounds) == 1
    run.record.rounds[0].diagnosis = Diagnosis(round=1, on="synthetic_val")
    design(run, None, ["light=deep shade"], None)
    assert len(run.dataset.scenes(2)) == 25
    assert run.record.rounds[1].focus == ["light=deep shade"]
    run.record.rounds[1].diagnosis = Diagnosis(round=2, on="synthetic_val")
    with pytest.raises(StepFailed, match="all 2 rounds"):
        design(run, None, [], None)


def test_no_call_gets_past_the_budget(run):
    design(run, 45, [], None)
    design(run, 44, [], None)
    assert len(run.dataset.scenes()) == 50
    with pytest.raises(StepFailed, match="budget of 50 pictures is used up"):
        design(run, 43, [], None)


def test_the_same_call_after_a_kill_plans_the_same_scenes(tmp_path):
    """Whatever was written before the kill: nothing, the grant, the round, or everything."""

    def planned(folder, kills):
        folder.mkdir()
        record = RunRecord(name="t", request="", created="", task=task(images=50), approved=True)
        run = RunContext(folder, record, Settings(runs_dir=folder))
        design(run, 45, ["light=sun"], None)
        for kill in [*kills, None]:
            add = run.dataset.add_scenes
            if kill == "before the scenes":
                run.dataset.add_scenes = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
            try:
                design(run, 44, [], {"light": {"sun": 2}})
            except KeyboardInterrupt:
                run.dataset.add_scenes = add
        return [s.id for s in run.dataset.scenes()]

    undisturbed = planned(tmp_path / "a", [])
    assert len(undisturbed) == 50
    assert planned(tmp_path / "b", ["before the scenes", "before the scenes"]) == undisturbed
    assert planned(tmp_path / "c", ["after all", "after all"]) == undisturbed


def test_a_scene_is_written_with_as_much_work_among_many_as_among_few(tmp_path):
    dataset, steps = Dataset(tmp_path), []
    scenes = [SceneSpec(context="table", light="sun", family=str(n), seed=n) for n in range(4000)]
    dataset._db.set_progress_handler(lambda: steps.append(1), 100)
    work = []
    for first in (0, 3000):  # a thousand each, the second beside three thousand
        steps.clear()
        dataset.add_scenes(1, scenes[first : first + 1000])
        work.append(len(steps))
        dataset.add_scenes(1, scenes[:3000])
    assert work[1] < 3 * work[0]  # counting them anew for each would take a hundred times as many
    assert [s.seed for s in dataset.scenes()] == list(range(4000))


@pytest.mark.parametrize(
    "call", [(None, ["light=neon"], None), (None, [], {"mood": {"sad": 1}}), (0, [], None), (-4, [], None)]
)
def test_a_wrong_call_opens_no_round(run, call):
    with pytest.raises(FixArguments):
        design(run, *call)
    assert run.record.rounds == []
    assert run.dataset.scenes() == []


def test_a_new_round_is_timed_as_its_own(run):
    design(run, None, [], None)
    run.record.rounds[0].diagnosis = Diagnosis(round=1, on="synthetic_val")
    design(run, None, [], None)
    assert [(s.name, s.round) for s in run.record.stages] == [("design", 1), ("design", 2)]
