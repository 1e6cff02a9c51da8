"""Words for places lead to places that can be built, or are refused with those there are."""

import pytest

from tools.core.errors import FixArguments
from tools.scenes.places import IMPOSSIBLE, PLACE_WORDS, SPECIAL_PLACES, fits, known_place
from tools.scenes.scene import AXES, CONTEXTS
from tools.scenes.vocabulary import KNOWN_VALUES


@pytest.mark.parametrize(
    ("phrase", "place"),
    [
        ("orchard", "orchard"), ("Orchards", "orchard"), ("on the tree", "orchard"), ("branches", "orchard"),
        ("on the kitchen table", "table"), ("garden table", "table"), ("supermarket shelves", "shelf"),
        ("assembly line", "conveyor"), ("conveyor belt", "conveyor"), ("in my hand", "hand"), ("parking lot", "road"),
        ("white background", "studio"), ("under a microscope", "slide"), ("in the grass", "grass"),
        ("under water", "liquid"), ("in a fish tank", "liquid"), ("水里", "liquid"),
        ("conveyor from above", "inspection"), ("belt seen from above", "inspection"), ("传送带俯视", "inspection"),
        ("road from a car", "dashcam"), ("dashcam video", "dashcam"), ("行车记录仪", "dashcam"), ("street", "road"),
        ("aerial view", "aerial"), ("drone images", "aerial"), ("航拍", "aerial"), ("the road from a drone", "aerial"),
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
    [(0.07, "hand", True), (0.6, "hand", False), (0.6, "table", True),
     (4.5, "hand", False), (4.5, "table", False), (4.5, "road", True), (0.07, "slide", False),
     (1e-5, "slide", True), (1e-5, "road", False), (0.3, "liquid", False), (0.02, "inspection", False),
     (4.5, "dashcam", False),
     (4.5, "aerial", False)],
)  # fmt: skip
def test_things_fit_where_they_fit(size_m, context, expected):
    assert fits(context, size_m) is expected


@pytest.mark.parametrize(
    ("place", "viewpoints"),
    [("inspection", {"straight down"}), ("dashcam", {"eye level"}),
     ("liquid", {"eye level", "slightly above", "from below"}), ("aerial", {"straight down", "from above"}),
     ("slide", {"straight down", "from above"})],
)  # fmt: skip
def test_a_place_with_a_camera_of_its_own_is_seen_by_no_other(place, viewpoints):
    assert place in SPECIAL_PLACES
    barred = {v for (_, c, axis, v) in IMPOSSIBLE if c == place and axis == "viewpoint"}
    assert set(KNOWN_VALUES["viewpoint"]) - barred == viewpoints
    assert set(KNOWN_VALUES["light"]) - {v for (_, c, axis, v) in IMPOSSIBLE if c == place and axis == "light"}
