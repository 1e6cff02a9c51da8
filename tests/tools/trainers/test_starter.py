"""Pre-training: reproducible from the seed, goes on after a kill, and its file is checked before it is used."""

import json
import shutil

import numpy as np
import pytest
import torch

from tests.tools.trainers.shapes import samples, task
from tools.core.errors import StepFailed
from tools.data.dataset import Dataset
from tools.models.checkpoint import load
from tools.models.networks import build_network
from tools.runs.runtime import RunRecord
from tools.trainers import known as known_classes
from tools.trainers import packed, starter_files, starter_images
from tools.trainers.known import give_outputs, hardest_classes, load_known, path_beside, widen
from tools.trainers.packed import Packed, pack
from tools.trainers.starter import PretrainingPlan, Student, pretrain
from tools.trainers.starter_files import load_starter
from tools.trainers.starter_images import Schedule, Series, batches, to_example
from tools.trainers.targets import read_example

pytestmark = pytest.mark.slow


CPU = torch.device("cpu")


def student(plan):
    return Student(plan, plan.architectures[0], CPU, Packed(plan.renders))


MOST_BYTES = {"n": 8 * 2**20, "s": 24 * 2**20}


def plan(folder, steps, **fields):
    folder.mkdir(exist_ok=True)
    return PretrainingPlan(
        folder, steps, **{"size_px": 64, "batch": 4, "threads": 1, "validation": 2, "workers": 0} | fields
    )


@pytest.fixture(scope="module", autouse=True)
def few_are_drawn():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starter_images, "_FIRST", 4)
        patch.setattr(starter_images, "_SHELF", 8)
        yield


def test_a_killed_pretraining_ends_like_an_undisturbed_one(tmp_path):
    pretrain(plan(tmp_path / "a", 4))
    schedule = plan(tmp_path / "b", 4)
    # Stopped at step 2 of the schedule of 4: what a kill between two checkpoints leaves.
    original = Schedule.progress
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Schedule, "progress", lambda s, n: original(s, n) if n < 2 else 1.0)
        pretrain(schedule)
    card = pretrain(schedule)
    assert card["steps"] == 4
    one, two = (load(tmp_path / name / "starter.safetensors") for name in ("a", "b"))
    assert one[1].sha256 == two[1].sha256
    with pytest.raises(StepFailed, match="belongs to seed 0"):
        pretrain(plan(tmp_path / "b", 4, seed=1))


def same(one, other):
    return all(np.array_equal(getattr(one, k), getattr(other, k)) for k in ("images", "masks", "boxes", "classes"))


def test_a_series_goes_on_where_another_stopped():
    first = Series(0, 4, 64, None)
    for _ in range(5):
        before = first.next(0.1)
    assert same(before, Series(0, 4, 64, None, first=4).next(0.1))
    assert not same(before, Series(0, 4, 64, None, first=3).next(0.1))


def test_processes_make_batches_in_turn_wherever_they_begin():
    schedule = Schedule(100)
    made = batches(3, 2, 64, None, schedule, workers=2)
    straight = [next(made) for _ in range(4)]
    later = batches(3, 2, 64, None, schedule, workers=2, first=3)
    assert same(straight[3], next(later))
    assert not same(straight[2], straight[3])


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
def pack_of_two_things(run_of_two_things):
    """The same, packed."""
    path = run_of_two_things.parent / "pack.npz"
    assert pack(path, [run_of_two_things]) == 4
    return path


@pytest.fixture(scope="module")
def first(tmp_path_factory, pack_of_two_things):
    """Starter weights that know the two classes by name; only to be read."""
    folder = tmp_path_factory.mktemp("first")
    pretrain(plan(folder, 1, renders=[pack_of_two_things]))
    return folder / "starter.safetensors"


def test_renders_are_mixed_in_and_what_is_written_still_knows_one_class(tmp_path, first, pack_of_two_things):
    card = pretrain(plan(tmp_path / "b", 1, initial=first, renders=[pack_of_two_things]))
    assert "4 renders" in card["data"]
    assert "no photo" in card["data"]
    tensors, written = load(tmp_path / "b" / "starter.safetensors")
    assert written.names == ("object",)
    before = load(first)[0]
    assert {k: t.shape for k, t in tensors.items()} == {k: t.shape for k, t in before.items()}
    assert not all((tensors[k] == before[k]).all() for k in tensors)


def test_what_goes_on_from_other_weights_keeps_what_they_know_by_name(tmp_path, first, pack_of_two_things):
    known = load_known(first)
    goes_on = student(plan(tmp_path / "b", 1, initial=first, renders=[pack_of_two_things]))
    state = goes_on.learner.network.state_dict()
    assert goes_on.learner.criterion.bce is hardest_classes
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
    widen(narrow, 3, -5.0)
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


def test_whatever_is_of_a_class_is_an_object_too(tmp_path, pack_of_two_things):
    made = student(plan(tmp_path / "a", 1, renders=[pack_of_two_things]))
    batch = Series(0, 4, 64, made.renders).next(0.1)
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


def test_what_is_of_a_narrower_class_is_of_the_broader_too(tmp_path, pack_of_two_things, monkeypatch):
    monkeypatch.setattr(known_classes, "BROADER", {"square": ("disc",), "unheard of": ("disc",)})
    made = student(plan(tmp_path / "a", 1, renders=[pack_of_two_things]))
    disc, square = (1 + made.classes.index(n) for n in ("disc", "square"))
    asked = []
    assign = made.learner.criterion.assigner
    made.learner.criterion.assigner = lambda *g, **n: asked.append(assign(*g, **n)) or asked[-1]
    made.learner.step(Series(0, 4, 64, made.renders).next(0.1), 1e-3)
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
    assert pack(tmp_path / "both.npz", [run_of_two_things, other]) == 6
    renders = Packed([tmp_path / "both.npz"])
    assert (len(renders), renders.names) == (6, ["disc", "square", "ring"])
    assert {renders.names[k - 1] for i in (4, 5) for k in renders[i].classes} == {"ring", "disc"}
    pack(tmp_path / "other.npz", [other])
    assert Packed([tmp_path / "other.npz"])[0].classes.tolist() == [1] * len(images[0].instances)
    numbered = Packed([tmp_path / "other.npz", tmp_path / "both.npz"])  # names of the second pack are numbered on
    assert numbered.names == ["ring", "disc", "square"]
    assert {numbered.names[k - 1] for i in (6, 7) for k in numbered[i].classes} == {"ring", "disc"}


def test_a_pack_shows_what_the_run_shows(run_of_two_things, pack_of_two_things):
    dataset = Dataset(run_of_two_things)
    stored = list(dataset.samples())
    dataset.close()
    for sample, kept in zip(stored, Packed([pack_of_two_things]), strict=True):
        whole = read_example(sample, run_of_two_things, ["disc", "square"], "segment", "whole", 480)
        assert (kept.ids == whole.ids).all()
        assert (kept.classes == whole.classes + 1).all()
        np.testing.assert_allclose(kept.boxes, whole.boxes)
        assert np.abs(kept.image.astype(int) - whole.image).mean() < 12  # WebP is lossy, and these are noise


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


def test_what_is_no_run_or_no_pack_is_refused(tmp_path, pack_of_two_things):
    with pytest.raises(StepFailed, match="not the folder of a run"):
        pack(tmp_path / "a.npz", [tmp_path])
    whole = pack_of_two_things.read_bytes()
    for content in (b"no pack", b"", whole[: len(whole) // 2]):
        (tmp_path / "b.npz").write_bytes(content)
        with pytest.raises(StepFailed, match=r"b\.npz: not a pack of renders"):
            Packed([tmp_path / "b.npz"])


def test_images_of_too_many_objects_are_left_out_of_a_pack(tmp_path, run_of_two_things, monkeypatch):
    monkeypatch.setattr(packed, "MAX_OBJECTS", 0)
    with pytest.raises(StepFailed, match="no picture with at most 0 objects"):
        pack(tmp_path / "a.npz", [run_of_two_things])
    assert not (tmp_path / "a.npz").exists()


def test_weights_of_a_network_that_is_not_trained_are_refused(tmp_path, first):
    with pytest.raises(StepFailed, match=r"weights of yolo11n-seg, and none is trained \(yolo11s-seg\)"):
        pretrain(plan(tmp_path / "a", 1, initial=first, architectures=["yolo11s-seg"]))


def test_networks_of_two_sizes_learn_from_the_same_batches(tmp_path, pack_of_two_things):
    both = ["yolo11n-seg", "yolo11s-seg"]
    pretrain(plan(tmp_path / "a", 1, architectures=both, renders=[pack_of_two_things], batch=2, validation=1))
    for name, architecture in zip(("starter", "starter_s"), both, strict=True):
        weights = tmp_path / "a" / f"{name}.safetensors"
        assert load_starter(weights)[1].architecture == architecture
        assert load_known(weights).names == ("disc", "square")
        card = json.loads(weights.with_suffix(".json").read_text())
        assert (card["architecture"], card["steps"], card["pictures_seen"]) == (architecture, 1, 2)


def test_batches_without_a_loss_are_left_out_but_not_for_ever(tmp_path, pack_of_two_things, monkeypatch):
    made = student(plan(tmp_path / "a", 1, renders=[pack_of_two_things]))
    batch = Series(0, 4, 64, made.renders).next(0.1)

    def fails(*_):
        raise FloatingPointError("the loss is not a number")

    monkeypatch.setattr(made.learner, "step", fails)
    for _ in range(20):
        made.learn(batch, 1e-3)
    assert made.learner.steps == 20
    with pytest.raises(FloatingPointError):
        made.learn(batch, 1e-3)


def test_examples_are_numbered_without_gaps():
    for index in range(20):
        example = to_example(0, index, 64)
        assert int(example.ids.max()) == len(example.classes)
        assert set(range(1, len(example.classes) + 1)) <= set(example.ids.ravel().tolist())


shipped = pytest.mark.skipif(not starter_files.WEIGHTS.exists(), reason="this copy has no starter weights")


@shipped
@pytest.mark.parametrize("network", starter_files.starter_networks())
def test_the_shipped_starters_are_what_their_cards_say(network):
    weights = starter_files.weights_of(network)
    tensors, card = load_starter(weights)
    described = json.loads(weights.with_suffix(".json").read_text())
    assert weights.stat().st_size <= MOST_BYTES[network[-1]]
    assert card.architecture == described["architecture"] == f"{network}-seg"
    assert len(load_known(weights).names) > 100
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
    monkeypatch.setattr(known_classes, "_HARDEST", 20)
    part = hardest_classes(predicted, wanted)
    assert part.shape == (2, 50, 21)
    assert 0.9 * whole < part.sum() < whole
    monkeypatch.setattr(known_classes, "_HARDEST", 96)
    assert hardest_classes(predicted[..., :30], wanted[..., :30]).shape == (2, 50, 30)
