"""What photos teach: nothing that judges, nothing doubtful, and only what made things better stays."""

import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import tools.label.learn
from tests.tools.label.colour_engine import ColourEngine, photo, settings, write
from tests.tools.label.test_engines import a_run
from tools.annotators.cut_out import painted_over
from tools.core.errors import FixArguments, StepFailed, Stopped
from tools.data.apart import apart_from
from tools.data.formats.labels import LabelledImage
from tools.data.images import read_image
from tools.data.photo_files import find_photos
from tools.data.sample import Instance, Sample
from tools.label.export import write_export
from tools.label.labeler import AutoLabeler, label_task
from tools.label.pseudo import copies, hand_labelled, mixed, pseudo_labelled
from tools.models.checkpoint import load
from tools.models.rescorer import Rescorer, store, stored
from tools.trainers import TrainingResult

pytestmark = pytest.mark.slow

TASK = label_task("apple")


def judge(path):
    from tools.data.dataset import file_sha256

    return Sample(id=path.stem, image=str(path), width=80, height=60, sha256=file_sha256(path), family=path.name,
                  engine="real", provenance={"file": path.name})  # fmt: skip


def soft(seed):
    """An image with no hard edges, as a lens draws it."""
    noise = np.random.default_rng(seed).random((6, 8, 3)).astype(np.float32)
    return (cv2.resize(noise, (80, 60), interpolation=cv2.INTER_CUBIC).clip(0, 1) * 255).astype(np.uint8)


def test_no_photo_that_judges_is_learnt_from(tmp_path):
    images = [soft(seed) for seed in range(4)]
    from tools.data.images import write_image

    for name, image in (("DSC_1042_7.png", images[0]), ("plain.png", images[1])):
        write_image(tmp_path / "real" / name, image)
    for name, image in (
        ("copy.png", images[0]),  # the same file under another name
        ("saved_again.jpg", images[1]),  # the same look
        ("DSC_1042_9.png", images[2]),  # another tile of the same photo
        ("new.png", images[3]),
    ):
        write_image(tmp_path / "mine" / name, image)
    (tmp_path / "mine" / "broken.png").write_bytes(b"no picture")
    kept, apart = apart_from([tmp_path / "mine"], [judge(p) for p in sorted((tmp_path / "real").iterdir())])
    assert [f.name for f in kept] == ["new.png"]
    assert [(s.learnt.name, s.judging.name, s.by) for s in apart.left_out] == [
        ("DSC_1042_9.png", "DSC_1042_7.png", "name"), ("copy.png", "DSC_1042_7.png", "file"),
        ("saved_again.jpg", "plain.png", "look"),
    ]  # fmt: skip
    (told,) = apart.notes()
    assert told.startswith("3 photos to learn from are left out") and "DSC_1042_9.png is of the same photo" in told


def test_another_set_that_counts_alike_is_learnt_from_and_told(tmp_path):
    from tools.data.images import write_image

    for number in range(3):
        write_image(tmp_path / "real" / f"000{number}.png", soft(number))
        write_image(tmp_path / "mine" / f"000{number}.png", soft(10 + number))
    kept, apart = apart_from([tmp_path / "mine"], [judge(p) for p in sorted((tmp_path / "real").iterdir())])
    assert len(kept) == 3 and not apart.left_out and len(apart.doubtful) == 3
    assert "may be of photos that judge" in apart.notes()[0]


def test_a_teacher_labels_what_it_is_sure_of_and_paints_over_the_rest(tmp_path):
    path = write(tmp_path / "mine", "both.png", ("apple", 10, 10))
    image = photo(0, ("apple", 10, 10))
    image[30:50, 50:70] = (172, 30, 30)  # scores 0.53
    from tools.data.images import write_image

    write_image(path, image)
    write(tmp_path / "mine", "empty.png", number=5)
    teacher = AutoLabeler(TASK, settings(tmp_path), engine=ColourEngine(TASK, threshold=0.8))
    made = list(pseudo_labelled(teacher, list(find_photos([tmp_path / "mine"])), tmp_path / "copies"))
    assert len(made) == 1 and [i.box for i in made[0].instances] == [(10, 10, 30, 30)]
    copy = read_image(Path(made[0].image))
    assert (copy[10:30, 10:30] == image[10:30, 10:30]).all() and not (copy[30:50, 50:70, 0] == 172).any()
    assert (read_image(path) == image).all()


def test_what_is_kept_stays_in_front_of_what_is_painted_over():
    image = photo(0, ("apple", 10, 10))
    kept = Instance(class_name="apple", box=(10, 10, 30, 30))
    assert (painted_over(image, [(5, 5, 40, 40)], [kept])[10:30, 10:30] == image[10:30, 10:30]).all()
    assert painted_over(image, [], []) is image


@pytest.mark.parametrize(
    ("synthetic", "photos", "share", "expected"),
    [(100, 10, 0.5, (100, 80)), (100, 100, 0.5, (100, 100)), (100, 100, 0.2, (100, 100)), (10, 50, 0.5, (10, 50)),
     (90, 5, 0.1, (90, 10))],
)  # fmt: skip
def test_photos_have_their_share(synthetic, photos, share, expected):
    def samples(engine, count):
        return [judge_like(engine, k) for k in range(count)]

    made = mixed(samples("r", synthetic), samples("p", photos), share)
    assert (sum(s.engine == "r" for s in made), sum(s.engine == "p" for s in made)) == expected


def judge_like(engine, k):
    return Sample(id=f"{engine}{k}", image="", width=8, height=8, sha256="", family="", engine=engine)


def test_no_photo_at_all_is_an_error():
    with pytest.raises(StepFailed, match="no photo has a label"):
        mixed([judge_like("r", 0)], [], 0.5)


def test_hand_drawn_boxes_are_cut_out_and_what_cannot_be_is_painted_over(tmp_path):
    path = write(tmp_path / "few", "a.png", ("apple", 10, 10), ("apple", 50, 30))
    boxes = [Instance(class_name="apple", box=b) for b in ((8, 8, 32, 32), (48, 28, 72, 52))]
    sample = judge(path).model_copy(update={"instances": boxes})

    class Cut:
        def masks(self, image, boxes, points=None):
            mask = np.zeros(image.shape[:2], bool)
            mask[10:30, 10:30] = True
            return [mask, None]

    [made] = hand_labelled([sample], TASK, Cut(), tmp_path / "copies")
    assert len(made.instances) == 1 and made.instances[0].mask(60, 80).sum() == 400
    assert not (read_image(Path(made.image))[32:48, 52:68, 0] == 200).any()


# A whole round --------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run with real photos that judge, a trainer that only copies, and an engine that looks for colours."""
    entries = []
    for k in range(8):
        path = write(tmp_path / "src", f"photo{k}.png", ("apple", 10, 10), number=k * 9)
        entries.append((LabelledImage(path.name, 80, 60, [Instance(class_name="apple", box=(10, 10, 30, 30))]), path))
    write_export(entries, tmp_path / "real", "voc", label_task("apple", "detect"))
    from agent.run_folder import open_run

    a_run(tmp_path, "one")
    made = open_run(tmp_path / "runs" / "one")
    made.record.real = str(tmp_path / "real")
    jobs = []

    class Copies:
        def train(self, job, on_epoch):
            job.folder.mkdir(parents=True, exist_ok=True)
            jobs.append(job)
            on_epoch({"epoch": 1, "epochs": 1, "loss": 1.0})
            return TrainingResult(job.initial, 1, 1, 0.5, str(job.initial))

    monkeypatch.setattr(tools.label.learn, "make_trainer", lambda run: Copies())
    looks = []

    def engine(task, own, *_):
        looks.append(own.label.views)
        return ColourEngine(task, threshold=0.6)

    monkeypatch.setattr(tools.label.learn, "make_engine", engine)
    made.jobs, made.looks = jobs, looks
    return made


def judged(*verdicts):
    """An evaluation that keeps a round or not, and moves the best as the true one does."""
    left = list(verdicts)

    def evaluate(run):
        run.round.accepted = left.pop(0)
        if run.round.accepted:
            run.record.best = run.record.best.model_copy(
                update={"round": run.round.number, "weights": run.round.weights}
            )
        return ""

    return evaluate


def test_a_round_is_kept_only_when_it_is_better(tmp_path, run, monkeypatch):
    for k in range(5):
        write(tmp_path / "mine", f"own_{k}x.png", ("apple", 40, 30), number=60 + k)
    monkeypatch.setattr(tools.label.learn, "evaluate", judged(False, True, False))
    before = run.record.best.weights
    said = json.loads(tools.label.learn.learn(run, [tmp_path / "mine"], rounds=3))
    assert run.looks == [6, 6]  # a teacher has the time to look several times
    assert [r["kept"] for r in said["rounds"]] == [False, True, False]  # a third would have the same teacher
    assert said["rounds"][0]["scores_alone"] and said["rounds"][0]["examples"] == {}  # untrained: sure of nothing
    assert [r.number for r in run.record.rounds] == [1, 2, 3, 4, 5] and run.record.best.round == 4
    first, second = run.jobs
    assert first.initial == run.path(before) and second.initial == run.path("rounds/04/weights.safetensors")
    assert {s.engine for s in first.train} >= {"pseudo"} and not any(s.engine == "real" for s in first.train)
    assert all(s.engine == "real" for s in first.val)


SAID = Rescorer(mean=(0,) * 15, spread=(1,) * 15, weights=(0.1,) * 15, bias=0, sure=20, doubted=20)


def test_photos_correct_scores_first_and_after_every_training(tmp_path, run, monkeypatch):
    for k in range(5):
        write(tmp_path / "mine", f"own_{k}x.png", ("apple", 40, 30), number=60 + k)
    calls = []

    def learns(weights, photos, out):
        calls.append((run.relative(weights), len(list(photos)), run.relative(out)))
        store(weights, {"apple": SAID}, out)
        return {"apple": SAID}

    monkeypatch.setattr(tools.label.learn, "learn_rescorers", learns)
    monkeypatch.setattr(tools.label.learn, "_PHOTOS", 3)
    monkeypatch.setattr(tools.label.learn, "evaluate", judged(True, True))
    before = run.record.best.weights
    said = json.loads(tools.label.learn.learn(run, [tmp_path / "mine"], rounds=1))
    assert said["rounds"][0]["examples"] == {"apple": {"sure": 20, "doubted": 20}}
    first, second = "rounds/03/weights.safetensors", "rounds/04/weights.safetensors"
    assert calls == [(before, 3, first), (second, 3, second)]
    assert run.jobs[0].initial == run.path(first)


def test_what_photos_said_stays_when_a_person_labels_some(tmp_path, run, monkeypatch):
    best = run.path(run.record.best.weights)
    store(best, {"apple": SAID}, best)
    image = write(tmp_path / "few", "own.png", ("apple", 40, 30), number=60)
    box = Instance(class_name="apple", box=(40, 30, 60, 50))
    write_export([(LabelledImage(image.name, 80, 60, [box]), image)], tmp_path / "labelled", "coco", TASK)
    monkeypatch.setattr(tools.label.learn, "evaluate", judged(True))
    tools.label.learn.learn(run, labelled=tmp_path / "labelled")
    assert run.record.best.weights != run.relative(best)
    assert stored(load(run.path(run.record.best.weights))[1]) == {"apple": SAID}


def test_what_cannot_be_used_of_a_persons_labels_is_told(tmp_path, run, monkeypatch):
    image = write(tmp_path / "few", "own.png", ("apple", 40, 30), number=60)
    box = Instance(class_name="apple", box=(40, 30, 60, 50))
    write_export([(LabelledImage(image.name, 80, 60, [box]), image)], tmp_path / "labelled", "coco", TASK)
    labels = tmp_path / "labelled" / "annotations" / "instances_train.json"
    said = json.loads(labels.read_text())
    said["annotations"].append(said["annotations"][0] | {"id": 99, "bbox": [5, 5, -3, 9], "segmentation": []})
    labels.write_text(json.dumps(said))
    monkeypatch.setattr(tools.label.learn, "evaluate", judged(True))
    told = json.loads(tools.label.learn.learn(run, labelled=tmp_path / "labelled"))
    assert any("left out" in note and "annotation 99 of own.png" in note for note in told["notes"])


def test_a_model_that_names_whole_photos_has_no_scores_to_correct(tmp_path, run, monkeypatch):
    for k in range(2):
        write(tmp_path / "mine", f"own_{k}x.png", ("apple", 40, 30), number=60 + k)
    run.task.kind = "classify"
    monkeypatch.setattr(
        tools.label.learn, "learn_rescorers", lambda *_: pytest.fail("nothing is found, so nothing corrected")
    )
    monkeypatch.setattr(tools.label.learn, "evaluate", judged(False))
    monkeypatch.setattr(tools.label.learn, "_round", lambda *_: {"kept": False})
    said = json.loads(tools.label.learn.learn(run, [tmp_path / "mine"]))
    assert said["rounds"] == [{"kept": False}]


def test_a_model_that_names_whole_photos_is_given_photos_without_labels(tmp_path, run, monkeypatch):
    paths = [write(tmp_path / "mine", f"own_{k}x.png", ("apple", 40, 30), number=60 + k) for k in range(5)]
    (tmp_path / "mine" / "broken.png").write_bytes(b"no picture")
    run.task.kind = "classify"
    monkeypatch.setattr(tools.label.learn, "_AGREED_ON", 3)
    monkeypatch.setattr(tools.label.learn, "evaluate", judged(False))
    monkeypatch.setattr(tools.label.learn, "make_engine", lambda *_: pytest.fail("no photo gets a label beforehand"))
    said = json.loads(tools.label.learn.learn(run, [tmp_path / "mine"]))
    [job] = run.jobs
    assert [(s.label, s.instances, s.engine) for s in job.unlabelled] == [(None, [], "unlabelled")] * 3
    wanted = {read_image(p)[:, 10:70].tobytes() for p in paths}  # the middle square, as in use
    assert all(read_image(Path(s.image)).tobytes() in wanted for s in job.unlabelled)
    assert job.train and not {s.engine for s in job.train} & {"unlabelled", "pseudo", "real"}
    assert said["rounds"][0]["photos"] == 3 and said["rounds"][0]["sure_from"] == {}


def test_copies_of_large_photos_are_no_larger_than_training_needs(tmp_path):
    path = write(tmp_path / "mine", "large.png", ("apple", 40, 30))
    [sample] = copies(find_photos([path]), tmp_path / "copies", 32)
    assert (sample.width, sample.height) == (32, 32) and read_image(Path(sample.image)).shape == (32, 32, 3)


def test_runs_in_the_folder_one_stands_in_learn_too(tmp_path, run, monkeypatch):
    from agent.run_folder import open_run

    write(tmp_path / "mine", "own.png", ("apple", 40, 30), number=60)
    monkeypatch.chdir(tmp_path)
    near = open_run(Path("runs/one"))
    near.record.real = str(tmp_path / "real")
    monkeypatch.setattr(tools.label.learn, "evaluate", judged(False, False))
    tools.label.learn.learn(near, [tmp_path / "mine"], rounds=1)
    [job] = run.jobs
    assert {s.engine for s in job.train} >= {"pseudo"}
    assert all((job.image_root / s.image).is_file() for s in job.train if s.engine == "pseudo")


def test_a_round_that_cannot_be_done_leaves_the_one_before(tmp_path, run, monkeypatch):
    write(tmp_path / "mine", "empty.png", number=60)  # nothing to be sure of
    monkeypatch.setattr(tools.label.learn, "evaluate", judged(True))
    said = json.loads(tools.label.learn.learn(run, [tmp_path / "mine"]))
    assert [r["kept"] for r in said["rounds"]] == [True, False] and said["accepted"] is True
    assert "no photo has a label" in said["rounds"][1]["failed"] and said["best_round"] == 3
    assert run.round.accepted is False


def test_the_agent_learns_from_the_photos_of_the_run_and_a_kill_repeats_nothing(tmp_path, run, monkeypatch):
    tool = tools.label.learn.learn_from_photos.func
    with pytest.raises(FixArguments, match="gave no photos"):
        tool(SimpleNamespace(context=run))
    for k in range(5):
        write(tmp_path / "mine", f"own_{k}x.png", ("apple", 40, 30), number=60 + k)
    run.record.unlabelled = str(tmp_path / "mine")
    monkeypatch.setattr(tools.label.learn, "evaluate", judged(True, False))
    said = json.loads(tool(SimpleNamespace(context=run)))
    assert said["accepted"] is True and len(run.jobs) == 1  # the corrected scores were kept
    again = json.loads(tool(SimpleNamespace(context=run)))  # as after a kill between the tool and its answer
    assert again["accepted"] is True and len(run.jobs) == 1


@pytest.mark.parametrize("cut", ["before the training", "in the training", "after everything"])
def test_a_killed_learning_goes_on_where_it_was_and_doubles_no_round(tmp_path, run, monkeypatch, cut):
    for k in range(5):
        write(tmp_path / "mine", f"own_{k}x.png", ("apple", 40, 30), number=60 + k)
    engine = tools.label.learn.make_engine

    def cut_engine(*given):
        monkeypatch.setattr(tools.label.learn, "make_engine", engine)
        raise Stopped("killed while the photos are labelled")

    def learn():
        return json.loads(tools.label.learn.learn(run, [tmp_path / "mine"], rounds=1))

    evaluate = judged(False, True, False, False)

    def stopping(run):
        evaluate(run)
        run.stop_requested.set()

    monkeypatch.setattr(tools.label.learn, "evaluate", stopping if cut == "before the training" else evaluate)
    if cut == "in the training":
        monkeypatch.setattr(tools.label.learn, "make_engine", cut_engine)
    if cut == "after everything":
        learn()
    else:
        with pytest.raises(Stopped):
            learn()
        run.stop_requested.clear()
        monkeypatch.setattr(tools.label.learn, "evaluate", evaluate)
    said = learn()
    assert [(r.number, r.accepted) for r in run.record.rounds[2:]] == [(3, False), (4, True)]
    assert len(run.jobs) == 1 and said["accepted"] is True and said["best_round"] == 4
    tools.label.learn.finish(run)
    learn()  # the next one begins anew
    assert [r.number for r in run.record.rounds] == [1, 2, 3, 4, 5, 6]


def test_the_photos_that_judge_are_no_material(tmp_path, run):
    with pytest.raises(StepFailed, match="nothing is left to learn from"):
        tools.label.learn.learn(run, [tmp_path / "real"], tmp_path / "real")
    assert len(run.record.rounds) == 2


def test_a_folder_without_a_readable_photo_is_named(tmp_path, run):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(StepFailed, match=r"no photo that can be read in .*broken"):
        tools.label.learn.learn(run, [tmp_path / "broken"])
    assert len(run.record.rounds) == 2


def test_a_stop_is_heard_while_photos_correct_scores(tmp_path, run, monkeypatch):
    for k in range(3):
        write(tmp_path / "mine", f"own_{k}x.png", ("apple", 40, 30), number=60 + k)
    heard = []
    monkeypatch.setattr(run, "progress", lambda stage, done, total, **_: heard.append((stage, done, total)))
    photos = tools.label.learn._images(run, list(find_photos([tmp_path / "mine"])))
    next(photos)
    monkeypatch.setattr(run, "check_stop", lambda: (_ for _ in ()).throw(Stopped("asked to")))
    with pytest.raises(Stopped):
        next(photos)
    assert heard == [("learn", 1, 3)]


def test_a_killed_round_goes_on_as_the_same_round(tmp_path, run, monkeypatch):
    write(tmp_path / "mine", "own.png", ("apple", 40, 30), number=60)

    def dies(own):
        if run.jobs:
            raise KeyboardInterrupt
        own.round.accepted = False

    monkeypatch.setattr(tools.label.learn, "evaluate", dies)
    with pytest.raises(KeyboardInterrupt):
        tools.label.learn.learn(run, [tmp_path / "mine"], rounds=1)
    monkeypatch.setattr(tools.label.learn, "evaluate", judged(True))
    tools.label.learn.learn(run, [tmp_path / "mine"], rounds=1)
    assert [r.number for r in run.record.rounds] == [1, 2, 3, 4]
    assert [s.id for s in run.jobs[0].train] == [s.id for s in run.jobs[1].train]


@pytest.mark.parametrize(
    ("change", "sentence"), [("real", "--real DIR"), ("best", "no trained model"), ("none", "name photos")]
)
def test_what_is_missing_is_said(tmp_path, run, change, sentence):
    if change == "real":
        run.record.real = None
    if change == "best":
        run.record.best = None
    with pytest.raises(FixArguments, match=sentence):
        tools.label.learn.learn(run, [] if change == "none" else [tmp_path / "src"])
