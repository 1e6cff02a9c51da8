"""diagnose_model: planted weaknesses are found, chance is not called weak, and what comes next follows."""

import json
import shutil
from collections import defaultdict

import numpy as np
import pytest

from tests.tools.measured_run import add_images, blind_in, good, half, loader, make_run, nothing, spoilt, train
from tests.tools.steps.test_evaluate import real_run  # noqa: F401  (a fixture)
from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.data.images import read_image, write_image
from tools.data.sample import Instance, encode_mask
from tools.metrics.scoring import Comparison
from tools.metrics.slices import Slice
from tools.steps import diagnose as module
from tools.steps.diagnose import beyond_noise, diagnose, weigh
from tools.steps.evaluate import evaluate
from tools.steps.photos_given import unlabelled_photos

CORNER = Instance(
    class_name="apple",
    box=(0, 0, 6, 6),
    counts=encode_mask(np.pad(np.ones((6, 6), bool), ((0, 90), (0, 90)))),
    score=0.9,
)


def diagnosed(run, behaviour, extra=(), name="m"):
    """Train, evaluate and diagnose one round."""
    train(run, name)
    evaluate(run, loader(run, defaultdict(lambda: behaviour), extra)[0])
    return json.loads(diagnose(run))


def small_missed(sample, truth, rng):
    return [] if truth.box[2] - truth.box[0] < 20 else good(sample, truth, rng)


@pytest.mark.parametrize(
    ("behaviour", "slice_name", "aim"),
    [
        (blind_in("light", "deep shade"), "light=deep shade", "light=deep shade"),
        (blind_in("light", "sun", 0.3), "light=sun", "light=sun"),
        (small_missed, "distance=medium", "distance=medium"),
    ],
)
def test_a_planted_weakness_is_found(tmp_path, behaviour, slice_name, aim):
    run = make_run(tmp_path, 64)
    report = diagnosed(run, behaviour)
    diagnosis = run.round.diagnosis
    worst = next(w for w in diagnosis.weak if w.name == slice_name)
    assert diagnosis.weak.index(worst) <= 1 and worst.score < worst.rest - 0.2
    assert worst.interval[0] > 0 and worst.on == "synthetic_val" and next(iter(worst.errors)) == "missed"
    assert aim in diagnosis.aim and aim in report["next"]
    assert any(slice_name in sentence for sentence in diagnosis.advice)
    assert json.loads((run.round_folder() / "diagnosis.json").read_text())["weak"][0]["axis"]
    assert len(json.dumps(report)) <= 1500


def test_nothing_weak_is_said_and_the_lowest_are_named_apart(tmp_path):
    run = make_run(tmp_path, 48)
    report = diagnosed(run, half)
    diagnosis = run.round.diagnosis
    assert diagnosis.weak == [] and "weak" not in report
    assert diagnosis.least_certain and all(w.score < w.rest for w in diagnosis.least_certain)
    assert diagnosis.least_certain[0].interval[0] < 0.05  # it spans zero, or nearly
    assert diagnosis.aim and "within noise" in diagnosis.advice[0]


def test_a_perfect_model_has_nothing_to_aim_at(tmp_path):
    run = make_run(tmp_path, 48)
    report = diagnosed(run, lambda s, t, r: [t])
    assert run.round.diagnosis.weak == run.round.diagnosis.aim == []
    assert "errors" not in report and report["next"] == "design_scenes for another round"


def test_look_alikes_taken_for_targets_are_named_and_stand_beside_the_next(tmp_path):
    run = make_run(tmp_path, 64)
    tomato = CORNER.model_copy(update={"class_name": "tomato"})
    peach = tomato.model_copy(update={"class_name": "peach", "counts": None, "box": (90, 90, 96, 96)})
    for sample in list(run.dataset.samples()):
        run.dataset._write_instances(sample.id, [peach, tomato], "lookalikes")
    alarm = CORNER.model_copy(update={"score": 1.0})
    report = diagnosed(run, lambda s, t, r: [t, alarm] if t == s.instances[0] else [t])
    diagnosis = run.round.diagnosis
    assert diagnosis.mistaken == {"tomato": diagnosis.errors["background"]} and diagnosis.mistaken["tomato"] > 10
    assert report["aim"][-1] == "lookalike=tomato" == diagnosis.aim[-1]
    assert diagnosis.lookalikes["tomato"] == diagnosis.lookalikes["peach"] > diagnosis.mistaken["tomato"] - 1
    told = f"tomato ({diagnosis.mistaken['tomato']} of {diagnosis.lookalikes['tomato']})"
    assert any(told in sentence for sentence in report["advice"])
    assert len(json.dumps(report)) <= 1500


def test_a_model_that_hardly_learnt_is_compared_by_overlap(tmp_path):
    """Nothing reaches half an overlap, so average precision is 0 everywhere; what is near still tells slices apart."""

    def far_off(sample, truth, rng):
        wide = truth.box[2] - truth.box[0]
        return [
            spoilt(truth, round(wide * (0.9 if sample.axes["light"] == "deep shade" else 0.5)), rng.uniform(0, 0.1))
        ]

    run = make_run(tmp_path, 64)
    diagnosed(run, far_off)
    diagnosis = run.round.diagnosis
    assert run.round.scores["synthetic_val"].mask_map50 < 0.05
    assert diagnosis.measured_by == "mean best mask overlap"
    assert diagnosis.weak[0].name == "light=deep shade" and diagnosis.aim[0] == "light=deep shade"
    assert "hardly learnt" in diagnosis.advice[0]


def test_a_model_that_finds_nothing_still_gets_a_diagnosis(tmp_path):
    run = make_run(tmp_path, 32)
    report = diagnosed(run, nothing)
    assert run.round.diagnosis.errors == {"missed": run.round.scores["synthetic_val"].instances}
    assert run.round.diagnosis.weak == [] and "missed" in report["errors"]


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (lambda s, t, r: [spoilt(t, max(3, round((t.box[2] - t.box[0]) * 0.5)), 0.9)], "loose mask"),
        (lambda s, t, r: [*good(s, t, r), CORNER], "background"),
        (lambda s, t, r: [t.model_copy(update={"class_name": "pear", "score": 0.9})], "wrong class"),
        (lambda s, t, r: [t.model_copy(update={"score": 0.9}), spoilt(t, 2, 0.9)], "double"),
    ],
)
def test_the_kind_of_error_is_told(tmp_path, behaviour, kind):
    run = make_run(tmp_path, 32)
    diagnosed(run, behaviour)
    assert next(iter(run.round.diagnosis.errors)) == kind
    assert sum(run.round.diagnosis.errors.values()) > 10


def test_plateau_and_reasons_to_stop(tmp_path):
    run = make_run(tmp_path, 32)
    first = diagnosed(run, half, name="a")
    assert run.round.diagnosis.plateau is False and "stop" not in first
    second = diagnosed(run, half, name="b")
    assert run.round.diagnosis.plateau is True and second["plateau"] is True
    assert second["next"].startswith("design_scenes")  # one round without gain is no reason to waste the budget
    third = diagnosed(run, half, name="c")
    assert third["stop"] == "all 3 rounds of the budget are used" and third["next"].startswith("stop")


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ({"target": 0.5}, "the target of 0.5 is reached on synthetic_val"),
        ({"target": 1.0}, None),
        ({"images": 32}, "all 32 pictures of the budget are used"),
        ({"minutes": 0.0001}, "minutes are left"),
        ({"rounds": 1}, "all 1 rounds"),
        ({}, None),
    ],
)
def test_when_to_stop(tmp_path, task, expected):
    run = make_run(tmp_path, 32)
    run.task.target = task.pop("target", None)
    for name, value in task.items():
        setattr(run.task.budget, name, value)
    report = diagnosed(run, lambda s, t, r: good(s, t, r) if r.random() < 0.8 else [])
    assert (expected in report["stop"]) if expected else "stop" not in report


@pytest.mark.slow
def test_photos_are_sliced_by_what_can_be_measured_and_rendered_slices_come_along(real_run):  # noqa: F811
    run, photos = real_run()

    def behaviour(sample, truth, rng):
        if sample.engine == "real":
            return small_missed(sample, truth, rng)
        return blind_in("light", "deep shade")(sample, truth, rng)

    diagnosed(run, behaviour, [*photos.val, *photos.test])
    diagnosis = run.round.diagnosis
    assert diagnosis.on == "real_val"
    assert {w.on for w in diagnosis.weak} == {"real_val", "synthetic_val"}
    assert diagnosis.weak[0].on == "real_val" and diagnosis.weak[0].name == "size=small"
    assert diagnosis.aim[0] == "distance=far" and "light=deep shade" in diagnosis.aim


def test_the_same_again(tmp_path):
    run = make_run(tmp_path, 32)
    first = diagnosed(run, half)
    kept = run.round.diagnosis
    run.round.diagnosis = None
    assert json.loads(diagnose(run)) == first and run.round.diagnosis == kept


def test_tests_are_not_looked_at(tmp_path):
    """A model blind in the shade of test images alone has no weakness that the next round may aim at."""
    outcomes = []
    for number, spoil in enumerate((good, blind_in("light", "deep shade", 0.0))):
        run = make_run(tmp_path / str(number), 48)
        diagnosed(run, lambda s, t, r, spoil=spoil: (spoil if s.split == "test" else half)(s, t, r))
        outcomes.append(run.round.diagnosis)
    assert outcomes[0] == outcomes[1]


def test_it_refuses_answers_to_other_images(tmp_path):
    run = make_run(tmp_path, 32)
    train(run, "m")
    with pytest.raises(FixArguments, match="evaluate_model first"):
        diagnose(run)
    evaluate(run, loader(run, {"m": half})[0])
    add_images(run, range(32, 36), 1)
    with pytest.raises(FixArguments, match="evaluate_model again"):
        diagnose(run)


def test_a_weak_class_is_aimed_at_whatever_else_is(tmp_path):
    run = make_run(tmp_path, 64)
    diagnosed(run, lambda s, t, r: good(s, t, r) if t.class_name == "apple" or r.random() < 0.1 else [])
    diagnosis = run.round.diagnosis
    assert diagnosis.weak[0].name == "class=pear" and "class=pear" in diagnosis.aim
    assert not diagnosis.confused


def test_classes_that_are_confused_are_told_and_shown_side_by_side(tmp_path):
    run = make_run(tmp_path, 64)

    def mixes_up(sample, truth, rng):
        named = good(sample, truth, rng)
        return [i.model_copy(update={"class_name": "apple"}) for i in named] if truth.class_name == "pear" else named

    report = diagnosed(run, mixes_up)
    diagnosis = run.round.diagnosis
    most = diagnosis.confused[0]
    assert (most.truth, most.taken_for) == ("pear", "apple") and most.count == diagnosis.errors["wrong class"]
    assert {"class=pear", "confused=pear/apple"} <= set(report["aim"])
    assert report["confused"] == [f"pear taken for apple: {most.count}"]


def test_classification_goes_the_same_way(tmp_path):
    run = make_run(tmp_path, 64, kind="classify")
    report = diagnosed(run, blind_in("light", "deep shade", 0.0))
    assert run.round.diagnosis.weak[0].name == "light=deep shade"
    assert run.round.diagnosis.errors == {"wrong class": report["errors"]["wrong class"]}
    assert "accuracy" not in json.dumps(report)


# Evidence -----------------------------------------------------------------------------------------------------------


def compared(score, rest, instances=40, noise=0.03, images=10, name="v"):
    part = Slice("light", name, np.ones(1, dtype=bool))
    gaps = np.random.default_rng(1).normal(rest - score, noise, 400)
    return Comparison(part, score, rest, images, instances, 100, gaps)


@pytest.mark.parametrize(
    ("slice_", "weak"),
    [
        (compared(0.3, 0.8), True),
        (compared(0.3, 0.8, instances=7), False),  # too little evidence by count
        (compared(0.3, 0.8, images=2), False),  # an anecdote
        (compared(0.3, 0.8, noise=0.5), False),  # resamples disagree
        (compared(0.77, 0.8, instances=5000, noise=0.001), False),  # certain, and not worth a round
        (compared(0.8, 0.3), False),  # better than the rest
        (compared(0.5, 0.8, instances=8, noise=0.0001), False),  # eight of a kind look surer than they are
        (compared(float("nan"), 0.8), False),
    ],
)
def test_what_counts_as_weak(slice_, weak):
    settings = Settings()
    others = [compared(0.8, 0.8, name=f"o{i}") for i in range(20)]
    found = beyond_noise(weigh([slice_, *others], settings), settings)
    assert [e.compared.part.name for e in found] == (["light=v"] if weak else [])


def test_chance_is_not_called_weak():
    """Thirty slices of a model that is equally good everywhere, 200 times: few sets have any weak slice."""
    rng, settings, false_sets = np.random.default_rng(3), Settings(), 0
    for _ in range(200):
        slices = []
        for k in range(30):
            score, rest = rng.binomial(30, 0.6) / 30, rng.binomial(300, 0.6) / 300
            gaps = rng.normal(rest - score, np.hypot(0.49 / np.sqrt(30), 0.49 / np.sqrt(300)), 200)
            slices.append(Comparison(Slice("light", str(k), np.ones(1, bool)), score, rest, 10, 30, 300, gaps))
        false_sets += bool(beyond_noise(weigh(slices, settings), settings))
    assert false_sets / 200 <= 0.15


def test_rank_is_gap_times_evidence():
    wide_unsure, clear, narrow_sure = (
        compared(0.2, 0.6, instances=8, noise=0.4, name="wide"), compared(0.3, 0.6, name="clear"),
        compared(0.54, 0.6, instances=4000, noise=0.001, name="narrow"),
    )  # fmt: skip
    ranked = [e.compared.part.value for e in weigh([narrow_sure, wide_unsure, clear], Settings())]
    assert ranked.index("clear") < ranked.index("narrow") and ranked[-1] == "narrow"


def seen_as_places(run, monkeypatch, photos_are="orchard"):
    """Each render is seen as its place, every photo as one and the same."""
    places = ("orchard", "table", "studio", "shelf", "grass", "conveyor")
    renders = [
        s.model_copy(update={"axes": {**s.axes, "context": places[k % len(places)]}})
        for k, s in enumerate(run.dataset.samples(verdict="kept"))
    ]
    monkeypatch.setattr(run.dataset, "samples", lambda **_: renders)
    seen = {read_image(run.path(s.image)).tobytes(): places[k % len(places)] for k, s in enumerate(renders)}
    axes = np.eye(len(places), dtype=np.float32)

    def by_place(image):
        return axes[places.index(seen.get(image.tobytes(), photos_are))]

    monkeypatch.setattr(module, "looks", lambda images: np.stack([by_place(p) for p in images]))


def test_the_next_images_are_made_where_the_photos_look_like(real_run, monkeypatch):  # noqa: F811
    run, photos = real_run()
    seen_as_places(run, monkeypatch)
    train(run, "m")
    evaluate(run, loader(run, defaultdict(lambda: good), [*photos.val, *photos.test])[0])
    report = json.loads(diagnose(run))
    assert run.round.diagnosis.aim[0] == "context=orchard" and "context=orchard" in report["next"]
    assert any("orchard" in sentence for sentence in run.round.diagnosis.advice)

    run.record.task = run.task.model_copy(update={"contexts": ["table"]})  # the user said where
    diagnose(run)
    assert "context=orchard" not in run.round.diagnosis.aim


def photos_in(folder, count):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(7)
    for k in range(count):
        write_image(folder / f"photo_{k:03}x.png", rng.integers(0, 256, (24, 24, 3), np.uint8))
    return str(folder)


def test_photos_without_labels_choose_the_places_too(tmp_path, monkeypatch):
    run = make_run(tmp_path / "run", 64)
    seen_as_places(run, monkeypatch, photos_are="grass")
    diagnosed(run, good)
    assert "context=grass" not in run.round.diagnosis.aim

    run.record.unlabelled = photos_in(tmp_path / "mine", 4)
    report = json.loads(diagnose(run))
    assert run.round.diagnosis.aim[0] == "context=grass" and "context=grass" in report["next"]

    def no_starter(images):
        raise StepFailed("no starter here")

    with monkeypatch.context() as without:
        without.setattr(module, "looks", no_starter)
        diagnose(run)
    assert "context=grass" not in run.round.diagnosis.aim
    assert any("no starter here" in sentence for sentence in run.round.diagnosis.advice)

    shutil.rmtree(tmp_path / "mine")  # a folder that goes away costs the aim, not the round
    diagnose(run)
    assert "context=grass" not in run.round.diagnosis.aim
    assert any("could not be looked at" in sentence for sentence in run.round.diagnosis.advice)


def test_photos_that_judge_choose_nothing_and_many_are_sampled(tmp_path, real_run):  # noqa: F811
    run, photos = real_run()
    run.record.unlabelled = photos_in(tmp_path / "mine", 2)
    judges = [*photos.val, *photos.test]
    for k, sample in enumerate(judges):
        shutil.copy(sample.image, tmp_path / "mine" / f"judge_{k}x.png")
    assert {p.path.name for p in unlabelled_photos(run, judges)} == {"photo_000x.png", "photo_001x.png"}

    run.record.unlabelled = photos_in(tmp_path / "many", 201)
    looked_at = [p.path.name for p in unlabelled_photos(run, judges)]
    assert len(looked_at) == 100 and looked_at[0] == "photo_000x.png" and looked_at[-1] == "photo_200x.png"
