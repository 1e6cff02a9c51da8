"""Batch statistics move towards photos, and nothing else does."""

import numpy as np
import pytest
import torch

from tools.errors import StepFailed
from tools.trainers import batch_statistics
from tools.trainers.batch_statistics import adapt_statistics, share_of
from tools.trainers.checkpoint import load, save
from tools.trainers.networks import architecture_name, build_network


@pytest.fixture(params=["segment", "classify"])
def weights(tmp_path, request):
    architecture = architecture_name("yolo11n", request.param)
    path = tmp_path / "weights.safetensors"
    state = build_network(architecture, ("apple",)).state_dict()
    save(path, state, architecture=architecture, names=("apple",), size_px=64)
    return path


def photos(count, level=200):
    rng = np.random.default_rng(0)
    return [rng.normal(level, 30, (48, 70, 3)).clip(0, 255).astype(np.uint8) for _ in range(count)]


def moved(before, after):
    return {k for k in before if (before[k] != after[k]).any()}


def test_only_statistics_change_and_as_far_as_their_share(tmp_path, weights):
    assert adapt_statistics(weights, iter(photos(30)), tmp_path / "out.safetensors") == 30
    (before, card), (after, same) = load(weights), load(tmp_path / "out.safetensors")
    changed = moved(before, after)
    assert (same.names, same.size_px, same.architecture) == (card.names, card.size_px, card.architecture)
    assert changed and all(k.endswith((".running_mean", ".running_var")) for k in changed)
    first = build_network(card.architecture, card.names).model[0].conv
    first.weight.data = before["model.0.conv.weight"].float()
    inputs = np.stack([batch_statistics.centre_crop(p, 64) for p in photos(30)])
    with torch.no_grad():
        answers = first(torch.from_numpy(inputs).permute(0, 3, 1, 2).float() / 255)
    expected = 0.8 * before["model.0.bn.running_mean"] + 0.2 * answers.mean(dim=(0, 2, 3))
    torch.testing.assert_close(after["model.0.bn.running_mean"], expected, rtol=0.02, atol=1e-3)


def test_few_photos_count_less_and_many_never_more_than_a_fifth():
    assert [round(share_of(n), 3) for n in (1, 10, 30, 5000)] == [0.008, 0.077, 0.2, 0.2]


def test_without_a_photo_nothing_is_written(tmp_path, weights):
    with pytest.raises(StepFailed, match="no photo"):
        adapt_statistics(weights, [], tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()
