"""Scaling must make scores truer on detections that it never saw, and thresholds must keep their promise there."""

import numpy as np
import pytest

from tools.models.calibration import (
    Calibration,
    expected_calibration_error,
    fit,
    gains,
    reliability,
    threshold_for,
    wilson_low,
)


def detections(count, seed, temperature=0.4, shift=-0.8):
    """Scores that are too sure of themselves: the truth is sigmoid((logit + shift) * temperature)."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, count)
    right = rng.random(count) < 1 / (1 + np.exp(-(logits + shift) * temperature))
    return (1 / (1 + np.exp(-logits))).tolist(), right.tolist()


def ece(scores, right):
    return expected_calibration_error(reliability(scores, right))


def test_scaling_helps_on_what_it_never_saw():
    scaled = fit(*detections(2000, 0))
    scores, right = detections(4000, 1)
    before, after = ece(scores, right), ece([scaled(s) for s in scores], right)
    assert before > 0.12 and after < 0.03
    assert scaled.temperature == pytest.approx(2.5, rel=0.15) and scaled.shift == pytest.approx(-0.8, abs=0.3)


@pytest.mark.parametrize("off", [0.4, 0.6, 1.7, 2.5])
def test_a_wrong_temperature_shows(off):
    scaled = fit(*detections(2000, 0))
    wrong = Calibration(temperature=scaled.temperature * off, shift=scaled.shift)
    scores, right = detections(4000, 1)
    assert ece([wrong(s) for s in scores], right) > 0.03 > ece([scaled(s) for s in scores], right)


def test_scaling_is_kept_only_where_it_gains():
    assert gains(*detections(600, 2))
    true = detections(600, 3, temperature=1.0, shift=0.0)
    assert not gains(*true)


@pytest.mark.parametrize(
    ("said", "right", "expected"),
    [
        ([0.95] * 10, [True] * 9 + [False], 0.05),
        ([0.25] * 4 + [0.75] * 4, [True, False, False, False] * 2, 0.25),  # (4 * 0 + 4 * 0.5) / 8
        ([1.0, 0.0], [True, False], 0.0),
        ([], [], 0.0),
    ],
)
def test_expected_calibration_error(said, right, expected):
    assert ece(said, right) == pytest.approx(expected)


def test_bins_say_what_was_said_and_what_was_true():
    low, high = reliability([0.12, 0.18, 0.91], [False, True, True])
    assert (low.count, low.said, low.right) == (2, pytest.approx(0.15), 0.5)
    assert (high.low, high.high, high.right) == (0.9, 1.0, 1.0)


@pytest.mark.parametrize("wanted", [0.7, 0.8, 0.9])
def test_thresholds_keep_their_promise_on_others(wanted):
    """Over many small labelled parts the precision on held-out detections is reached on average."""
    kept = []
    for seed in range(40):
        threshold = threshold_for(*detections(300, seed, temperature=0.8), wanted)
        if threshold is None:  # on few detections nothing may reach it for sure
            continue
        scores, right = detections(3000, 1000 + seed, temperature=0.8)
        chosen = [r for s, r in zip(scores, right, strict=True) if s >= threshold]
        kept.append(np.mean(chosen))
    assert len(kept) > 30 and np.mean(kept) >= wanted - 0.005 and np.mean(np.array(kept) >= wanted - 0.02) > 0.8


def test_the_threshold_is_not_stricter_than_it_need_be():
    scores, right = detections(20_000, 5, temperature=0.8)
    threshold = threshold_for(scores, right, 0.8)
    chosen = [r for s, r in zip(scores, right, strict=True) if s >= threshold]
    assert 0.8 <= np.mean(chosen) < 0.82


@pytest.mark.parametrize(
    ("scores", "right", "wanted", "expected"),
    [
        ([], [], 0.5, None),
        ([0.9, 0.8], [False, False], 0.5, None),
        ([0.9] * 9, [True] * 9, 0.8, 0.9),
        ([0.9] * 2, [True] * 2, 0.9, None),  # two are no proof of 0.9
        ([0.9] * 9 + [0.5] * 9, [True] * 9 + [False] * 9, 0.8, 0.9),
        ([0.5] * 10, [True, False] * 5, 0.5, None),  # equal scores cannot be told apart
    ],
)
def test_threshold_for(scores, right, wanted, expected):
    assert threshold_for(scores, right, wanted) == expected


def test_wilson_low():
    assert wilson_low(9, 10, 1.96)[()] == pytest.approx(0.5958, abs=1e-3)  # Wilson 1927, as tabled for 9 of 10
