"""What a browser sends of clicks and strokes is checked: anything may come from there."""

import pytest

from tools.page.brush import Stroke
from ui.clicker import Click, read_click

STROKE = {"points": [[1, 2], [3.5, 4]], "size": 8, "erase": True}


def read(**sent):
    return read_click({"picture": "p", "outside": False} | sent, 80, 60, "p")


def test_strokes_are_read_in_order():
    dab = {"points": [[80, 60]], "size": 1}
    click = read(kind="brush", points=[], strokes=[STROKE, dab])
    assert click == Click("p", "brush", [], False, (Stroke([(1, 2), (3.5, 4)], 8, True), Stroke([(80, 60)], 1, False)))


@pytest.mark.parametrize(
    "strokes",
    [
        None,
        [],
        "x",
        [None],
        [{}],
        [STROKE | {"points": []}],
        [STROKE | {"points": [[1, 2]] * 1001}],
        [STROKE | {"points": [[1, 2, 3]]}],
        [STROKE | {"points": [[1, float("nan")]]}],
        [STROKE | {"points": [[-1, 2]]}],
        [STROKE | {"points": [["a", 2]]}],
        [STROKE | {"points": None}],
        [STROKE | {"size": 0}],
        [STROKE | {"size": 1e9}],
        [STROKE | {"size": float("nan")}],
        [STROKE | {"size": True}],
        [STROKE | {"size": "8"}],
        [STROKE, STROKE | {"size": None}],
        [STROKE] * 201,
    ],
)
def test_strokes_that_are_none_are_passed_over(strokes):
    assert read(kind="brush", points=[], strokes=strokes) is None


@pytest.mark.parametrize(
    ("sent", "right"),
    [
        ({"kind": "point", "points": [[80, 60]]}, True),
        ({"kind": "box", "points": [[1, 2], [3, 4]]}, True),
        ({"kind": "box", "points": [[1, 2]]}, False),
        ({"kind": "polygon", "points": [[1, 2], [3, 4]]}, False),
        ({"kind": "point"}, False),
        ({"kind": "point", "points": [[1, 2]], "picture": "another"}, False),
        ({"kind": "spray", "points": [[1, 2]]}, False),
    ],
)
def test_clicks_drags_and_shapes(sent, right):
    assert (read(**sent) is not None) is right
