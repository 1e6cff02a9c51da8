"""Things side by side, as tiles on a floor."""

import random

import numpy as np
import pytest

from tools.generators.blender.camera import look
from tools.generators.blender.foliage import box
from tools.generators.blender.layout import Shape, footprints_meet, projected_box
from tools.generators.blender.rows import lay_in_rows


def tile(deep=1.0):
    one = box((1, deep, 0.02))
    return Shape(one.vertices, one.faces)


@pytest.mark.parametrize("deep", [1.0, 0.6])
@pytest.mark.parametrize("seed", range(6))
def test_no_two_share_a_cell_and_each_is_near_where_it_is_wanted(seed, deep):
    camera = look(65, 0, 30)
    wanted = [(0.5, 0.5, 0.15, 0.15), (0.2, 0.3, 0.15, 0.15), (0.22, 0.3, 0.15, 0.15), (0.8, 0.8, 0.15, 0.15)]
    shapes = [tile(deep) for _ in wanted]
    rows = lay_in_rows(random.Random(seed), deep, shapes, camera, wanted)
    assert len(rows.taken) == len(shapes)
    assert not any(footprints_meet(a, b, 0.0) for i, a in enumerate(shapes) for b in shapes[:i])
    assert len({round(s.scale, 6) for s in shapes}) == 1
    found = projected_box(shapes[0], camera)
    assert found[:3] == pytest.approx(wanted[0][:3], abs=0.04)
    for shape, box_ in zip(shapes, wanted, strict=True):
        assert np.abs(np.array(projected_box(shape, camera)[:2]) - box_[:2]).max() < 0.25


def test_neighbours_leave_a_joint_and_no_more():
    shape = tile()
    rows = lay_in_rows(random.Random(3), 1.0, [shape], look(89, 0, 30), [(0.5, 0.5, 0.2, 0.2)])
    across = np.linalg.norm(rows.place(1, 0) - rows.place(0, 0))
    assert 1.0 < across / shape.scale < 1.05


def test_where_none_is_asked_for_all_cells_are_free():
    rows = lay_in_rows(random.Random(1), 1.0, [], look(60, 0, 30), [])
    assert rows.taken == set() and rows.scale > 0
