"""Things in front of objects, drawn while a recogniser learns."""

import numpy as np
import pytest

from tools.trainers.augment import PLAIN, vary
from tools.trainers.examples import Example
from tools.trainers.hide import HIDDEN_AT_MOST, hide_objects

RED, GREEN = (220, 30, 30), (40, 140, 50)


@pytest.fixture
def two_things():
    """A red square and a tiny one on a green ground; whole boxes are a little larger than what is seen."""
    picture = np.full((120, 160, 3), GREEN, np.uint8)
    ids = np.zeros((120, 160), np.uint16)
    for number, (y, x, side) in enumerate(((30, 40, 50), (100, 10, 6)), 1):
        picture[y : y + side, x : x + side] = RED
        ids[y : y + side, x : x + side] = number
    return Example(picture, ids, np.array([0, 0]), np.array([[38, 28, 92, 82], [9, 99, 17, 107]], np.float32))


def test_a_part_is_hidden_by_the_surroundings_and_the_whole_box_stays(two_things):
    for seed in range(30):
        made = hide_objects(np.random.default_rng(seed), two_things, 1.0)
        assert made.boxes.tolist() == two_things.boxes.tolist()
        left = made.areas_px / two_things.areas_px
        assert 1 - HIDDEN_AT_MOST <= left[0] <= 1 and left[1] > 0
        gone = (two_things.ids == 1) & (made.ids == 0)
        if gone.sum() > 50:  # what stands there is green, but for its rim
            assert np.median(made.picture[gone][:, 1].astype(int) - made.picture[gone][:, 0]) > 0
    assert any(
        hide_objects(np.random.default_rng(s), two_things, 1.0).areas_px[0] < 0.6 * two_things.areas_px[0]
        for s in range(30)
    )


def test_what_is_given_stays_as_it_was_and_the_same_seed_hides_the_same(two_things):
    before = two_things.picture.copy(), two_things.ids.copy()
    one, two = (hide_objects(np.random.default_rng(3), two_things, 1.0) for _ in range(2))
    assert (one.picture == two.picture).all() and (one.ids == two.ids).all()
    assert (two_things.picture == before[0]).all() and (two_things.ids == before[1]).all()


def test_without_a_chance_or_without_surroundings_nothing_is_hidden(two_things):
    assert hide_objects(np.random.default_rng(0), two_things, 0.0) is two_things
    full = Example(two_things.picture, np.ones((120, 160), np.uint16), np.array([0]))
    assert hide_objects(np.random.default_rng(0), full, 1.0) is full
    assert (vary(np.random.default_rng(0), [two_things], 160, PLAIN).ids > 0).sum() == (two_things.ids > 0).sum()
