"""Boxes of several views become one, by hand-computed figures; calibration finds the temperature it was made with."""

import numpy as np
import pytest

from tests.tools.colours import ColourDetector, paint
from tools.models.calibration import fit
from tools.models.detections import Detection
from tools.models.fusion import detect_fused, fuse


def _found(x1, y1, x2, y2, score=0.8, phrase=0):
    return Detection((x1, y1, x2, y2), score, phrase)


@pytest.mark.parametrize(
    ("views", "detectors", "boxes", "scores"),
    [
        ([], [], [], []),
        ([[], []], [0, 1], [], []),
        ([[_found(0, 0, 10, 10)]], [0], [(0, 0, 10, 10)], [0.8]),
        # two views, one box each: the mean, weighted by score
        ([[_found(0, 0, 10, 10, 0.6)], [_found(0, 0, 10, 12, 0.2)]], [0, 1], [(0, 0, 10, 10.5)], [0.4]),
        # what one of two views did not see counts half
        ([[_found(0, 0, 10, 10)], []], [0, 1], [(0, 0, 10, 10)], [0.4]),
        # apart: two boxes, the surer first
        ([[_found(0, 0, 10, 10, 0.3), _found(20, 0, 30, 10, 0.9)]], [0], [(20, 0, 30, 10), (0, 0, 10, 10)], [0.9, 0.3]),
    ],
)  # fmt: skip
def test_fuse(views, detectors, boxes, scores):
    fused = fuse(views, detectors, 0.55)
    assert [pytest.approx(b) for b in boxes] == [c.box for c in fused]
    assert [c.score(len(views)) for c in fused] == pytest.approx(scores)


def test_a_thing_is_one_thing_whatever_it_is_called():
    fused = fuse([[_found(0, 0, 10, 10, 0.9, phrase=1)], [_found(0, 0, 10, 10, 0.5, phrase=0)]], [0, 1], 0.55)
    assert [(c.phrase, c.detectors) for c in fused] == [(1, {0, 1})]


def test_mirror_images_are_laid_back():
    image = np.hstack([paint("apple", 40, 0.5), paint("background", 40)])
    detector = ColourDetector()
    (fused,), views = detect_fused([detector], [image], ["apple"], [0.1], flip=True, iou=0.55)
    assert views == 2
    assert [c.box for c in fused] == [(10, 10, 30, 30)]
    assert fused[0].score(views) == pytest.approx(0.9)
    assert fused[0].detectors == {0}  # the mirror image is no second opinion


@pytest.mark.parametrize(("temperature", "shift"), [(1.0, 0.0), (2.0, 0.0), (0.5, 1.5)])
def test_calibration_finds_what_the_scores_were_bent_by(temperature, shift):
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1.5, 4000)  # logits of the true probabilities
    right = rng.random(4000) < 1 / (1 + np.exp(-truth))
    scores = 1 / (1 + np.exp(-(truth * temperature - shift)))
    found = fit(scores, right)
    assert found.temperature == pytest.approx(temperature, rel=0.15)
    assert found.shift == pytest.approx(shift, abs=0.15)
    for p in (0.2, 0.5, 0.8):
        bent = 1 / (1 + np.exp(-(np.log(p / (1 - p)) * temperature - shift)))
        assert found(bent) == pytest.approx(p, abs=0.05)


@pytest.mark.parametrize(
    ("scores", "right"),
    [
        ([], []),
        ([0.5] * 29, [True, False] * 14 + [True]),
        ([0.5] * 60, [True] * 60),
        ([0.5] * 60, [False] * 58 + [True] * 2),
    ],
)
def test_too_little_settles_nothing(scores, right):
    assert fit(scores, right) is None
