"""What is safe is mapped and said; everything else is asked, with suggestions."""

import pytest

from tools.core.errors import NeedsUser
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.class_names import match_classes, singular_word, words


def task(*classes):
    specs = [c if isinstance(c, ClassSpec) else ClassSpec(name=c) for c in classes]
    return TaskSpec(kind="detect", classes=specs, budget=Budget(images=1, rounds=1))


RIPE = ClassSpec(name="ripe tomato", drawn_as="tomato", appearances=["ripe"])
RAW = ClassSpec(name="raw tomato", drawn_as="tomato", appearances=["raw"])
CHINESE = ClassSpec(name="苹果", phrase="apple", drawn_as="apple")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RipeApples_2", ("ripe", "apple", "2")),
        ("ripe-APPLE", ("ripe", "apple")),
        ("tomatoes", ("tomato",)),
        ("berries", ("berry",)),
        ("glasses", ("glass",)),
        ("bus", ("bus",)),
        ("People", ("person",)),
        ("苹果", ("苹果",)),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


def test_nouns_in_the_singular():
    pairs = """ties tie, pies pie, cities city, cookies cookie, shoes shoe, toes toe, tomatoes tomato, mangoes
        mango, axes axe, boxes box, houses house, buses bus, lenses lens, gases gas, sizes size, dishes
        dish, peaches peach, Leaves Leaf, knives knife, olives olive, gloves glove, women woman, firemen
        fireman, children child, mice mouse, skis ski, TVs TV, keys key"""
    for pair in pairs.split(","):
        many, one = pair.split()
        assert (singular_word(many), singular_word(one)) == (one, one)
    for one in [
        "specimen",
        "abdomen",
        "mantis",
        "iris",
        "tennis",
        "axis",
        "bus",
        "glass",
        "lens",
        "scissors",
        "pliers",
        "series",
        "asparagus",
        "苹果",
    ]:
        assert singular_word(one) == one


@pytest.mark.parametrize(
    ("labels", "wanted", "mapping"),
    [
        (["apple"], task("apple"), {"apple": "apple"}),
        (["Apples"], task("apple"), {"Apples": "apple"}),
        (["ripe_apple"], task("apple"), {"ripe_apple": "apple"}),
        (["ripe_apple", "unripe_apple"], task("apple"), {"ripe_apple": "apple", "unripe_apple": "apple"}),
        (["dog", "hot dog"], task("dog"), {"dog": "dog"}),  # a hot dog is no dog
        (["apple", "person", "car"], task("apple"), {"apple": "apple"}),
        (["apple"], task(CHINESE), {"apple": "苹果"}),
        (["Ripe-Tomato", "raw tomatoes"], task(RIPE, RAW),
         {"Ripe-Tomato": "ripe tomato", "raw tomatoes": "raw tomato"}),
        (["object"], task("bottle"), {"object": "bottle"}),
        (["0"], task("bottle"), {"0": "bottle"}),
        (["bottel"], task("bottle"), {"bottel": "bottle"}),
        (["orchard apple"], task("apple"), {"orchard apple": "apple"}),
        (["apple"], task("ripe apple"), {"apple": "ripe apple"}),
    ],
)  # fmt: skip
def test_safe_matches(labels, wanted, mapping):
    match = match_classes(dict.fromkeys(labels, 3), wanted)
    assert match.mapping == mapping
    for label, name in mapping.items():
        if label != name:
            assert any(label in note and name in note for note in match.notes)


def test_what_is_ignored_or_absent_is_said():
    match = match_classes({"apple": 9, "car": 2}, task("apple", "pear"))
    assert any("'car'" in note and "ignored" in note for note in match.notes)
    assert any("'pear'" in note and "no real photo" in note for note in match.notes)


@pytest.mark.parametrize(
    ("labels", "wanted", "first_option"),
    [
        (["car"], task("apple"), "car=apple"),
        (["car", "apple leaf"], task("apple"), "apple leaf=apple"),
        (["tomato"], task(RIPE, RAW), "tomato=raw tomato"),
        (["Malus", "Pyrus"], task("apple", "pear"), None),
    ],
)
def test_the_rest_is_asked(labels, wanted, first_option):
    with pytest.raises(NeedsUser) as asked:
        match_classes(dict.fromkeys(labels, 3), wanted, where="/photos")
    assert all(
        name in asked.value.question for name in [*labels, *wanted.class_names, "/photos", "SIGHTSMITH_CLASS_MAP"]
    )
    assert first_option is None or asked.value.options[0] == first_option


@pytest.mark.parametrize("pair", [{"Malus": "apple"}, {"apple": "Malus"}])
def test_given_pairs_come_first_in_either_direction(pair):
    assert match_classes({"Malus": 3, "car": 1}, task("apple"), pair).mapping == {"Malus": "apple"}


def test_a_given_pair_that_names_nothing_is_told():
    with pytest.raises(NeedsUser, match=r"'Malsu=apple' does not name"):
        match_classes({"Malus": 3}, task("apple"), {"Malsu": "apple"})
