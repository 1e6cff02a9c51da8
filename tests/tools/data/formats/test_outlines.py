"""Outlines must give back the same pixels, in pycocotools and in cv2 as Ultralytics calls it."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, arrays

from tools.data.formats.outlines import fill, join, outlines
from tools.data.sample import decode_mask

MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14))


def filled(polygons, shape):
    counts = fill(polygons, *shape)
    return np.zeros(shape, bool) if counts is None else decode_mask(counts, *shape)


def painted(polygons, shape):
    """As Ultralytics fills a label: decimals cut off, border painted."""
    canvas = np.zeros(shape, np.uint8)
    for polygon in polygons:
        cv2.fillPoly(canvas, [polygon.astype(np.int32)], 1)
    return canvas.astype(bool)


def blob(seed, size=60, share=0.4):
    noise = np.random.default_rng(seed).random((size, size)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return smooth > np.quantile(smooth, 1 - share)


@settings(max_examples=150, deadline=None)
@given(mask=MASKS)
def test_any_mask_comes_back_to_the_pixel(mask):
    assert (filled(outlines(mask), mask.shape) == mask).all()
    assert (painted(outlines(mask, 0.02), mask.shape) == mask).all()
    if mask.any():
        assert (filled([join(outlines(mask, 0.02))], mask.shape) == mask).all()


@pytest.mark.parametrize("seed", range(12))
def test_blobs_with_holes_and_parts(seed):
    mask = blob(seed, share=0.3 + 0.05 * seed)
    parts = outlines(mask)
    assert len(parts) == cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] - 1
    assert (filled(parts, mask.shape) == mask).all()
    assert (painted(outlines(mask, 0.02), mask.shape) == mask).all()


@pytest.mark.parametrize(
    ("rows", "points"),
    [
        (["..."], []),  # no pixel, no outline
        (["#"], [4]),  # a pixel is a square
        (["##", "##"], [4]),  # corners only
        (["#.", ".#"], [8]),  # pixels that meet at a corner are one part
        (["#.#"], [4, 4]),  # parts from left to right
        (["###", "#.#", "###"], [12]),  # a hole and its slit: 4 + 4 corners and 4 ends
    ],
)
def test_number_of_points(rows, points):
    mask = np.array([[c == "#" for c in row] for row in rows])
    assert [len(ring) for ring in outlines(mask)] == points


def test_fill_ignores_what_is_no_polygon():
    assert fill([[1, 1, 2, 2]], 5, 5) is None
    assert fill([], 5, 5) is None
