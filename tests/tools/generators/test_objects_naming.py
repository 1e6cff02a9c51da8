"""A phrase means one object with its appearances, or nothing: never a near miss."""

import pytest

from tools.generators.blender.catalogue import catalogue, find_object
from tools.generators.blender.naming import forms, plurals

ALL: list[str] = []
CASES = [
    # plain names, plurals, articles, capitals, punctuation
    ("apple", "apple", ALL),
    ("apples", "apple", ALL),
    ("Apples!", "apple", ALL),
    ("an apple", "apple", ALL),
    ("all the big fresh apples", "apple", ALL),
    ("tomatoes", "tomato", ALL),
    ("potatoes", "potato", ALL),
    ("cherries", "cherry", ALL),
    ("peaches", "peach", ALL),
    ("strawberries", "strawberry", ALL),
    ("knives", "knife", ALL),
    ("mangoes", "mango", ALL),
    ("mangos", "mango", ALL),
    ("leaves", "leaf", ALL),
    ("dice", "dice", ALL),
    ("boxes", "cardboard box", ALL),
    ("wine glasses", "wine glass", ALL),
    ("bacteria", "bacterium", ALL),
    ("scissors", "scissors", ALL),
    ("a pair of scissors", "scissors", ALL),
    ("bunches of grapes", "grapes", ALL),
    ("grape", "grapes", ALL),
    ("kinds of mushrooms", "mushroom", ALL),
    # other names
    ("soda cans", "can", ALL),
    ("coffee cups", "mug", ALL),
    ("aubergines", "eggplant", ALL),
    ("traffic-cones", "traffic cone", ALL),
    ("soccer balls", "football", ALL),
    ("cogwheels", "gear", ALL),
    ("nuts", "hex nut", ALL),
    ("spanners", "wrench", ALL),
    ("erythrocytes", "red blood cell", ALL),
    ("chef's knives", "knife", ALL),
    ("stop signs", "stop sign", ALL),
    ("ears of corn", "corn", ALL),
    # states
    ("ripe tomatoes", "tomato", ["ripe", "yellow"]),
    ("ripe red tomatoes", "tomato", ["ripe"]),
    ("raw tomatoes", "tomato", ["unripe"]),
    ("unripe green tomatoes", "tomato", ["unripe"]),
    ("green apples", "apple", ["green"]),
    ("rotten apples", "apple", ["rotten"]),
    ("good apples", "apple", ["red", "bicolour", "pink", "yellow", "green"]),
    ("red and yellow apples", "apple", ["bicolour"]),
    ("yellow bananas", "banana", ["ripe"]),
    ("green glass bottles", "bottle", ["green glass"]),
    ("plastic bottles", "bottle", ["plastic", "white plastic"]),
    ("rusty bolts", "bolt", ["rusty"]),
    ("crushed cans", "can", ["crushed"]),
    ("dented soda cans", "can", ["crushed"]),
    ("sickle red blood cells", "red blood cell", ["sickle"]),
    # Chinese
    ("苹果", "apple", ALL),
    ("一个苹果", "apple", ALL),
    ("青苹果", "apple", ["green"]),
    ("红色的苹果", "apple", ["red", "bicolour", "pink"]),
    ("烂苹果", "apple", ["rotten"]),
    ("西红柿", "tomato", ALL),
    ("番茄", "tomato", ALL),
    ("成熟的番茄", "tomato", ["ripe"]),
    ("未成熟的西红柿", "tomato", ["unripe"]),
    ("瓶子", "bottle", ALL),
    ("塑料瓶子", "bottle", ["plastic", "white plastic"]),
    ("生锈的螺栓", "bolt", ["rusty"]),
    ("西瓜", "watermelon", ALL),
    ("红绿灯", "traffic light", ALL),
    ("易拉罐", "can", ALL),
    # of another thing than the one whose name stands in it
    ("bottle caps", "bottle cap", ALL),
    ("glasses", "glasses", ALL),
    ("butternut", "butternut squash", ALL),
    ("瓶盖", "bottle cap", ALL),
    ("race cars", "race car", ALL),
]
NOTHING = [
    "", "   ", "!?", "pine apple pie", "apple pie", "apple tree", "apple juice", "toy apple", "wooden apple",
    "purple apple", "breadfruit", "breadfruits", "eggs benedict", "bottle brush", "bottle opener", "cupola",
    "mugshot", "glass eye", "looking glasses case", "hammerhead", "butterbur", "nutcracker", "walnut", "toy",
    "banknote", "plumber", "peach cobbler", "balloons animals", "ballroom", "cardboard",
    "keys and coins",
    "orangutan", "potato chips", "corn dog", "mushroom soup", "pencil case", "bookworm", "a b c", "red", "ripe",
    "raw green", "ripe unripe tomato", "rotten granny smith apples", "苹果树", "苹果派", "苹果汁",
    "西瓜汁", "木头苹果", "瓶刷", "手套箱", "红", "的", "钥匙扣", "鸡蛋糕", "<script>", "../../etc/passwd",
    "苹果 tree", "apple" * 40,
]  # fmt: skip


@pytest.mark.parametrize(("phrase", "key", "looks"), CASES)
def test_phrase_is_understood(phrase, key, looks):
    assert find_object(phrase) == (key, looks)


@pytest.mark.parametrize("phrase", NOTHING)
def test_near_miss_is_nothing(phrase):
    assert find_object(phrase) is None


def test_every_name_and_every_state_leads_home():
    for key, spec in catalogue().items():
        for name in (spec.name, *spec.aliases, *spec.chinese):
            found = find_object(name)
            assert found is not None and found[0] == key, name
        for look in spec.appearances:
            found = find_object(f"{look.name} {spec.name}")
            assert found is not None and found[0] == key, (look.name, spec.name)
            assert look.name in found[1] or f"{look.name} {spec.name}" in spec.aliases  # "drink can" is any can


@pytest.mark.parametrize(
    ("word", "expected"),
    [("box", ["boxes"]), ("berry", ["berries"]), ("toy", ["toys"]), ("knife", ["knives"]), ("gas", ["gases"])],
)
def test_plurals(word, expected):
    assert plurals(word) == expected


def test_a_plural_with_of_changes_its_head():
    assert forms("bunch of grapes") == ["bunch of grapes", "bunches of grapes"]


def test_who_wears_something_is_found_in_the_singular_and_in_the_plural():
    assert set(forms("person with hat")) == {
        f"{who} with {what}" for who in ("person", "people", "persons") for what in ("hat", "a hat", "an hat", "hats")
    }
    assert forms("bunch of grapes") == ["bunch of grapes", "bunches of grapes"]
    assert forms("apple") == ["apple", "apples"]
