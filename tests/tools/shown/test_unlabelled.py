"""Photos without labels: which may be learnt from, and what of them a model is sure of."""

import numpy as np
import pytest

from tests.pipeline import new_run
from tests.tools.generators.cutout_files import ground, labelled_photos
from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.images import read_image, write_image
from tools.data.real import read_photos
from tools.data.sample import Instance
from tools.metrics.coco import JudgedImage
from tools.metrics.scoring import DetectionScorer, ScoringRules
from tools.shown import unlabelled
from tools.shown.plan import shown_cost
from tools.shown.recipe import job_of

BOX = (20.0, 20.0, 60.0, 60.0)


class Teacher:
    """Sees the same objects in every photo."""

    def __init__(self, *found):
        self.found = [Instance(class_name="zorb", box=b, score=s) for b, s in found]
        self.asked = []

    def predict_many(self, images, confidence):
        self.asked += [p.shape for p in images]
        return [[i for i in self.found if i.score >= confidence] for _ in images]


@pytest.fixture
def run(tmp_path):
    run = new_run(tmp_path / "run", "zorb", kind="detect", size_px=64)
    for n in range(10):
        image = ground(96, 40 + n, (40 + 17 * n, 130, 180 - 14 * n))
        image[72:88, 72:88] = image[24:56, 24:56] = 255
        write_image(tmp_path / "more" / f"m{n}.png", image)
    (tmp_path / "more" / "broken.png").write_bytes(b"no picture")
    run.record.unlabelled = str(tmp_path / "more")
    return run


def _files(run):
    return unlabelled.usable(run, [], [])[0]


def test_what_is_shown_or_judges_is_no_photo_without_labels(run, tmp_path):
    real, _ = read_photos(labelled_photos(tmp_path / "real", 2, names=("zorb",), size=120), run.task, {})
    shown, _ = read_photos(labelled_photos(tmp_path / "few", 3, names=("zorb",), size=96), run.task, {})
    write_image(tmp_path / "more" / "again.png", read_image(tmp_path / "few" / "p1.png"))
    write_image(tmp_path / "more" / "judge.png", read_image(tmp_path / "real" / "p0.png"))
    files, notes = unlabelled.usable(run, shown, real)
    assert {f.path.name for f in files} == {f"m{n}.png" for n in range(10)}
    assert notes == ["2 of the photos without labels are of photos that are shown or judge, and left out"]


def test_of_one_folder_those_without_labels_are_taken_and_nothing_is_said_of_the_others(run, tmp_path):
    shown, _ = read_photos(labelled_photos(tmp_path / "more", 3, names=("zorb",), size=96), run.task, {})
    run.record.few = run.record.unlabelled
    files, notes = unlabelled.usable(run, shown, [])
    assert {f.path.name for f in files} == {f"m{n}.png" for n in range(10)} and notes == []


def test_what_it_is_sure_of_is_a_label_and_what_it_doubts_is_painted_over(run):
    teacher = Teacher((BOX, 0.8), ((70.0, 70.0, 90.0, 90.0), 0.3), ((0.0, 0.0, 8.0, 8.0), 0.05))
    made = unlabelled.self_labelled(run, teacher, _files(run), {"zorb": 0.5}, "all")
    assert [[i.box for i in s.instances] for s in made] == [[BOX]] * 10
    assert {(s.engine, s.instances[0].source) for s in made} == {("pseudo", "pseudo")}
    copy = read_image(run.path(made[0].image))
    assert copy[26:54, 26:54].min() > 230 and copy[74:86, 74:86].mean() < 180  # of two white squares one is left


def test_photos_in_which_it_is_sure_of_nothing_are_left_out(run):
    assert unlabelled.self_labelled(run, Teacher((BOX, 0.4)), _files(run), {"zorb": 0.5}, "all") == []


def _scorer(scores, right):
    truths = [Instance(class_name="zorb", box=BOX)]
    images = [
        JudgedImage(str(n), 96, 96, truths if r else [], [Instance(class_name="zorb", box=BOX, score=s)])
        for n, (s, r) in enumerate(zip(scores, right, strict=True))
    ]
    return DetectionScorer(images, ["zorb"], "detect", ScoringRules())


def test_sure_is_where_enough_was_right_on_photos_with_labels():
    scores = np.linspace(0.99, 0.4, 60).tolist()
    right = [s > 0.6 for s in scores]
    assert 0.5 < unlabelled.sure_from(_scorer(scores, right), 0.9, 0.35)["zorb"] < 0.6
    few = [0.91, 0.85, 0.78, 0.77, 0.57, 0.5, 0.45, 0.32, 0.31, 0.26]  # of six photos with one object each
    of_few = _scorer(few, [True] * 3 + [False] + [True] * 3 + [False] * 3)
    assert unlabelled.sure_from(of_few, 0.8, 0.35)["zorb"] == 0.45
    assert unlabelled.sure_from(_scorer(few[:2], [True, True]), 0.8, 0.35)["zorb"] == unlabelled.NEVER
    assert unlabelled.sure_from(_scorer(scores, [True] * 60), 0.9, 0.45)["zorb"] == 0.45  # never under it
    assert unlabelled.sure_from(_scorer(scores, [False] * 60), 0.9, 0.35)["zorb"] == unlabelled.NEVER


def test_half_of_an_epoch_is_of_such_photos_and_a_classifier_looks_at_them_beside_its_own(run, tmp_path):
    samples, _ = read_photos(labelled_photos(tmp_path / "few", 3, names=("zorb",), size=96), run.task, {})
    more = unlabelled.self_labelled(run, Teacher((BOX, 0.8)), _files(run), {"zorb": 0.5}, "all")
    settings, where = Settings(), {"root": tmp_path, "folder": tmp_path, "seed": 0, "known": True}
    alone = job_of(run.task, samples, settings=settings, **where)
    job = job_of(run.task, samples, settings=settings, more=more, **where)
    assert len(job.train) == 2 * len(alone.train) and sum(s.engine == "pseudo" for s in job.train) == len(alone.train)
    assert {s.id for s in more} <= {s.id for s in job.train} and job.epochs == 12 and not job.unlabelled
    told_apart = TaskSpec(kind="classify", classes=[ClassSpec(name=n) for n in "ab"], budget=Budget(images=1, rounds=1))
    whole = unlabelled.whole(run, _files(run))
    job = job_of(told_apart, samples, settings=settings, more=whole, **where | {"known": False})
    assert job.unlabelled == whole and len(job.train) == len(alone.train)


def test_the_plan_counts_the_second_training_of_each():
    task = TaskSpec(kind="detect", classes=[ClassSpec(name="zorb")], budget=Budget(images=1, rounds=1))
    alone, more = (shown_cost(task, 12, Settings(), None, more=more) for more in (False, True))
    assert set(more.stages) - set(alone.stages) == {"learn"}
    assert more.minutes > 1.8 * alone.minutes
    slow = Settings(estimate_train_images_per_s=5.0)
    assert [shown_cost(task, 12, slow, None, more=m).minutes for m in (False, True)] == [8.0, 16.0]
