"""Some of many, from all over a list."""

import pytest

from tools.data.sample import evenly


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [(0, 3, []), (3, 3, [0, 1, 2]), (4, 3, [0, 2, 3]), (11, 3, [0, 5, 10]), (5, 1, [0])],
)
def test_some_of_many_come_from_all_over(count, most, expected):
    assert evenly(range(count), most) == expected
