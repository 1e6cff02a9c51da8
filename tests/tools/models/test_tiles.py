"""Tiles cover large images, and what several of them show counts once."""

from itertools import pairwise

import numpy as np
import pytest

from tools.models.postprocess import Detections, Letterbox
from tools.models.tiles import Place, View, once_each, places_of


def seen(*boxes, scores=None, place=None, classes=None, gain=1.0, size=(400, 400)):
    """A view in which boxes, in the network's pixels, are found."""
    n = len(boxes)
    found = Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(scores or [0.9] * n, np.float32),
        np.array(classes or [0] * n, np.int64),
        np.zeros((n, 0, 0), np.float32),
    )
    return View.of(found, Letterbox(gain, 0, 0, *size), place)


@pytest.mark.parametrize(
    ("height", "width", "side"), [(100, 100, 100), (101, 100, 100), (640, 640, 320), (3000, 4000, 1000), (90, 700, 320)]
)
def test_tiles_cover_the_image_and_overlap(height, width, side):
    covered = np.zeros((height, width), int)
    places = places_of(height, width, side)
    for p in places:
        assert 0 <= p.x1 < p.x2 <= width
        assert 0 <= p.y1 < p.y2 <= height
        assert p.x2 - p.x1 == min(side, width)
        covered[p.y1 : p.y2, p.x1 : p.x2] += 1
    assert covered.min() >= 1
    columns = sorted({(p.x1, p.x2) for p in places})
    assert all(a[1] - b[0] >= 0.24 * side for a, b in pairwise(columns))


def test_a_tile_gives_image_coordinates_and_leaves_out_what_its_inner_border_cuts():
    place = Place(100, 0, 300, 200, 400, 400)
    view = seen((20, 0, 60, 40), (0, 50, 30, 90), (150, 100, 200, 150), place=place)
    np.testing.assert_allclose(view.boxes[0], (120, 0, 160, 40))
    assert view.usable.tolist() == [True, False, False]  # the first touches the image's own border only


def test_scaled_tiles_keep_their_place():
    view = seen((20, 20, 40, 40), place=Place(200, 100, 400, 300, 400, 400), gain=0.5)
    np.testing.assert_allclose(view.boxes[0], (240, 140, 280, 180))


def test_the_same_object_in_two_views_counts_once_and_the_surer_stays():
    whole = seen((100, 100, 140, 140), scores=[0.4])
    tile = seen((2.5, 2.5, 42, 42), scores=[0.8], place=Place(98, 98, 298, 298, 400, 400))
    (found,) = once_each([whole, tile], 10)
    assert found.view is tile
    assert found.which == 0
    assert found.box == pytest.approx((100.5, 100.5, 140, 140))
    assert found.score == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("boxes", "classes", "left"),
    [
        ([(0, 0, 40, 40), (60, 0, 100, 40)], [0, 0], 2),  # side by side
        ([(0, 0, 40, 40), (0, 0, 40, 40)], [0, 1], 2),  # two classes
        ([(0, 0, 100, 100), (40, 40, 50, 50)], [0, 0], 1),  # a part inside the whole
        ([(0, 0, 40, 40), (25, 0, 65, 40)], [0, 0], 2),  # neighbours that touch
    ],
)
def test_what_is_the_same(boxes, classes, left):
    views = [seen(b, classes=[c], scores=[s]) for b, c, s in zip(boxes, classes, (0.9, 0.8), strict=True)]
    assert len(once_each(views, 10)) == left


def test_at_most_so_many_and_best_first():
    views = [seen((i * 50, 0, i * 50 + 40, 40), scores=[0.1 * (i + 1)], size=(400, 800)) for i in range(6)]
    chosen = once_each(views, 4)
    assert [round(s.score, 1) for s in chosen] == [0.6, 0.5, 0.4, 0.3]


def test_nothing_found_is_nothing():
    assert once_each([seen(), seen()], 5) == []
