"""What a network in training sees: one small file, replaced at once, and never a reason to stop."""

import cv2
import numpy as np
import pytest

from tools.models.networks import build_network
from tools.trainers.examples import Example
from tools.trainers.glimpse import NAME, write_glimpse


def example(label=None):
    ids = np.zeros((64, 64), np.uint16)
    ids[10:30, 10:30] = 1
    return Example(np.full((64, 64, 3), 90, np.uint8), ids, np.zeros(1, np.int64), label=label)


@pytest.mark.parametrize(("architecture", "kind"), [("yolo11n-seg", "segment"), ("yolo11n-cls", "classify")])
def test_a_sheet_of_a_few_images_is_written(tmp_path, architecture, kind):
    network = build_network(architecture, ["apple", "pear"], seed=1)
    examples = [example(0 if kind == "classify" else None)] * 9
    write_glimpse(tmp_path, network, kind, ["apple", "pear"], examples, 64)
    sheet = cv2.imread(str(tmp_path / NAME))
    assert sheet.shape == (2 * 220 + 6, 3 * 220 + 2 * 6, 3)
    assert [p.name for p in tmp_path.iterdir()] == [NAME]


def test_without_images_or_room_nothing_is_written(tmp_path):
    network = build_network("yolo11n", ["apple"], seed=1)
    write_glimpse(tmp_path, network, "detect", ["apple"], [], 64)
    taken = tmp_path / "taken"
    taken.write_text("mine")
    write_glimpse(taken, network, "detect", ["apple"], [example()], 64)
    assert list(tmp_path.iterdir()) == [taken]
    assert taken.read_text() == "mine"
