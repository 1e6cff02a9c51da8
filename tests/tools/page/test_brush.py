"""What a brush paints is what is kept."""

import numpy as np
import pytest

from tools.data.sample import decode_mask, encode_mask
from tools.page.brush import Stroke, paint

EMPTY = np.zeros((60, 80), bool)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 24, 41])
def test_a_dab_is_a_disc_of_the_brush_and_a_brush_of_one_is_a_pixel(size):
    painted = paint(EMPTY, [Stroke([(40.5, 30.5)], size, erase=False)])
    assert painted[30, 40]
    assert painted.sum() == pytest.approx(np.pi * size**2 / 4, rel=0.3 if size > 3 else 1.5, abs=1)
    ys, xs = np.nonzero(painted)
    assert max(np.ptp(ys), np.ptp(xs)) + 1 == pytest.approx(size, abs=1)


def test_a_stroke_is_as_wide_as_the_brush_all_along_and_round_at_its_ends():
    painted = paint(EMPTY, [Stroke([(10, 30), (40, 30), (70, 30)], 8, erase=False)])
    assert set(painted[:, 12:68].sum(axis=0)) <= {7, 8, 9}
    columns = np.nonzero(painted.any(axis=0))[0]
    assert (columns[0], columns[-1]) == (pytest.approx(6, abs=1), pytest.approx(74, abs=1))
    assert painted[:, columns[0]].sum() < 6


def test_strokes_add_and_erase_in_their_order_and_leave_what_was_given_alone():
    disc, hole = Stroke([(40, 30)], 30, erase=False), Stroke([(40, 30)], 10, erase=True)
    ring = paint(EMPTY, [disc, hole])
    assert not ring[30, 40]
    assert ring[30, 50]
    assert paint(EMPTY, [hole, disc])[30, 40]
    assert not EMPTY.any()
    assert not paint(ring, [Stroke([(40, 30)], 60, erase=True)]).any()
    assert (decode_mask(encode_mask(ring), *ring.shape) == ring).all()  # the hole too


@pytest.mark.parametrize("point", [(0, 0), (80, 60), (80, 0)])
def test_what_lies_outside_of_the_image_is_cut_off(point):
    painted = paint(EMPTY, [Stroke([point], 20, erase=False)])
    assert 0 < painted.sum() < np.pi * 100 / 2
