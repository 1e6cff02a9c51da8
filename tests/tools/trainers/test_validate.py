"""The quick score against cases worked out by hand, and against pycocotools."""

import numpy as np
import pytest

from tools.data.geometry import box_ious
from tools.models.postprocess import Detections
from tools.trainers.examples import Example
from tools.trainers.starter_files import load_starter
from tools.trainers.starter_images import to_example
from tools.trainers.validate import _average_precisions, _match, validate


def truth(*boxes, classes=None, size=64):
    ids = np.zeros((size, size), np.uint16)
    for i, (x1, y1, x2, y2) in enumerate(boxes):
        ids[y1:y2, x1:x2] = i + 1
    return Example(np.zeros((size, size, 3), np.uint8), ids, np.array(classes or [0] * len(boxes), np.int64))


def said(*rows, classes=None, size=64):
    """Detections (x1, y1, x2, y2, score) whose masks fill their boxes."""
    boxes = np.array([r[:4] for r in rows], np.float32).reshape(-1, 4)
    logits = np.full((len(rows), size // 4, size // 4), 5, np.float32)
    scores = np.array([r[4] for r in rows], np.float32)
    return Detections(boxes, scores, np.array(classes or [0] * len(rows), np.int64), logits)


A, B = (4, 4, 24, 24), (32, 32, 60, 60)


@pytest.mark.parametrize("by_box", [True, False])
@pytest.mark.parametrize(
    ("found", "example", "expected"),
    [
        (said((*A, 0.9), (*B, 0.8)), truth(A, B), 1.0),
        (said(), truth(A), 0.0),
        (said((*A, 0.9)), truth(A, B), 0.5),  # 51 of 101 recall points at precision 1
        (said((*A, 0.9), (*A, 0.8), (*B, 0.7)), truth(A, B), 0.83),  # a twin is a false alarm
        (said((*B, 0.9), (*A, 0.5)), truth(A), 0.5),
        (said((*A, 0.9), classes=[1]), truth(A), 0.0),
        (said((4, 4, 24, 13, 0.9)), truth(A), 0.0),  # IoU 0.45
    ],
)
def test_average_precision_by_hand(found, example, expected, by_box):
    assert _average_precisions([_match(found, example, by_box, 0.0)], 2)[0] == pytest.approx(expected, abs=0.012)


def test_small_objects_can_be_left_out():
    small = (40, 4, 46, 10)
    found, example = said((*A, 0.9), (*small, 0.8), (50, 50, 55, 55, 0.95)), truth(A, small)
    assert _average_precisions([_match(found, example, True, 8.0)], 1)[0] == pytest.approx(1.0)
    assert _average_precisions([_match(found, example, True, 0.0)], 1)[0] < 0.9


def test_no_image_and_no_object_score_zero():
    assert _average_precisions([], 1)[0] == 0
    assert _average_precisions([_match(said((*A, 0.9)), truth(), True, 0.0)], 1)[0] == 0


@pytest.mark.slow
def test_sixteen_bits_score_as_thirty_two_do():
    import torch

    from tools.models.networks import build_network

    tensors, card = load_starter()
    network = build_network(card.architecture, card.names)
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()})
    kinds = []
    network.model[0].register_forward_hook(lambda module, given, made: kinds.append(made.dtype))
    images = [to_example(11, i, 160) for i in range(12)]
    scores = [
        validate(network.eval(), "segment", images, 1, torch.device("cpu"), bfloat16=half).map50
        for half in (False, True)
    ]
    assert kinds == [torch.float32, torch.bfloat16]
    assert scores[0] > 0.2
    assert scores[1] == pytest.approx(scores[0], abs=0.03)


def test_agrees_with_pycocotools():
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    rng = np.random.default_rng(2)
    matches, annotations, results = [], [], []
    for image in range(30):
        corners = rng.integers(0, 40, (3, 2))
        boxes = np.concatenate([corners, corners + rng.integers(8, 24, (3, 2))], 1)
        false_alarm = rng.integers(0, 30, (1, 4)) + np.array([0, 0, 31, 31])
        noisy = np.concatenate([boxes + rng.integers(-3, 4, boxes.shape), false_alarm])
        scores = rng.permutation(1000)[:4] / 1000 + image * 1e-5
        example = Example(np.zeros((1, 1, 3), np.uint8), np.zeros((64, 64), np.uint16), np.zeros(3, np.int64),
                          boxes.astype(np.float32))  # fmt: skip
        order = np.argsort(-scores)
        found = said(*[(*noisy[i], scores[i]) for i in order])
        matches.append(_match(found, example, True, 0.0))
        for x1, y1, x2, y2 in boxes.tolist():
            annotations.append({"id": len(annotations) + 1, "image_id": image, "category_id": 1, "iscrowd": 0,
                                "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)})  # fmt: skip
        for (x1, y1, x2, y2), score in zip(noisy.tolist(), scores.tolist(), strict=True):
            results.append({"image_id": image, "category_id": 1, "bbox": [x1, y1, x2 - x1, y2 - y1], "score": score})
    coco = COCO()
    coco.dataset = {"images": [{"id": i} for i in range(30)], "annotations": annotations, "categories": [{"id": 1}],
                    "info": {}}  # fmt: skip
    coco.createIndex()
    judge = COCOeval(coco, coco.loadRes(results), "bbox")
    judge.evaluate()
    judge.accumulate()
    judge.summarize()
    ours = _average_precisions(matches, 1)
    assert ours.mean() == pytest.approx(judge.stats[0], abs=0.003)
    assert ours[0] == pytest.approx(judge.stats[1], abs=0.003)


def test_box_iou():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 20, 20]], float)
    assert box_ious(boxes, boxes)[0].tolist() == pytest.approx([1.0, 1 / 3, 0.0])
