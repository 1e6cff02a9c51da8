"""Formula images: the same from the same seed, labelled to the pixel, varied, and drawn without much work."""

import cv2
import numpy as np
import pytest

from tests.effort import calls
from tools.trainers.formula import FormulaImage, draw
from tools.trainers.formula_shapes import FAMILIES, normalise, random_shape


@pytest.fixture(scope="module")
def images():
    return [draw(11, i, 128) for i in range(160)]


def test_an_image_follows_from_seed_and_index():
    one, two = draw(3, 8, 96), draw(3, 8, 96)
    assert (one.image == two.image).all()
    assert (one.ids == two.ids).all()
    for other in (draw(4, 8, 96), draw(3, 9, 96)):
        assert (one.image != other.image).any()


@pytest.mark.parametrize("size_px", [32, 96, 320])
def test_any_size_is_drawn(size_px):
    made = draw(0, 0, size_px)
    assert made.image.shape == (size_px, size_px, 3)
    assert made.image.dtype == np.uint8
    assert made.ids.shape == (size_px, size_px)


def objects(made: FormulaImage):
    return [made.ids == i for i in np.unique(made.ids) if i]


def test_images_hold_none_one_and_many_objects_of_every_size(images):
    counts = [len(objects(p)) for p in images]
    assert 0.02 < np.mean(np.array(counts) == 0) < 0.25
    assert sum(c == 1 for c in counts) > 5
    assert max(counts) > 20
    widths = [np.ptp(np.nonzero(m.any(axis=0))) + 1 for p in images for m in objects(p)]
    assert np.percentile(widths, 5) < 0.05 * 128
    assert max(widths) > 0.5 * 128


def test_every_label_can_be_seen(images):
    for made in images:
        for mask in objects(made):
            assert mask.sum() >= 10


def test_edges_of_labels_are_edges_of_the_image():
    """Along the outlines the image changes more than elsewhere, or the labels would be of something else."""
    along, elsewhere = [], []
    for i in range(60):
        made = draw(5, i, 128)
        ids = made.ids.astype(np.float32)
        outline = cv2.morphologyEx(ids, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
        grey = cv2.cvtColor(made.image, cv2.COLOR_RGB2GRAY).astype(np.float32)
        change = np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1))
        if outline.any():
            along.append(change[outline].mean())
            elsewhere.append(change[~outline].mean())
    assert np.mean(along) > 1.5 * np.mean(elsewhere)


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_shapes_fit_the_unit_circle(name):
    rng = np.random.default_rng(7)
    for _ in range(40):
        shape = normalise(FAMILIES[name][1](rng))
        every = np.concatenate([p.outline for p in shape])
        assert np.isfinite(every).all()
        assert np.linalg.norm(every, axis=1).max() == pytest.approx(1, abs=1e-6)
        assert all(len(p.outline) >= 3 for p in shape)


def test_random_shapes_come_from_all_families():
    rng = np.random.default_rng(0)
    assert len({len(random_shape(rng)) for _ in range(100)}) > 1


def test_no_pixel_is_drawn_one_by_one():
    """Drawing must keep up with training: `benchmarks/quickness.py` tells how well it does."""
    small, large = (calls(lambda size=size: [draw(1, i, size) for i in range(8)]) for size in (64, 256))
    assert large < 1.3 * small
    assert large < 8 * 12_000  # calls; 6,300 an image are made today
