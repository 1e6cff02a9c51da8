"""Pre-training: reproducible from the seed, goes on after a kill, and its file is checked before it is used."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from tests.tools.trainers.shapes import samples, task
from tools.core.errors import StepFailed
from tools.data.dataset import Dataset
from tools.models.checkpoint import load
from tools.models.networks import build_network
from tools.runs.runtime import RunRecord
from tools.trainers import starter, starter_files
from tools.trainers.known import give_outputs, load_known, path_beside
from tools.trainers.starter import MAX_BYTES, PretrainingPlan, Stream, load_starter, pretrain, to_example

pytestmark = pytest.mark.slow


def plan(folder, steps, **fields):
    return PretrainingPlan(folder, steps, size_px=64, batch=4, threads=1, validation=2, **fields)


def test_a_killed_pretraining_ends_like_an_undisturbed_one(tmp_path):
    pretrain(plan(tmp_path / "a", 4))
    schedule = plan(tmp_path / "b", 4)
    # Stopped at step 2 of the schedule of 4: what a kill between two checkpoints leaves.
    original = starter._Pretraining._progress
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starter._Pretraining, "_progress", lambda s, n: original(s, n) if n < 2 else 1.0)
        pretrain(schedule)
    card = pretrain(schedule)
    assert card["steps"] == 4
    one, two = (load(tmp_path / name / "starter.safetensors") for name in ("a", "b"))
    assert one[1].sha256 == two[1].sha256
    with pytest.raises(StepFailed, match="belongs to seed 0"):
        pretrain(plan(tmp_path / "b", 4, seed=1))


@pytest.fixture(scope="module")
def drawn_here():
    """Few images, drawn in this process: one that is started imports everything again, and draws on when unused."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starter, "ProcessPoolExecutor", lambda workers, *_: ThreadPoolExecutor(workers))
        patch.setattr(starter, "_CHUNK", 8)
        yield


def test_batches_do_not_depend_on_when_they_are_asked_for(drawn_here):
    first, second = Stream(0, 4, 64, 1), Stream(0, 4, 64, 1)
    try:
        for step in (0, 1, 2):
            before = first.make(step, 0.1)
        straight = second.make(2, 0.1)
        assert (before.images == straight.images).all()
        assert (before.masks == straight.masks).all()
        assert (before.boxes == straight.boxes).all()
    finally:
        first.close()
        second.close()


@pytest.fixture(scope="module")
def run_of_two_things(tmp_path_factory):
    """A run's folder with four kept images of two classes."""
    folder = tmp_path_factory.mktemp("two_things")
    images = samples(folder, 4, names=("disc", "square"))
    run = folder / "run"
    dataset = Dataset(run)
    for image in images:
        dataset.add_sample(image.model_copy(update={"verdict": "kept"}), folder / image.image)
        dataset.set_instances(image.id, list(image.instances))
    dataset.close()
    record = RunRecord(name="run", request="", created="", task=task("segment", "disc", "square"))
    (run / "run.json").write_text(record.model_dump_json())
    return run


@pytest.fixture(scope="module")
def first(tmp_path_factory, run_of_two_things, drawn_here):
    """Starter weights that know the two classes by name; only to be read."""
    folder = tmp_path_factory.mktemp("first")
    pretrain(plan(folder, 1, renders=[run_of_two_things]))
    return folder / "starter.safetensors"


def test_renders_are_mixed_in_and_what_is_written_still_knows_one_class(tmp_path, first, run_of_two_things):
    card = pretrain(plan(tmp_path / "b", 1, initial=first, renders=[run_of_two_things]))
    assert "4 renders" in card["data"]
    assert "no photo" in card["data"]
    tensors, written = load(tmp_path / "b" / "starter.safetensors")
    assert written.names == ("object",)
    before = load(first)[0]
    assert {k: t.shape for k, t in tensors.items()} == {k: t.shape for k, t in before.items()}
    assert not all((tensors[k] == before[k]).all() for k in tensors)


def test_what_goes_on_from_other_weights_keeps_what_they_know_by_name(tmp_path, first, run_of_two_things):
    known = load_known(first)
    goes_on = starter._Pretraining(plan(tmp_path / "b", 1, initial=first, renders=[run_of_two_things]))
    state = goes_on.learner.network.state_dict()
    assert goes_on.learner.criterion.bce is starter._hardest_classes
    moved = {name.split(".")[1] for name, p in goes_on.learner.network.named_parameters() if p.requires_grad}
    assert not {"0", "1", "2"} & moved and "3" in moved  # what knows edges stays
    assert all((state[name][1:] == rows.float()).all() for name, rows in known.outputs.items())
    assert all(
        (state[name][:1] == tensor.float()).all() for name, tensor in load(first)[0].items() if "cv3.0.2" in name
    )


def test_a_network_begins_with_the_outputs_of_the_classes_that_are_known(tmp_path, first, monkeypatch):
    weights = shutil.copytree(first.parent, tmp_path / "a") / first.name
    monkeypatch.setattr(starter_files, "WEIGHTS", weights)
    known = load_known()
    assert known.names == ("disc", "square")
    narrow = build_network("yolo11n-seg", ("object",))
    starter.widen(narrow, 3, -5.0)
    new = narrow.model[-1].cv3[0][-1].bias.detach()
    assert new[1:].tolist() == pytest.approx([float(new[0]) - 5.0] * 2)  # nothing is of a new class yet
    network = build_network("yolo11n-seg", ("a", "b", "c"))
    before = {k: v.clone() for k, v in network.state_dict().items()}
    assert give_outputs(network, known, ["square", "unheard of", "disc"]) == 2
    for name, rows in known.outputs.items():
        now = network.state_dict()[name]
        assert (now[0] == rows[1]).all()
        assert (now[1] == before[name][1]).all()
        assert (now[2] == rows[0]).all()
    assert give_outputs(build_network("yolo11n-cls", ("a", "b")), known, ["disc", "square"]) == 0
    # Of another starter, or damaged.
    card = weights.with_suffix(".json")
    card.write_text(json.dumps({**json.loads(card.read_text()), "sha256": "0" * 64}))
    with pytest.raises(StepFailed, match="belongs to another starter"):
        load_known()
    path = path_beside(weights)
    path.write_bytes(path.read_bytes()[:-8] + b"\x01" * 8)
    with pytest.raises(StepFailed, match="not the outputs it was written with"):
        load_known()


def test_whatever_is_of_a_class_is_an_object_too(tmp_path, run_of_two_things, drawn_here):
    made = starter._Pretraining(plan(tmp_path / "a", 1, renders=[run_of_two_things]))
    batch = Stream(0, 4, 64, 1, made.renders).make(0, 0.1)
    assert {1.0, 2.0} & set(batch.classes.tolist())
    asked = []
    assign = made.learner.criterion.assigner
    made.learner.criterion.assigner = lambda *g, **n: asked.append(assign(*g, **n)) or asked[-1]
    made.learner.step(batch, 1e-3)
    scores, chosen = asked[0][2], asked[0][3]
    assert scores.shape[-1] == 3
    assert chosen.any()
    assert (scores[..., 0] == scores[..., 1:].amax(-1).maximum(scores[..., 0])).all()
    assert (scores[..., 1:].amax(-1) > 0).any()


def test_what_is_of_a_narrower_class_is_of_the_broader_too(tmp_path, run_of_two_things, drawn_here, monkeypatch):
    monkeypatch.setattr(starter, "BROADER", {"square": ("disc",), "unheard of": ("disc",)})
    made = starter._Pretraining(plan(tmp_path / "a", 1, renders=[run_of_two_things]))
    disc, square = (1 + made.classes.index(n) for n in ("disc", "square"))
    asked = []
    assign = made.learner.criterion.assigner
    made.learner.criterion.assigner = lambda *g, **n: asked.append(assign(*g, **n)) or asked[-1]
    made.learner.step(Stream(0, 4, 64, 1, made.renders).make(0, 0.1), 1e-3)
    scores = asked[0][2]
    assert (scores[..., disc] > 0).any()
    assert (scores[..., square] >= scores[..., disc]).all()
    assert ((scores[..., square] > 0) & (scores[..., disc] == 0)).any()


def test_renders_of_several_runs_are_of_all_their_classes(run_of_two_things, tmp_path):
    """What one run shows as a look-alike is labelled by the name that another gives it."""
    other = tmp_path / "other"
    images = samples(tmp_path, 2, seed=5, names=("square",))
    shown = samples(tmp_path, 2, seed=6, names=("disc",))
    dataset = Dataset(other)
    for image, beside in zip(images, shown, strict=True):
        stored = image.model_copy(update={"verdict": "kept", "lookalikes": list(beside.instances)})
        dataset.add_sample(stored, tmp_path / image.image)
        dataset.set_instances(image.id, [i.model_copy(update={"class_name": "ring"}) for i in image.instances])
    dataset.close()
    record = RunRecord(name="other", request="", created="", task=task("segment", "ring"))
    (other / "run.json").write_text(record.model_dump_json())
    renders, classes = starter.read_renders([run_of_two_things, other], 64)
    assert (len(renders), classes) == (6, ["disc", "square", "ring"])
    assert {classes[k - 1] for i in (4, 5) for k in renders[i].classes} == {"ring", "disc"}
    assert starter.read_renders([other], 64)[0][0].classes.tolist() == [1] * len(images[0].instances)


def test_boxes_are_of_whole_objects_and_masks_of_what_is_seen():
    larger = count = 0
    for index in range(20):
        example = to_example(1, index, 160)
        seen, whole = example.seen_boxes, example.boxes
        assert (whole[:, :2] <= seen[:, :2] + 1).all() and (whole[:, 2:] >= seen[:, 2:] - 1).all()
        assert whole.min(initial=0) >= 0 and whole.max(initial=0) <= 160
        count += len(whole)
        larger += int((np.abs(whole - seen).max(axis=1) > 3).sum())
    assert 0.05 < larger / count < 0.7


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(StepFailed, match="not the folder of a run"):
        pretrain(plan(tmp_path / "a", 1, renders=[tmp_path]))


def test_examples_are_numbered_without_gaps():
    for index in range(20):
        example = to_example(0, index, 64)
        assert int(example.ids.max()) == len(example.classes)
        assert set(range(1, len(example.classes) + 1)) <= set(example.ids.ravel().tolist())


shipped = pytest.mark.skipif(not starter_files.WEIGHTS.exists(), reason="this copy has no starter weights")


@shipped
def test_the_shipped_starter_is_what_its_card_says():
    tensors, card = load_starter()
    described = json.loads(starter_files.WEIGHTS.with_suffix(".json").read_text())
    assert starter_files.WEIGHTS.stat().st_size <= MAX_BYTES
    assert card.architecture == described["architecture"] == "yolo11n-seg"
    assert card.names == ("object",)
    assert {"data", "seed", "steps", "seconds", "hardware", "scores", "sha256"} <= described.keys()
    assert "no photo" in described["data"]
    assert len(tensors) > 300


@shipped
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda w: w.write_bytes(w.read_bytes()[:-50]), "not a readable weights file"),
        (lambda w: w.write_bytes(w.read_bytes()[:-50] + b"\x01" * 50), "checksum differs"),
        (lambda w: _swap_card(w.with_suffix(".json")), "not the weights that starter.json describes"),
    ],
)
def test_a_damaged_or_swapped_starter_is_refused(tmp_path, monkeypatch, damage, message):
    for suffix in (".safetensors", ".json"):
        shutil.copy(starter_files.WEIGHTS.with_suffix(suffix), tmp_path / f"starter{suffix}")
    monkeypatch.setattr(starter_files, "WEIGHTS", tmp_path / "starter.safetensors")
    damage(tmp_path / "starter.safetensors")
    with pytest.raises(StepFailed, match=message):
        load_starter()


def _swap_card(path):
    card = json.loads(path.read_text())
    path.write_text(json.dumps({**card, "sha256": "0" * 64}))


def test_without_a_starter_training_is_from_random_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(starter_files, "WEIGHTS", tmp_path / "none.safetensors")
    assert load_starter() is None


def test_the_loss_of_many_classes_is_nearly_that_of_the_shown_and_the_hardest(monkeypatch):
    rng = torch.Generator().manual_seed(0)
    predicted = torch.randn(2, 50, 300, generator=rng) - 9
    predicted[..., 40:60] += 6  # what is taken for something
    wanted = torch.zeros_like(predicted)
    wanted[0, :5, 7] = 0.8
    whole = torch.nn.functional.binary_cross_entropy_with_logits(predicted, wanted, reduction="sum")
    monkeypatch.setattr(starter, "_HARDEST", 20)
    part = starter._hardest_classes(predicted, wanted)
    assert part.shape == (2, 50, 21)
    assert 0.9 * whole < part.sum() < whole
    monkeypatch.setattr(starter, "_HARDEST", 96)
    assert starter._hardest_classes(predicted[..., :30], wanted[..., :30]).shape == (2, 50, 30)
