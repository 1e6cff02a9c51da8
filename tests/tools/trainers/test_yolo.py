"""The training loop: learns, resumes to the bit, stops in time, and refuses what cannot be learnt."""

import json
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.tools.trainers.shapes import job, samples
from tests.waiting import LONG_S
from tools.core.errors import StepFailed, Stopped
from tools.data.images import read_image, write_image
from tools.data.sample import Instance, encode_mask, mask_box
from tools.models.checkpoint import load, save
from tools.models.networks import build_network, kind_of
from tools.trainers import batches, loop, starter_files, yolo
from tools.trainers.augment import PLAIN
from tools.trainers.examples import LOOKALIKE
from tools.trainers.yolo import Recipe, YoloTrainer

pytestmark = pytest.mark.slow

QUICK = Recipe(sizes=(1.0,), min_steps=1)


def quiet(_entry):
    return None


def tensors(path):
    return load(path)[0]


def same(first, second):
    return first.keys() == second.keys() and all((first[k] == second[k]).all() for k in first)


class StopAfter:
    """Ctrl-C after an epoch."""

    def __init__(self, epochs):
        self.left = epochs
        self.seen = []

    def __call__(self, entry):
        self.seen.append(entry)
        self.left -= 1
        if self.left == 0:
            raise Stopped("stopped by the user")


def test_learns_simple_images(tmp_path, no_starter):
    train = samples(tmp_path, 8)
    recipe = Recipe(sizes=(1.0,), policy=replace(PLAIN, flip=0.5), rate_random=3e-3, validations=4)
    result = YoloTrainer(details=recipe).train(job(tmp_path, train, train, epochs=50, patience=50), quiet)
    assert result.val_score > 0.7
    assert result.history[-1]["loss"] < result.history[0]["loss"] / 2


def test_an_interrupted_training_gives_the_same_weights(tmp_path, no_starter):
    train, val = samples(tmp_path, 10), samples(tmp_path, 3, seed=1)
    trainer = YoloTrainer(details=Recipe(sizes=(0.5, 1.0)))
    undisturbed = trainer.train(job(tmp_path, train, val, epochs=3, folder=tmp_path / "a"), quiet)

    stopped = job(tmp_path, train, val, epochs=3, folder=tmp_path / "b")
    with pytest.raises(Stopped):
        trainer.train(stopped, StopAfter(1))
    killed_in_epoch_2 = _killed_in_a_step(trainer, stopped)
    assert killed_in_epoch_2
    seen = StopAfter(99)
    resumed = trainer.train(stopped, seen)

    assert [e["epoch"] for e in seen.seen] == [2, 3]
    assert same(tensors(undisturbed.weights), tensors(resumed.weights))
    assert resumed.history == undisturbed.history


def _killed_in_a_step(trainer, stopped):
    from tools.trainers.loop import Learner

    class Killed(BaseException):
        pass

    def dies(self, batch, rate):
        if self.steps == steps + 1:
            raise Killed
        return step(self, batch, rate)

    step, steps = Learner.step, 1  # in the second step of the second epoch at the latest
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Learner, "step", dies)
        try:
            trainer.train(stopped, quiet)
        except Killed:
            return True
    return False


def test_a_finished_job_is_returned_and_a_changed_one_trained_anew(tmp_path, no_starter):
    train = samples(tmp_path, 4)
    trainer, calls = YoloTrainer(details=QUICK), []
    first = trainer.train(job(tmp_path, train, train, epochs=1), calls.append)
    again = trainer.train(job(tmp_path, train, train, epochs=1), calls.append)
    assert len(calls) == 1
    assert again == first

    relabelled = [train[0].model_copy(update={"instances": []}), *train[1:]]
    trainer.train(job(tmp_path, relabelled, train, epochs=1), calls.append)
    assert len(calls) == 2

    (tmp_path / "train" / "weights.safetensors").write_bytes(b"cut off")
    trainer.train(job(tmp_path, relabelled, train, epochs=1), calls.append)
    assert len(calls) == 3


def test_the_state_of_another_job_is_not_taken_up(tmp_path, no_starter):
    trainer, train = YoloTrainer(details=QUICK), samples(tmp_path, 4)
    with pytest.raises(Stopped):
        trainer.train(job(tmp_path, train, epochs=3), StopAfter(1))
    seen = StopAfter(99)
    trainer.train(job(tmp_path, train[:3], epochs=2), seen)
    assert [e["epoch"] for e in seen.seen] == [1, 2]


def test_a_damaged_state_means_starting_over(tmp_path, no_starter):
    trainer, train = YoloTrainer(details=QUICK), samples(tmp_path, 4)
    with pytest.raises(Stopped):
        trainer.train(job(tmp_path, train, epochs=2), StopAfter(1))
    (tmp_path / "train" / "state.safetensors").write_bytes(b"\x00" * 100)
    seen = StopAfter(99)
    trainer.train(job(tmp_path, train, epochs=2), seen)
    assert [e["epoch"] for e in seen.seen] == [1, 2]


@pytest.mark.parametrize(
    ("last", "best_epoch", "score"),
    [(0.1, 2, 0.6), (0.59, 9, 0.59), (0.7, 9, 0.7)],  # worse, as good within noise, better: at the calm end
)
def test_gets_calm_early_when_it_gets_no_better(tmp_path, no_starter, monkeypatch, last, best_epoch, score):
    from tools.trainers import yolo

    scores = iter([(0.5, 0.5), (0.6, 0.6), *[(0.1, 0.1)] * 6, (last, last)])
    monkeypatch.setattr(yolo._Training, "_validate", lambda self: next(scores))
    train = samples(tmp_path, 4)
    recipe = Recipe(sizes=(1.0,), validations=1000, calm_share=0.2)
    rates = []
    monkeypatch.setattr(loop.Learner, "step", lambda self, batch, rate: rates.append(rate) or 1.0)
    result = YoloTrainer(details=recipe).train(job(tmp_path, train, train, epochs=20, patience=3), quiet)
    assert (result.stopped_by, result.epochs) == ("patience", 9)  # no better at 5, then a fifth of 20 epochs
    assert (result.best_epoch, result.val_score) == (best_epoch, score)
    assert rates[-1] < 0.2 * max(rates)


def test_a_training_stopped_where_it_got_stale_goes_on_calmly(tmp_path, no_starter, monkeypatch):
    from tools.trainers import yolo

    rates = []
    monkeypatch.setattr(loop.Learner, "step", lambda self, batch, rate: rates.append(rate) or 1.0)
    train = samples(tmp_path, 4)

    def run(folder, on_epoch):
        scores = iter([(0.6, 0.6), *[(0.1, 0.1)] * 99])
        monkeypatch.setattr(yolo._Training, "_validate", lambda self: next(scores))
        wanted = replace(job(tmp_path, train, train, epochs=20, patience=3), folder=tmp_path / folder)
        return YoloTrainer(details=Recipe(sizes=(1.0,), validations=1000, calm_share=0.2)).train(wanted, on_epoch)

    straight = run("straight", quiet)
    whole, rates[:] = list(rates), []
    with pytest.raises(Stopped):
        run("stopped", StopAfter(4))
    resumed = run("stopped", quiet)
    assert (straight.epochs, resumed.epochs, resumed.stopped_by) == (8, 8, "patience")
    assert rates == whole


def test_calm_never_lasts_longer_than_was_planned(tmp_path, no_starter, monkeypatch):
    from tools.trainers import yolo

    scores = iter([(0.6, 0.6), *[(0.1, 0.1)] * 99])
    monkeypatch.setattr(yolo._Training, "_validate", lambda self: next(scores))
    train = samples(tmp_path, 4)
    recipe = Recipe(sizes=(1.0,), validations=1000, calm_share=0.9)
    wanted = job(tmp_path, train, train, epochs=6, patience=3, deadline_s=1000.0)
    assert YoloTrainer(details=recipe).train(wanted, quiet).epochs == 6


def test_a_training_from_the_starter_begins_with_what_it_knows_of_the_class(tmp_path, monkeypatch):
    from tools.trainers import known

    given = []
    monkeypatch.setattr(known, "give_outputs", lambda network, knows, keys: given.append((knows.names, keys)) or 0)
    train = samples(tmp_path, 2)
    YoloTrainer(details=QUICK).train(job(tmp_path, train, epochs=1), quiet)
    assert "apple" in given[0][0]
    assert given[0][1] == ["disc"]


def test_a_training_begins_with_the_starter_of_its_size_where_there_is_one(tmp_path, monkeypatch):
    monkeypatch.setattr(starter_files, "WEIGHTS", tmp_path / "starter.safetensors")
    small = build_network("yolo11s-seg", starter_files.NAMES, seed=5)
    path = starter_files.weights_of("yolo11s-seg")
    digest = save(path, small.state_dict(), architecture="yolo11s-seg", names=starter_files.NAMES, size_px=64)
    path.with_suffix(".json").write_text(json.dumps({"sha256": digest}))
    assert (path.name, starter_files.starter_networks()) == ("starter_s.safetensors", ["yolo11s"])
    train = samples(tmp_path, 2)
    for model, start in (("yolo11s", "starter"), ("yolo11n", "random")):
        trained = YoloTrainer(model, details=QUICK).train(
            job(tmp_path, train, epochs=1, folder=tmp_path / model), quiet
        )
        assert trained.started_from == start


@pytest.mark.parametrize("from_starter", [True, False])
def test_the_first_layers_of_the_starter_stay_as_they_are(tmp_path, monkeypatch, from_starter):
    if not from_starter:
        monkeypatch.setattr(starter_files, "WEIGHTS", tmp_path / "none.safetensors")
    train = samples(tmp_path, 2)
    first, second = (
        tensors(YoloTrainer(details=replace(QUICK, rate_trained=rate, rate_random=rate)).train(
            job(tmp_path, train, epochs=1, folder=tmp_path / name), quiet).weights)
        for name, rate in (("slow", 1e-4), ("fast", 1e-2))
    )  # fmt: skip
    moved = {int(k.split(".")[1]) for k in first if first[k].is_floating_point() and (first[k] != second[k]).any()}
    assert moved == set(range(3 if from_starter else 0, 24)) - {11, 12, 14, 15, 18, 21}  # these only join or enlarge


def test_of_epochs_alike_the_last_is_kept(tmp_path, no_starter, monkeypatch):
    from tools.trainers import yolo

    scores = iter([(0.60, 0.60), (0.59, 0.59), (0.57, 0.57)])  # the third is beyond noise under the first
    monkeypatch.setattr(yolo._Training, "_validate", lambda self: next(scores))
    train = samples(tmp_path, 4)
    recipe = Recipe(sizes=(1.0,), validations=1000)
    result = YoloTrainer(details=recipe).train(job(tmp_path, train, train, epochs=3), quiet)
    assert (result.best_epoch, result.val_score) == (2, 0.59)


@pytest.fixture
def clock(monkeypatch):
    """A clock that only steps of training move on: the next by `ahead[0]` and so on, then each by a second."""
    clock = SimpleNamespace(now=0.0, ahead=[])
    step = loop.Learner.step

    def timed(self, batch, rate):
        clock.now += clock.ahead.pop(0) if clock.ahead else 1.0
        return step(self, batch, rate)

    monkeypatch.setattr(loop.Learner, "step", timed)
    monkeypatch.setattr(yolo, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.mark.parametrize("deadline_s", [0.0, 8.0])
def test_keeps_a_deadline(tmp_path, no_starter, clock, deadline_s):
    train = samples(tmp_path, 12)
    result = YoloTrainer(details=QUICK).train(job(tmp_path, train, train, epochs=2000, deadline_s=deadline_s), quiet)
    assert result.stopped_by == "deadline"
    assert 1 <= result.epochs < 2000
    assert clock.now <= deadline_s + 1  # the step that was begun is ended
    assert load(result.weights)[1].names == ("disc",)


def test_a_slow_start_does_not_cost_the_epochs_that_fit_after_all(tmp_path, no_starter, clock):
    """The first steps read images and warm up; planned by them alone, most of the time would stay unused."""
    clock.ahead = [10.0] * 3
    train = samples(tmp_path, 8)
    told = []
    recipe = replace(QUICK, min_batch=2, min_steps=4)
    YoloTrainer(details=recipe).train(job(tmp_path, train, train, epochs=12, deadline_s=120.0), told.append)
    assert told[0]["epochs"] < 12  # by the first steps only so many would have fitted
    assert told[-1]["epochs"] == 12


@pytest.mark.parametrize(
    ("kind", "names", "count", "empty"),
    [
        ("segment", ("disc",), 1, 0),  # one image
        ("segment", ("disc", "square", "never drawn"), 6, 0),  # a class without an example
        ("segment", ("disc",), 8, 7),  # almost only negatives
        ("detect", ("disc", "square"), 6, 0),
        ("classify", ("disc", "square"), 8, 0),
    ],
)
def test_every_kind_of_set_trains(tmp_path, no_starter, kind, names, count, empty):
    train = samples(tmp_path, count, names=names[:2], kind=kind, empty=empty)
    told = []
    result = YoloTrainer(details=QUICK).train(
        job(tmp_path, train, train, kind=kind, names=names, epochs=1), told.append
    )
    _, card = load(result.weights)
    assert (card.kind, card.names, card.size_px) == (kind, names, 64)
    assert 0 <= result.val_score <= 1
    assert np.isfinite(told[0]["loss"])
    assert {"epoch", "epochs", "loss", "val_score", "images_per_s"} <= told[0].keys()
    json.dumps(told)


def test_goes_on_from_given_weights(tmp_path, no_starter):
    train = samples(tmp_path, 4)
    first = YoloTrainer(details=QUICK).train(job(tmp_path, train, folder=tmp_path / "a", epochs=1), quiet)
    frozen = replace(QUICK, rate_round=0.0)
    second = YoloTrainer(details=frozen).train(
        job(tmp_path, train, folder=tmp_path / "b", epochs=1, initial=first.weights, seed=5), quiet
    )
    assert second.started_from == str(first.weights)
    before, after = tensors(first.weights), tensors(second.weights)
    assert all((before[k] == after[k]).all() for k in before if k.endswith("conv.weight"))


def test_a_classifier_is_shown_its_object_from_close_and_goes_on_more_slowly(tmp_path, no_starter, monkeypatch):
    train = samples(tmp_path, 6, names=("disc", "square"), kind="classify", size_px=128)
    seen, rates = [], []

    def step(self, batch, rate):
        seen.extend(batch.images)
        rates.append(rate)
        return 1.0

    monkeypatch.setattr(loop.Learner, "step", step)
    known = {"kind": "classify", "names": ("disc", "square"), "epochs": 6, "size_px": 128}
    first = YoloTrainer(details=QUICK).train(job(tmp_path, train, folder=tmp_path / "a", **known), quiet)

    def coloured(image):
        colours = image.astype(int)
        return float((colours.max(axis=2) - colours.min(axis=2) > 90).mean())

    whole = np.mean([coloured(read_image(tmp_path / s.image)) for s in train])
    assert np.mean([coloured(p) for p in seen]) > 1.5 * whole
    rates.clear()
    YoloTrainer(details=QUICK).train(job(tmp_path, train, folder=tmp_path / "b", initial=first.weights, **known), quiet)
    assert max(rates) <= QUICK.classify_rate_round < QUICK.rate_round


def test_detect_learns_the_whole_box_and_segment_the_visible_one(tmp_path):
    from tools.trainers.targets import read_example

    sample = samples(tmp_path, 1)[0]
    hidden = sample.instances[0].model_copy(update={"full_box": (-9, 2, 50, 60), "visible_share": 0.5})
    sliver = hidden.model_copy(update={"visible_share": 0.1})
    sample = sample.model_copy(update={"instances": [hidden, sliver]})
    read = {"root": tmp_path, "names": ["disc"], "max_side_px": 640}
    detect = read_example(sample, kind="detect", convention="whole", **read)
    assert detect.boxes.tolist() == [[0, 2, 50, 60], list(sliver.box)]
    assert read_example(sample, kind="segment", convention="visible", **read).boxes is None


@pytest.mark.parametrize("architecture", ["yolo11n-seg", "yolo26n-seg", "yolo11n"])
def test_what_a_thing_is_weighs_more_than_ultralytics_lets_it(architecture):
    network = build_network(architecture, ("disc",))
    assert network.args.cls == 0.5
    criterion = loop.Learner(network, kind_of(architecture), torch.device("cpu")).criterion
    assert getattr(criterion, "one2many", criterion).hyp.cls == loop.CLASS_GAIN


def test_whole_images_are_read_with_the_boxes_of_what_their_label_names(tmp_path):
    from tools.trainers.targets import read_example

    sample = samples(tmp_path, 1, names=("disc",), kind="classify", size_px=64)[0]
    other = sample.instances[0].model_copy(update={"class_name": "hand", "box": (0, 0, 9, 9)})
    sample = sample.model_copy(update={"instances": [other, *sample.instances]})
    made = read_example(sample, tmp_path, ("square", "disc"), "classify", "visible", 32)
    assert made.label == 1 and made.boxes == pytest.approx(np.array([sample.instances[1].box]) / 2)
    bare = sample.model_copy(update={"label": None, "instances": []})
    assert read_example(bare, tmp_path, ("disc",), "classify", "visible", 32, labelled=False).label is None
    wide = read_image(tmp_path / sample.image)[:40]
    write_image(tmp_path / sample.image, wide)
    bare = bare.model_copy(update={"height": 40})
    square = read_example(bare, tmp_path, ("disc",), "classify", "visible", 64, labelled=False)
    assert (square.image == wide[:, 12:52]).all() and square.ids.shape == (40, 40)  # as in use
    with pytest.raises(StepFailed, match="no label"):
        read_example(bare, tmp_path, ("disc",), "classify", "visible", 32)


def test_look_alikes_are_read_where_they_are_asked_for(tmp_path):
    from tools.trainers.targets import read_example

    sample = samples(tmp_path, 1)[0]
    apple = sample.instances[0]
    aside = np.zeros((sample.height, sample.width), bool)
    aside[:9, :9] = True
    tomato = Instance(class_name="tomato", box=mask_box(aside), counts=encode_mask(aside))
    same = apple.model_copy(update={"class_name": "tomato"})  # a person labelled it afterwards: the label counts
    boxed = tomato.model_copy(update={"counts": None})
    sample = sample.model_copy(update={"instances": [apple], "lookalikes": [tomato, same, boxed]})
    read = {"root": tmp_path, "names": ["disc"], "max_side_px": 640, "kind": "segment", "convention": "visible"}
    assert read_example(sample, **read).classes.tolist() == [0]
    made = read_example(sample, **read, lookalikes=True)
    assert made.classes.tolist() == [0, LOOKALIKE, LOOKALIKE]
    assert ((made.ids == 1) == apple.mask(sample.height, sample.width)).all()
    assert ((made.ids == 2) == aside).all()
    assert not (made.ids == 3).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: {"train": []}, "no training picture"),
        (lambda s: {"train": [s.model_copy(update={"instances": []})]}, "none of the 1 training pictures has a label"),
        (lambda s: {"train": [_box_only(s)]}, "has a box without a mask"),
        (lambda s: {"train": [s.model_copy(update={"instances": [_named(s, "cat")]})]}, "'cat', which is no class"),
        (lambda s: {"train": [s.model_copy(update={"width": 99})]}, "64 x 64 pixels, but its labels are of 99 x 64"),
        (lambda s: {"train": [s.model_copy(update={"image": "images/gone.png"})]}, "gone.png"),
        (lambda s: {"kind": "classify"}, "none of the 1 training pictures has a label"),
    ],
)
def test_refuses_what_cannot_be_learnt(tmp_path, no_starter, change, message):
    sample = samples(tmp_path, 1)[0]
    fields = {"train": [sample], **change(sample)}
    with pytest.raises(StepFailed, match=message):
        YoloTrainer(details=QUICK).train(job(tmp_path, **fields), quiet)


def _box_only(sample):
    return sample.model_copy(update={"instances": [i.model_copy(update={"counts": None}) for i in sample.instances]})


def _named(sample, name) -> Instance:
    return sample.instances[0].model_copy(update={"class_name": name})


@pytest.mark.parametrize("model", ["resnet50", "yolo11q", "../yolo11n"])
def test_refuses_unknown_networks(tmp_path, model):
    with pytest.raises(StepFailed, match="no known network"):
        YoloTrainer(model).train(job(tmp_path, samples(tmp_path, 1)), quiet)


@pytest.mark.parametrize("kind", ["segment", "classify"])
def test_the_stock_recipe_runs(tmp_path, no_starter, kind):
    names = ("disc", "square")
    train = samples(tmp_path, 8, names=names, kind=kind)
    told = []
    result = YoloTrainer(recipe="stock").train(
        job(tmp_path, train, train, kind=kind, names=names, epochs=1), told.append
    )
    assert load(result.weights)[1].names == names
    assert told[0]["loss"] > 0


def test_small_things_are_ignored_by_the_photos_own_pixels_and_never_in_renders(tmp_path, no_starter, monkeypatch):
    from tools.trainers import validate

    asked = []

    def judge(*_given, **named):
        asked.append(named["ignore_sides_px"])
        return validate.Score(0.5, 0.5, "mask_map50")

    monkeypatch.setattr(validate, "validate", judge)
    train, val = samples(tmp_path, 4), samples(tmp_path, 2, seed=1)
    width = max(val[0].width, val[0].height)
    photo = val[0].model_copy(update={"engine": "real"})
    wanted = job(tmp_path, train, [photo, val[1]], epochs=1, size_px=width // 2)
    YoloTrainer(details=QUICK, ignore_side_px=32.0).train(wanted, quiet)
    assert asked[0] == [16.0, 0.0]


def test_the_next_epoch_is_begun_before_this_one_is_judged(tmp_path, monkeypatch):
    begun, seen = [], []

    def epoch_batches(*given, **named):
        begun.append((given[5], given[3].mosaic > 0))
        return batches.epoch_batches(*given, **named)

    monkeypatch.setattr(yolo, "epoch_batches", epoch_batches)
    asked = job(tmp_path, samples(tmp_path, 4), epochs=4)
    YoloTrainer(details=QUICK).train(asked, lambda entry: seen.append((entry["epoch"], len(begun))))
    assert begun == [(0, True), (1, True), (2, True), (3, False)]  # each once, the last one calm
    assert seen == [(1, 2), (2, 3), (3, 4), (4, 4)]


def test_an_epoch_that_became_a_calm_one_is_begun_again(tmp_path):
    training = yolo._Training(YoloTrainer(details=QUICK), job(tmp_path, samples(tmp_path, 4), epochs=8), quiet)
    training._prepare()
    first = training._batches(1)
    assert training._batches(1) is first
    training.progress.planned = 1
    assert training._batches(1) is not first


def test_a_first_batch_is_made_before_anyone_asks():
    made = threading.Event()
    coming = batches.ahead(lambda number: made.set() or number, 2)
    assert made.wait(LONG_S), "no batch was begun"
    assert list(coming) == [0, 1] and list(batches.ahead(lambda number: number, 0)) == []
