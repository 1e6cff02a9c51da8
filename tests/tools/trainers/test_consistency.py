"""A classifier learns from photos without labels: from what its averaged weights are sure of, and from nothing else."""

import numpy as np
import pytest
import torch

from tests.tools.trainers.shapes import job, samples
from tests.tools.trainers.test_yolo import QUICK, StopAfter, quiet, same, tensors
from tools.core.errors import Stopped
from tools.models.networks import build_network
from tools.trainers.batches import epoch_batches, to_tensors
from tools.trainers.consistency import CERTAIN, Teacher, agreement, look_twice
from tools.trainers.loop import Learner
from tools.trainers.targets import SampleSource
from tools.trainers.yolo import Recipe, YoloTrainer

pytestmark = pytest.mark.slow

NAMES = ("disc", "square")


def without_labels(root, count, seed):
    return [s.model_copy(update={"label": None}) for s in samples(root, count, names=NAMES, kind="classify", seed=seed)]


def read(root, made, *, labelled=True):
    return SampleSource(
        made, root=root, names=NAMES, kind="classify", convention="visible", max_side_px=128, labelled=labelled
    )  # fmt: skip


@pytest.fixture
def source(tmp_path):
    return read(tmp_path, without_labels(tmp_path, 6, seed=3), labelled=False)


@pytest.fixture
def labelled(tmp_path):
    return read(tmp_path, samples(tmp_path, 5, names=NAMES, kind="classify"))


def test_only_what_the_teacher_is_sure_of_counts():
    teacher = torch.tensor([[0.99, 0.01], [CERTAIN - 0.01, 0.06], [0.02, 0.98], [0.5, 0.5]])
    logits = torch.tensor([[0.0, 0.0], [0.0, 9.0], [0.0, 0.0], [0.0, 9.0]], requires_grad=True)
    loss = agreement(teacher, logits)
    assert loss.item() == pytest.approx(2 * np.log(2) / 4)
    loss.backward()
    gradient = logits.grad
    assert (gradient[[1, 3]] == 0).all()
    assert gradient[0, 0] < 0 < gradient[0, 1] and gradient[2, 1] < 0 < gradient[2, 0]


def test_a_weak_view_is_nearly_the_photo_and_a_strong_one_is_not(source):
    photo = source[0]
    views = [look_twice(np.random.default_rng(k), [photo], 64) for k in range(12)]
    colours = np.median(photo.image.reshape(-1, 3), axis=0)

    def change(images):
        return np.mean([np.abs(np.median(p[0].reshape(-1, 3), axis=0) - colours).mean() for p in images])

    assert change([v.weak for v in views]) < 3 < 10 < change([v.strong for v in views])
    again = look_twice(np.random.default_rng(0), [photo], 64)
    assert (again.weak == views[0].weak).all() and (again.strong == views[0].strong).all()


def test_a_batch_has_as_many_photos_as_images_and_the_images_stay_as_they_were(labelled, source):
    policy = Recipe().classify_policy
    alone = list(epoch_batches(labelled, 4, [32], policy, 1, 0, labels_only=True))
    both = list(epoch_batches(labelled, 4, [32], policy, 1, 0, labels_only=True, unlabelled=source))
    assert [b.unlabelled.weak.shape for b in both] == [(4, 32, 32, 3)] * 2 == [b.unlabelled.strong.shape for b in both]
    assert all((a.images == b.images).all() and a.unlabelled is None for a, b in zip(alone, both, strict=True))


def test_the_teacher_is_the_average_at_every_step(labelled):
    batch = next(epoch_batches(labelled, 4, [32], Recipe().classify_policy, 1, 0, labels_only=True))
    torch.manual_seed(0)
    teacher = Teacher(build_network("yolo11n-cls", NAMES))
    learner = Learner(build_network("yolo11n-cls", NAMES), "classify", torch.device("cpu"), teacher=teacher)
    images = to_tensors(batch, learner.device)["img"]
    said = []
    for _ in range(2):
        learner.step(batch, 1e-2)
        judged = build_network("yolo11n-cls", NAMES).eval()
        judged.load_state_dict(learner.average)
        with torch.no_grad():
            expected = judged(images)[0].float()
        said.append(teacher.probabilities(images))
        assert torch.allclose(said[-1], expected, atol=1e-5)
    assert not torch.allclose(*said)
    assert not any(p.requires_grad for p in teacher.network.parameters())
    learner.restore({k: v * 0 if k.startswith("average") else v for k, v in learner.state().items()}, 1)
    assert all((v == 0).all() for v in teacher.network.state_dict().values())


def test_photos_change_what_is_learnt_and_a_stop_does_not(tmp_path, no_starter, monkeypatch):
    from tools.trainers import consistency

    monkeypatch.setattr(consistency, "CERTAIN", 0.5)  # an untrained network is sure of nothing
    train = samples(tmp_path, 6, names=NAMES, kind="classify")
    photos = without_labels(tmp_path, 4, seed=5)
    trainer, told = YoloTrainer(details=QUICK), {"kind": "classify", "names": NAMES, "size_px": 32}

    def wanted(name, unlabelled=photos):
        return job(tmp_path, train, train, folder=tmp_path / name, unlabelled=unlabelled, **told)

    alone = trainer.train(wanted("alone", []), quiet)
    whole = trainer.train(wanted("whole"), quiet)
    assert not same(tensors(alone.weights), tensors(whole.weights))
    with pytest.raises(Stopped):
        trainer.train(wanted("cut"), StopAfter(1))
    seen = StopAfter(99)
    assert same(tensors(trainer.train(wanted("cut"), seen).weights), tensors(whole.weights))
    assert [e["epoch"] for e in seen.seen] == [2]
    trainer.train(wanted("cut", photos[:2]), seen)  # other photos: another job
    assert [e["epoch"] for e in seen.seen] == [2, 1, 2]
