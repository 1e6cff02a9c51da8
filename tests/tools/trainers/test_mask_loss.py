"""The mask loss of boxes alone is Ultralytics' own."""

import numpy as np
import pytest
import torch

from tools.models.networks import build_network
from tools.trainers import mask_loss
from tools.trainers.loop import Learner, _exchange_mask_loss
from tools.trainers.mask_loss import batched_mask_loss, cropped_mask_loss


@pytest.fixture(scope="module")
def theirs():
    network = build_network("yolo11n-seg", ("apple",))
    return network.init_criterion().calculate_segmentation_loss


def batch(seed=0, images=3, anchors=40, side=40):
    """Masks, which anchors are positive, what they are to find, their boxes; the last image has no positive one."""
    rng = torch.Generator().manual_seed(seed)
    boxes = torch.tensor([[10, 12, 90, 70.5], [3.3, 100, 60, 159], [0, 0, 160, 160], [158, 158, 159, 159]])
    positive = torch.rand(images, anchors, generator=rng) < 0.4
    positive[-1] = False
    targets = torch.randint(0, len(boxes), (images, anchors), generator=rng)
    masks = torch.randint(0, len(boxes) + 1, (images, side, side), generator=rng).float()
    return positive, masks, targets, boxes[targets]


def answer(loss, given, seed=1):
    positive, masks, targets, boxes = given
    rng = torch.Generator().manual_seed(seed)
    prototypes = (torch.randn(*masks.shape[:1], 32, *masks.shape[1:], generator=rng) * 0.3).requires_grad_()
    coefficients = torch.randn(*positive.shape, 32, generator=rng).requires_grad_()
    value = loss(
        positive, masks, targets, boxes, torch.zeros(1, 1), prototypes, coefficients, torch.tensor([160.0, 160.0])
    )
    (value * 3).backward()
    return value.item(), coefficients.grad.numpy(), prototypes.grad.numpy()


LOSSES = pytest.mark.parametrize("loss", [cropped_mask_loss, batched_mask_loss])


@LOSSES
@pytest.mark.parametrize("seed", range(3))
def test_value_and_gradients_are_ultralytics_own(theirs, seed, loss, monkeypatch):
    monkeypatch.setattr(mask_loss, "_TOGETHER", 2)
    given = batch(seed)
    own, expected = answer(loss, given), answer(theirs, given)
    assert own[0] == pytest.approx(expected[0], rel=1e-5)
    for mine, their in zip(own[1:], expected[1:], strict=True):
        assert np.abs(their).max() > 0
        np.testing.assert_allclose(mine, their, atol=1e-6 * np.abs(their).max(), rtol=1e-3)


@LOSSES
def test_a_box_of_no_size_teaches_nothing(loss):
    positive, masks, targets, boxes = batch()
    boxes = boxes.clone()
    boxes[targets == 0] = torch.tensor([20.0, 20.0, 20.0, 31.0])
    value, *gradients = answer(loss, (positive, masks, targets, boxes))
    assert np.isfinite(value) and all(np.isfinite(g).all() for g in gradients)
    assert not gradients[0][(positive & (targets == 0)).numpy()].any()
    assert gradients[0][(positive & (targets == 1)).numpy()].any()


def test_an_image_without_a_find_teaches_nothing():
    positive, masks, targets, boxes = batch()
    value, *gradients = answer(batched_mask_loss, (positive, masks, targets, boxes))
    assert value > 0 and not gradients[0][-1].any() and not gradients[1][-1].any()


def test_a_gpu_compares_masks_a_batch_at_once():
    criterion = build_network("yolo11n-seg", ("apple",)).init_criterion()
    _exchange_mask_loss(criterion, torch.device("cuda"))
    assert criterion.calculate_segmentation_loss is batched_mask_loss


@pytest.mark.parametrize("architecture", ["yolo11n-seg", "yolo26n-seg"])
def test_training_on_a_cpu_uses_it(architecture):
    learner = Learner(build_network(architecture, ("apple",)), "segment", torch.device("cpu"), frozen=3)
    parts = [getattr(learner.criterion, name, learner.criterion) for name in ("one2many", "one2one")]
    assert all(part.calculate_segmentation_loss is cropped_mask_loss for part in parts)
