"""Labels against exact masks by hand-computed figures."""

import numpy as np
import pytest

from tools.annotators.audit import APPLE_PAPER, audit, sentence
from tools.data.sample import Instance, encode_mask
from tools.metrics.coco import JudgedImage


def _square(x, y, side, name="apple", masks=True):
    mask = np.zeros((40, 40), bool)
    mask[y : y + side, x : x + side] = True
    return Instance(class_name=name, box=(x, y, x + side, y + side), counts=encode_mask(mask) if masks else None)


def _audit(*images, classes=("apple", "lemon"), draws=200):
    scored = [JudgedImage(str(i), 40, 40, truths, found) for i, (truths, found) in enumerate(images)]
    return audit(scored, classes, "sam", draws, 0)


@pytest.mark.parametrize(
    ("truths", "found", "dice", "iou", "missed", "false"),
    [
        ([_square(0, 0, 10)], [_square(0, 0, 10)], 1.0, 1.0, 0.0, 0.0),
        ([_square(0, 0, 10)], [_square(0, 0, 8)], 2 * 64 / 164, 0.64, 0.0, 0.0),
        ([_square(0, 0, 10)], [_square(0, 0, 5)], None, None, 1.0, 1.0),  # less than half: of something else
        ([_square(0, 0, 10)], [_square(0, 0, 10, "lemon")], None, None, 1.0, 1.0),  # another class
        ([_square(0, 0, 10)], [], None, None, 1.0, None),
        ([], [_square(0, 0, 10)], None, None, None, 1.0),
        (
            [_square(0, 0, 10), _square(20, 0, 10)],
            [_square(0, 0, 10), _square(0, 0, 9)],
            1.0,
            1.0,
            0.5,
            0.5,
        ),  # a double
        ([_square(0, 0, 10, masks=False)], [_square(0, 0, 10)], 1.0, 1.0, 0.0, 0.0),  # boxes alone
    ],
)
def test_figures(truths, found, dice, iou, missed, false):
    result = _audit((truths, found)).overall
    expected = {"dice": dice, "iou": iou, "missed": missed, "false": false}
    for name, value in expected.items():
        assert getattr(result, name) == (None if value is None else pytest.approx(value, abs=1e-6)), name


def test_labels_are_matched_so_that_the_sum_of_overlaps_is_greatest():
    """By order of score the first label would take the second's object."""
    truths = [_square(0, 0, 10), _square(3, 0, 10)]
    found = [_square(2, 0, 10), _square(0, 0, 10)]
    assert _audit((truths, found)).overall.found == 2


def test_classes_and_intervals():
    good = ([_square(0, 0, 10)], [_square(0, 0, 10)])
    rough = ([_square(0, 0, 10, "lemon")], [_square(0, 0, 8, "lemon")])
    result = _audit(*[good] * 6, *[rough] * 6)
    assert result.by == "mask"
    assert result.per_class["apple"].iou == 1.0
    assert result.per_class["lemon"].iou == pytest.approx(0.64)
    low, high = result.overall.intervals["iou"]
    assert result.overall.iou == pytest.approx(0.82)
    assert low < 0.82 < high


def test_nothing_to_audit_is_an_error():
    with pytest.raises(ValueError, match="at least one picture"):
        audit([], ["apple"], "sam", 10, 0)


def test_the_sentence_names_the_mark():
    text = sentence(_audit(([_square(0, 0, 10)], [_square(0, 0, 8)])))
    assert f"{APPLE_PAPER['dice']:.3f}" in text
    assert "IoU 0.640" in text
    assert "found none of 1 objects" in sentence(_audit(([_square(0, 0, 10)], [])))
