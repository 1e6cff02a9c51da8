"""Learning from shown photos: a model of all of them, a score by models that have not seen them, nothing twice."""

import json

import pytest

from agent.report.facts import facts_of
from tests.pipeline import new_run
from tests.tools.generators.cutout_files import ground, labelled_photos
from tools.core.errors import FixArguments, StepFailed, Stopped
from tools.data.images import read_image, write_image
from tools.drawable.classes import ClassArgument
from tools.models.checkpoint import load
from tools.models.predict import Predictor
from tools.runs.runtime import Round, StageTime
from tools.steps import learn_from_examples as module
from tools.steps.learn_from_examples import learn_examples
from tools.steps.plan_text import plan_for_person
from tools.steps.task import Wanted, define
from tools.trainers import loop, starter_files, yolo

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _small(monkeypatch, tmp_path):
    """Trainings of two steps from random weights: what is learnt is not looked at here."""
    monkeypatch.setattr(starter_files, "WEIGHTS", tmp_path / "none.safetensors")
    monkeypatch.setattr(loop, "cpu_count", lambda: 1)


def shown_run(tmp_path, photos=3, kind="detect", **changed):
    run = new_run(
        tmp_path / "run",
        "zorb",
        kind=kind,
        **{"size_px": 64, "batch": 4, "shown_epochs": 1, "shown_pictures": 6} | changed,
    )
    run.record.few = str(labelled_photos(tmp_path / "few", photos, names=("zorb",), size=96))
    return run


def test_the_model_has_seen_all_photos_and_its_score_is_of_models_that_have_not(tmp_path, monkeypatch):
    shares = []
    monkeypatch.setattr(
        "tools.steps.learn_from_examples.of_all_photos", lambda score, *told: shares.append(told) or score
    )
    run = shown_run(tmp_path, 4)
    said = json.loads(learn_examples(run))
    card = load(run.path(run.record.best.weights))[1]
    assert card.names == ("zorb",) and card.fitted and Predictor.load(run.path(run.record.best.weights)).fitted
    assert run.record.best.weights == "rounds/01/train/weights.safetensors"
    assert said["scores"]["cross_val"]["pictures"] == 4
    assert run.record.evaluation["cross_val"].images == 4
    assert run.record.best.threshold == run.record.evaluation["cross_val"].threshold
    assert shares == [(0.5, 4)]  # one of the three parts is of two photos, and its judge learnt from the other two
    folds = sorted(p.name for p in (run.folder / "rounds" / "01" / "folds").iterdir())
    assert folds == ["1", "2", "3"]
    assert run.record.rounds[0].accepted


def test_outlines_are_learnt_where_they_are_asked_for(tmp_path):
    run = shown_run(tmp_path, 2, kind="segment")
    said = json.loads(learn_examples(run))
    assert "mask_map50" in said["scores"]["cross_val"]
    assert load(run.path(run.record.best.weights))[1].kind == "segment"


def test_whole_photos_are_told_apart_by_the_folders_they_lie_in(tmp_path):
    run = new_run(tmp_path / "run", "bolt", "nut", kind="classify", size_px=64, batch=4, shown_epochs=1,
                  shown_pictures=6, shown_folds=2)  # fmt: skip
    for name, colour in (("bolt", (210, 40, 40)), ("nut", (40, 60, 200))):
        for number in range(2):
            image = ground(96, number + 10 * (name == "nut"))
            image[20:70, 20 : 60 + 10 * number] = colour
            write_image(tmp_path / "few" / name / f"{number}.png", image)
    run.record.few = str(tmp_path / "few")
    said = json.loads(learn_examples(run))
    assert said["scores"]["cross_val"]["pictures"] == 4
    assert run.record.evaluation["cross_val"].metric == "accuracy"
    assert {s.label for s in run.dataset.samples(verdict="kept")} == {"bolt", "nut"}


def test_done_again_it_trains_nothing(tmp_path, monkeypatch):
    run = shown_run(tmp_path)
    first = json.loads(learn_examples(run))
    monkeypatch.setattr(yolo._Training, "run", lambda self: pytest.fail("trained again"))
    assert json.loads(learn_examples(run))["scores"] == first["scores"]


def test_a_stop_between_keeps_the_model_of_all_photos(tmp_path, monkeypatch):
    run = shown_run(tmp_path)

    def stop(*_):
        raise Stopped("stopped by the user")

    with monkeypatch.context() as patched:
        patched.setattr(module, "_fold_answers", stop)
        with pytest.raises(Stopped):
            learn_examples(run)
    assert run.path(run.record.best.weights).is_file()
    assert run.round.accepted is None
    learn_examples(run)
    assert run.round.accepted


@pytest.mark.parametrize(("took_s", "judged"), [(1, 4), (150, 3), (1000, 2)])
def test_in_few_minutes_fewer_photos_judge_and_no_training_is_cut_for_it(tmp_path, monkeypatch, took_s, judged):
    """Of four minutes the training on all photos took some; each part needs two or three quarters of that again."""
    run = shown_run(tmp_path, 4, shown_minutes=4)
    train_whole = module._train_whole

    def slowly(*given):
        train_whole(*given)
        run.record.stages.append(StageTime(name="train", round=1, seconds=took_s))

    monkeypatch.setattr(module, "_train_whole", slowly)
    said = json.loads(learn_examples(run))
    assert said["scores"]["cross_val"]["pictures"] == judged
    assert said["judged"].startswith(
        f"cross-validated on {judged} of the photos" if judged < 4 else "cross-validated on 4 photos"
    )
    assert "shorter" not in said


def test_one_photo_gives_a_model_and_no_score(tmp_path):
    run = shown_run(tmp_path, 1)
    said = json.loads(learn_examples(run))
    assert "too few photos to judge by" in said["judged"]
    assert run.record.best.threshold == run.settings.evaluation.fallback_confidence
    assert run.record.evaluation["cross_val"] is None


def test_real_photos_judge_and_are_not_learnt_from(tmp_path):
    run = shown_run(tmp_path, 3)
    real = labelled_photos(tmp_path / "real", 9, names=("zorb",), size=120)
    for path in sorted(real.glob("*.png")):  # neither a name nor a look of those that are learnt from
        write_image(path.with_name(f"judge{path.name}"), read_image(path)[:, ::-1])
        path.unlink()
    labels = json.loads((real / "labels.json").read_text())
    for image in labels["images"]:
        image["file_name"] = f"judge{image['file_name']}"
    (real / "labels.json").write_text(json.dumps(labels))
    run.record.real = str(real)
    learn_examples(run)
    assert run.record.evaluation["real_test"].images >= 1


def test_without_photos_it_refuses(tmp_path):
    run = new_run(tmp_path / "run", "zorb", kind="detect")
    with pytest.raises(FixArguments, match="showed no photos"):
        learn_examples(run)
    run.record.few = str(tmp_path / "nowhere")
    with pytest.raises(StepFailed, match="no such folder"):
        learn_examples(run)


def test_the_plan_says_what_is_learnt_from_and_judged_by(tmp_path):
    run = shown_run(tmp_path, 4)
    run.record.task, run.record.approved = None, False
    run.auto_approve = True
    said = json.loads(define(run, Wanted(kind="detect", classes=[ClassArgument(name="zorb")])))
    assert said["next"] == "learn_from_examples"
    plan = plan_for_person(run)
    assert plan["pictures"] == "none are made: 4 photos that you show are learnt from"
    assert "cross-validation" in plan["measured on"]
    assert str(tmp_path / "few") in plan["learns from"]
    run.record.unlabelled, run.record.approved = str(tmp_path / "more"), False
    said = json.loads(define(run, Wanted(kind="detect", classes=[ClassArgument(name="zorb")], reply="go on")))
    assert not said.get("unlabelled"), "learn_from_photos would want --real; learn_from_examples takes them"
    assert "if the cross-validation gains by it" in plan_for_person(run)["photos without labels"]


def test_of_a_thing_that_the_starter_knows_the_mean_of_all_trainings_is_handed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "known_share", lambda *_: 0.9)
    run = shown_run(tmp_path, 3)
    learn_examples(run)
    parts = [load(p)[0] for p in sorted((run.folder / "rounds" / "01").rglob("*/weights.safetensors"))]
    assert len(parts) == 4
    mean, _ = load(run.path(run.record.best.weights))
    name = next(n for n, t in mean.items() if t.is_floating_point() and t.ndim == 4)
    assert mean[name].float().numpy() == pytest.approx(sum(p[name].float() for p in parts).numpy() / 4, abs=1e-5)


def test_kinds_that_have_to_be_told_apart_are_not_learnt_gently(tmp_path, monkeypatch):
    """The starter sees that there is a card, and not which: four gentle trainings' mean tells them apart worst."""
    monkeypatch.setattr(module, "known_share", lambda *_: 0.9)
    run = new_run(tmp_path / "run", "ace", "king", kind="detect", size_px=64, batch=4, shown_epochs=1, shown_pictures=6)
    run.record.few = str(labelled_photos(tmp_path / "few", 4, names=("ace", "king"), size=160))
    learn_examples(run)
    assert run.record.best.weights == "rounds/01/train/weights.safetensors"
    assert json.loads((run.folder / "rounds" / "01" / "training.json").read_text())["epochs"] == 3


# Photos without labels ----------------------------------------------------------------------------------------------


def _with_photos(tmp_path, monkeypatch, better, **changed):
    """Photos without labels, a teacher that is sure of all that it sees, and a decision."""
    for n in range(3):
        write_image(tmp_path / "more" / f"m{n}.png", ground(96, 40 + n, (60 + 40 * n, 130, 180 - 40 * n)))
    monkeypatch.setattr(module.unlabelled, "sure_from", lambda *_: {"zorb": 0.0})
    monkeypatch.setattr(module.unlabelled, "DOUBTED_FROM", 1e-6)
    monkeypatch.setattr(module, "better_beyond_noise", lambda *_: (better, 1.0))
    run = shown_run(tmp_path, 3, shown_folds=2, **changed)
    run.record.unlabelled = str(tmp_path / "more")
    return run


def test_photos_without_labels_are_learnt_from_where_the_cross_validation_gains(tmp_path, monkeypatch):
    run = _with_photos(tmp_path, monkeypatch, better=True)
    said = json.loads(learn_examples(run))
    assert run.record.best.weights == run.round.weights == "rounds/01/students/all/weights.safetensors"
    assert "3 of 3 photos without labels are learnt from too: by cross-validation box map50" in said["notes"][-1]
    assert json.loads((run.round_folder() / "unlabelled.json").read_text())["kept"]
    students = run.round_folder() / "students"
    assert sorted(p.name for p in students.iterdir()) == ["1", "2", "all"]
    labels = [p.name for p in (run.folder / "photos").glob("pseudo-*")]
    assert {name.split("-")[1] for name in labels} == {"part1", "part2", "all"}  # each by its own teacher
    monkeypatch.setattr(yolo._Training, "run", lambda self: pytest.fail("trained again"))
    learn_examples(run)
    assert run.record.best.weights == "rounds/01/students/all/weights.safetensors"


def test_photos_without_labels_that_bring_nothing_change_nothing(tmp_path, monkeypatch):
    run = _with_photos(tmp_path, monkeypatch, better=False)
    said = json.loads(learn_examples(run))
    assert run.record.best.weights == "rounds/01/train/weights.safetensors"
    assert "3 photos without labels are not learnt from: by cross-validation" in said["notes"][-1]
    assert run.record.photo_notes == said["notes"]  # the report says it, too
    assert "3 photos without labels are not learnt from: by" in facts_of(run).learnt_from
    assert not (run.round_folder() / "students" / "all").exists()


def test_models_that_are_hardly_ever_right_label_nothing(tmp_path, monkeypatch):
    run = _with_photos(tmp_path, monkeypatch, better=True)
    monkeypatch.setattr(module.unlabelled, "sure_from", lambda *_: {"zorb": module.unlabelled.NEVER})
    said = json.loads(learn_examples(run))
    assert "3 photos without labels are not learnt from: by cross-validation the models are right" in said["notes"][-1]
    assert run.record.best.weights == "rounds/01/train/weights.safetensors"


def test_where_the_model_of_all_photos_is_sure_of_nothing_it_stays(tmp_path, monkeypatch):
    run = _with_photos(tmp_path, monkeypatch, better=True)
    label = module.unlabelled.self_labelled
    monkeypatch.setattr(module.unlabelled, "self_labelled", lambda *given: [] if given[-1] == "all" else label(*given))
    assert "the model of all is sure of nothing" in json.loads(learn_examples(run))["notes"][-1]
    assert run.record.best.weights == "rounds/01/train/weights.safetensors"


def test_one_photo_or_none_that_can_be_used_is_said(tmp_path, monkeypatch):
    run = _with_photos(tmp_path, monkeypatch, better=True)
    run.record.unlabelled = run.record.few
    assert "can be learnt from: all are shown" in json.loads(learn_examples(run))["notes"][-1]


def test_half_of_the_minutes_is_kept_for_photos_without_labels(tmp_path):
    run = shown_run(tmp_path, 3, shown_minutes=4)
    run.record.rounds = [Round(number=1)]
    alone = module._deadline_s(run, 1.0)
    run.record.unlabelled = str(tmp_path)
    first = module._deadline_s(run, 1.0)
    run.round.accepted = True
    second = module._deadline_s(run, 1.0)
    assert [first, second] == pytest.approx([alone, 2 * alone], rel=0.05)
