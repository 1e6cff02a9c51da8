"""The built-in vocabulary follows what is known of the things; wishes change it within what there is."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import prompts
from tools.core.errors import FixArguments
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.scenes.places import SPECIAL_PLACES
from tools.scenes.scene import CONTEXTS
from tools.scenes.vocabulary import KNOWN_VALUES, LookAlike, build_vocabulary


def _thing(looks, contexts=(), lookalikes=(), size_m=0.1, labels="whole", family=None):
    appearances = [SimpleNamespace(name=n, weight=w, damaged=False) for n, w in looks.items()]
    return SimpleNamespace(
        appearances=appearances,
        contexts=list(contexts),
        lookalikes=list(lookalikes),
        size_m=size_m,
        family=family,
        labels=labels,
    )


THINGS = {
    "tomato": _thing({"ripe": 3, "unripe": 1, "rotten": 0.5}, ("bush", "table"), ("apple", "ball", "unheard of")),
    "apple": _thing({"red": 2, "green": 1}, ("orchard", "table")),
    "ball": _thing({"red": 1, "blue": 1}),
    "car": _thing({"plain": 1}, ("road",), size_m=4.5),
    "blood cell": _thing({"plain": 1}, ("slide",), size_m=7e-6),
}


def _task(*classes, kind="segment", contexts=()):
    specs = [c if isinstance(c, ClassSpec) else ClassSpec(name=c) for c in classes]
    return TaskSpec(kind=kind, classes=specs, contexts=list(contexts), budget=Budget(images=9, rounds=1))


def _class(name, drawn_as, *appearances):
    return ClassSpec(name=name, drawn_as=drawn_as, appearances=list(appearances))


@pytest.mark.parametrize(
    ("classes", "usual", "never"),
    [
        (["apple"], {"orchard", "table"}, SPECIAL_PLACES),
        (["car"], {"road"}, SPECIAL_PLACES | {"hand", "table", "shelf", "conveyor", "workbench"}),
        (["blood cell"], {"slide"}, set(CONTEXTS) - {"slide"}),
        (["apple", "car"], {"orchard", "table", "road"}, SPECIAL_PLACES),
        (["never taught"], set(), SPECIAL_PLACES),
    ],
)
def test_places_follow_the_things(classes, usual, never):
    weights = build_vocabulary(_task(*classes), THINGS, 0.8).context
    assert set(CONTEXTS) - set(weights) == never
    ordinary = sorted(weights.values())[len(weights) // 2] if len(weights) > 4 else min(weights.values())
    assert {c for c, w in weights.items() if w > ordinary} == (usual if len(weights) > 1 else set())


def test_named_places_get_their_share_also_when_unusual():
    weights = build_vocabulary(_task("apple", contexts=["the kitchen table", "street"]), THINGS, 0.8).context
    total = sum(weights.values())
    assert weights["table"] / total == pytest.approx(0.4)
    assert weights["road"] / total == pytest.approx(0.4)
    assert build_vocabulary(_task("blood cell", contexts=["slide"]), THINGS, 0.8).context == {"slide": 1.0}


@pytest.mark.parametrize(
    ("classes", "lookalikes"),
    [
        (["tomato"], {("apple", "red"), ("apple", "green"), ("ball", "red"), ("ball", "blue")}),
        (["tomato", "apple"], {("ball", "red"), ("ball", "blue")}),  # a class is no look-alike
        ([_class("ripe tomato", "tomato", "ripe")],  # the other looks of the thing itself are the nearest there are
         {("tomato", "unripe"), ("tomato", "rotten"), ("apple", "red"), ("apple", "green"), ("ball", "red"),
          ("ball", "blue")}),
        ([_class("ripe", "tomato", "ripe"), _class("raw", "tomato", "unripe")],  # between two classes: in neither
         {("apple", "red"), ("apple", "green"), ("ball", "red"), ("ball", "blue")}),
        (["tomato", _class("red apple", "apple", "red")], {("apple", "green"), ("ball", "red"), ("ball", "blue")}),
    ],
)  # fmt: skip
def test_lookalikes_are_never_what_should_be_labelled(classes, lookalikes):
    built = build_vocabulary(_task(*classes), THINGS, 0.8)
    assert {(k.drawn_as, k.appearance) for ks in built.lookalikes.values() for k in ks} == lookalikes


def test_lookalikes_are_as_frequent_in_each_look_and_no_larger_beside_the_target_than_in_the_world():
    things = {
        "tomato": _thing({"ripe": 1}, lookalikes=["plum", "ball", "pea"], size_m=0.07),
        "plum": _thing({"purple": 3, "green": 0.5}, size_m=0.05),
        "ball": _thing({"red": 1}, size_m=0.12),
        "pea": _thing({"green": 1}, size_m=0.008),
    }
    for words in ({}, {"lookalikes": {"tomato": ["plum", "ball", "pea"]}}):
        found = build_vocabulary(_task("tomato"), things, 0.8, words).lookalikes["tomato"]
        assert [(k.appearance, k.weight) for k in found[:2]] == [("purple", 3), ("green", 0.5)]
        assert {k.drawn_as: k.scale for k in found} == {"plum": 0.714, "ball": 1.0, "pea": 0.5}
    unknown = build_vocabulary(_task("widget"), things, 0.8, {"lookalikes": {"widget": ["plum"]}})
    assert {k.scale for k in unknown.lookalikes["widget"]} == {1.0}  # of no known size


def test_a_classification_image_shows_one_thing_and_nothing_like_it():
    built = build_vocabulary(_task("tomato", "apple", kind="classify"), THINGS, 0.8)
    assert built.crowding == {"one": 1.0}
    assert set(built.axes()["distance"]) == {"close", "near"}  # the thing is the subject
    with_medium = build_vocabulary(_task("tomato", "apple", kind="classify"), THINGS, 0.8, {"distance": {"medium": 1}})
    assert "medium" in with_medium.axes()["distance"]
    assert not any(built.lookalikes.values())


def test_classes_weigh_the_same_whatever_their_looks():
    looks = build_vocabulary(_task("tomato", _class("red apple", "apple", "RED")), THINGS, 0.8).looks
    assert looks["red apple", "red"] == pytest.approx(1.0)
    assert sum(w for (c, _), w in looks.items() if c == "tomato") == pytest.approx(1.0)
    assert looks["tomato", "ripe"] == pytest.approx(3 / 4.5)


def test_wishes_change_what_they_name():
    wishes = {"light": {"deep shade": 3, "sun": 0}, "context": {"sky": 2}, "appearances": {"tomato": {"rotten": 9}},
              "lookalikes": {"tomato": ["ball: red", "apple"]}}  # fmt: skip
    built = build_vocabulary(_task("tomato"), THINGS, 0.8, wishes)
    assert (built.light["deep shade"], built.light["sun"], built.light["overcast"]) == (3, 0, 1)
    assert built.context["sky"] == 2
    assert built.appearances["tomato"] == {"ripe": 3, "unripe": 1, "rotten": 9}
    assert built.lookalikes["tomato"] == [
        LookAlike(drawn_as="ball", appearance="red"),
        LookAlike(drawn_as="apple", appearance="red", weight=2),
        LookAlike(drawn_as="apple", appearance="green"),
    ]
    assert "sun" not in built.axes()["light"]


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ({"mood": {"sad": 1}}, "no axis 'mood'"),
        ({"light": {"neon": 1}}, "no value 'neon'; there are overcast"),
        ({"light": ["sun"]}, "light must be an object"),
        ({"light": {"sun": "much"}}, "must be a number from 0 to 100, not 'much'"),
        ({"light": {"sun": True}}, "must be a number"),
        ({"light": {"sun": -1}}, "from 0 to 100"),
        ({"light": {"sun": float("nan")}}, "from 0 to 100"),
        ({"light": dict.fromkeys(KNOWN_VALUES["light"], 0)}, "light: at least one"),
        ({"appearances": {"tomato": {"golden": 1}}}, "no value 'golden'; there are ripe"),
        ({"appearances": {"pear": {"ripe": 1}}}, "no class 'pear'; there are tomato"),
        ({"appearances": {"tomato": {"ripe": 0, "unripe": 0, "rotten": 0}}}, "at least one"),
        ({"lookalikes": {"tomato": ["dragon"]}}, "called 'dragon'"),
        ({"lookalikes": {"tomato": ["ball: green"]}}, "called 'ball: green'"),
        ({"lookalikes": {"tomato": ["tomato"]}}, "one of the classes itself"),
        ({"lookalikes": {"tomato": "ball"}}, "list of names"),
    ],
)
def test_wrong_wishes_are_refused_with_what_there_is(wishes, message):
    with pytest.raises(FixArguments, match=message):
        build_vocabulary(_task("tomato"), THINGS, 0.8, wishes)


def test_an_appearance_that_a_thing_lacks_is_refused():
    with pytest.raises(FixArguments, match="tomato has no appearance 'golden'; there are ripe, unripe, rotten"):
        build_vocabulary(_task(_class("golden tomato", "tomato", "golden")), THINGS, 0.8)


def test_the_prompt_names_every_value_and_its_examples_are_accepted():
    text = (Path(prompts.__file__).parent / "vocabulary.md").read_text(encoding="utf-8")
    for axis, values in KNOWN_VALUES.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{axis}` |"))
        assert all(value in row for value in values), axis
    examples = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    assert len(examples) == 2
    for example in examples:
        build_vocabulary(_task(_class("ripe tomato", "tomato", "ripe")), THINGS, 0.8, example)


def test_how_large_classes_are_to_each_other_is_known_and_no_wish():
    things = {
        "white cell": _thing({"plain": 1}, ("slide",), ["yeast", "pollen"], size_m=12e-6),
        "platelet": _thing({"plain": 1}, ("slide",), size_m=3e-6),
        "yeast": _thing({"plain": 1}, ("slide",), size_m=6e-6),
        "pollen": _thing({"plain": 1}, ("slide",), size_m=30e-6),
        "virus": _thing({"plain": 1}, ("slide",), size_m=1e-7),
    }
    scales = build_vocabulary(_task("white cell", "platelet", "virus", "never taught"), things, 0.8).scales
    # What is too small to be seen at all is not drawn so, and for what is larger than the largest class is no room.
    assert scales == {"white cell": 1.0, "platelet": 0.25, "yeast": 0.5, "pollen": 1.0, "virus": 0.2}
    with pytest.raises(FixArguments, match="no axis 'scales'"):
        build_vocabulary(_task("car"), THINGS, 0.8, {"scales": {"car": 0.5}})


def test_on_a_slide_there_are_many_near_and_seldom_dirt_over_them():
    """A smear holds dozens of cells, turned up until they are seen: one far cell under a crumb is no photo of blood."""
    cells, apples = (build_vocabulary(_task(name), THINGS, 0.8) for name in ("blood cell", "apple"))

    def share(vocabulary, axis, *values):
        weights = getattr(vocabulary, axis)
        return sum(weights[v] for v in values) / sum(weights.values())

    assert share(cells, "crowding", "many") > 0.6 > share(apples, "crowding", "many")
    assert share(cells, "distance", "near", "medium") > 0.7 and share(cells, "distance", "very close") == 0
    assert share(cells, "occlusion", "open") > 0.75 > share(apples, "occlusion", "open")
    both = build_vocabulary(_task("blood cell", "apple"), THINGS, 0.8)
    assert both.crowding["many"] == pytest.approx((cells.crowding["many"] + apples.crowding["many"]) / 2)


def test_a_flaw_is_met_where_its_ground_fills_the_image_and_no_horse_stands_beside_it():
    things = THINGS | {
        "crack": _thing({"on road": 1}, ("surface", "floor"), ["scratch"], size_m=0.4),
        "scratch": _thing({"on road": 1}, ("surface", "floor")),
        "dog": _thing({"plain": 1}, ("grass",), size_m=0.6),
    }
    made = build_vocabulary(_task("crack"), things, 0.8)
    assert set(made.context) == {"surface", "floor"} and made.context["surface"] > 5 * made.context["floor"]
    assert {k.drawn_as for k in made.lookalikes["crack"]} == {"scratch"}  # as large as a dog, and yet no subject
    assert made.occlusion["open"] == sum(made.occlusion.values()) and made.distance["far"] == 0
    assert (
        max(made.distance, key=made.distance.get) == "very close" and max(made.crowding, key=made.crowding.get) == "one"
    )
    assert "surface" not in build_vocabulary(_task("dog"), things, 0.8).context
    things["crack"] = _thing({"on road": 1, "on wood": 1}, ("surface",), ["scratch"])
    on_road = build_vocabulary(_task(_class("crack", "crack", "on road")), things, 0.8)
    assert {k.drawn_as for k in on_road.lookalikes["crack"]} == {"scratch"}  # on wood it is a crack, too


def test_what_a_flaw_alone_tells_from_its_like_is_near_in_the_open_and_where_it_is_met():
    tile = _thing({"white": 1, "cracked": 1}, ("floor", "table"))
    tile.appearances[1].damaged = True
    cracked, any_tile = (
        build_vocabulary(_task(spec), THINGS | {"tile": tile}, 0.8)
        for spec in (_class("cracked tile", "tile", "cracked"), _class("tile", "tile"))
    )
    assert cracked.distance["far"] == 0 < any_tile.distance["far"]
    assert cracked.occlusion["mostly hidden"] == 0 < any_tile.occlusion["mostly hidden"]
    assert "orchard" not in cracked.context and "orchard" in any_tile.context
    assert cracked.context["road"] < any_tile.context["road"] < cracked.context["floor"] == any_tile.context["floor"]
    both = build_vocabulary(_task(_class("tile", "tile", "white", "cracked")), THINGS | {"tile": tile}, 0.8)
    assert both.distance == any_tile.distance


def test_what_lies_or_stands_is_seldom_met_where_things_hang_and_grow():
    """A dog in a hedge or a tile in a tree teaches little of dogs and tiles; an apple may lie anywhere."""
    tile, dog = _thing({"plain": 1}, ("floor", "table")), _thing({"plain": 1}, ("grass",), size_m=0.6)
    things = THINGS | {"tile": tile, "dog": dog}
    weights = {name: build_vocabulary(_task(name), things, 0.8).context for name in ("tile", "apple", "ball", "dog")}
    assert weights["dog"]["shelf"] == weights["dog"]["bush"] < 0.3 and "hand" not in weights["dog"]
    assert weights["tile"]["shelf"] == weights["dog"]["floor"] == 1
    assert weights["tile"]["orchard"] == weights["tile"]["sky"] < 0.3 < weights["tile"]["road"]
    assert weights["apple"]["bush"] == weights["apple"]["road"]
    assert weights["ball"]["sky"] == weights["ball"]["road"]  # nothing is known of where it is met


def test_a_piece_of_a_person_is_photographed_from_nearer_than_the_person():
    things = {
        "person": _thing({"plain": 1}, ("road",), size_m=1.75),
        "hat": _thing({"plain": 1}, ("road",), size_m=1.75, labels="pieces"),
    }
    person, hat = (build_vocabulary(_task(name), things, 0.8).distance for name in ("person", "hat"))
    near = [sum(d[k] for k in ("very close", "close")) / sum(d.values()) for d in (person, hat)]
    assert near[1] > near[0] + 0.05


def test_nobody_stands_unlabelled_beside_those_with_and_those_without_a_hat():
    def one(*like, labels="whole"):
        return _thing({"plain": 1}, ("road",), like, size_m=1.75, labels=labels, family="person")

    things = {
        "worker": one("man", "cone"), "bareheaded": one("worker"), "man": one(), "hat": one("man", labels="pieces"),
        "cone": _thing({"plain": 1}, size_m=0.5),
    }  # fmt: skip

    def beside(*classes):
        built = build_vocabulary(_task(*classes), things, 0.8)
        return {k.drawn_as for ks in built.lookalikes.values() for k in ks}

    assert beside("worker") == {"man", "cone"} and beside("hat") == {"man"}
    assert beside("worker", "bareheaded") == {"cone"}
