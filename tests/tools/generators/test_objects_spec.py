"""A spec that could harm or hang the renderer never reaches it; a good one survives the way to disk and back."""

import copy
import json
import math

import pytest
from pydantic import ValidationError

from tools.core.errors import FixArguments
from tools.generators.blender.catalogue import catalogue
from tools.generators.blender.library import parse_spec
from tools.generators.blender.object_spec import MAX_VERTICES, ObjectSpec, describe_schema, how_to_describe, refusal
from tools.generators.blender.parts import vertices_of
from tools.scenes.scene import CONTEXTS

GOOD = {
    "name": "walnut",
    "size_m": 0.04,
    "materials": {"shell": {"colours": ["#b08a58"]}},
    "parts": [{"shape": "ellipsoid", "material": "shell"}],
}


def changed(path: str, value: object) -> dict:
    """GOOD with one place changed; "-" removes it."""
    spec = copy.deepcopy(GOOD)
    at: object = spec
    *way, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    for step in way:
        at = at[step]  # type: ignore[index]
    if value == "-":
        del at[last]  # type: ignore[attr-defined]
    else:
        at[last] = value  # type: ignore[index]
    return spec


PART = {"shape": "sheet", "material": "shell"}
SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1]]
REFUSED = [
    ("name", "", "name"),
    ("name", "-", "name: Field required"),
    ("size_m", 0, "size_m"),
    ("size_m", math.nan, "size_m"),
    ("size_m", math.inf, "size_m"),
    ("colour", "#fff", "Extra inputs"),
    ("contexts", ["moon"], "unknown context 'moon'"),
    ("rests", [], "rests"),
    ("rests", ["floating"], "rests"),
    ("parts", [], "at least one part"),
    ("parts", [GOOD["parts"][0]] * 41, "parts"),
    ("parts.0.shape", "sphere", "parts.0"),
    ("parts.0.shape", "-", "discriminator"),
    ("parts.0.material", "gold", "'gold', which is not in `materials` (shell)"),
    ("parts.0.size", [1, 1, 1e9], "parts.0"),
    ("parts.0.size", [1, 1, math.nan], "parts.0"),
    ("parts.0.size", [1, 1], "parts.0"),
    ("parts.0.detail", 5000, "detail"),
    ("parts.0.only", ["ripe"], "appearance 'ripe', which does not exist"),
    ("parts.0.at", ["import os", 0, 0], "parts.0"),
    ("materials.shell.colours", [], "colours"),
    ("materials.shell.colours", ["red"], "colours"),
    ("materials.shell.colours", ["#12345g"], "colours"),
    ("materials.shell.roughness", 2, "roughness"),
    ("materials.shell.layers", [{"pattern": "spots", "colours": ["#ffffff"]}] * 7, "layers"),
    ("materials.shell.layers", [{"pattern": "zebra", "colours": ["#ffffff"]}], "layers"),
    ("materials", {f"m{i}": {"colours": ["#ffffff"]} for i in range(17)} | GOOD["materials"], "at most 16"),
    ("appearances", [], "appearances"),
    ("appearances", [{"name": "ripe"}, {"name": "Ripe"}], "same name"),
    ("appearances", [{"name": "ripe", "materials": {"skin": {"colours": ["#ffffff"]}}}], "'skin', which does"),
    ("appearances", [{"name": "ripe", "stretch": [0, 1, 1]}], "between 0.1 and 10"),
    ("appearances", [{"name": "ripe", "weight": 0}], "weight"),
    ("parts.0", {"shape": "lathe", "material": "shell", "profile": [[-1, 0], [1, 1]]}, "in `profile` is negative"),
    ("parts.0", {"shape": "lathe", "material": "shell", "profile": [[0, 0], [0, 1]]}, "every radius"),
    ("parts.0", {"shape": "lathe", "material": "shell", "profile": [[1, 0]]}, "profile"),
    ("parts.0", PART | {"outline": [[0, 0], [1, 1], [1, 0], [0, 1]]}, "crosses itself"),
    ("parts.0", PART | {"outline": [[0, 0], [1, 1]]}, "outline"),
    ("parts.0", PART | {"outline": SQUARE, "holes": [SQUARE] * 9}, "holes"),
    ("parts.0", {"shape": "tube", "material": "shell", "path": [[0, 0, 0]], "radius": [1]}, "path"),
    ("parts.0", {"shape": "tube", "material": "shell", "path": [[0, 0, 0], [0, 0, 1]], "radius": [-1]}, "radius"),
    ("parts.0", {"shape": "cluster", "count": 401, "on": "sphere", "parts": [GOOD["parts"][0]]}, "count"),
    ("parts.0", {"shape": "cluster", "count": 300, "on": "sphere", "parts": [GOOD["parts"][0]]}, "at most 8000"),
    ("parts.0", {"shape": "cluster", "count": 2, "on": "sphere", "parts": [{"shape": "cluster"}]}, "parts.0"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "says"), REFUSED, ids=[f"{i}-{r[0]}" for i, r in enumerate(REFUSED)])
def test_bad_spec_is_refused_with_the_place_named(path, value, says):
    with pytest.raises(ValidationError) as caught:
        ObjectSpec.model_validate(changed(path, value))
    text = refusal(caught.value)
    assert says in text and len(text) < 1500


def test_the_good_spec_is_good():
    spec = ObjectSpec.model_validate(GOOD)
    assert spec.appearance().name == "plain" and spec.rests == ["upright"]
    with pytest.raises(KeyError, match="no appearance 'ripe'; it has plain"):
        spec.appearance("ripe")


def test_every_object_survives_json():
    for spec in catalogue().values():
        assert ObjectSpec.model_validate_json(spec.model_dump_json()) == spec


def test_catalogue_is_large_connected_and_within_limits():
    specs = catalogue()
    assert len(specs) >= 48
    for spec in specs.values():
        assert sum(map(vertices_of, spec.parts)) <= MAX_VERTICES
        assert spec.contexts and set(spec.contexts) <= set(CONTEXTS), spec.name
        assert spec.chinese, spec.name
        assert set(spec.lookalikes) <= set(specs) - {spec.name}, spec.name
    assert {c for s in specs.values() for c in s.contexts} == set(CONTEXTS)


def test_schema_text_names_every_field_and_stays_short():
    text = describe_schema()
    for field in ("profile", "outline", "facing", "subsurface", "appearances", "lobe_depth", "crush"):
        assert f"- {field} (" in text
    assert "asset" not in text and len(text) < 10_000


def test_the_example_of_the_prompt_is_valid():
    text = how_to_describe()
    assert "{schema}" not in text
    spec = parse_spec(text[text.index("```json") :])
    assert spec.name == "walnut" and len(spec.appearances) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("I cannot do that.", "not JSON"),
        ('{"name": ', "not JSON"),
        ('{"name": "x"}', "size_m: Field required"),
        ("[" * 100_000, "not JSON"),
        (json.dumps(GOOD | {"parts": [{"shape": "box", "material": "shell"}]}), "parts.0.box.size: Field required"),
    ],
)
def test_an_answer_that_is_no_spec_is_refused(text, says):
    with pytest.raises(FixArguments, match=says):
        parse_spec(text)
