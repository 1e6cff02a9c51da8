"""The training step of a run: what it trains on, what it keeps, when it does nothing."""

import json
import math
from dataclasses import dataclass, field

import pytest

from tests.tools.trainers.shapes import samples, task
from tools.core.errors import FixArguments, StepFailed, Stopped
from tools.core.settings import EFFORTS, Settings
from tools.data.sample import Sample
from tools.models.checkpoint import load
from tools.runs.estimate import LEAST_JUDGING
from tools.runs.runtime import Round, RunContext, RunRecord, StageTime
from tools.steps.train import deadline_s, make_job, make_trainer, train
from tools.trainers import TrainingResult, loop, starter_files


@pytest.fixture(autouse=True)
def _no_starter(monkeypatch, tmp_path):
    monkeypatch.setattr(starter_files, "WEIGHTS", tmp_path / "none.safetensors")
    monkeypatch.setattr(loop, "cpu_count", lambda: 1)  # small work is done before threads have met


def make_run(folder, *, kind="segment", rounds=1, minutes=None, **settings) -> RunContext:
    spec = task(kind)
    spec.budget.minutes, spec.budget.rounds = minutes, max(rounds, 2)
    record = RunRecord(name="t", request="", created="", task=spec, approved=True)
    values = {"size_px": 64, "effort": "quick", "batch": 4, "epoch_pictures": 1} | settings
    run = RunContext(folder, record, Settings(**values))
    record.rounds += [Round(number=n + 1) for n in range(rounds)]
    return run


def add(run, made, split, number=1):
    for sample in made:
        sample = sample.model_copy(update={"split": split, "round": number, "id": f"{split}{number}-{sample.id}"})
        image = run.folder / sample.image
        copy = run.folder / "new.png"
        copy.write_bytes(image.read_bytes())
        run.dataset.add_sample(sample.model_copy(update={"image": f"images/{sample.id}.png"}), copy)


@pytest.fixture
def run(tmp_path):
    made = make_run(tmp_path)
    add(made, samples(tmp_path, 4), "train")
    add(made, samples(tmp_path, 2, seed=1), "val")
    return made


@dataclass
class Recorder:
    """Stands for a trainer: writes what it is given, and remembers."""

    name: str = "recorder"
    version: str = "1"
    licence: str = "none"
    jobs: list = field(default_factory=list)

    def train(self, job, on_epoch):
        self.jobs.append(job)
        on_epoch({"epoch": 1, "epochs": job.epochs, "loss": 1.0, "val_score": 0.5, "images_per_s": 9.0})
        job.folder.mkdir(parents=True, exist_ok=True)
        weights = job.folder / "w.safetensors"
        weights.write_bytes(f"weights of {len(self.jobs)}".encode())
        return TrainingResult(weights, 1, 1, 0.5, str(job.initial or "random"), [{"epoch": 1}])


@pytest.fixture
def recorder(monkeypatch):
    from tools.steps import train as module

    made = Recorder()
    monkeypatch.setattr(module, "make_trainer", lambda run: made)
    return made


def events(run, kind):
    lines = (run.folder / "events.jsonl").read_text().splitlines()
    return [e for e in map(json.loads, lines) if e["kind"] == kind]


@pytest.mark.slow
def test_a_real_training_ends_in_weights_and_a_record(run):
    answer = json.loads(train(run, epochs=1))
    assert answer["next"] == "evaluate_model"
    assert run.round.weights == "rounds/01/weights.safetensors"
    assert load(run.path(run.round.weights))[1].names == ("disc",)
    assert run.record.engines["trainer"]["licence"].startswith("AGPL")
    assert [s.name for s in run.record.stages] == ["train"]
    assert {"epoch", "loss", "val_score"} <= events(run, "loss")[0].keys()


def test_the_same_training_is_not_done_twice(run, recorder):
    first = train(run)
    assert train(run) == first
    assert len(recorder.jobs) == 1

    run.dataset.set_instances(recorder.jobs[0].train[0].id, [])  # a label was changed
    train(run)
    assert len(recorder.jobs) == 2

    run.path(str(run.round.weights)).unlink()
    train(run)
    assert len(recorder.jobs) == 3


def test_kept_images_of_all_rounds_and_the_accepted_weights_are_taken(tmp_path, recorder):
    run = make_run(tmp_path, rounds=1)
    add(run, samples(tmp_path, 3), "train")
    train(run)
    assert recorder.jobs[0].initial is None
    assert recorder.jobs[0].epochs == EFFORTS["quick"].epochs

    run.round.accepted = True
    run.record.rounds.append(Round(number=2))
    add(run, samples(tmp_path, 2, seed=2), "train", 2)
    train(run)
    assert len(recorder.jobs[1].train) == 5
    assert recorder.jobs[1].initial == tmp_path / "rounds/01/weights.safetensors"
    assert recorder.jobs[1].epochs == round(0.8 * EFFORTS["quick"].epochs)  # a later round needs fewer
    run.settings = run.settings.model_copy(update={"epochs": 10})
    assert make_job(run).epochs == 8
    assert recorder.jobs[1].seed != recorder.jobs[0].seed

    run.round.accepted = False
    run.record.rounds.append(Round(number=3))
    train(run)
    assert recorder.jobs[2].initial == tmp_path / "rounds/01/weights.safetensors"


def test_dropped_and_test_images_are_never_trained_on(run, recorder):
    listed: list[Sample] = list(run.dataset.samples())
    run.dataset.update_samples({listed[0].id: {"verdict": "dropped"}, listed[1].id: {"split": "test"}})
    train(run)
    used = {s.id for s in (*recorder.jobs[0].train, *recorder.jobs[0].val)}
    assert not used & {listed[0].id, listed[1].id}


@pytest.mark.slow
def test_a_stop_passes_and_the_work_is_taken_up_again(run):
    run.listen(lambda e: run.stop_requested.set() if e["kind"] == "loss" else None)
    with pytest.raises(Stopped):
        train(run, epochs=2)
    assert (run.round_folder() / "train" / "state.safetensors").is_file()
    run.listen(lambda e: None)
    run.stop_requested.clear()
    train(run, epochs=2)
    assert [e["epoch"] for e in events(run, "loss")] == [1, 2]


@pytest.mark.parametrize(
    ("prepare", "error", "message"),
    [
        (lambda run, made: None, StepFailed, "No picture is kept"),
        (lambda run, made: add(run, made, None), FixArguments, "Call curate_dataset first"),
        (lambda run, made: add(run, [s.model_copy(update={"instances": []}) for s in made], "train"), StepFailed,
         "None of the 2 training pictures has a label"),
    ],
)  # fmt: skip
def test_nothing_to_learn_from_is_an_error(tmp_path, prepare, error, message):
    run = make_run(tmp_path)
    prepare(run, samples(tmp_path, 2))
    with pytest.raises(error, match=message):
        train(run)


@pytest.mark.parametrize("epochs", [0, -3, 10**6])
def test_epochs_out_of_range_can_be_corrected(run, epochs):
    with pytest.raises(FixArguments, match="epochs must be"):
        train(run, epochs)


@pytest.mark.parametrize("name", ["nosuch", "tools.steps.train:nosuch", "no.such:thing", ""])
def test_an_unknown_engine_is_named(run, name):
    run.settings.training.trainer = name
    with pytest.raises(FixArguments, match="trainer"):
        make_trainer(run)


@pytest.mark.parametrize(
    ("minutes", "number", "spent", "low", "high"),
    [
        (None, 1, 0, math.inf, math.inf),
        (10, 2, 60, 500, 530),  # the last round: all that is left, less the share for what follows
        (10, 1, 120, 155, 159),  # another round of 120 s, with fewer epochs of twice the images, is to come
        (0.001, 1, 500, 5, 5),  # late: still a short training
    ],
)
def test_the_time_left_is_shared(tmp_path, minutes, number, spent, low, high):
    run = make_run(tmp_path, rounds=number, minutes=minutes)
    run.record.stages.append(StageTime(name="generate", round=number, seconds=spent))
    assert low <= deadline_s(run) <= high


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_the_last_round_has_all_that_is_left_however_images_are_shared(tmp_path, share):
    run = make_run(tmp_path, rounds=2, minutes=10)
    run.settings.scenes.first_round_share = share
    assert deadline_s(run) == pytest.approx(600 * 0.88, abs=2)


def test_measuring_keeps_the_time_that_it_took_in_the_last_round(tmp_path):
    run = make_run(tmp_path, rounds=2, minutes=10)
    run.record.stages += [StageTime(name=n, round=1, seconds=s) for n, s in (("evaluate", 100), ("diagnose", 30))]
    assert deadline_s(run) == pytest.approx(600 - 130 - run.settings.estimate.finish_s, abs=2)


def test_photos_to_be_measured_keep_their_time_before_any_was(tmp_path):
    run = make_run(tmp_path, rounds=2, minutes=10, size_px=320)
    run.record.estimate = {"photos": 400}
    settings = run.settings.estimate
    assert deadline_s(run) == pytest.approx(600 - 400 * settings.photo_s - settings.finish_s, abs=2)
    first = make_run(tmp_path / "first", rounds=1, minutes=10, size_px=320)
    first.record.estimate = {"photos": 400}
    assert deadline_s(first) < deadline_s(run) - 400 * settings.photo_s  # that of both rounds


def test_rounds_of_equal_images_get_time_for_as_many_epochs(tmp_path):
    run = make_run(tmp_path, rounds=1, minutes=10)
    run.settings.scenes.first_round_share, run.task.budget.rounds = 0.5, 3
    run.record.stages.append(StageTime(name="generate", round=1, seconds=40))
    # 40 s of images come, 20 s in each of two rounds; they train on 1.5 and 2 times the images, for fewer epochs.
    assert deadline_s(run) == pytest.approx((600 * 0.88 - 40) / (1 + 0.8 * 1.5 + 0.8 * 2), abs=2)


def test_real_photos_choose_the_epoch_and_are_not_trained_on(run, recorder, monkeypatch, tmp_path):
    from tools.steps import train as module

    photos = [s.model_copy(update={"engine": "real", "split": "val"}) for s in samples(tmp_path / "real", 2, seed=9)]
    monkeypatch.setattr(module, "load_real", lambda *a, **k: type("Real", (), {"val": photos})())
    run.record.real = str(tmp_path / "real")
    job = make_job(run)
    assert [s.id for s in job.val] == [s.id for s in photos]
    assert all(s.engine != "real" for s in job.train)
    assert "real_val" in train(run)


@pytest.mark.parametrize(("minutes", "judging"), [(None, 90), (5, LEAST_JUDGING)])
def test_where_minutes_are_limited_an_epoch_is_not_judged_longer_than_trained(tmp_path, monkeypatch, minutes, judging):
    from tools.steps import train as module

    run, made = make_run(tmp_path, minutes=minutes), samples(tmp_path, 2)
    add(run, made, "train")
    photos = [made[0].model_copy(update={"id": f"{n}"}) for n in range(90)]
    monkeypatch.setattr(module, "load_real", lambda *a, **k: type("Real", (), {"val": photos})())
    run.record.real = str(tmp_path / "real")
    job = make_job(run)
    assert len(job.val) == judging and (job.val[0].id, job.val[-1].id) == ("0", "89")


@pytest.mark.parametrize(("images", "times"), [(5, 12), (40, 2), (50, 1), (90, 1)])
def test_few_images_come_several_times_an_epoch(tmp_path, images, times):
    run = make_run(tmp_path, epoch_pictures=60)
    made = samples(tmp_path, 1)
    add(run, [made[0].model_copy(update={"id": f"{n}"}) for n in range(images)], "train")
    add(run, made, "val")
    job = make_job(run)
    assert len(job.train) == times * images and len({s.id for s in job.train}) == images
