"""Masks from boxes: GrabCut on real pixels, Segment Anything by its true architectures with random weights."""

import cv2
import numpy as np
import pytest

from tests.tools import checkpoints
from tools.annotators.grabcut import GrabCutSegmenter
from tools.annotators.sam import SegmentAnything, TransformersSam, largest_part, make_sam
from tools.core.errors import StepFailed


def _scene(size=120):
    """A red disc and a yellow square on noisy grey, and their masks."""
    rng = np.random.default_rng(0)
    image = np.full((size, size, 3), 120.0)
    disc, square = np.zeros((size, size), np.uint8), np.zeros((size, size), np.uint8)
    cv2.circle(disc, (35, 40), 20, 1, -1)
    square[70:100, 70:105] = 1
    image[disc > 0], image[square > 0] = (190, 40, 40), (220, 200, 40)
    image = (image + rng.normal(0, 8, image.shape)).clip(0, 255).astype(np.uint8)
    return image, [disc.astype(bool), square.astype(bool)], [(15, 20, 56, 61), (70, 70, 105, 100)]


def _iou(a, b):
    return (a & b).sum() / (a | b).sum()


def test_grabcut_cuts_out():
    image, truths, boxes = _scene()
    masks = GrabCutSegmenter().masks(image, boxes)
    assert [_iou(m, t) > 0.9 for m, t in zip(masks, truths, strict=True)] == [True, True]
    again = GrabCutSegmenter().masks(image, boxes)
    assert all((a == b).all() for a, b in zip(masks, again, strict=True))


def test_grabcut_never_leaves_the_box_and_works_on_large_images():
    image, truths, boxes = _scene()
    large = cv2.resize(image, (1200, 1200))
    wide = [tuple(10 * v for v in b) for b in boxes]
    for mask, truth, box in zip(GrabCutSegmenter().masks(large, wide), truths, wide, strict=True):
        outside = mask.copy()
        outside[box[1] : box[3], box[0] : box[2]] = False
        assert not outside.any()
        assert _iou(mask[5::10, 5::10], truth) > 0.85


@pytest.mark.parametrize("box", [(10, 10, 12, 12), (0, 0, 120, 120), (200, 200, 240, 240)])
def test_grabcut_says_when_it_cannot(box):
    assert GrabCutSegmenter().masks(_scene()[0], [box]) == [None]


def test_grabcut_takes_hints():
    image = _scene()[0]
    mask = GrabCutSegmenter().masks(image, [(15, 20, 105, 100)], [[(35, 40, True), (87, 85, False)]])[0]
    assert mask[40, 35]
    assert not mask[85, 87]


def test_specks_are_wiped_and_halves_are_kept():
    mask = np.zeros((40, 40), bool)
    mask[5:20, 5:15] = mask[5:20, 20:30] = mask[35, 35] = True
    cleaned = largest_part(mask)
    assert cleaned[10, 10]
    assert cleaned[10, 25]
    assert not cleaned[35, 35]


# True architectures ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sam")
    return {
        "pth": checkpoints.segment_anything(folder / "sam.pth"),
        "safetensors": checkpoints.segment_anything(folder / "sam.safetensors"),
        "transformers": checkpoints.sam(folder / "transformers"),
        "sam2": checkpoints.sam2(folder / "sam2"),
    }


@pytest.mark.parametrize("kind", ["pth", "safetensors", "transformers", "sam2"])
def test_sam_loads_and_batches_change_nothing(weights, kind, monkeypatch):
    image, _, boxes = _scene()
    boxes = [*boxes, (5, 5, 115, 115)]
    one, many = (make_sam(str(weights[kind]), offline=True, batch=b, min_quality=-1e9) for b in (1, 64))
    assert isinstance(many, TransformersSam if kind in ("transformers", "sam2") else SegmentAnything)
    encoded = []
    encoder = one._network.vision_encoder if kind in ("transformers", "sam2") else one._predictor.model.image_encoder
    encoder.register_forward_hook(lambda *_: encoded.append(1))
    for a, b in zip(one.masks(image, boxes), many.masks(image, boxes), strict=True):
        assert a.shape == image.shape[:2]
        assert (a != b).mean() < 0.01
    assert len(encoded) == 1  # once an image, however many batches of boxes


def test_the_same_weights_in_both_containers_give_the_same_masks(weights):
    image, _, boxes = _scene()
    a, b = (make_sam(str(weights[k]), offline=True, batch=8, min_quality=-1e9) for k in ("pth", "safetensors"))
    for x, y in zip(a.masks(image, boxes), b.masks(image, boxes), strict=True):
        assert (x == y).all()


@pytest.mark.parametrize("kind", ["pth", "transformers"])
def test_masks_that_the_model_doubts_are_failures(weights, kind):
    image, _, boxes = _scene()
    assert make_sam(str(weights[kind]), offline=True, batch=8, min_quality=1e9).masks(image, boxes) == [None, None]
    assert make_sam(str(weights[kind]), offline=True, batch=8, min_quality=0).masks(image, []) == []


def test_points_change_the_mask(weights):
    image, _, boxes = _scene()
    sam = make_sam(str(weights["pth"]), offline=True, batch=8, min_quality=-1e9)
    plain = sam.masks(image, boxes)
    hinted = sam.masks(image, boxes, [[(30, 30, True), (50, 50, False)], []])
    assert (plain[0] != hinted[0]).any()


class _Evil:
    def __reduce__(self):
        return (print, ("run",))


def test_files_that_are_no_weights_are_refused(tmp_path, capsys):
    import torch

    torch.save({"a": _Evil()}, tmp_path / "evil.pth")
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    for name in ("evil.pth", "other.pth", "broken.safetensors"):
        with pytest.raises(StepFailed, match=r"SIGHTSMITH_SAM_MODEL"):
            make_sam(str(tmp_path / name), offline=True, batch=1, min_quality=0)
    assert "run" not in capsys.readouterr().out
