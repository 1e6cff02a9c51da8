"""Captions are English sentences that count what is there."""

import pytest

from tools.scenes.captions import caption, plural
from tools.scenes.scene import SceneObject, SceneSpec


@pytest.mark.parametrize(
    ("name", "many"),
    [("apple", "apples"), ("tomato", "tomatoes"), ("box", "boxes"), ("bench", "benches"), ("cherry", "cherries"),
     ("key", "keys"), ("leaf", "leaves"), ("knife", "knives"), ("苹果", "苹果"), ("M8", "M8"), ("", ""),
     ("person in hard hats", "people in hard hats"), ("crack on tile", "cracks on tile"), ("old man", "old men"),
     ("wild goose", "wild geese"), ("human", "humans")],
)  # fmt: skip
def test_plural(name, many):
    assert plural(name) == many


def _thing(name, look="plain", role="target"):
    return SceneObject(role=role, class_name=name if role == "target" else None, drawn_as=name, appearance=look,
                       box=(0.5, 0.5, 0.2, 0.2))  # fmt: skip


@pytest.mark.parametrize(
    ("objects", "start"),
    [
        ([], "A photo of an empty scene on a table, in bright sun, seen at eye level"),
        ([_thing("apple")], "A photo of an apple on a table"),
        ([_thing("apple", "red"), _thing("apple", "red"), _thing("ball", "blue", "lookalike")],
         "A photo of two red apples and a blue ball on a table"),
        ([_thing("ripe tomato", "ripe")] * 9, "A photo of many ripe tomatoes on a table"),  # not "ripe ripe"
        ([_thing("a"), _thing("b"), _thing("c")], "A photo of an a, a b and a c on a table"),
    ],
)  # fmt: skip
def test_caption(objects, start):
    scene = SceneSpec(context="table", light="sun", family="f", seed=1, objects=objects)
    text = caption(scene.axes(), objects)
    assert text.startswith(start)
    assert ("from near by" in text) == bool(objects)
