"""Images of the same kind of place look alike to the starter, whatever their colours."""

import cv2
import numpy as np

from tools.trainers.looks import looks


def leaves(seed, side=200):
    """Many small overlapping things."""
    rng = np.random.default_rng(seed)
    image = np.full((side, side, 3), rng.integers(40, 90, 3), np.uint8)
    for _ in range(500):
        colour = tuple(int(v) for v in rng.integers(30, 200, 3))
        centre = tuple(int(v) for v in rng.integers(0, side, 2))
        cv2.ellipse(image, centre, (9, 4), float(rng.integers(180)), 0, 360, colour, -1)
    return image


def wall(seed, side=200):
    """Hardly anything: a plain colour that darkens towards one side."""
    rng = np.random.default_rng(seed)
    shade = np.linspace(1.0, 0.7, side)[None, :, None]
    return (np.full((side, side, 3), rng.integers(60, 230, 3)) * shade).astype(np.uint8)


def test_the_same_kind_of_place_is_nearer_than_another():
    images = [leaves(1), leaves(2), wall(1), wall(2)]
    vectors = looks(images)
    assert vectors.dtype == np.float32 and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alike = vectors @ vectors.T
    assert min(alike[0, 1], alike[2, 3]) > alike[:2, 2:].max() + 0.05
    assert np.allclose(looks(iter(images[:1])), vectors[:1], atol=1e-5)  # alone as among others


def test_no_image_has_no_looks():
    assert looks([]).shape == (0, 1)
