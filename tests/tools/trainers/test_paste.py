"""Pasted objects keep exact labels."""

import numpy as np
import pytest

from tools.trainers.augment import PLAIN, Policy, vary
from tools.trainers.batches import collate
from tools.trainers.examples import LOOKALIKE, Example, boxes_of
from tools.trainers.paste import paste_objects


def square_on(ground, colour, at=(40, 40), side=30, size=128, klass=0, boxes=False):
    """A coloured square on a plain ground."""
    image = np.full((size, size, 3), ground, np.uint8)
    ids = np.zeros((size, size), np.uint16)
    rows, columns = slice(at[0], at[0] + side), slice(at[1], at[1] + side)
    image[rows, columns] = colour
    ids[rows, columns] = 1
    whole = np.array([[at[1], at[0], at[1] + side, at[0] + side]], np.float32) if boxes else None
    return Example(image, ids, np.array([klass]), whole)


@pytest.mark.parametrize("seed", range(12))
def test_labels_lie_on_what_was_pasted(seed):
    made = paste_objects(
        np.random.default_rng(seed), square_on(60, (60, 60, 200)), square_on(60, (200, 60, 60), klass=1)
    )
    assert len(made.classes) == int(made.ids.max())
    assert set(made.classes.tolist()) <= {0, 1}
    for number, klass in enumerate(made.classes, 1):
        mask = made.ids == number
        assert mask.any()
        colour = np.median(made.image[mask], axis=0)
        assert (colour[0] > colour[2]) == (klass == 1)


def test_something_is_pasted():
    counts = [
        len(paste_objects(np.random.default_rng(s), square_on(60, 90), square_on(60, 200)).classes) for s in range(10)
    ]
    assert max(counts) >= 4
    assert min(counts) >= 1


def test_a_look_alike_is_pasted_too_and_never_labelled():
    """Else what is pasted is always a target, and its edges give it away."""
    donor = square_on(60, (200, 60, 60), klass=LOOKALIKE)
    made = [paste_objects(np.random.default_rng(s), square_on(60, (60, 60, 200), at=(2, 2)), donor) for s in range(4)]
    for one in made:
        assert (one.classes == LOOKALIKE).sum() >= 1
        there = np.isin(one.ids, 1 + np.flatnonzero(one.classes == LOOKALIKE))
        assert (one.image[there][:, 0] > one.image[there][:, 2]).mean() > 0.9
        batch = collate([one])
        assert batch.classes.tolist() == [0.0] * len(batch.classes)
        assert not batch.masks[0][there[2::4, 2::4]].any()
    assert collate(made).masks.max() == 1  # the blue square alone, numbered as the only object


def test_objects_cut_by_the_frame_or_too_small_are_not_pasted():
    for donor in (square_on(0, 255, at=(0, 50)), square_on(0, 255, side=8)):
        target = square_on(60, 90)
        assert paste_objects(np.random.default_rng(0), target, donor) is target


def test_boxes_follow_where_labels_are_boxes():
    made = paste_objects(np.random.default_rng(6), square_on(60, 90, boxes=True), square_on(60, 200, boxes=True))
    assert made.boxes.shape == (len(made.classes), 4)
    seen = boxes_of(made.ids, len(made.classes))[-1]  # nothing hides the last one
    inside = (made.boxes[-1] > 0).all() and (made.boxes[-1] < 128).all()
    assert inside
    np.testing.assert_allclose((made.boxes[-1][:2] + made.boxes[-1][2:]) / 2, (seen[:2] + seen[2:]) / 2, atol=2)


def test_the_same_seed_pastes_the_same():
    policy = Policy(paste=1.0)
    examples = [square_on(40 * i, 255 - 40 * i) for i in range(4)]
    one, two = (vary(np.random.default_rng(5), examples, 128, policy) for _ in range(2))
    np.testing.assert_array_equal(one.image, two.image)
    np.testing.assert_array_equal(one.ids, two.ids)


def test_the_rest_of_the_frame_is_not_one_colour():
    policy = Policy(mosaic=0, scale=(0.4, 0.5), rotate_deg=0, colour=1.0, degrade=0, paste=0)
    made = vary(np.random.default_rng(1), [square_on(60, 90)], 128, policy)
    assert len(np.unique(made.image.reshape(-1, 3), axis=0)) > 20
    assert len(np.unique(vary(np.random.default_rng(1), [square_on(60, 90)], 128, PLAIN).image)) == 2
