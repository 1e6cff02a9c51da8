"""Places that look like the photos are found, and no place is named without evidence."""

import numpy as np
import pytest

from tools.metrics.likeness import kinds_like


def around(direction, count, seed, spread=0.2):
    vectors = np.eye(8)[direction] + spread * np.random.default_rng(seed).normal(size=(count, 8))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


RENDERS = np.concatenate([around(0, 20, 1), around(1, 20, 2), around(2, 20, 3), around(3, 3, 4)])
KINDS = ["orchard"] * 20 + ["table"] * 20 + ["road"] * 20 + ["hand"] * 3


@pytest.mark.parametrize(
    ("photos", "expected"),
    [
        (around(0, 5, 9), ["orchard"]),
        (np.concatenate([around(1, 5, 9), around(2, 5, 10)]), []),  # two of three places: neither is twice as frequent
        (around(3, 5, 9), []),  # three renders are no evidence
        (around(6, 0, 9), []),
    ],
)
def test_kinds_like(photos, expected):
    found = [kind for kind, _ in kinds_like(photos, RENDERS, KINDS)]
    assert [kind for kind in found if kind != "hand"] == expected
    assert "hand" not in found


def test_few_renders_tell_nothing():
    assert kinds_like(around(0, 5, 1), RENDERS[:8], KINDS[:8]) == []
