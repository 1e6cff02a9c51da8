"""Finds inside larger finds of their class."""

import numpy as np
import pytest

from tools.models.parts import LOWERED, parts_lowered
from tools.models.postprocess import Detections, Letterbox
from tools.models.tiles import View, once_each

WHOLE = (20.0, 20.0, 120.0, 120.0)


def finds(*found: tuple[tuple[float, ...], float, int]):
    """What is found in an image of 200 x 200: boxes, scores, classes."""
    boxes = np.array([b for b, _, _ in found], np.float32).reshape(-1, 4)
    scores, classes = (np.array([f[k] for f in found], t) for k, t in ((1, np.float32), (2, np.int64)))
    fit = Letterbox(gain=1.0, left=0, top=0, height=200, width=200)
    return once_each(
        [
            View(
                Detections(boxes, scores, classes, np.zeros((len(boxes), 0, 0), np.float32)),
                boxes,
                fit,
                np.ones(len(boxes), bool),
            )
        ],
        100,
    )


@pytest.mark.parametrize(
    ("small", "score", "kind", "whole_score", "lowered"),
    [
        ((30, 30, 70, 60), 0.6, 0, 0.3, True),  # the head of a dog
        ((30, 30, 70, 60), 0.6, 0, 0.1, False),  # surer than the larger by far: that may be a heap of several
        ((30, 30, 70, 60), 0.6, 1, 0.3, False),  # a cat before a dog
        ((25, 25, 115, 90), 0.6, 0, 0.3, False),  # nearly as large: two that cover each other
        ((90, 90, 140, 140), 0.6, 0, 0.3, False),  # beside it
    ],
)
def test_what_lies_in_a_larger_find_counts_less(small, score, kind, whole_score, lowered):
    made = sorted([(tuple(map(float, small)), score, kind), (WHOLE, whole_score, 0)], key=lambda f: -f[1])
    result = parts_lowered(finds(*made))
    scores = {s.box: s.score for s in result}
    assert scores[WHOLE] == pytest.approx(whole_score)
    assert scores[tuple(map(float, small))] == pytest.approx(score * LOWERED if lowered else score)
    assert [s.score for s in result] == sorted(scores.values(), reverse=True)


def test_in_a_crowd_of_small_things_nothing_counts_less():
    crowd = [((40.0, 40.0, 66.0, 66.0), 0.5, 0), ((44.0, 44.0, 60.0, 60.0), 0.4, 0)]
    assert [s.score for s in parts_lowered(finds(*crowd))] == pytest.approx([0.5, 0.4])


@pytest.mark.parametrize("found", [[], [(WHOLE, 0.5, 0)]])
def test_of_one_or_none_nothing_changes(found):
    assert [(s.box, s.score) for s in parts_lowered(finds(*found))] == [(box, score) for box, score, _ in found]
