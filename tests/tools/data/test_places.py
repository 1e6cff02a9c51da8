"""Words for places lead to places that can be built, or are refused with those there are."""

import pytest

from tools.data.places import IMPOSSIBLE, PLACE_WORDS, fits, known_place
from tools.data.scene import AXES, CONTEXTS
from tools.data.vocabulary import KNOWN_VALUES
from tools.errors import FixArguments


@pytest.mark.parametrize(
    ("phrase", "place"),
    [
        ("orchard", "orchard"), ("Orchards", "orchard"), ("on the tree", "orchard"), ("branches", "orchard"),
        ("on the kitchen table", "table"), ("garden table", "table"), ("supermarket shelves", "shelf"),
        ("assembly line", "conveyor"), ("conveyor belt", "conveyor"), ("in my hand", "hand"), ("parking lot", "road"),
        ("white background", "studio"), ("under a microscope", "slide"), ("in the grass", "grass"),
        ("果园", "orchard"), ("传送带上", "conveyor"), ("厨房的桌子", "table"), ("白色背景", "studio"), ("天空", "sky"),
    ],
)  # fmt: skip
def test_known(phrase, place):
    assert known_place(phrase) == place


@pytest.mark.parametrize("phrase", ["on the moon", "", "handsome", "月球", "../../etc", "skyscraper"])
def test_unknown_places_are_refused_with_the_known_ones(phrase):
    with pytest.raises(FixArguments, match="orchard, bush") as caught:
        known_place(phrase)
    assert repr(phrase) in str(caught.value)


def test_every_place_has_words_and_every_rule_names_values_there_are():
    assert tuple(PLACE_WORDS) == CONTEXTS
    for axis, value, other, other_value in IMPOSSIBLE:
        assert {axis, other} <= set(AXES)
        assert value in KNOWN_VALUES[axis], value
        assert other_value in KNOWN_VALUES[other], other_value
    assert all(reason for reason in IMPOSSIBLE.values())


@pytest.mark.parametrize(
    ("size_m", "context", "expected"),
    [(0.07, "hand", True), (4.5, "hand", False), (4.5, "table", False), (4.5, "road", True), (0.07, "slide", False),
     (1e-5, "slide", True), (1e-5, "road", False)],
)  # fmt: skip
def test_things_fit_where_they_fit(size_m, context, expected):
    assert fits(context, size_m) is expected
