"""Requests that name things of the families, English and Chinese: the thing that is meant, or one question."""

import pytest

from agent.planner import _define_args, _instead_of
from agent.requests.noun_phrases import singular
from agent.requests.understand import understand
from tools.core.errors import Code, FixArguments
from tools.drawable.classes import ClassArgument, resolve_classes
from tools.generators.blender.library import Library
from tools.generators.blender.naming import forms, plain
from tools.generators.blender.table import rows

EVERY = 6  # every sixth name, three requests each: two hundred
NAMES = [*list(rows())[::EVERY], "camera"]


@pytest.fixture(scope="module")
def find():
    return Library().find


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_understood_in_both_languages(name, find):
    several = forms(plain(name))[-1]
    for request in (f"detect {several} in photos", f"build me a {name} segmenter", f"识别{rows()[name].chinese[0]}"):
        said = understand(request, find)
        assert [c.drawn_as for c in said.classes] == [name], request
        assert said.question is None, request


@pytest.mark.parametrize(
    ("request_", "classes"),
    [
        ("find scratches on metal plates", [("scratch on metal plates", "scratch", ["on metal"])]),
        ("cracked tiles", [("cracked tile", "ceramic tile", ["cracked"])]),
        ("find cracks in concrete", [("crack in concrete", "crack", ["on concrete"])]),
        ("find cracks in roads", [("crack", "crack", ["on road"])]),  # not in the picture of a street
        ("检测金属板上的划痕", [("金属板上划痕", "scratch", ["on metal"])]),
        ("find people in hard hats", [("person in hard hats", "worker", [])]),
        ("detect number plates", [("number plate", "license plate", [])]),
        ("识别车牌", [("车牌", "license plate", [])]),
        ("find my lost keys", [("lost key", "key", [])]),
        (
            "count red and white blood cells and platelets",
            [(f"{n}", f"{n}", []) for n in ("red blood cell", "white blood cell", "platelet")],
        ),
    ],
)
def test_a_flaw_a_pair_and_a_group_are_understood(request_, classes, find):
    said = understand(request_, find)
    assert [(c.name, c.drawn_as, c.appearances) for c in said.classes] == classes and said.notes == []
    assert said.contexts == []


def test_a_flaw_on_what_itself_is_a_piece_of_something_is_not_drawn(find):
    """It would have no label: of a worn hat the hat is told from its wearer, and nothing on it."""
    assert find("scratch on hard hat") is None and find("scratch on license plate") is None
    assert find("scratch on bolt") == ("scratch on bolt", [])


@pytest.mark.parametrize("request_", ["find cracks in roads", "find cracks in concrete", "检测路面上的裂缝"])
def test_the_ground_of_a_flaw_gets_into_the_plan(request_, find):
    """Cracks "in roads" were understood, and drawn on wood and cloth: the plan got their name alone."""
    said = understand(request_, find)
    args = _define_args(said, set(), find)["classes"]
    made = resolve_classes([ClassArgument.model_validate(a) for a in args], Library())
    assert [(c.drawn_as, c.appearances) for c in made] == [(c.drawn_as, c.appearances) for c in said.classes]
    assert made[0].appearances


def test_a_word_of_two_meanings_is_asked_with_both():
    task = understand("detect mice", Library().find)
    with pytest.raises(FixArguments) as caught:
        resolve_classes([ClassArgument(name=c.name) for c in task.classes], Library())
    assert caught.value.code is Code.UNCOVERED
    asked = _instead_of(task, caught.value.data).asked(0, "en")
    assert asked["options"] == ["computer mouse", "house mouse"]
    assert asked["question"] == '"mouse" can mean several things. Which do you mean: computer mouse / house mouse?'


def test_the_thing_before_a_preposition_is_the_one_in_the_singular():
    assert singular("scratches on metal plates") == "scratch on metal plates"


@pytest.mark.parametrize(
    ("request_", "names", "rounds"),
    [
        ("detect tape measures and measuring cups in photos", ["tape measure", "measuring cup"], None),
        ("build me a round-bottom flask segmenter", ["round-bottom flask"], None),
        ("find no entry signs, but no stop signs", ["no entry sign"], None),
        ("count the mortar and pestles", ["mortar and pestle"], None),
        ("识别三轮车和出租车", ["tricycle", "taxi"], None),
        ("分割高跟鞋", ["high heel"], None),
        ("measure apples and pears in three rounds", ["apple", "pear"], 3),
        ("画出苹果的框，三轮", ["apple"], 3),
        ("用框标出苹果", ["apple"], None),
    ],
)
def test_words_of_a_name_are_not_read_as_anything_else(request_, names, rounds, find):
    said = understand(request_, find)
    assert [c.drawn_as for c in said.classes] == names
    assert said.rounds == rounds
