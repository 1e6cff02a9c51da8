"""Variants keep labels on their objects, drop those that left, and follow from the seed."""

from dataclasses import replace

import numpy as np
import pytest

from tests.tools.trainers.shapes import COLOURS, image_of
from tools.trainers.augment import PLAIN, Policy, recolour, vary
from tools.trainers.batches import collate, epoch_batches, steps_of
from tools.trainers.examples import Example, boxes_of

FULL = Policy(colour=0.0, degrade=0.0)


def example(seed=0, size_px=96, boxes=False):
    rng = np.random.default_rng(seed)
    things = [("disc", 30, 30, 14), ("square", 66, 60, 12)]
    image, masks = image_of(rng, size_px, things)
    ids = np.zeros((size_px, size_px), np.uint16)
    for i, (_, mask) in enumerate(masks):
        ids[mask] = i + 1
    made = Example(image, ids, np.array([0, 1]))
    return replace(made, boxes=boxes_of(ids, 2)) if boxes else made


def share_of_colour(made, number, name):
    """How much of an object's pixels have the colour it was drawn in."""
    pixels = made.image[made.ids == number].astype(int)
    return float((np.abs(pixels - COLOURS[name]).max(axis=1) < 60).mean())


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("mosaic", [0.0, 1.0])
def test_labels_stay_on_their_objects(seed, mosaic):
    rng = np.random.default_rng(seed)
    made = vary(rng, [example(i) for i in range(4)], 128, replace(FULL, mosaic=mosaic, paste=0.0, foreign=0.0))
    assert made.ids.shape == made.image.shape[:2] == (128, 128)
    assert int(made.ids.max(initial=0)) <= len(made.classes)
    for number, kind in enumerate(made.classes, start=1):
        assert (made.ids == number).sum() >= 8
        assert share_of_colour(made, number, ["disc", "square"][kind]) > 0.8


@pytest.mark.parametrize("seed", range(8))
def test_given_boxes_move_with_their_objects(seed):
    made = vary(np.random.default_rng(seed), [example(boxes=True)], 128, replace(FULL, mosaic=0.0, rotate_deg=0.0))
    tight = boxes_of(made.ids, len(made.classes))
    assert made.boxes.shape == tight.shape
    assert np.abs(made.boxes - tight).max(initial=0) <= 2.0


@pytest.mark.parametrize("seed", range(8))
def test_labels_stay_on_objects_that_are_stretched(seed):
    stretched = replace(FULL, mosaic=0.0, rotate_deg=0.0, paste=0.0, foreign=0.0, stretch=0.6)
    made = vary(np.random.default_rng(seed), [example(boxes=True)], 128, stretched)
    assert np.abs(made.boxes - boxes_of(made.ids, len(made.classes))).max(initial=0) <= 2.0
    for number, kind in enumerate(made.classes, start=1):
        assert share_of_colour(made, number, ["disc", "square"][kind]) > 0.8


def test_a_stretch_changes_shapes_and_not_how_large_things_are():
    large = example(boxes=True)
    sides = []
    for seed in range(60):
        made = vary(np.random.default_rng(seed), [large], 96, replace(PLAIN, stretch=0.3))
        x1, y1, x2, y2 = made.boxes[0]  # a disc
        sides.append((x2 - x1, y2 - y1))
    wide, high = np.array(sides).T
    x1, y1, x2, y2 = large.boxes[0]
    assert 1.15 < (wide / high).max() < 1.45 and 0.69 < (wide / high).min() < 0.87
    assert np.abs(wide * high / ((x2 - x1) * (y2 - y1)) - 1).max() < 0.05


def test_plain_only_scales():
    made = vary(np.random.default_rng(0), [example()], 96, PLAIN)
    assert np.abs(made.image.astype(int) - example().image).max() <= 1
    assert (made.ids == example().ids).all()


def test_the_same_seed_gives_the_same_variant():
    one, two = (vary(np.random.default_rng(4), [example(i) for i in range(4)], 96, Policy()) for _ in range(2))
    assert (one.image == two.image).all()
    assert (one.ids == two.ids).all()


def test_an_object_out_of_the_frame_loses_its_label():
    close = replace(FULL, mosaic=0.0, scale=(4.0, 4.0), rotate_deg=0.0)
    counts = {len(vary(np.random.default_rng(s), [example()], 96, close).classes) for s in range(12)}
    assert 0 in counts or 1 in counts
    assert max(counts) <= 2


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 3)])
def test_odd_images_survive(shape):
    odd = Example(np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint16), np.zeros(0, np.int64))
    for seed in range(6):
        assert vary(np.random.default_rng(seed), [odd] * 4, 64, Policy()).image.shape == (64, 64, 3)


def test_recolouring_changes_light_not_layout():
    image = np.tile(np.linspace(40, 200, 96).astype(np.uint8)[None, :, None], (96, 1, 3))
    changed = [recolour(np.random.default_rng(s), image, Policy()) for s in range(20)]
    assert all(c.shape == image.shape and c.dtype == np.uint8 for c in changed)
    means = [c.mean() for c in changed]
    assert max(means) - min(means) > 30
    aligned = [np.corrcoef(c.mean(axis=2).ravel(), image.mean(axis=2).ravel())[0, 1] for c in changed]
    assert np.median(aligned) > 0.9


def test_boxes_and_masks_of_a_batch_belong_together():
    batch = collate([example(0), replace(example(1), classes=np.zeros(0, np.int64), ids=np.zeros((96, 96), np.uint16))])
    assert batch.images.shape == (2, 96, 96, 3)
    assert batch.owner.tolist() == [0, 0]
    assert batch.masks.shape == (2, 24, 24)
    assert batch.masks[1].max() == 0
    for number, (cx, cy, w, h) in enumerate(batch.boxes, start=1):
        rows, columns = np.nonzero(batch.masks[0] == number)
        assert abs((columns.mean() + 0.5) / 24 - cx) < 0.04
        assert abs((rows.mean() + 0.5) / 24 - cy) < 0.04
        assert abs(np.ptp(columns) / 24 - w) < 0.09
        assert abs(np.ptp(rows) / 24 - h) < 0.09


@pytest.mark.parametrize(
    ("examples", "batch", "sizes"),
    [(1, 4, [4]), (3, 4, [4]), (8, 4, [4, 4]), (9, 4, [4, 4, 4]), (11, 4, [4, 4, 4]), (2, 5, [5])],
)
def test_an_epoch_shows_every_image(examples, batch, sizes):
    made = [example(i, 64) for i in range(examples)]
    batches = list(epoch_batches(made, batch, [32], PLAIN, seed=1, epoch=2))
    assert [len(b.images) for b in batches] == sizes
    assert steps_of(examples, batch) == len(sizes)
    assert len({image.tobytes() for b in batches for image in b.images}) == examples
    again = list(epoch_batches(made, batch, [32], PLAIN, seed=1, epoch=2))
    assert all((a.images == b.images).all() for a, b in zip(batches, again, strict=True))


@pytest.mark.parametrize("boxes", [False, True])
def test_now_and_then_an_image_in_which_nothing_is_to_be_found(boxes):
    given = [example(i, boxes=boxes) for i in range(4)]
    made = [vary(np.random.default_rng(s), given, 96, replace(FULL, mosaic=0.0, foreign=0.5)) for s in range(40)]
    empty = [m for m in made if not len(m.classes)]
    assert 10 <= len(empty) <= 30
    assert all(m.ids.max() == 0 and (m.boxes is not None) == boxes for m in empty)
    assert len({m.image.tobytes() for m in empty}) == len(empty)
    assert all(len(vary(np.random.default_rng(s), given, 96, PLAIN).classes) for s in range(20))


@pytest.mark.parametrize("seed", range(6))
def test_what_lies_beside_a_shrunken_image_is_drawn_not_grey(seed):
    small = replace(FULL, mosaic=0.0, scale=(0.3, 0.3), paste=0.0, foreign=0.0, colour=0.2)
    white = replace(example(), image=np.full((96, 96, 3), 255, np.uint8))
    made = vary(np.random.default_rng(seed), [white], 96, small)
    whitish = (made.image.min(axis=2) > 150).mean()
    assert whitish < 0.6  # of the frame; the image itself fills a tenth
    assert len(np.unique(made.image.reshape(-1, 3), axis=0)) > 20


def labelled(size_px=96, box=(40, 20, 60, 44)):
    """An image of a whole-image label whose object is a red rectangle."""
    image = np.full((size_px, size_px, 3), 110, np.uint8)
    x1, y1, x2, y2 = box
    image[y1:y2, x1:x2] = (230, 60, 50)
    boxes = np.array([box], np.float32)
    return Example(image, np.zeros((size_px, size_px), np.uint16), np.zeros(1, np.int64), boxes, label=3)


def red(image):
    return (image[..., 0].astype(int) > image[..., 2].astype(int) + 60).sum()


@pytest.mark.parametrize("box", [(40, 20, 60, 44), (0, 0, 9, 9), (0, 10, 96, 70), (86, 84, 96, 96)])
def test_a_cut_about_an_object_holds_it_whole_from_close_and_from_afar(box):
    about = replace(PLAIN, about=1.0)
    shares = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        made = vary(rng, [labelled(box=box)], 96, about)
        assert made.label == 3 and made.image.shape == (96, 96, 3)
        x1, y1, x2, y2 = made.boxes[0]
        assert x1 >= -1 and y1 >= -1 and x2 <= 97 and y2 <= 97
        shares.append(max(x2 - x1, y2 - y1) / 96)
    side = max(box[2] - box[0], box[3] - box[1]) / 96
    assert min(shares) < side * 1.25 + 0.02
    assert max(shares) > min(0.8, 1.7 * side)  # of things under 48 px, at most twice as close
    assert max(shares) <= 1.02


def test_a_cut_follows_the_seed_and_needs_an_object():
    about = replace(PLAIN, about=1.0)
    one, two = (vary(np.random.default_rng(3), [labelled()], 96, about).image for _ in range(2))
    assert (one == two).all() and red(one) > red(labelled().image)
    photo = replace(labelled(), boxes=None)
    none = replace(labelled(), boxes=np.zeros((0, 4), np.float32), classes=np.zeros(0, np.int64))
    for bare in (photo, none):
        assert (vary(np.random.default_rng(3), [bare], 96, about).image == bare.image).all()
