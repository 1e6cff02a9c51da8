"""evaluate_model: which sets decide, when a round is kept, what is written, and that tests never decide."""

import json
import shutil

import numpy as np
import pytest

from tests.tools.measured_run import SIZE, add_images, blind_in, good, half, loader, make_run, nothing, spoilt, train
from tools.core.errors import FixArguments, StepFailed, Stopped
from tools.data.real import RealPhotos
from tools.data.sample import Sample
from tools.data.scores import Evaluation
from tools.metrics import judging
from tools.runs.runtime import Round, RunContext, RunRecord
from tools.steps.evaluate import Decision, Gain, _photos_cannot_tell, better_beyond_noise, evaluate, gap_sentence

MODELS = {"good": good, "half": half, "nothing": nothing, "dark": blind_in("light", "deep shade")}


def measure(run, weights, models=MODELS, extra=()):
    train(run, weights)
    load, asked = loader(run, models, extra)
    return json.loads(evaluate(run, load)), asked


def as_real(samples, masks=True, family=None) -> list[Sample]:
    """Drawn images in the dress of photos: absolute paths, no axes."""
    kept = {"counts": None} if not masks else {}
    return [
        s.model_copy(update={"id": f"real-{s.id}", "engine": "real", "axes": {}, "family": family or s.id,
                             "instances": [i.model_copy(update={**kept, "visible_share": None}) for i in s.instances]})
        for s in samples
    ]  # fmt: skip


@pytest.fixture
def real_run(tmp_path, monkeypatch):
    """A run whose real photos are drawn images of another run, and those photos."""
    other = make_run(tmp_path / "photos", 64, first=200)
    absolute = [
        s.model_copy(update={"image": str(other.folder / s.image)}) for s in other.dataset.samples(verdict="kept")
    ]

    def start(masks=True, **options) -> tuple[RunContext, RealPhotos]:
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        run = make_run(tmp_path / "run", 48, **options)
        run.record.real = str(other.folder)
        samples = as_real(absolute, masks)
        photos = RealPhotos([s for s in samples if s.split == "val"], [s for s in samples if s.split == "test"], masks)
        monkeypatch.setattr(judging, "load_real", lambda *_: photos)
        return run, photos

    return start


def test_first_round_is_kept_and_everything_is_written(tmp_path):
    run = make_run(tmp_path)
    report, asked = measure(run, "good")
    folder = run.round_folder()
    assert report["accepted"] is True and report["best_round"] == 1 and report["decided_on"] == "synthetic_val"
    assert run.round.accepted is True
    assert run.record.best.weights == "rounds/01/weights.safetensors"
    assert 0 < run.record.best.threshold < 0.95
    written = json.loads((folder / "evaluation_synthetic_val.json").read_text())
    assert written["mask_map50"] > 0.95 and written["images"] == 24 and written["empties"] > 0
    low, high = written["intervals"]["mask_map50"]
    assert low <= written["mask_map50"] <= high
    assert run.record.evaluation["real_test"] is None
    test = run.record.evaluation["synthetic_test"]
    assert test.images == 12 and test.recall > 0.95 and test.threshold == run.record.best.threshold
    assert (folder / "predictions_synthetic_val.json").is_file()
    assert not list(folder.glob("predictions_*_test.json"))  # nobody can decide by what is not kept
    assert json.loads((run.folder / "run.json").read_text())["best"]["round"] == 1
    assert len(asked) == 36
    events = [json.loads(line) for line in (run.folder / "events.jsonl").read_text().splitlines()]
    assert [e["done"] for e in events if e["kind"] == "progress"][-1] == 36


def test_the_working_threshold_gives_up_what_the_settings_allow(tmp_path):
    """Less of F1 for fewer false alarms: the setting reaches the rules, and never lowers the threshold."""

    def unsure(sample, truth, rng):
        wrong = spoilt(truth, 60, float(rng.uniform(0.1, 0.8)))
        return [spoilt(truth, 1, float(rng.uniform(0.15, 0.95))), wrong]

    thresholds = []
    for slack in (0.0, 0.02, 0.2):
        run = make_run(tmp_path / str(slack), threshold_slack=slack)
        measure(run, "unsure", {"unsure": unsure})
        thresholds.append(run.record.best.threshold)
    assert thresholds[0] <= thresholds[1] <= thresholds[2]
    assert thresholds[2] > thresholds[0] + 0.05


def test_slices_and_classes_are_scored(tmp_path):
    run = make_run(tmp_path, 64)
    measure(run, "dark")
    scores = run.round.scores["synthetic_val"]
    assert set(scores.per_class) == {"apple", "pear"}
    assert scores.per_slice["light=deep shade"].score < 0.4 < 0.8 < scores.per_slice["light=sun"].score
    assert {"size=small", "visible=open", "distance=medium", "context=table"} <= set(scores.per_slice)
    lights = [v for k, v in scores.per_slice.items() if k.startswith("light=")]
    assert sum(v.instances for v in lights) == scores.instances and sum(v.images for v in lights) == scores.images
    assert scores.per_slice["crowding=none"].score is None


@pytest.mark.parametrize(
    ("first", "second", "kept", "best"),
    [
        ("half", "good", True, 2),  # clearly better
        ("good", "half", False, 1),  # clearly worse
        ("good", "good", False, 1),  # the same is not better
        ("nothing", "half", True, 2),  # anything beats nothing
        ("nothing", "nothing", False, 1),
    ],
)
def test_a_round_is_kept_only_when_better(tmp_path, first, second, kept, best):
    run = make_run(tmp_path)
    measure(run, first)
    report, _ = measure(run, second)
    assert run.round.accepted is kept and report["accepted"] is kept
    assert run.record.best.round == best == report["best_round"]
    # What is reported is the best model's own test, whichever round is current.
    winner = [first, second][best - 1]
    found = run.record.evaluation["synthetic_test"].recall
    assert found == {"good": pytest.approx(1.0), "nothing": 0.0}.get(winner, pytest.approx(0.5, abs=0.2))
    assert "synthetic" in report["verdict"] and "resamples" in report["verdict"]


def test_the_third_round_is_compared_with_the_best_not_the_last(tmp_path):
    run = make_run(tmp_path)
    for weights in ("half", "nothing"):
        measure(run, weights)
    report, _ = measure(run, "good")
    assert "against round 1" in report["verdict"] and run.record.best.round == 3


def test_the_best_before_is_measured_again_on_the_grown_set(tmp_path):
    run = make_run(tmp_path, 28)
    measure(run, "good")
    add_images(run, range(28, 56), 2)
    _, asked = measure(run, "half")
    val, test = 28, 14
    assert len(asked) == 2 * val + test  # both models on what decides; the test images are for the one that is kept
    assert set(run.round.scores) == {"synthetic_val"}
    assert run.record.best.round == 1
    assert run.record.evaluation["synthetic_test"].images == test


def test_tests_decide_nothing(tmp_path):
    """Whatever models do on test images, threshold, best round and kept answers stay the same."""
    outcomes = []
    for number, spoil in enumerate((good, nothing)):
        models = {
            "a": lambda s, t, r, spoil=spoil: (spoil if s.split == "test" else half)(s, t, r),
            "b": lambda s, t, r, spoil=spoil: (nothing if s.split == "test" and spoil is good else good)(s, t, r),
        }
        run = make_run(tmp_path / str(number))
        measure(run, "a", models)
        measure(run, "b", models)
        scores = run.round.scores["synthetic_val"]
        answers = (run.round_folder() / "predictions_synthetic_val.json").read_text()
        outcomes.append((run.record.best, run.round.accepted, scores, answers))
        tests = [r.scores["synthetic_test"].recall for r in run.record.rounds]
        assert tests == ([1.0, 0.0] if spoil is good else [0.0, 1.0])
    assert outcomes[0] == outcomes[1]


def test_called_again_it_asks_nobody_and_says_the_same(tmp_path):
    run = make_run(tmp_path)
    measure(run, "half")
    first, _ = measure(run, "good")
    before = run.record.model_dump(exclude={"totals"})
    load, asked = loader(run, MODELS)
    run.round.scores, run.round.accepted, run.record.best = {}, None, None  # as if killed before the record was saved
    again = json.loads(evaluate(run, load))
    assert again == first and asked == []
    assert run.record.model_dump(exclude={"totals"}) == before


@pytest.mark.parametrize("change", ["weights", "label", "split", "predictions lost"])
def test_it_measures_again_when_the_grounds_changed(tmp_path, change):
    run = make_run(tmp_path)
    measure(run, "half")
    sample = next(s for s in run.dataset.samples(split="val") if s.instances)
    if change == "weights":
        run.path(run.round.weights).write_text("good")
    elif change == "label":
        run.dataset.set_instances(sample.id, sample.instances[:1])
    elif change == "split":
        run.dataset.update_samples({sample.id: {"split": "train"}})
    else:
        (run.round_folder() / "predictions_synthetic_val.json").unlink()
    load, asked = loader(run, MODELS)
    evaluate(run, load)
    assert len(asked) >= 35


def test_a_stop_leaves_the_record_as_it_was(tmp_path):
    run = make_run(tmp_path)
    train(run, "good")
    load, _ = loader(run, MODELS)
    run.stop_requested.set()
    with pytest.raises(Stopped):
        evaluate(run, load)
    assert run.round.accepted is None and run.record.best is None
    run.stop_requested.clear()
    assert json.loads(evaluate(run, load))["accepted"] is True


def test_real_photos_decide_and_the_gap_is_said(real_run):
    run, photos = real_run()
    models = {"m": lambda s, t, r: (half if s.engine == "real" else good)(s, t, r)}
    report, _ = measure(run, "m", models, [*photos.val, *photos.test])
    assert report["decided_on"] == "real_val"
    assert set(run.round.scores) == {"synthetic_val", "synthetic_test", "real_val", "real_test"}
    real, rendered = run.record.evaluation["real_test"], run.record.evaluation["synthetic_test"]
    assert real.mask_map50 < rendered.mask_map50 - 0.2
    assert f"{real.mask_map50:.3f}" in report["gap"] and f"{rendered.mask_map50:.3f}" in report["gap"]
    assert any(name.startswith("brightness=") for name in run.round.scores["real_val"].per_slice)
    assert (run.round_folder() / "predictions_synthetic_val.json").is_file()  # the diagnosis looks there as well


@pytest.mark.parametrize(
    ("second", "kept", "asked_again"),
    [
        ("good", True, ["real_val", "synthetic_val", "real_test", "synthetic_test"]),
        ("nothing", False, ["real_val", "synthetic_val"]),  # of round 1 every answer and score is known
    ],
)
def test_nothing_is_asked_twice_of_a_model(real_run, second, kept, asked_again):
    run, photos = real_run()
    both = [*photos.val, *photos.test]
    measure(run, "half", extra=both)
    before = dict(run.record.evaluation)
    sizes = {on: scores.images for on, scores in run.round.scores.items()}
    report, asked = measure(run, second, extra=both)
    assert report["accepted"] is kept
    assert len(asked) == sum(sizes[on] for on in asked_again)
    if not kept:
        assert {on: run.record.evaluation[on] for on in before} == before
        assert set(run.round.scores) == {"real_val", "synthetic_val"}


@pytest.mark.parametrize("change", ["weights", "label of a photo", "answers lost"])
def test_what_a_model_answered_counts_for_these_weights_and_images_alone(real_run, change):
    run, photos = real_run()
    both = [*photos.val, *photos.test]
    measure(run, "half", extra=both)
    sizes = {on: scores.images for on, scores in run.round.scores.items()}
    asked_anyway = sizes["real_val"] + sizes["synthetic_val"]
    if change == "weights":
        run.path(run.round.weights).write_text("good")
        again = sizes["real_val"] + sizes["real_test"] + sizes["synthetic_test"]
    elif change == "label of a photo":
        photos.val[0] = photos.val[0].model_copy(update={"instances": []})
        again = sizes["real_val"]
    else:
        (run.round_folder() / "predictions_real_val.json").write_text("{")
        again = sizes["real_val"]
    _, asked = measure(run, "nothing", extra=both)
    assert len(asked) == asked_anyway + again
    assert run.record.best.round == 1


def on_photos_and_renders(photo, render):
    return lambda s, t, r: (photo if s.engine == "real" else render)(s, t, r)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("photo", "render", "focus", "kept"),
    [
        (half, good, [], True),  # the photos cannot tell, rendered images can
        (half, half, [], False),  # nor can rendered images
        (nothing, good, [], False),  # worse on photos: no gain on renders makes up for it
        (half, good, ["photos"], False),  # what learnt from photos must show on photos
        (good, nothing, [], True),  # better on photos: renders are not asked
    ],
)
def test_where_photos_cannot_tell_renders_decide(real_run, photo, render, focus, kept):
    run, photos = real_run()
    both = [*photos.val, *photos.test]
    models = {"before": half, "now": on_photos_and_renders(photo, render)}
    measure(run, "before", models, both)
    train(run, "now").focus = focus
    load, _ = loader(run, models, both)
    report = json.loads(evaluate(run, load))
    assert report["accepted"] is kept and run.record.best.round == 1 + kept and report["decided_on"] == "real_val"
    asked = photo is half and not focus
    assert run.round.by_renders is (asked and kept)
    assert ("the photos cannot tell, and mask_map50 on synthetic_val" in report["verdict"]) is asked
    events = [json.loads(line) for line in (run.folder / "events.jsonl").read_text().splitlines()]
    last = [e for e in events if e["kind"] == "progress"][-1]
    assert last["done"] == last["total"]


@pytest.mark.parametrize(
    ("kept", "gain", "asked"),
    [
        ([0.80], 0.004, True),
        ([0.80], -0.008, True),  # as much noise as 0.008 higher
        ([0.80], -0.012, False),
        ([0.80, 0.795], -0.004, True),
        ([0.80, 0.795], -0.008, False),  # 0.013 under the first: step by step away from the photos
        ([0.80, 0.82], -0.008, True),
    ],
)
def test_a_little_lower_on_photos_is_noise_but_not_again_and_again(tmp_path, kept, gain, asked):
    run = make_run(tmp_path, 0)
    for number, score in enumerate(kept, 1):
        real = Evaluation(on="real_val", images=30, instances=90, metric="box_map50", box_map50=score)
        run.record.rounds.append(Round(number=number, accepted=True, scores={"real_val": real}))
    run.record.rounds.append(Round(number=len(kept) + 1))
    found = Gain(on="real_val", metric="box_map50", gain=gain, interval=None, probability=0.4, better=False)
    assert _photos_cannot_tell(run, found) is asked
    assert not _photos_cannot_tell(run, found.model_copy(update={"on": "synthetic_val"}))


def test_boxes_alone_give_box_scores_alone(real_run):
    run, photos = real_run(masks=False)
    report, _ = measure(run, "good", extra=[*photos.val, *photos.test])
    real = run.record.evaluation["real_test"]
    assert real.mask_map50 is None and real.mask_map50_95 is None and real.box_map50 > 0.9
    assert real.metric == "box_map50" and real.notes == ["labels are boxes alone: box scores only"]
    assert run.round.scores["synthetic_val"].mask_map50 > 0.9
    assert "box_map50" in report["gap"]


def test_small_things_are_ignored_on_photos_only(real_run):
    """The model finds no small thing: recall suffers on rendered images, and not where small ones are ignored."""

    def large_only(sample, truth, rng):
        return good(sample, truth, rng) if truth.box[2] - truth.box[0] > 20 else []

    run, photos = real_run(ignore_side_px=20)
    measure(run, "m", {"m": large_only}, [*photos.val, *photos.test])
    real, rendered = run.round.scores["real_val"], run.round.scores["synthetic_val"]
    assert rendered.recall < 0.7 and real.recall == 1.0
    assert any("under 20 px are ignored" in note for note in real.notes) and rendered.notes == []


def test_classification_is_never_called_accuracy_on_rendered_images(tmp_path):
    run = make_run(tmp_path, kind="classify")
    measure(run, "half")
    report, _ = measure(run, "good")
    scores = run.round.scores["synthetic_val"]
    assert scores.metric == "accuracy" and scores.accuracy == 1.0 and run.round.accepted
    assert "accuracy" not in json.dumps(report)
    assert report["scores"]["synthetic_val"]["share_right"] == 1.0
    assert scores.images == 21  # images without a label are left out
    half_scores = run.record.rounds[0].scores["synthetic_val"]
    assert 0.2 < half_scores.accuracy < 0.8 and half_scores.intervals["accuracy"][0] < half_scores.accuracy


def test_detection_is_scored_by_boxes(tmp_path):
    run = make_run(tmp_path, kind="detect")
    measure(run, "good")
    scores = run.round.scores["synthetic_val"]
    assert scores.metric == "box_map50" and scores.box_map50 > 0.9 and scores.mask_map50 is None
    assert scores.notes == []


def test_a_model_that_finds_nothing_has_scores_and_a_note(tmp_path):
    run = make_run(tmp_path)
    report, _ = measure(run, "nothing")
    scores = run.round.scores["synthetic_val"]
    assert (scores.mask_map50, scores.recall, scores.precision, scores.f1) == (0.0, 0.0, None, 0.0)
    assert scores.threshold == run.settings.evaluation.fallback_confidence
    assert scores.notes == ["the model found nothing at any confidence"]
    assert "NaN" not in (run.folder / "run.json").read_text() and len(json.dumps(report)) <= 1500


@pytest.mark.parametrize(
    ("prepare", "raises", "match"),
    [
        (lambda run: run.record.rounds.clear(), FixArguments, "design_scenes"),
        (lambda run: setattr(run.round, "weights", None), FixArguments, "train_model"),
        (lambda run: run.path(run.round.weights).unlink(), FixArguments, "train_model"),
        (lambda run: _change(run, split="train"), StepFailed, "split val"),
        (lambda run: _change(run, verdict="dropped"), StepFailed, "split val"),
        (lambda run: [run.dataset.set_instances(s.id, []) for s in run.dataset.samples()], StepFailed, "object"),
    ],
)
def test_it_says_what_is_missing(tmp_path, prepare, raises, match):
    run = make_run(tmp_path, 8)
    train(run, "good")
    prepare(run)
    with pytest.raises(raises, match=match):
        evaluate(run, loader(run, MODELS)[0])


def _change(run, **fields):
    run.dataset.update_samples({s.id: fields for s in run.dataset.samples()})


@pytest.mark.slow
def test_the_report_fits_also_with_four_sets(real_run):
    run, photos = real_run()
    measure(run, "half", extra=[*photos.val, *photos.test])
    report, _ = measure(run, "good", extra=[*photos.val, *photos.test])
    assert len(json.dumps(report, ensure_ascii=False)) <= 1500
    assert {"accepted", "verdict", "scores", "gap", "best_round"} <= set(report)


@pytest.mark.parametrize(
    ("new", "old", "gain", "expected"),
    [
        ([2] * 80 + [0] * 20, [1] * 100, 0.1, (True, 0.8)),  # exactly what is asked for
        ([2] * 79 + [0] * 21, [1] * 100, 0.1, (False, 0.79)),
        ([2] * 100, [1] * 100, -0.1, (False, 1.0)),  # worse on the images as they are
        ([1] * 100, [1] * 100, 0.0, (False, 0.0)),  # a draw is no win
        ([np.nan] * 50 + [2] * 50, [1] * 100, 0.1, (True, 1.0)),  # resamples without a truth say nothing
        ([np.nan] * 100, [1] * 100, 0.1, (False, 0.0)),
    ],
)
def test_better_beyond_noise(new, old, gain, expected):
    assert better_beyond_noise(np.array(new, float), np.array(old, float), gain, 0.8) == expected


def test_pairing_sees_a_small_steady_gain(tmp_path):
    """One more found in every third image: intervals overlap widely, the paired resamples still agree."""
    base = {"a": half, "b": lambda s, t, r: half(s, t, r) or ([spoilt(t, 1, 0.7)] if r.random() < 0.15 else [])}
    run = make_run(tmp_path, 64)
    measure(run, "a", base)
    measure(run, "b", base)
    old, new = (r.scores["synthetic_val"] for r in run.record.rounds)
    assert old.intervals["mask_map50"][1] > new.intervals["mask_map50"][0]
    decision = Decision.model_validate_json((run.round_folder() / "decision.json").read_text())
    assert run.round.accepted and decision.gains[0].interval[0] > -0.02 and decision.gains[0].probability > 0.9


def test_no_gap_without_both():
    assert gap_sentence({}) is None


def test_the_record_needs_an_approved_task(tmp_path):
    run = RunContext(tmp_path, RunRecord(name="t", request="", created=""), make_run(tmp_path / "o", 1).settings)
    with pytest.raises(FixArguments):
        evaluate(run)


def test_image_size_is_used(tmp_path):
    run = make_run(tmp_path, 8)
    measure(run, "good")
    assert json.loads((run.round_folder() / "predictions_synthetic_val.json").read_text())["seen_px"] == 2 * SIZE
